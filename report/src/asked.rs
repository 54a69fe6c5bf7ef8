//! What is known of a site and its experiments before their events.

use std::collections::{BTreeMap, HashMap};

use crate::days::Days;
use crate::model::{Better, Choice, Dimension, GoalKind};

pub const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// ISO 4217; amounts are told in it.
    pub currency: String,
    /// IANA name.
    pub zone: String,
    pub rates: Rates,
}

impl Default for Site {
    fn default() -> Self {
        Self { currency: "EUR".to_owned(), zone: "UTC".to_owned(), rates: Rates::default() }
    }
}

impl Site {
    /// An amount in minor units of the site's currency; `None` where no rate is known.
    #[must_use]
    pub fn minor(&self, minor: i64, currency: &str, at_ms: i64) -> Option<i64> {
        if currency == self.currency {
            return Some(minor);
        }
        self.rates.at(at_ms, currency).map(|rate| (minor as f64 * rate).round() as i64)
    }

    #[must_use]
    pub fn days(&self, from_ms: i64, to_ms: i64) -> Days {
        Days::new(&self.zone, from_ms, to_ms)
    }
}

/// What other currencies were worth: from a time on, minor units of the site's currency for one minor unit of another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates(pub Vec<(i64, HashMap<String, f64>)>);

impl Rates {
    /// By the last table that was in force then; `None` where there was none, or it does not have the currency.
    #[must_use]
    pub fn at(&self, ms: i64, currency: &str) -> Option<f64> {
        let in_force =
            self.0.iter().filter(|(from_ms, _)| *from_ms <= ms).max_by_key(|(from_ms, _)| *from_ms);
        in_force.and_then(|(_, of)| of.get(currency)).copied()
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    pub key: String,
    pub name: Option<String>,
    pub question: Option<String>,
    pub owner: Option<String>,
    pub status: Option<String>,
    /// Do users count, or visitors?
    pub is_by_user: bool,
    /// Control first, with their weights. Empty where no file says: whatever is seen is an arm then.
    pub variants: Vec<(String, f64)>,
    /// By plan, where plans that were served are known: the weights of those variants in it.
    pub weights: BTreeMap<String, Vec<f64>>,
    /// Those that send visitors to another page.
    pub redirects: Vec<String>,
    /// The main one first.
    pub goals: Vec<AskedGoal>,
    pub analysis: AskedAnalysis,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct AskedGoal {
    pub key: String,
    pub kind: GoalKind,
    pub better: Better,
    /// From the first exposure on.
    pub window_ms: Option<i64>,
    pub from_ms: i64,
    pub per: Option<String>,
    /// In minor units or times.
    pub cap: Option<f64>,
    pub harm: Option<f64>,
    /// Purchases less refunds, instead of what the goal's own events are worth.
    pub of_purchases: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct AskedAnalysis {
    pub method: Choice,
    /// Units of all arms at the end.
    pub units: Option<u64>,
    /// Shares of them at which is looked, ascending, the last one 1.
    pub looks: Vec<f64>,
    pub cuped_ms: Option<i64>,
    pub strata: Option<Dimension>,
}
