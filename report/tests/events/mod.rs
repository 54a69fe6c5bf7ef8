//! Events made by hand.

use parlour_report::asked::{Asked, AskedGoal, Site};
use parlour_report::model::Report;
use parlour_report::seen::{Kind, Seen};
use parlour_report::tally::Tally;

pub const DAY: i64 = 86_400_000;
/// 2026-03-01, midnight UTC.
pub const START: i64 = 1_772_323_200_000;

pub fn exposure(visitor: u64, arm: &'static str, at: i64) -> Seen<'static> {
    Seen {
        kind: Kind::Exposure,
        visitor: Some(visitor),
        occurred_ms: START + at,
        received_ms: START + at,
        experiment: Some("banner"),
        variant: Some(arm),
        reason: Some("bucketed"),
        ..Seen::default()
    }
}

pub fn goal(visitor: u64, key: &'static str, at: i64) -> Seen<'static> {
    Seen {
        kind: Kind::Goal,
        goal: Some(key),
        experiment: None,
        variant: None,
        reason: None,
        ..exposure(visitor, "", at)
    }
}

pub fn order(visitor: u64, order: u64, minor: i64, at: i64) -> Seen<'static> {
    Seen {
        kind: Kind::Purchase,
        goal: None,
        order: Some(order),
        minor: Some(minor),
        currency: Some("EUR"),
        ..goal(visitor, "", at)
    }
}

pub fn refund(of: u64, minor: i64, at: i64) -> Seen<'static> {
    Seen { kind: Kind::Refund, visitor: None, ..order(0, of, minor, at) }
}

pub fn asked(goals: Vec<AskedGoal>) -> Asked {
    Asked {
        key: "banner".to_owned(),
        variants: vec![("control".to_owned(), 1.0), ("shown".to_owned(), 1.0)],
        goals,
        ..Asked::default()
    }
}

pub fn plain(key: &str) -> AskedGoal {
    AskedGoal { key: key.to_owned(), ..AskedGoal::default() }
}

pub fn tally(asked: Asked, events: &[Seen<'_>]) -> Tally {
    tally_in_parts(u64::MAX, asked, events)
}

pub fn tally_in_parts(held: u64, asked: Asked, events: &[Seen<'_>]) -> Tally {
    in_site(held, asked, Site::default(), events)
}

pub fn in_site(held: u64, asked: Asked, site: Site, events: &[Seen<'_>]) -> Tally {
    let mut scan = |each: &mut dyn FnMut(&Seen<'_>)| {
        events.iter().for_each(each);
        Ok::<(), std::convert::Infallible>(())
    };
    Tally::in_parts_of(held, vec![asked], None, site, &mut scan).unwrap()
}

pub fn report(asked: Asked, events: &[Seen<'_>]) -> Report {
    parlour_report::judge::report(&tally(asked, events))
}
