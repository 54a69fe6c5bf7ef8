//! What is found behind the numbers: mistakes are planted, and sound experiments raise no alarm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code)]

mod events;

use events::{DAY, START, asked, exposure, goal, plain, report};
use parlour_report::asked::Asked;
use parlour_report::model::{Action, Dimension, Exclusion, Experiment};
use parlour_report::seen::{Kind, Seen};

fn drawn(visitor: u64, of: u64) -> f64 {
    let mut z = visitor.wrapping_add(of << 40).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn arm(visitor: u64) -> &'static str {
    if drawn(visitor, 1) < 0.5 { "control" } else { "shown" }
}

/// Visitors over eight days, a third on phones and half on /cart; a tenth orders.
fn sound(visitors: u64) -> Vec<Seen<'static>> {
    let mut events = Vec::new();
    for visitor in 1..=visitors {
        let at = visitor as i64 * 8 * DAY / visitors as i64;
        events.push(Seen {
            page: Some(if drawn(visitor, 2) < 0.5 { "/cart" } else { "/home" }),
            agent: Some(if drawn(visitor, 3) < 0.33 { "mobile" } else { "desktop" }),
            source: Some("direct"),
            ..exposure(visitor, arm(visitor), at)
        });
        if drawn(visitor, 4) < 0.1 {
            events.push(goal(visitor, "order", at + 1));
        }
    }
    events
}

fn told(asked: Asked, events: &[Seen<'_>]) -> Experiment {
    report(asked, events).experiments[0].clone()
}

fn orders() -> Asked {
    asked(vec![plain("order")])
}

#[test]
fn a_sound_experiment_raises_no_alarm() {
    let told = told(orders(), &sound(20_000));
    let split = told.sample_ratio.unwrap();
    assert!(!split.is_broken && split.breaks.is_empty() && split.likely.is_none());
    let a_a = told.diagnosis.a_a.unwrap();
    assert!(a_a.splits == 64 && a_a.p > 0.01 && a_a.alarms < 0.2, "{a_a:?}");
    for one in &told.diagnosis.segments {
        assert!(!one.is_reversed && one.one_effect_p.is_none_or(|p| p > 0.01), "{one:?}");
    }
    assert!(told.notes.is_empty(), "{:?}", told.notes);
}

#[test]
fn exposures_lost_on_one_page_are_found_there() {
    let events: Vec<_> = sound(20_000)
        .into_iter()
        .filter(|seen| {
            let is_lost = seen.page == Some("/cart") && seen.variant == Some("shown");
            !is_lost || drawn(seen.visitor.unwrap(), 5) > 0.3
        })
        .collect();
    let told = told(orders(), &events);
    let split = told.sample_ratio.unwrap();
    let first = &split.breaks[0];
    assert_eq!((first.dimension, first.value.as_str(), first.explains_all), (Dimension::Page, "/cart", true));
    assert_eq!(told.decision.action, Action::Stop);
    let sentence = &told.decision.sentence;
    assert!(sentence.ends_with("most likely lost exposures of shown on /cart"), "{sentence}");
}

#[test]
fn a_redirect_that_loses_visitors_is_named() {
    let events: Vec<_> = sound(20_000)
        .into_iter()
        .filter(|seen| seen.variant != Some("shown") || drawn(seen.visitor.unwrap(), 5) > 0.15)
        .collect();
    let told = told(Asked { redirects: vec!["shown".to_owned()], ..orders() }, &events);
    let sentence = &told.decision.sentence;
    assert!(sentence.ends_with("most likely the redirect of shown loses visitors"), "{sentence}");
}

#[test]
fn an_effect_on_phones_alone_is_found_there() {
    let mut events = sound(40_000);
    let phones: Vec<_> = events
        .iter()
        .filter(|seen| seen.agent == Some("mobile") && seen.variant == Some("shown"))
        .copied()
        .collect();
    for seen in phones {
        let visitor = seen.visitor.unwrap();
        if drawn(visitor, 6) < 0.1 {
            events.push(goal(visitor, "order", 9 * DAY));
        }
    }
    let told = told(orders(), &events);
    let segments = &told.diagnosis.segments;
    let by = |dimension| segments.iter().find(|one| one.dimension == dimension).unwrap();
    let device = by(Dimension::Device);
    assert!(device.one_effect_p.unwrap() < 0.001, "{device:?}");
    let p = |value: &str| device.parts.iter().find(|part| part.value == value).unwrap().adjusted_p.unwrap();
    assert!(p("mobile") < 0.001 && p("desktop") > 0.05, "{device:?}");
    assert!(by(Dimension::Page).one_effect_p.unwrap() > 0.01);
}

/// On the first days one in ten gets the variant and few order, later half do and many order: thrown together the variant looks
/// better, day by day it is worse.
#[test]
fn a_whole_that_says_the_opposite_of_its_days_is_told() {
    let mut events = Vec::new();
    for visitor in 1..=40_000u64 {
        let is_late = visitor > 20_000;
        let at = if is_late { 5 * DAY } else { DAY };
        let is_shown = drawn(visitor, 1) < if is_late { 0.5 } else { 0.1 };
        events.push(exposure(visitor, if is_shown { "shown" } else { "control" }, at));
        let share = if is_late { 0.4 } else { 0.05 } - if is_shown { 0.02 } else { 0.0 };
        if drawn(visitor, 4) < share {
            events.push(goal(visitor, "order", at + 1));
        }
    }
    let told = told(orders(), &events);
    let by_day = told.diagnosis.segments.iter().find(|one| one.dimension == Dimension::Day).unwrap();
    assert!(by_day.is_reversed, "{by_day:?}");
}

#[test]
fn an_effect_that_fades_is_told_from_one_that_stays() {
    let with_clicks = |fades: bool| {
        let mut events = vec![goal(u64::MAX, "click", 30 * DAY)];
        for visitor in 1..=12_000u64 {
            events.push(exposure(visitor, arm(visitor), 0));
            for day in 0..8 {
                let extra = if fades { 0.16 / (1.0 + day as f64) } else { 0.05 };
                let share = 0.1 + if arm(visitor) == "shown" { extra } else { 0.0 };
                if drawn(visitor, 10 + day as u64) < share {
                    events.push(goal(visitor, "click", day * DAY + 5));
                }
            }
        }
        let count = parlour_report::asked::AskedGoal {
            kind: parlour_report::model::GoalKind::Count,
            ..plain("click")
        };
        told(asked(vec![count]), &events).diagnosis.novelty[0].slope.unwrap()
    };
    let fading = with_clicks(true);
    assert!(fading.high < 0.0, "{fading:?}");
    let staying = with_clicks(false);
    assert!(staying.low < 0.0 && staying.high > 0.0, "{staying:?}");
}

#[test]
fn two_experiments_that_meddle_with_each_other_are_named() {
    let mut events = Vec::new();
    for visitor in 1..=30_000u64 {
        let (first, second) = (arm(visitor), if drawn(visitor, 7) < 0.5 { "control" } else { "red" });
        events.push(exposure(visitor, first, 0));
        events.push(Seen { experiment: Some("button"), ..exposure(visitor, second, 0) });
        let share = if (first, second) == ("shown", "red") { 0.05 } else { 0.1 };
        if drawn(visitor, 4) < share {
            events.push(goal(visitor, "order", 1));
        }
    }
    let told = told(orders(), &events);
    let found = &told.diagnosis.interactions[0];
    assert_eq!((found.other.as_str(), found.other_arm.as_str()), ("button", "red"));
    assert!(found.adjusted_p < 1e-6 && found.effect.estimate < 0.0, "{found:?}");
}

#[test]
fn who_logs_in_on_two_devices_is_one_person_and_counts_once() {
    let user = |visitor, at| Seen { kind: Kind::Other, user: Some(77), goal: None, ..goal(visitor, "", at) };
    let events = [
        exposure(1, "control", 0),
        user(1, 1),
        user(2, 2),
        exposure(2, "control", 3),
        // Bought on the second device.
        goal(2, "order", 4),
        exposure(3, "shown", 0),
    ];
    let told = report(orders(), &events);
    assert_eq!(told.experiments[0].arms[0].units, 1);
    assert_eq!(told.experiments[0].goals[0].values[0].reached, 1);
    assert_eq!((told.identities.linked, told.identities.people), (3, 1));
    // In two variants, on two devices: neither.
    let mut other = events;
    other[3].variant = Some("shown");
    let told = report(orders(), &other);
    assert_eq!(told.experiments[0].arms[0].units, 0);
    assert_eq!(told.experiments[0].excluded[0].reason, Exclusion::SeveralVariants);
}

#[test]
fn what_is_left_out_is_counted_by_why() {
    let one = |visitor| exposure(visitor, "control", 5 * DAY);
    let events = [
        Seen { has_env: true, ..one(1) },
        Seen { agent: Some("bot"), ..one(2) },
        Seen { kind: Kind::Late, reason: Some("late"), ..one(3) },
        Seen { reason: Some("preview"), ..one(4) },
        Seen { visitor: None, ..one(5) },
        Seen { has_wrong_bucket: true, ..one(6) },
        Seen { version: Some(1), ..one(7) },
        Seen { version: Some(2), ..one(8) },
        Seen { version: Some(2), variant: Some("gone"), ..one(9) },
        Seen { occurred_ms: START + 90 * DAY, ..one(10) },
        Seen { occurred_ms: 0, ..one(11) },
    ];
    let told = report(orders(), &events);
    let counted: Vec<_> = told.experiments[0].excluded.iter().map(|left| (left.reason, left.count)).collect();
    use Exclusion::{
        Bot, Clock, Late, NoUnit, NotBucketed, OlderVersion, OtherEnvironment, UnknownVariant, WrongBucket,
    };
    let mut expect = vec![
        (OtherEnvironment, 1),
        (Bot, 1),
        (Late, 1),
        (NotBucketed, 1),
        (NoUnit, 1),
        (WrongBucket, 1),
        (OlderVersion, 1),
        (UnknownVariant, 1),
        (Clock, 2),
    ];
    expect.sort();
    assert_eq!(counted, expect);
    assert_eq!(told.experiments[0].arms[0].units, 1);
    let notes: String =
        told.experiments[0].notes.iter().chain(&told.notes).map(|note| note.what.clone() + "\n").collect();
    for part in [
        "1 exposures to gone",
        "before 2: ",
        "2 events are dated",
        "nobody met shown",
        "nobody reached order",
    ] {
        assert!(notes.contains(part.trim_end_matches(": ")), "{part} in {notes}");
    }
}

#[test]
fn above_a_tenth_of_late_views_the_cure_is_named_and_the_age_of_ids_is_told() {
    let mut events = vec![Seen { kind: Kind::Other, ..goal(1, "", -DAY) }];
    events.extend((1..=8).map(|visitor| exposure(visitor, arm(visitor), 0)));
    events.push(Seen { kind: Kind::Late, ..exposure(9, "control", 0) });
    events.push(Seen { visitor: None, kind: Kind::Other, ..goal(1, "", 0) });
    let reach = told(orders(), &events).reach;
    assert_eq!((reach.late, reach.younger), (Some(1.0 / 9.0), Some(7.0 / 8.0)));
    assert_eq!(reach.with_id, Some(10.0 / 11.0));
    assert!(reach.cure.unwrap().contains("parlour snippet"));
}

/// Half and half under the first plan, nine to one under the second: neither is broken, and a broken one is still found.
#[test]
fn weights_that_changed_meanwhile_break_no_split() {
    let with = |second: f64| {
        let mut asked = orders();
        asked.variants = vec![("control".to_owned(), 0.1), ("shown".to_owned(), 0.9)];
        asked.weights = [("p1".to_owned(), vec![0.5, 0.5]), ("p2".to_owned(), vec![0.1, 0.9])].into();
        let events: Vec<_> = (1..=20_000u64)
            .map(|visitor| {
                let (plan, shown) = if visitor <= 8_000 { ("p1", 0.5) } else { ("p2", second) };
                let arm = if drawn(visitor, 1) < shown { "shown" } else { "control" };
                Seen { plan: Some(plan), ..exposure(visitor, arm, visitor as i64) }
            })
            .collect();
        told(asked, &events)
    };
    let sound = with(0.9);
    assert!(!sound.sample_ratio.unwrap().is_broken);
    assert!((sound.arms[1].expected_share.unwrap() - 0.74).abs() < 1e-9);
    assert!(sound.notes.iter().any(|note| note.done.starts_with("weights changed")), "{:?}", sound.notes);
    assert!(with(0.85).sample_ratio.unwrap().is_broken);
}

#[test]
fn what_pages_and_events_name_moves_no_cursor_and_begins_no_line() {
    let evil = "x\u{1b}[2J\ny";
    let mut events = Vec::new();
    for visitor in 1..=4_000 {
        events.push(Seen {
            page: Some(if visitor % 2 == 0 { evil } else { "/" }),
            ..exposure(visitor, arm(visitor), 0)
        });
        if drawn(visitor, 4) < 0.5 {
            events.push(goal(visitor, evil, 1));
        }
    }
    events.retain(|seen| seen.page != Some(evil) || seen.variant != Some("shown"));
    events.push(Seen { experiment: Some(evil), ..exposure(1, evil, 0) });
    events.push(exposure(9_999, evil, 0));
    let mut written = String::new();
    parlour_report::text::write(&report(asked(Vec::new()), &events), &mut written).unwrap();
    assert!(written.contains("most likely lost exposures of shown on x [2J y"), "{written}");
    assert!(!written.contains('\u{1b}') && !written.contains("\ny"), "{written}");
}
