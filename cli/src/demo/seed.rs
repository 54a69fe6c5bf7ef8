//! Fills a store with simulated shoppers, so that counts, rows and recommendations have something to show.
//!
//! Their events pass the collector's decoder and the store's own `append`. All carry the environment `simulated`, which
//! results leave out, and message ids that follow from the seed, so that seeding again adds nothing.

use parlour::plan::Plan;
use serde::Deserialize;

use super::catalogue::{Catalogue, Product};
use super::shopper::Shopper;
use super::wire::ENVIRONMENT;
use crate::plan_file::Opened;
use crate::serve::event::{Arrival, Decoded, decode};
use crate::store::{Event, Outcome, Store};

/// How many shoppers, of which seed, over how long up to when.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    pub seed: u64,
    pub visitors: u32,
    pub days: u32,
    pub now_ms: i64,
}

impl Seed {
    #[must_use]
    pub fn until(now_ms: i64) -> Self {
        Self { seed: 1, visitors: 600, days: 14, now_ms }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    pub events: usize,
    pub added: usize,
}

/// The names that the plan's page section gives to its numbers.
#[derive(Debug, Deserialize)]
pub struct Names {
    #[serde(default)]
    pub experiments: Vec<Experiment>,
    #[serde(default)]
    pub experiences: Vec<Experience>,
    #[serde(default)]
    pub goals: Vec<Goal>,
}

#[derive(Debug, Deserialize)]
pub struct Experiment {
    pub key: String,
    pub name: Option<String>,
    pub version: Option<u32>,
    #[serde(default)]
    pub targets: Vec<String>,
    pub variants: Vec<Variant>,
}

#[derive(Debug, Deserialize)]
pub struct Variant {
    pub key: String,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Experience {
    pub key: String,
    #[serde(default)]
    pub targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Goal {
    pub key: String,
    pub value: Option<String>,
    pub click: Option<String>,
    pub visible: Option<String>,
    pub page: Option<String>,
}

/// Where shoppers live.
#[derive(Debug)]
pub struct World<'a> {
    pub catalogue: &'a Catalogue,
    pub first: &'a Product,
    pub plan: &'a Plan,
    pub names: Names,
    pub hash: String,
    pub host: String,
    pub seed: u64,
    pub days: u64,
    pub now_ms: u64,
}

/// Adds what the shoppers did, in one append: all of it or nothing.
///
/// # Errors
/// When the store cannot be written, or the plan's page section is none of ours.
pub fn seed(store: &mut dyn Store, opened: &Opened, catalogue: &Catalogue, seed: Seed) -> anyhow::Result<Seeded> {
    if store.counts()?.kinds.iter().any(|count| count.env.as_deref() == Some(ENVIRONMENT)) {
        return Ok(Seeded { events: 0, added: 0 });
    }
    let events = simulate(opened, catalogue, seed)?;
    let outcomes = store.append(&events)?;
    let added = outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count();
    Ok(Seeded { events: events.len(), added })
}

/// What the shoppers did, as the collector would have decoded it, oldest first.
fn simulate(opened: &Opened, catalogue: &Catalogue, seed: Seed) -> anyhow::Result<Vec<Event>> {
    let Some(first) = catalogue.products.first() else { return Ok(Vec::new()) };
    let host = opened.page.site();
    let world = World {
        catalogue,
        first,
        plan: &opened.plan,
        names: serde_json::from_slice(opened.plan.page())?,
        hash: opened.hash(),
        host: host.trim_start_matches("*.").to_owned(),
        seed: seed.seed,
        days: u64::from(seed.days.max(1)),
        now_ms: u64::try_from(seed.now_ms)?,
    };
    let mut events = Vec::new();
    for number in 1..=seed.visitors {
        for (raw, at_ms) in Shopper::new(&world, number).live()? {
            match decode(&raw, Arrival { site: &host, now_ms: at_ms }) {
                Decoded::Keep { event, warnings } if warnings.is_empty() => events.push(*event),
                Decoded::Keep { warnings, .. } => anyhow::bail!("a simulated event is not clean: {}", warnings.join("; ")),
                Decoded::Drop { why, .. } => anyhow::bail!("a simulated event {why}"),
            }
        }
    }
    events.sort_by(|a, b| (a.occurred_ms, &a.id).cmp(&(b.occurred_ms, &b.id)));
    Ok(events)
}
