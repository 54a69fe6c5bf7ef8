//! Fills a store with made-up visitors, for `npm run bench:report`: `fill FILE EVENTS`. The same events each time.
//!
//! Ten events a visitor, over four weeks: an exposure to one of three experiments or none, page views, and now and then a
//! goal and an order. Every twentieth logs in.

use anyhow::Context as _;
use parlour_cli::store::{Delivery, Event, SqliteStore, Store};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const EACH: u64 = 10;
const COMMIT: usize = 20_000;
/// 2026-03-01.
const START_MS: i64 = 1_772_323_200_000;
const SPAN_MS: i64 = 28 * 86_400_000;
const PAGES: [&str; 5] = ["/", "/mugs", "/cups", "/cart", "/checkout"];
const AGENTS: [&str; 3] = ["desktop", "mobile", "tablet"];

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (path, events) = arguments.next().zip(arguments.next()).context("usage: fill FILE EVENTS")?;
    let events: u64 = events.parse()?;
    let mut store = SqliteStore::open(path.as_ref())?;
    let mut random = SmallRng::seed_from_u64(20_260_301);
    let mut delivery = Delivery::default();
    for visitor in 0..events / EACH {
        let first_ms = START_MS + (visitor as i64).saturating_mul(SPAN_MS) / (events / EACH) as i64;
        for step in 0..EACH {
            delivery.events.push(event(&mut random, visitor, step, first_ms));
        }
        if delivery.events.len() >= COMMIT {
            store.append(&delivery)?;
            delivery.events.clear();
        }
    }
    store.append(&delivery)?;
    while store.condense()? {}
    Ok(())
}

fn event(random: &mut SmallRng, visitor: u64, step: u64, first_ms: i64) -> Event {
    let one_of = |random: &mut SmallRng, all: &[&str]| {
        all.get(random.random_range(0..all.len())).map(|one| (*one).to_owned()).unwrap_or_default()
    };
    let occurred_ms = first_ms + step as i64 * 40_000;
    let page = one_of(random, &PAGES);
    let (anonymous_id, id) = (format!("{visitor:032x}"), format!("{visitor:024x}{step:08x}"));
    let (kind, name) = match (step, random.random_range(0..100)) {
        (1, _) => ("exposure", "Experiment Viewed"),
        (6, 0..12) => ("goal", "Goal Reached"),
        (7, 0..6) => ("purchase", "Order Completed"),
        _ => ("page_view", ""),
    };
    let raw = format!(
        r#"{{"type":"track","event":"{name}","messageId":"{id}","anonymousId":"{anonymous_id}","context":{{"library":{{"name":"parlour","version":"0.1.0"}},"page":{{"path":"{page}","referrer":"https://search.example/","title":"Mugs and cups","url":"https://shop.example{page}?utm_source=mail"}},"sessionId":"{visitor:032x}","parlour":{{"plan":"0123456789abcdef","seq":{step}}}}},"properties":{{}}}}"#
    );
    let is = |this: &str| kind == this;
    let experiment = is("exposure").then(|| format!("test-{}", visitor % 3));
    let arm = if random.random() { "control" } else { "shown" };
    Event {
        site: "shop.example".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        user_id: (visitor.is_multiple_of(20) && step > 4).then(|| format!("user-{}", visitor / 40)),
        occurred_ms,
        received_ms: occurred_ms + 500,
        plan_hash: Some("0123456789abcdef".to_owned()),
        variant: experiment.as_ref().map(|_| arm.to_owned()),
        reason: experiment.as_ref().map(|_| "bucketed".to_owned()),
        experiment_version: experiment.as_ref().map(|_| 1),
        experiment,
        goal: is("goal").then(|| "order".to_owned()),
        order_id: is("purchase").then(|| format!("order-{visitor}")),
        revenue_minor: is("purchase").then(|| random.random_range(500..20_000)),
        currency: is("purchase").then(|| "EUR".to_owned()),
        protocol: Some("segment".to_owned()),
        agent: Some(one_of(random, &AGENTS)),
        anonymous_id: Some(anonymous_id),
        id,
        raw,
        ..Event::default()
    }
}
