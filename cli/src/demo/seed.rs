//! Fills a store with simulated shoppers, so that counts, rows and recommendations have something to show.
//!
//! Their events pass the collector's decoder and the store's own `append`. All carry the environment `simulated`, which
//! results leave out, and message ids that follow from the seed, so that seeding again adds nothing.

use parlour::plan::Plan;
use serde::Deserialize;

use super::catalogue::{Catalogue, Product};
use super::shopper::Shopper;
use super::wire::ENVIRONMENT;
use crate::serve::event::{Arrival, Decoded, decode};
use crate::store::{Delivery, Event, Outcome, Store};
use parlour_command::plan_file::Opened;

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
pub fn seed(
    store: &mut dyn Store,
    opened: &Opened,
    catalogue: &Catalogue,
    seed: Seed,
) -> anyhow::Result<Seeded> {
    if store.counts()?.kinds.iter().any(|count| count.env.as_deref() == Some(ENVIRONMENT)) {
        return Ok(Seeded { events: 0, added: 0 });
    }
    let events = simulate(opened, catalogue, seed)?;
    let delivery = Delivery { events, ..Delivery::default() };
    let receipt = store.append(&delivery)?;
    let added = receipt.events.iter().filter(|outcome| **outcome == Outcome::Stored).count();
    Ok(Seeded { events: delivery.events.len(), added })
}

/// What the shoppers did, as the collector would have decoded it, oldest first.
fn simulate(opened: &Opened, catalogue: &Catalogue, seed: Seed) -> anyhow::Result<Vec<Event>> {
    let Some(first) = catalogue.products.first() else { return Ok(Vec::new()) };
    let host = opened.site();
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
            match decode(&raw, Arrival::at(&host, at_ms)) {
                Decoded::Keep { event, warnings } if warnings.is_empty() => events.push(*event),
                Decoded::Keep { warnings, .. } => {
                    anyhow::bail!("a simulated event is not clean: {}", warnings.join("; "))
                }
                Decoded::Forget { .. } => anyhow::bail!("a simulated event asks to be forgotten"),
                Decoded::Drop { why, .. } => anyhow::bail!("a simulated event {why}"),
            }
        }
    }
    events.sort_by(|a, b| (a.occurred_ms, &a.id).cmp(&(b.occurred_ms, &b.id)));
    Ok(events)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::collections::{BTreeMap, BTreeSet};

    use parlour::authoring::CompileOptions;
    use serde_json::Value;

    use super::*;
    use crate::demo::rows::Rows;
    use crate::demo::test_shop::{dir, empty_store};
    use parlour_command::plan_file;

    const NOW_MS: i64 = 1_795_000_000_000;

    fn opened() -> Opened {
        let path = dir().join("parlour.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let compiled = plan_file::compile(&path, &text, &CompileOptions::default()).unwrap();
        assert_eq!(compiled.lines, Vec::<String>::new());
        compiled.opened.unwrap()
    }

    fn catalogue() -> Catalogue {
        Catalogue::read(&dir().join("catalogue.json")).unwrap()
    }

    fn few() -> Seed {
        Seed { visitors: 80, ..Seed::until(NOW_MS) }
    }

    fn kinds(events: &[Event]) -> BTreeMap<&str, usize> {
        let mut kinds = BTreeMap::new();
        for event in events {
            *kinds.entry(event.kind.as_str()).or_default() += 1;
        }
        kinds
    }

    #[test]
    fn the_same_seed_gives_the_same_events_and_another_seed_others() {
        let (opened, catalogue) = (opened(), catalogue());
        let events = simulate(&opened, &catalogue, few()).unwrap();
        assert_eq!(events, simulate(&opened, &catalogue, few()).unwrap());
        assert_ne!(events, simulate(&opened, &catalogue, Seed { seed: 2, ..few() }).unwrap());
    }

    #[test]
    fn seeding_twice_adds_nothing_even_on_another_day() {
        let (opened, catalogue) = (opened(), catalogue());
        let (_file, mut store) = empty_store();
        let first = seed(&mut store, &opened, &catalogue, few()).unwrap();
        assert!(first.added == first.events && first.events > 500, "{first:?}");
        let later = Seed { now_ms: NOW_MS + 86_400_000, ..few() };
        assert_eq!(seed(&mut store, &opened, &catalogue, later).unwrap().added, 0);
        let ids =
            |seed| simulate(&opened, &catalogue, seed).unwrap().into_iter().map(|event| event.id).collect();
        let (known, again): (BTreeSet<String>, BTreeSet<String>) = (ids(few()), ids(later));
        assert_eq!(known.len(), first.events);
        assert_eq!(known, again);
    }

    #[test]
    fn every_part_of_the_plan_is_met_in_the_days_asked_for() {
        let (opened, catalogue) = (opened(), catalogue());
        let events = simulate(&opened, &catalogue, Seed::until(NOW_MS)).unwrap();
        let kinds = kinds(&events);
        let expected = [
            "page_view",
            "search",
            "view_item",
            "add_to_cart",
            "begin_checkout",
            "purchase",
            "exposure",
            "goal",
            "experience",
        ];
        for kind in expected {
            assert!(kinds.contains_key(kind), "{kind} is missing: {kinds:?}");
        }
        let arms: BTreeSet<_> = events
            .iter()
            .filter_map(|event| event.experiment.as_deref().zip(event.variant.as_deref()))
            .collect();
        assert_eq!(arms.len(), 5, "{arms:?}");
        let goals: BTreeSet<_> = events.iter().filter_map(|event| event.goal.as_deref()).collect();
        assert_eq!(goals.len(), 5, "{goals:?}");
        for event in &events {
            assert!(
                event.occurred_ms <= NOW_MS && event.occurred_ms >= NOW_MS - 14 * 86_400_000,
                "{}",
                event.raw
            );
            assert_eq!(event.env.as_deref(), Some("simulated"));
        }
    }

    #[test]
    fn every_exposure_is_what_assign_says_for_the_same_unit() {
        let (opened, catalogue) = (opened(), catalogue());
        let events = simulate(&opened, &catalogue, few()).unwrap();
        let mut checked = 0;
        for event in events.iter().filter(|event| event.kind == "exposure") {
            let unit = event.anonymous_id.as_deref().unwrap();
            let index = opened.experiment(event.experiment.as_deref().unwrap()).unwrap();
            let mut engine = parlour::engine::Engine::new(opened.plan.clone());
            engine.handle(parlour::engine::Input::Consent(parlour::consent::Consent::Measure), 1);
            engine.handle(
                parlour::engine::Input::Unit { unit: parlour::plan::Unit::Visitor, id: unit.as_bytes() },
                1,
            );
            let decision = engine.decide(u16::try_from(index).unwrap(), event.occurred_ms.unsigned_abs());
            let variant = &opened.names.experiments[index].variants[usize::from(decision.variant.unwrap())];
            assert_eq!(event.variant.as_deref(), Some(variant.key.as_str()), "{unit}");
            checked += 1;
        }
        assert!(checked >= 80, "{checked}");
    }

    #[test]
    fn an_order_is_worth_its_lines_and_shipping_under_the_limit() {
        let (opened, catalogue) = (opened(), catalogue());
        let events = simulate(&opened, &catalogue, Seed::until(NOW_MS)).unwrap();
        let mut orders = BTreeSet::new();
        for event in events.iter().filter(|event| event.kind == "purchase") {
            let sent: Value = serde_json::from_str(&event.raw).unwrap();
            let lines = sent["properties"]["products"].as_array().unwrap();
            let goods: i64 = lines
                .iter()
                .map(|line| {
                    let product = catalogue.product(line["product_id"].as_str().unwrap()).unwrap();
                    catalogue.minor(product) * line["quantity"].as_i64().unwrap()
                })
                .sum();
            let shipping = if goods < 6_000 { 490 } else { 0 };
            assert_eq!(event.revenue_minor, Some(goods + shipping));
            assert!(orders.insert(event.order_id.clone().unwrap()), "an order id came twice");
        }
        assert!(orders.len() > 30, "{}", orders.len());
    }

    #[test]
    fn what_shoppers_look_at_together_ends_up_in_each_others_rows() {
        let (opened, catalogue) = (opened(), catalogue());
        let (_file, mut store) = empty_store();
        assert_eq!(Rows::learn(&store, &catalogue).unwrap().get(1), None);
        seed(&mut store, &opened, &catalogue, Seed::until(NOW_MS)).unwrap();
        let rows = Rows::learn(&store, &catalogue).unwrap();
        let mut of_a_kind = 0;
        for product in &catalogue.products {
            let row = rows.decoded(product.number).unwrap();
            assert!(row.own == product.number && row.neighbours.len() >= 4, "{}: {row:?}", product.id);
            let strongest = row.neighbours.iter().max_by_key(|(_, weight)| *weight).unwrap().0;
            let neighbour = catalogue.products.iter().find(|other| other.number == strongest).unwrap();
            of_a_kind += usize::from(neighbour.category == product.category);
        }
        // By chance it would be one in six.
        assert!(of_a_kind * 2 > catalogue.products.len(), "{of_a_kind}");
        assert_eq!(rows.decoded(0).map(|row| row.own), Some(0));
    }
}
