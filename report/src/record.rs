//! An event of one person, with all texts as numbers: what a person's story is sorted from.

use std::collections::HashMap;

use crate::seen::Kind;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    pub person: u64,
    pub at_ms: i64,
    pub kind: Kind,
    /// Experiment, or goal.
    pub of: u32,
    pub arm: u32,
    /// 0: none.
    pub order: u64,
    /// In minor units of the site's currency.
    pub amount: Option<i64>,
    pub page: u32,
    pub device: u32,
    pub source: u32,
    pub plan: u32,
}

impl Record {
    pub fn place(&self) -> (u64, i64, Kind) {
        (self.person, self.at_ms, self.kind)
    }
}

/// Texts ↔ numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Words {
    /// What comes after so many different ones is one of the others.
    const MOST: usize = 5_000;
    const OTHERS: &str = "(others)";
    const NONE: &str = "(unknown)";

    pub fn number(&mut self, text: Option<&str>) -> u32 {
        let text = text.unwrap_or(Self::NONE);
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text = if self.texts.len() < Self::MOST { text } else { Self::OTHERS };
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(text.to_owned()).or_insert(next);
        if number == next {
            self.texts.push(text.to_owned());
        }
        number
    }

    #[must_use]
    pub fn known(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or(Self::NONE, String::as_str)
    }
}
