//! What each kind of goal counts, for whom and for how long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code)]

mod events;

use events::{DAY, asked, exposure, goal, in_site, order, plain, refund, report, tally_in_parts};
use parlour_report::asked::{AskedGoal, Rates, Site};
use parlour_report::model::{Exclusion, Goal, GoalKind, Value};
use parlour_report::seen::Seen;

fn revenue() -> AskedGoal {
    AskedGoal { kind: GoalKind::Revenue, of_purchases: true, ..plain("paid") }
}

fn of_control(asked_goal: AskedGoal, events: &[Seen<'_>]) -> (Goal, Value) {
    let told = report(asked(vec![asked_goal]), events);
    let goal = told.experiments[0].goals[0].clone();
    let value = goal.values[0].clone();
    (goal, value)
}

#[test]
fn a_goal_counts_from_the_exposure_until_the_end_of_its_window() {
    let windowed = AskedGoal { kind: GoalKind::Count, window_ms: Some(7 * DAY), ..plain("order") };
    let events = [
        goal(1, "order", -DAY),
        exposure(1, "control", 0),
        goal(1, "order", 0),
        goal(1, "order", 7 * DAY - 1),
        goal(1, "order", 7 * DAY),
        goal(1, "other", DAY),
    ];
    assert_eq!(of_control(windowed, &events).1.total, 2.0);
    assert_eq!(of_control(AskedGoal { kind: GoalKind::Count, ..plain("order") }, &events).1.total, 3.0);
    assert_eq!(of_control(plain("order"), &events).1.total, 1.0);
}

#[test]
fn a_visitor_counts_at_most_what_is_said_and_that_is_told() {
    let events = [exposure(1, "control", 0), order(1, 1, 90_000, 1), order(1, 2, 30_000, 2)];
    let (goal, value) = of_control(AskedGoal { cap: Some(50_000.0), ..revenue() }, &events);
    assert_eq!((value.total, goal.winsorised_units, goal.winsorised_at), (50_000.0, 1, Some(50_000.0)));
}

#[test]
fn refunds_are_netted_by_order_however_late_and_never_below_it() {
    let events = [
        exposure(1, "control", 0),
        order(1, 1, 5_000, 1),
        order(1, 1, 5_000, 2),
        order(1, 2, 1_000, DAY),
        refund(1, 2_000, 30 * DAY),
        refund(2, 9_000, 31 * DAY),
        refund(77, 100, DAY),
    ];
    let (_, value) = of_control(AskedGoal { window_ms: Some(7 * DAY), ..revenue() }, &events);
    assert_eq!(value.total, 3_000.0);
    let told = report(asked(vec![revenue()]), &events);
    assert!(told.notes.iter().any(|note| note.what == "1 refunds of orders that are not in the store"));
    assert!(told.notes.iter().any(|note| note.what.starts_with("1 orders were told again")));
}

#[test]
fn other_currencies_count_by_the_rate_of_their_day_and_not_at_all_without_one() {
    let dollars = |id, at| Seen { currency: Some("USD"), ..order(1, id, 1_000, at) };
    let events = [exposure(1, "control", 0), dollars(1, 1), dollars(2, 5 * DAY), dollars(3, 9 * DAY)];
    let table = |at, rate| (events::START + at, [("USD".to_owned(), rate)].into());
    let rates = Rates(vec![table(8 * DAY, 0.5), table(4 * DAY, 0.9)]);
    let tally = in_site(u64::MAX, asked(vec![revenue()]), Site { rates, ..Site::default() }, &events);
    assert_eq!(tally.excluded.get(&Exclusion::OtherCurrency), Some(&1));
    let told = parlour_report::judge::report(&tally);
    assert_eq!(told.experiments[0].goals[0].values[0].total, 1_400.0);
}

#[test]
fn a_ratio_is_of_sums() {
    let per = AskedGoal { kind: GoalKind::Ratio, per: Some("visit".to_owned()), ..plain("order") };
    let mut events = Vec::new();
    for (visitor, visits, orders) in [(1, 4, 1), (2, 1, 1), (3, 5, 0)] {
        events.push(exposure(visitor, "control", 0));
        events.extend((1..=visits).map(|at| goal(visitor, "visit", at)));
        events.extend((1..=orders).map(|at| goal(visitor, "order", at)));
    }
    assert_eq!(of_control(per, &events).1.mean, 0.2);
}

#[test]
fn retention_waits_until_its_time_is_over() {
    let back =
        AskedGoal { kind: GoalKind::Retention, from_ms: DAY, window_ms: Some(7 * DAY), ..plain("visit") };
    let events = [
        exposure(1, "control", 0),
        goal(1, "visit", 2 * DAY),
        exposure(2, "control", 0),
        goal(2, "visit", DAY - 1),
        exposure(3, "control", 3 * DAY),
        goal(3, "visit", 5 * DAY),
        goal(9, "visit", 8 * DAY),
    ];
    let (goal, value) = of_control(back, &events);
    assert_eq!((value.units, value.reached), (2, 1));
    assert_eq!((goal.excluded[0].reason, goal.excluded[0].count), (Exclusion::NotOver, 1));
}

#[test]
fn time_to_event_is_hours_of_the_window() {
    let time = AskedGoal { kind: GoalKind::Time, window_ms: Some(4 * DAY), ..plain("order") };
    let mut events = vec![goal(9, "visit", 10 * DAY)];
    for visitor in 1..=4 {
        events.push(exposure(visitor, "control", 0));
    }
    events.push(goal(1, "order", DAY));
    events.push(goal(2, "order", 5 * DAY));
    // One after 24 of 96 hours, three never.
    assert_eq!(of_control(time, &events).1.mean, (24.0 + 3.0 * 96.0) / 4.0);
}

/// The same people whether all are held at once or three events at a time.
#[test]
fn parts_of_the_people_add_up_to_all() {
    let events: Vec<Seen<'_>> = (0..400u64)
        .flat_map(|visitor| {
            let id = visitor.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let arm = if visitor % 2 == 0 { "control" } else { "shown" };
            let at = visitor as i64 * 3_600_000;
            [
                exposure(id, arm, at),
                goal(id, "order", at + 7),
                order(id, id | 1, 100, at + 9),
                refund(id | 1, 40, at + 11),
            ]
        })
        .collect();
    let told = |held| {
        let tally = tally_in_parts(held, asked(vec![plain("order"), revenue()]), &events);
        parlour_report::judge::report(&tally)
    };
    let whole = told(u64::MAX);
    assert_eq!(whole, told(3));
    assert_eq!(whole.experiments[0].goals[1].values[0].total, 200.0 * 60.0);
}
