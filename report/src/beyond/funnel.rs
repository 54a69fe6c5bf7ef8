//! Steps in their order. Other events may come between; one event is one step at most.

use serde::Deserialize;

use super::model::{Funnel, Step};

/// More would not fit a screen, nor the memory of millions of visitors.
pub const MOST_STEPS: usize = 20;
const HOUR_MS: f64 = 3_600_000.0;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub name: String,
    pub steps: Vec<Kinds>,
    /// From the first step to the last.
    pub within_hours: Option<f64>,
}

/// A touchpoint type or event name, or several of which any will do.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Kinds {
    One(String),
    Any(Vec<String>),
}

impl Kinds {
    fn has(&self, kind: &str) -> bool {
        match self {
            Self::One(one) => one == kind,
            Self::Any(any) => any.iter().any(|one| one == kind),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::One(one) => one.clone(),
            Self::Any(any) => any.join(" or "),
        }
    }
}

impl Asked {
    /// What a shop asks first.
    #[must_use]
    pub fn usual() -> Self {
        let steps = ["page_view", "view_item", "add_to_cart", "begin_checkout", "purchase"];
        Self {
            name: "purchase".to_owned(),
            steps: steps.iter().map(|step| Kinds::One((*step).to_owned())).collect(),
            within_hours: None,
        }
    }

    /// # Errors
    /// What is wrong with it, and how to mend it.
    pub fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let is_empty = |kinds: &Kinds| match kinds {
            Kinds::One(one) => one.is_empty(),
            Kinds::Any(any) => any.is_empty() || any.iter().any(String::is_empty),
        };
        if !(2..=MOST_STEPS).contains(&self.steps.len()) {
            let have = self.steps.len();
            return Err(format!("funnel {name:?} has {have} steps: give 2 to {MOST_STEPS}"));
        }
        if let Some(at) = self.steps.iter().position(is_empty) {
            return Err(format!("step {} of funnel {name:?} names no event: write \"view_item\"", at + 1));
        }
        match self.within_hours {
            Some(hours) if !(hours > 0.0 && hours <= 1e6) => {
                Err(format!("within_hours of funnel {name:?} is {hours}: write hours above 0, up to 1000000"))
            }
            _ => Ok(()),
        }
    }

    #[must_use]
    pub fn within_ms(&self) -> Option<i64> {
        self.within_hours.map(|hours| (hours * HOUR_MS) as i64)
    }

    #[must_use]
    pub fn funnel(&self, reached: &[u64]) -> Funnel {
        let count = |at: usize| reached.get(at).copied().unwrap_or_default();
        let part = |some: u64, all: u64| (all > 0).then(|| some as f64 / all as f64);
        let steps = self.steps.iter().enumerate().map(|(at, kinds)| Step {
            name: kinds.name(),
            visitors: count(at),
            drop_off: at
                .checked_sub(1)
                .and_then(|before| part(count(before).saturating_sub(count(at)), count(before))),
            share: part(count(at), count(0)),
        });
        Funnel { name: self.name.clone(), within_ms: self.within_ms(), steps: steps.collect() }
    }
}

/// How far one visitor has come.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// For each step, the latest first step of those ways that lead to it: with a bound on the time, the best.
    since_ms: Vec<i64>,
    reached: usize,
}

impl Progress {
    /// Events come in time order.
    pub fn step(&mut self, asked: &Asked, kind: &str, at_ms: i64) {
        let within_ms = asked.within_ms().unwrap_or(i64::MAX);
        // The last first, so that one event is never two steps.
        for (at, _) in asked.steps.iter().enumerate().rev().filter(|(_, kinds)| kinds.has(kind)) {
            let since_ms = match at.checked_sub(1) {
                None => Some(at_ms),
                Some(before) => self
                    .since_ms
                    .get(before)
                    .copied()
                    .filter(|since| at_ms.saturating_sub(*since) <= within_ms),
            };
            let Some(since_ms) = since_ms else { continue };
            match self.since_ms.get_mut(at) {
                Some(known) => *known = since_ms.max(*known),
                None => self.since_ms.push(since_ms),
            }
            self.reached = self.reached.max(at + 1);
        }
    }

    pub fn count(&self, reached: &mut Vec<u64>) {
        reached.resize(self.reached.max(reached.len()), 0);
        reached.iter_mut().take(self.reached).for_each(|count| *count += 1);
    }
}
