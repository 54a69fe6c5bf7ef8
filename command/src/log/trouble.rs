//! What was left out of a log: how often, why, and where first.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Unreadable,
    NoSession,
    NoItem,
    LongId,
    BadTime,
    UnknownKind,
}

impl Reason {
    fn words(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "are no events and no rows of the table: each needs all columns, or is a JSON object"
            }
            Self::NoSession => "name no session: name its column with --session",
            Self::NoItem => "name no item: name its column with --item",
            Self::LongId => "have an id of more than 256 bytes: shorten it, here and on the pages",
            Self::BadTime => {
                "have a time that is neither ISO 8601 nor seconds or milliseconds since 1970, up to the year 2106: write it so"
            }
            Self::UnknownKind => {
                "are of a type that is no view, cart or purchase, and tell nothing of interest: name them so, or leave out --type"
            }
        }
    }
}

#[derive(Debug, Default)]
pub struct Trouble {
    counts: BTreeMap<Reason, (u64, String)>,
}

impl Trouble {
    pub fn note(&mut self, reason: Reason, name: &str, line: u64) {
        let (count, _) = self.counts.entry(reason).or_insert_with(|| (0, format!("{name}:{line}")));
        *count += 1;
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    #[must_use]
    pub fn sum(&self) -> u64 {
        self.counts.values().map(|(count, _)| count).sum()
    }

    /// A line for each reason.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.counts.iter().map(|(reason, (count, first))| {
            format!("left out: {count} {}; the first is {first}", reason.words())
        })
    }
}
