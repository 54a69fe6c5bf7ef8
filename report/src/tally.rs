//! Events → units: who is in which arm since when, and what they did after.
//!
//! The first exposure decides the variant; who met two is left out. Exposures come first, then purchases and goals, then
//! refunds: each needs the ones before it.

use std::collections::{BTreeMap, HashMap};

use crate::model::Exclusion;

/// Amounts beyond this, in minor units, are no order: 100 million of a currency with cents.
pub const ABSURD_MINOR: i64 = 10_000_000_000;

#[derive(Debug, Clone, Copy, Default)]
pub struct Seen<'a> {
    /// exposure, late, goal, purchase or refund.
    pub kind: &'a str,
    pub has_env: bool,
    pub unit: Option<&'a str>,
    pub occurred_ms: i64,
    pub experiment: Option<&'a str>,
    pub variant: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub has_wrong_bucket: bool,
    pub is_bot: bool,
    pub goal: Option<&'a str>,
    pub order: Option<&'a str>,
    pub minor: Option<i64>,
    pub currency: Option<&'a str>,
}

/// What is known of an experiment before its events: its key, and its variants with their weights, control first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    pub key: String,
    pub name: Option<String>,
    pub question: Option<String>,
    pub owner: Option<String>,
    pub status: Option<String>,
    /// Empty where no file says: whatever is seen is an arm then.
    pub variants: Vec<(String, f64)>,
    /// The main one first.
    pub goals: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Unit {
    pub arm: String,
    pub first_ms: i64,
    pub met_several: bool,
    pub goals: BTreeMap<String, u32>,
    /// Purchases less refunds, in minor units.
    pub revenue: i64,
    pub orders: u32,
}

#[derive(Debug, Clone, Default)]
pub struct OfExperiment {
    pub units: HashMap<String, Unit>,
    pub excluded: BTreeMap<Exclusion, u64>,
    pub exposures: u64,
    pub late: u64,
    pub last_ms: Option<i64>,
    /// Variants that were met and that the file does not have.
    pub unknown_variants: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub asked: BTreeMap<String, Asked>,
    /// Where given, only this experiment is counted.
    pub only: Option<String>,
    pub currency: String,
    pub experiments: BTreeMap<String, OfExperiment>,
    /// Of purchases, goals and refunds.
    pub excluded: BTreeMap<Exclusion, u64>,
    /// Whose an order is, what of it was not refunded, and when it was made.
    orders: HashMap<String, (String, i64, i64)>,
}

impl Tally {
    #[must_use]
    pub fn new(asked: Vec<Asked>, only: Option<String>, currency: String) -> Self {
        let asked: BTreeMap<_, _> = asked.into_iter().map(|one| (one.key.clone(), one)).collect();
        let is_wanted = |key: &&String| only.as_ref().is_none_or(|only| only == *key);
        let experiments = asked.keys().filter(is_wanted).map(|key| (key.clone(), OfExperiment::default()));
        Self { experiments: experiments.collect(), asked, only, currency, ..Self::default() }
    }

    pub fn add(&mut self, seen: &Seen<'_>) {
        match seen.kind {
            "exposure" | "late" => self.expose(seen),
            "goal" | "purchase" => self.reach(seen),
            "refund" => self.refund(seen),
            _ => {}
        }
    }

    fn expose(&mut self, seen: &Seen<'_>) {
        let Some(key) = seen.experiment else { return };
        if self.only.as_deref().is_some_and(|only| only != key) {
            return;
        }
        let asked = self.asked.get(key);
        let of = self.experiments.entry(key.to_owned()).or_default();
        let arm = seen.variant.unwrap_or("-");
        let is_known = asked.is_none_or(|asked| {
            asked.variants.is_empty() || asked.variants.iter().any(|(key, _)| key == arm)
        });
        if let Some(reason) = left_out(seen, is_known) {
            *of.excluded.entry(reason).or_default() += 1;
            of.late += u64::from(reason == Exclusion::Late);
            if reason == Exclusion::UnknownVariant {
                *of.unknown_variants.entry(arm.to_owned()).or_default() += 1;
            }
            return;
        }
        let Some(unit) = seen.unit else { return };
        of.exposures += 1;
        of.last_ms = of.last_ms.max(Some(seen.occurred_ms));
        let unit = of.units.entry(unit.to_owned()).or_insert_with(|| Unit {
            arm: arm.to_owned(),
            first_ms: seen.occurred_ms,
            ..Unit::default()
        });
        unit.met_several |= unit.arm != arm;
        unit.first_ms = unit.first_ms.min(seen.occurred_ms);
    }

    fn reach(&mut self, seen: &Seen<'_>) {
        let Some(unit) = seen.unit else { return };
        if seen.has_env || seen.is_bot {
            return;
        }
        let is_purchase = seen.kind == "purchase";
        let amount = if is_purchase { self.amount(seen) } else { None };
        if let (true, Some(order)) = (is_purchase, seen.order) {
            // An order that is told twice is one order.
            if self.orders.contains_key(order) {
                return;
            }
            self.orders
                .insert(order.to_owned(), (unit.to_owned(), amount.unwrap_or_default(), seen.occurred_ms));
        }
        for of in self.experiments.values_mut() {
            let Some(unit) = of.units.get_mut(unit).filter(|unit| seen.occurred_ms >= unit.first_ms) else {
                continue;
            };
            if is_purchase {
                unit.orders = unit.orders.saturating_add(1);
                unit.revenue = unit.revenue.saturating_add(amount.unwrap_or_default());
            } else if let Some(goal) = seen.goal {
                let count = unit.goals.entry(goal.to_owned()).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    /// Taken from the order's own visitor, and never more than the order was.
    fn refund(&mut self, seen: &Seen<'_>) {
        if seen.has_env {
            return;
        }
        let Some(amount) = self.amount(seen) else { return };
        let Some((unit, left, made_ms)) = seen.order.and_then(|order| self.orders.get_mut(order)) else {
            return;
        };
        let amount = amount.min(*left);
        *left -= amount;
        for of in self.experiments.values_mut() {
            if let Some(unit) = of.units.get_mut(unit.as_str()).filter(|unit| *made_ms >= unit.first_ms) {
                unit.revenue = unit.revenue.saturating_sub(amount).max(0);
            }
        }
    }

    fn amount(&mut self, seen: &Seen<'_>) -> Option<i64> {
        let minor = seen.minor?;
        let reason = if !(0..=ABSURD_MINOR).contains(&minor) {
            Exclusion::AbsurdAmount
        } else if seen.currency != Some(self.currency.as_str()) {
            Exclusion::OtherCurrency
        } else {
            return Some(minor);
        };
        *self.excluded.entry(reason).or_default() += 1;
        None
    }
}

pub(crate) fn left_out(seen: &Seen<'_>, is_known: bool) -> Option<Exclusion> {
    if seen.has_env {
        Some(Exclusion::OtherEnvironment)
    } else if seen.is_bot {
        Some(Exclusion::Bot)
    } else if seen.kind == "late" {
        Some(Exclusion::Late)
    } else if !matches!(seen.reason, Some("bucketed" | "sticky")) {
        Some(Exclusion::NotBucketed)
    } else if seen.unit.is_none() {
        Some(Exclusion::NoUnit)
    } else if seen.has_wrong_bucket && seen.reason == Some("bucketed") {
        Some(Exclusion::WrongBucket)
    } else if !is_known {
        Some(Exclusion::UnknownVariant)
    } else {
        None
    }
}
