//! What visitors do: funnels, stages, cohorts, paths, and changes against their holdouts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::HashMap;

use common::{DAY_MS, HOUR_MS, asked, event, exposure, purchase, view};
use parlour_attribution::Model;
use parlour_report::asked::Rates;
use parlour_report::beyond::event::Seen;
use parlour_report::beyond::model::{Beyond, Funnel};
use parlour_report::beyond::slots::{Bought, InList};
use parlour_report::beyond::{Asked, Contact, Count, funnel};
use serde_json::json;

/// A Monday, 0:00 UTC.
const MONDAY: i64 = 1_795_392_000_000;

fn counted(contacts: &[Contact<'_>]) -> Beyond {
    counted_as(asked(vec![funnel::Asked::usual()]), contacts)
}

fn counted_as(asked: Asked, contacts: &[Contact<'_>]) -> Beyond {
    let mut count = Count::new(asked).unwrap();
    contacts.iter().for_each(|contact| count.add(contact));
    count.report(&[])
}

fn reached(funnel: &Funnel) -> Vec<u64> {
    funnel.steps.iter().map(|step| step.visitors).collect()
}

fn funnel(steps: &[&str], within_hours: Option<f64>) -> Asked {
    let funnel = json!([{ "name": "one", "steps": steps, "within_hours": within_hours }]);
    asked(serde_json::from_value(funnel).unwrap())
}

#[test]
fn steps_count_in_their_order_only_and_drop_off_is_of_the_step_before() {
    let found = counted(&[
        event("a", "page_view", 1),
        event("a", "view_item", 2),
        event("a", "add_to_cart", 3),
        event("b", "add_to_cart", 1),
        event("b", "page_view", 2),
        event("b", "view_item", 3),
        event("c", "purchase", 1),
    ]);
    let funnel = &found.all.funnels[0];
    assert_eq!(reached(funnel), [2, 2, 1, 0, 0]);
    let lost: Vec<_> = funnel.steps.iter().map(|step| step.drop_off).collect();
    assert_eq!(lost, [None, Some(0.0), Some(0.5), Some(1.0), None]);
    assert_eq!(funnel.steps[2].share, Some(0.5));
}

#[test]
fn with_a_bound_on_time_a_later_start_may_still_arrive() {
    let events = [
        event("a", "x", 0),
        event("a", "x", 3 * HOUR_MS),
        event("a", "y", 4 * HOUR_MS),
        event("a", "z", 5 * HOUR_MS),
    ];
    for (hours, expect) in
        [(None, [1, 1, 1]), (Some(2.0), [1, 1, 1]), (Some(1.5), [1, 1, 0]), (Some(0.5), [1, 0, 0])]
    {
        let found = counted_as(funnel(&["x", "y", "z"], hours), &events);
        assert_eq!(reached(&found.all.funnels[0]), expect, "{hours:?}");
    }
}

#[test]
fn one_event_is_one_step() {
    let twice = counted_as(funnel(&["x", "x"], None), &[event("a", "x", 0)]);
    assert_eq!(reached(&twice.all.funnels[0]), [1, 0]);
}

#[test]
fn a_funnel_that_cannot_be_counted_is_named() {
    for (steps, hours, says) in [
        (json!(["x"]), json!(null), "has 1 steps: give 2 to 20"),
        (json!([]), json!(null), "has 0 steps"),
        (json!(["x", ""]), json!(null), "step 2 of funnel \"one\" names no event"),
        (json!(["x", []]), json!(null), "step 2 of funnel"),
        (json!(["x", "y"]), json!(0), "within_hours of funnel \"one\" is 0"),
    ] {
        let asked: funnel::Asked =
            serde_json::from_value(json!({ "name": "one", "steps": steps, "within_hours": hours })).unwrap();
        let error = asked.check().unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn variants_count_from_the_page_of_the_first_exposure_on() {
    let found = counted(&[
        event("a", "page_view", 0),
        event("a", "view_item", 1),
        event("a", "add_to_cart", 2),
        event("a", "page_view", 10),
        event("a", "view_item", 11),
        exposure("a", "banner", "shown", 12),
        event("a", "begin_checkout", 13),
        event("a", "add_to_cart", 14),
        event("b", "page_view", 0),
        exposure("b", "banner", "control", 1),
        exposure("b", "banner", "control", 2),
        event("c", "page_view", 0),
        exposure("c", "banner", "control", 1),
        exposure("c", "banner", "shown", 2),
        event("d", "page_view", 0),
        Contact {
            seen: Seen { reason: Some("preview"), ..exposure("d", "banner", "shown", 1).seen },
            ..Contact::default()
        },
    ]);
    assert_eq!(reached(&found.all.funnels[0]), [4, 1, 1, 1, 0]);
    let of: Vec<_> =
        found.by_variant.iter().map(|of| (&*of.variant, reached(&of.group.funnels[0]))).collect();
    // The cart before the exposure counts for no variant, nor the checkout that came before the cart; who met two is in none,
    // nor who was forced.
    assert_eq!(of, [("control", vec![1, 0, 0, 0, 0]), ("shown", vec![1, 1, 1, 0, 0])]);
}

#[test]
fn stages_are_those_of_the_page_with_moves_time_and_weeks() {
    let week = 7 * DAY_MS;
    let mut cart = event("a", "add_to_cart", MONDAY + DAY_MS);
    cart.item = Some("mug");
    let found = counted(&[
        event("a", "page_view", MONDAY),
        event("a", "view_item", MONDAY + HOUR_MS),
        cart,
        purchase("a", "o", 100, MONDAY + week),
        event("b", "page_view", MONDAY),
    ]);
    let journey = &found.all.journey;
    let stage = |name: &str| journey.stages.iter().find(|stage| stage.stage == name).unwrap();
    assert_eq!((stage("awareness").visitors, stage("awareness").ended), (2, 1));
    assert_eq!((stage("purchase").visitors, stage("purchase").ended), (1, 1));
    assert_eq!(stage("awareness").mean_ms, Some(HOUR_MS as f64 / 2.0));
    assert_eq!(stage("consideration").mean_ms, Some((DAY_MS - HOUR_MS) as f64));
    assert_eq!(stage("decision").mean_ms, Some((week - DAY_MS) as f64));
    assert_eq!(stage("advocacy").mean_ms, None);
    let moves: Vec<_> = journey.moves.iter().map(|one| (one.from, one.to, one.count)).collect();
    assert_eq!(
        moves,
        [("awareness", "consideration", 1), ("consideration", "decision", 1), ("decision", "purchase", 1)]
    );
    let weeks: Vec<_> = journey.weeks.iter().map(|week| (&*week.week, &*week.visitors)).collect();
    assert_eq!(weeks[0], ("2026-11-23", &[1, 0, 1, 0, 0, 0][..]));
    assert_eq!(weeks[1], ("2026-11-30", &[0, 0, 0, 1, 0, 0][..]));
}

#[test]
fn paths_end_with_each_purchase_go_back_as_far_as_the_lookback_and_net_refunds() {
    let mut asked = asked(vec![funnel::Asked::usual()]);
    asked.touches.refunds.insert("o1".to_owned(), 300);
    let found = counted_as(
        asked,
        &[
            view("a", "display", "s0", 0),
            view("a", "email", "s1", 40 * DAY_MS),
            view("a", "email", "s1", 40 * DAY_MS + 1),
            view("a", "internal", "s1", 40 * DAY_MS + 2),
            view("a", "organic-search", "s1", 40 * DAY_MS + 3),
            purchase("a", "o1", 1_000, 41 * DAY_MS),
            purchase("a", "o1", 1_000, 41 * DAY_MS + 1),
            view("a", "internal", "s2", 42 * DAY_MS),
            purchase("a", "o2", 500, 43 * DAY_MS),
            purchase("a", "o3", 250, 43 * DAY_MS + 1),
            view("b", "email", "s3", 0),
        ],
    );
    let table = found.attribution.unwrap();
    assert_eq!((table.paths, table.conversions, table.value, table.nulls), (3, 2.0, 12.0, 1.0));
    let linear = |channel: &str| {
        table.channels.iter().find(|row| row.channel == channel).map(|row| row.credit(Model::Linear)).unwrap()
    };
    // The display was too long ago; the same channel in a session is one touch; a session that begins within is direct.
    assert_eq!((linear("email").conversions, linear("email").value), (0.5, 3.5));
    assert_eq!(linear("organic-search").value, 3.5);
    assert_eq!((linear("direct").conversions, linear("direct").value), (1.0, 5.0));
    assert_eq!(linear("display").conversions, 0.0);
    assert!(found.notes[0].what.contains("1 purchases worth 2.50 without a page view"), "{:?}", found.notes);
}

#[test]
fn money_of_other_currencies_and_absurd_amounts_are_worth_nothing_here() {
    let mut foreign = purchase("a", "o1", 1_000, 1);
    foreign.seen.currency = Some("USD");
    let found = counted(&[
        view("a", "email", "s", 0),
        foreign,
        view("a", "email", "s2", 2),
        purchase("a", "o2", -5, 3),
        view("a", "email", "s3", 4),
        purchase("a", "o3", i64::MAX, 5),
    ]);
    let table = found.attribution.unwrap();
    assert_eq!((table.conversions, table.value), (3.0, 0.0));
}

#[test]
fn money_of_another_currency_is_worth_what_the_rate_in_force_says() {
    let mut asked = asked(vec![funnel::Asked::usual()]);
    let rate = |usd: f64| HashMap::from([("USD".to_owned(), usd)]);
    asked.site.rates = Rates(vec![(0, rate(0.5)), (10, rate(0.75))]);
    let mut early = purchase("a", "o1", 1_000, 1);
    early.seen.currency = Some("USD");
    let mut late = purchase("a", "o2", 1_000, 11);
    late.seen.currency = Some("USD");
    let found = counted_as(asked, &[view("a", "email", "s", 0), early, view("a", "email", "t", 2), late]);
    assert_eq!(found.attribution.unwrap().value, 12.5);
}

#[test]
fn what_is_no_visitors_doing_is_left_out_and_counted() {
    let at = |seen: Seen<'static>| Contact { seen, ..Contact::default() };
    let usual = event("a", "page_view", 0).seen;
    let found = counted(&[
        at(Seen { unit: None, ..usual }),
        at(Seen { is_bot: true, ..usual }),
        at(Seen { has_env: true, ..usual }),
        at(Seen { is_bot: true, ..usual }),
    ]);
    assert_eq!((found.visitors, found.events), (0, 0));
    let excluded = json!([
        { "reason": "bot", "count": 2 }, { "reason": "no-unit", "count": 1 }, { "reason": "other-environment", "count": 1 }
    ]);
    assert_eq!(json!(found.excluded), excluded);
    assert_eq!(found.notes[0].what, "no visitor is in the store");
    assert!(found.attribution.is_none() && found.cohorts.is_empty());
}

#[test]
fn times_beyond_all_calendars_are_counted_without_a_panic() {
    for at_ms in [i64::MIN, -1, i64::MAX] {
        let found = counted(&[
            view("a", "email", "s", at_ms),
            purchase("a", "o", 5, at_ms),
            event("a", "share", i64::MAX),
        ]);
        assert_eq!(found.visitors, 1);
        assert_eq!(found.attribution.unwrap().conversions, 1.0);
    }
}

fn seen_list<'a>(unit: &'a str, list: &'a str, items: u32, at: i64) -> Contact<'a> {
    let seen = InList { slot: "for-you", list, position: items, team: None };
    Contact { list: Some(seen), ..event(unit, "slot_view", at) }
}

fn clicked<'a>(
    unit: &'a str,
    list: &'a str,
    item: &'a str,
    position: u32,
    team: Option<&'a str>,
    at: i64,
) -> Contact<'a> {
    let click = InList { slot: "for-you", list, position, team };
    Contact { list: Some(click), item: Some(item), ..event(unit, "slot_click", at) }
}

#[test]
fn a_purchase_is_the_last_lists_in_which_the_item_was_clicked_within_seven_days() {
    let mug = [Bought { item: "mug", minor: 1_250 }, Bought { item: "bowl", minor: 900 }];
    let late = 7 * DAY_MS + 4;
    let events = [
        seen_list("a", "l1", 3, 1),
        seen_list("a", "l1", 3, 2),
        clicked("a", "l1", "mug", 3, None, 3),
        clicked("a", "l1", "mug", 3, None, 4),
        seen_list("a", "l2", 2, 5),
        clicked("a", "l2", "mug", 1, None, 6),
        Contact { bought: &mug, ..purchase("a", "o1", 2_150, 7) },
        Contact { bought: &mug, ..purchase("a", "o1", 2_150, 8) },
        seen_list("b", "l3", 2, 1),
        clicked("b", "l3", "mug", 2, None, 3),
        Contact { bought: &mug, ..purchase("b", "o2", 2_150, late) },
    ];
    let slots = counted(&events).slots;
    let [slot] = slots.as_slice() else { panic!("{slots:?}") };
    assert_eq!(
        (slot.lists, slot.clicks, slot.purchases),
        (3, 3, 1),
        "twice told counts once; b bought too late"
    );
    assert_eq!(slot.revenue, 12.5, "the bowl was not clicked");
    let places: Vec<_> = slot.positions.iter().map(|at| (at.shown, at.clicks, at.purchases)).collect();
    assert_eq!(places, [(3, 1, 1), (3, 1, 0), (1, 1, 0)]);
    assert_eq!(slot.contest, None);
}

#[test]
fn of_two_mixed_lists_each_visitor_is_one_vote() {
    let names: Vec<String> = (0..60).map(|n| format!("v{n:02}")).collect();
    let mut events = Vec::new();
    for (n, unit) in names.iter().enumerate() {
        let team = if n % 6 == 0 { "taste" } else { "seen" };
        events.push(seen_list(unit, unit, 4, 1));
        for (at, item) in ["mug", "bowl", "jug"].iter().enumerate().take(1 + n % 3) {
            events.push(clicked(unit, unit, item, 1, Some(team), at as i64));
        }
    }
    // One who cannot choose.
    events.push(clicked("w", "lw", "mug", 1, Some("seen"), 1));
    events.push(clicked("w", "lw", "bowl", 2, Some("taste"), 2));
    let contest = counted(&events).slots.remove(0).contest.unwrap();
    assert_eq!((contest.first.as_str(), contest.wins, contest.losses, contest.ties), ("seen", 50, 10, 1));
    assert!(
        (contest.share - 50.0 / 60.0).abs() < 1e-12
            && contest.low < contest.share
            && contest.share < contest.high
    );
    // Conover, section 3.4: twice the binomial tail of 10 or fewer of 60.
    assert!((contest.sign_p - 1.616_381e-7).abs() < 1e-13, "{}", contest.sign_p);
    // 61 binomial(60, 10) / 2^60.
    assert!((contest.p - 61.0 * 75_394_027_566.0 / 2f64.powi(60)).abs() < 1e-15, "{}", contest.p);
    assert!(contest.sentence.starts_with("take seen: 83.3 %"), "{}", contest.sentence);
    let few = counted(&events[..8]).slots.remove(0).contest.unwrap();
    assert!(few.sentence.starts_with("keep mixing"), "{}", few.sentence);
}
