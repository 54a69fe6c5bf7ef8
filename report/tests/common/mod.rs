//! Events for what is counted.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, HashMap};

use parlour_report::asked::Site;
use parlour_report::beyond::event::Seen;
use parlour_report::beyond::{Asked, Contact, funnel, touches};

pub const DAY_MS: i64 = 86_400_000;
pub const HOUR_MS: i64 = 3_600_000;

pub fn asked(funnels: Vec<funnel::Asked>) -> Asked {
    Asked {
        funnels,
        touches: touches::Asked { lookback_ms: 30 * DAY_MS, refunds: HashMap::new(), minor_units: 100.0 },
        half_life_days: 7.0,
        site: Site::default(),
        variants: BTreeMap::new(),
    }
}

pub fn event<'a>(unit: &'a str, kind: &'a str, occurred_ms: i64) -> Contact<'a> {
    Contact { seen: Seen { kind, unit: Some(unit), occurred_ms, ..Seen::default() }, ..Contact::default() }
}

pub fn view<'a>(unit: &'a str, channel: &'a str, session: &'a str, occurred_ms: i64) -> Contact<'a> {
    Contact { channel: Some(channel), session: Some(session), ..event(unit, "page_view", occurred_ms) }
}

pub fn exposure<'a>(unit: &'a str, experiment: &'a str, variant: &'a str, occurred_ms: i64) -> Contact<'a> {
    let mut contact = event(unit, "exposure", occurred_ms);
    contact.seen.experiment = Some(experiment);
    contact.seen.variant = Some(variant);
    contact.seen.reason = Some("bucketed");
    contact
}

pub fn purchase<'a>(unit: &'a str, order: &'a str, minor: i64, occurred_ms: i64) -> Contact<'a> {
    let mut contact = event(unit, "purchase", occurred_ms);
    contact.seen.order = Some(order);
    contact.seen.minor = Some(minor);
    contact.seen.currency = Some("EUR");
    contact
}
