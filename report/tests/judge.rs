//! How arms are compared, and what is decided.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code)]

mod events;

use events::{DAY, asked, exposure, goal, order, plain, report};
use parlour_report::asked::{Asked, AskedAnalysis, AskedGoal};
use parlour_report::model::{Action, Choice, Experiment, GoalKind, Guardrail, Verdict};
use parlour_report::seen::Seen;
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::{Arm, proportion, proportion::Share};

/// A number of a person that has nothing to do with the arm.
fn drawn(visitor: u64, of: u64) -> u64 {
    let mut z = visitor.wrapping_add(of << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)) >> 33
}

/// So many visitors an arm over ten days; of every thousand, so many reach the goal.
fn visits(units: u64, of_thousand: (u64, u64)) -> Vec<Seen<'static>> {
    let mut events = Vec::new();
    for (arm, share, first) in [("control", of_thousand.0, 0), ("shown", of_thousand.1, 1 << 32)] {
        for at in 0..units {
            let visitor = first + at + 1;
            let when = at as i64 * 10 * DAY / units as i64;
            events.push(exposure(visitor, arm, when));
            if at % 1_000 < share {
                events.push(goal(visitor, "order", when + 1));
            }
        }
    }
    events
}

fn by(analysis: AskedAnalysis, goals: Vec<AskedGoal>, events: &[Seen<'_>]) -> Experiment {
    let told = report(Asked { analysis, ..asked(goals) }, events);
    told.experiments[0].clone()
}

fn orders() -> Vec<AskedGoal> {
    vec![plain("order")]
}

#[test]
fn every_number_is_that_of_the_estimator_it_names() {
    let events = visits(4_000, (100, 130));
    let told = by(AskedAnalysis::default(), orders(), &events);
    let arm = |successes| Arm::proportion(successes, 4_000).unwrap();
    let expect = ConfidenceSequence::usual().unwrap().compare(&arm(400), &arm(520)).unwrap();
    let comparison = &told.goals[0].comparisons[0];
    let (absolute, relative) = (comparison.absolute.unwrap(), comparison.relative.unwrap());
    assert_eq!((absolute.low, absolute.p), (expect.absolute.interval.low, expect.absolute.p));
    assert_eq!(relative.high, expect.relative.unwrap().interval.high);
    assert_eq!(told.goals[0].method.name, "asymptotic confidence sequence");
    assert_eq!((told.decision.action, comparison.verdict), (Action::Ship, Verdict::Better));
    assert!(
        told.decision.sentence.starts_with("ship shown: +30.0 % order, 95 % interval "),
        "{:?}",
        told.decision
    );

    let fixed = AskedAnalysis { method: Choice::Fixed, units: Some(8_000), ..AskedAnalysis::default() };
    let told = by(fixed, orders(), &events);
    let share = |successes| Share { successes, n: 4_000 };
    let expect = proportion::compare(share(400), share(520), 0.05).unwrap();
    assert_eq!(told.goals[0].comparisons[0].absolute.unwrap().p, expect.absolute.p);
    assert_eq!(told.goals[0].method.name, "score test of two proportions");
}

#[test]
fn a_fixed_horizon_says_nothing_before_its_end_and_says_when_that_is() {
    let planned =
        |units| AskedAnalysis { method: Choice::Fixed, units: Some(units), ..AskedAnalysis::default() };
    let told = by(planned(16_000), orders(), &visits(4_000, (100, 200)));
    let comparison = &told.goals[0].comparisons[0];
    assert_eq!(comparison.absolute, None);
    assert_eq!(
        comparison.refused.as_deref(),
        Some("8000 of the 16000 units of the first planned look are in")
    );
    assert_eq!(told.decision.action, Action::KeepRunning);
    assert!(
        told.decision.sentence.starts_with("keep running: 10 more days at this traffic"),
        "{:?}",
        told.decision
    );
    // Who came after the end changes nothing.
    let all = by(planned(4_000), orders(), &visits(4_000, (100, 200)));
    assert_eq!(all.goals[0].values[0].units, 2_000);
    assert_eq!(
        by(AskedAnalysis { units: None, ..planned(1) }, orders(), &visits(100, (100, 200))).decision.action,
        Action::KeepRunning
    );
}

#[test]
fn planned_looks_are_taken_at_the_end_of_the_day_that_reaches_them() {
    let grouped = AskedAnalysis {
        method: Choice::GroupSequential,
        units: Some(16_000),
        looks: vec![0.25, 0.5, 1.0],
        ..AskedAnalysis::default()
    };
    let told = by(grouped, orders(), &visits(4_000, (100, 200)));
    assert_eq!(told.goals[0].values[0].units, 4_000);
    assert_eq!(told.goals[0].comparisons[0].verdict, Verdict::Better);
    assert!(told.goals[0].method.name.starts_with("group-sequential"));
}

#[test]
fn beliefs_stand_beside_every_result_and_may_be_the_result() {
    let told = by(
        AskedAnalysis { method: Choice::Bayesian, ..AskedAnalysis::default() },
        orders(),
        &visits(4_000, (100, 130)),
    );
    let comparison = &told.goals[0].comparisons[0];
    let bayes = comparison.bayes.as_ref().unwrap();
    assert!(bayes.chance_to_beat > 0.999 && bayes.loss_of_variant < 1e-4, "{bayes:?}");
    assert_eq!(comparison.absolute.unwrap().low, bayes.low);
    let told = by(AskedAnalysis::default(), orders(), &visits(4_000, (100, 130)));
    assert_eq!(told.goals[0].comparisons[0].bayes.as_ref(), Some(bayes));
}

#[test]
fn what_came_before_the_exposure_takes_variance_out() {
    let mut events = Vec::new();
    for visitor in 1..=6_000u64 {
        let arm = if visitor % 2 == 0 { "control" } else { "shown" };
        let habit = (drawn(visitor, 1) % 5) as i64 + 1;
        events.push(exposure(visitor, arm, 20 * DAY));
        for (key, from) in [(1, 10 * DAY), (2, 21 * DAY)] {
            let amount = habit * 1_000 + (drawn(visitor, key) % 500) as i64;
            events.push(order(visitor, visitor * 4 + key, amount, from));
        }
    }
    let paid = || vec![AskedGoal { kind: GoalKind::Revenue, of_purchases: true, ..plain("paid") }];
    let told = |cuped_ms| by(AskedAnalysis { cuped_ms, ..AskedAnalysis::default() }, paid(), &events);
    let width = |told: &Experiment| {
        let effect = told.goals[0].comparisons[0].absolute.unwrap();
        effect.high - effect.low
    };
    let (plain, adjusted) = (told(None), told(Some(14 * DAY)));
    assert!(width(&adjusted) < width(&plain) / 4.0, "{} {}", width(&adjusted), width(&plain));
    assert!(adjusted.goals[0].comparisons[0].variance_taken.unwrap() > 0.9);
    // Of before the window of days, nothing is known.
    assert!(told(Some(5 * DAY)).goals[0].comparisons[0].variance_taken.unwrap() < 0.01);
    assert_eq!(adjusted.goals[0].values[0].total, plain.goals[0].values[0].total);
}

#[test]
fn a_guardrail_that_is_surely_harmed_keeps_the_control_and_one_that_may_be_keeps_running() {
    let guarded = |harm| vec![plain("order"), AskedGoal { harm: Some(harm), ..plain("login") }];
    let mut events = visits(4_000, (100, 160));
    for (arm, share) in [(0u64, 500), (1 << 32, 400)] {
        events.extend(
            (0..4_000)
                .filter(|at| at % 1_000 >= 1_000 - share)
                .map(|at| goal(arm + at + 1, "login", 20 * DAY)),
        );
    }
    let told = by(AskedAnalysis::default(), guarded(0.05), &events);
    assert_eq!(told.goals[1].comparisons[0].guardrail, Some(Guardrail::Harmed));
    assert_eq!(told.decision.action, Action::Drop, "{:?}", told.decision);
    let told = by(AskedAnalysis::default(), guarded(0.20), &events);
    assert_eq!(told.goals[1].comparisons[0].guardrail, Some(Guardrail::Unsure));
    assert_eq!(told.decision.action, Action::KeepRunning, "{:?}", told.decision);
    let told = by(AskedAnalysis::default(), guarded(0.5), &events);
    assert_eq!(told.goals[1].comparisons[0].guardrail, Some(Guardrail::Safe));
    assert_eq!(told.decision.action, Action::Ship, "{:?}", told.decision);
}

#[test]
fn lower_may_be_better() {
    let lower = AskedGoal { better: parlour_report::model::Better::Lower, ..plain("order") };
    let told = by(AskedAnalysis::default(), vec![lower], &visits(4_000, (160, 100)));
    assert_eq!(told.decision.action, Action::Ship, "{:?}", told.decision);
}

#[test]
fn it_says_how_many_days_are_left_at_this_traffic() {
    let told = by(AskedAnalysis::default(), orders(), &visits(4_000, (100, 112)));
    let days = told.goals[0].comparisons[0].days_left.unwrap();
    assert!(
        told.decision.sentence.contains(&format!("{days} more days at this traffic")),
        "{:?}",
        told.decision
    );
    // With that many days more and the same shares, it is decided; with a tenth less, it is not.
    let grown = |days: f64| (4_000.0 * (10.0 + days) / 10.0 / 1_000.0).round() as u64 * 1_000;
    let later = by(AskedAnalysis::default(), orders(), &visits(grown(days as f64 * 1.02 + 2.0), (100, 112)));
    assert_eq!(later.decision.action, Action::Ship, "{:?}", later.decision);
    let sooner = by(AskedAnalysis::default(), orders(), &visits(grown(days as f64 * 0.9), (100, 112)));
    assert_eq!(sooner.decision.action, Action::KeepRunning);
}

#[test]
fn a_course_ends_where_the_result_is() {
    let told = by(AskedAnalysis::default(), orders(), &visits(4_000, (100, 130)));
    let (goal, days) = (&told.goals[0], &told.goals[0].over_time[0].days);
    let (first, last) = (&days[0], days.last().unwrap());
    let effect = goal.comparisons[0].absolute.unwrap();
    assert_eq!((last.units, last.low, last.high), (8_000, effect.low, effect.high));
    assert_eq!((first.date.as_str(), last.date.as_str()), ("2026-03-01", "2026-03-10"));
}

#[test]
fn the_more_goals_the_stricter_but_for_the_main_one() {
    let many: Vec<AskedGoal> =
        std::iter::once(plain("order")).chain((0..9).map(|at| plain(&format!("other-{at}")))).collect();
    let mut events = visits(4_000, (100, 128));
    let keys =
        ["other-0", "other-1", "other-2", "other-3", "other-4", "other-5", "other-6", "other-7", "other-8"];
    for (at, key) in keys.into_iter().enumerate() {
        for (arm, share) in [(0u64, 100), (1 << 32, if at == 0 { 128 } else { 100 })] {
            events.extend(
                (0..4_000).filter(|at| at % 1_000 < share).map(|at| goal(arm + at + 1, key, 20 * DAY)),
            );
        }
    }
    let told = by(AskedAnalysis::default(), many, &events);
    let p = |goal: usize| told.goals[goal].comparisons[0].adjusted_p.unwrap();
    assert_eq!(p(0), told.goals[0].comparisons[0].absolute.unwrap().p);
    assert_eq!(p(1), (p(0) * 9.0).min(1.0), "one p-value among nine");
}

#[test]
fn experiences_are_judged_against_their_holdouts() {
    let mut events = Vec::new();
    for at in 0..2_000u64 {
        let is_held_out = at % 2 == 0;
        let arm = if is_held_out { "held-out" } else { "shown" };
        events.push(Seen { experiment: Some("experience greeting"), ..exposure(at + 1, arm, 0) });
        if at % if is_held_out { 20 } else { 5 } < 2 {
            events.push(goal(at + 1, "order", 1));
        }
    }
    let tally = events::tally(asked(orders()), &events);
    let told = parlour_report::judge::experiences(&tally);
    let one = &told[0];
    assert_eq!((&*one.key, &*one.arms[0].key, &*one.arms[1].key), ("greeting", "held-out", "shown"));
    assert!(one.sample_ratio.is_none(), "the size of a holdout is not known here");
    assert_eq!((one.goals[0].values[0].reached, one.goals[0].values[1].reached), (100, 400));
    assert!(one.decision.sentence.starts_with("ship shown"), "{}", one.decision.sentence);
}

/// Phones order less and are more of the variant's visitors: weighted by device the effect is what it is on either.
#[test]
fn strata_take_out_what_visitors_differ_in() {
    let mut events = Vec::new();
    for visitor in 1..=12_000u64 {
        let is_shown = visitor % 2 == 0;
        let is_phone = drawn(visitor, 1) % 10 < if is_shown { 6 } else { 5 };
        let agent = Some(if is_phone { "mobile" } else { "desktop" });
        events.push(Seen { agent, ..exposure(visitor, if is_shown { "shown" } else { "control" }, 0) });
        if drawn(visitor, 2) % 100 < if is_phone { 5 } else { 45 } {
            events.push(goal(visitor, "order", 1));
        }
    }
    let told = |strata| {
        let told = by(AskedAnalysis { strata, ..AskedAnalysis::default() }, orders(), &events);
        told.goals[0].comparisons[0].absolute.unwrap()
    };
    let (plain, weighted) = (told(None), told(Some(parlour_report::model::Dimension::Device)));
    assert!(plain.high < 0.0, "the mix alone: {plain:?}");
    assert!(weighted.low < 0.0 && weighted.high > 0.0, "{weighted:?}");
    assert!(weighted.high - weighted.low < 0.95 * (plain.high - plain.low), "{weighted:?} {plain:?}");
}

#[test]
fn a_ratio_is_compared_by_the_delta_method() {
    let per = AskedGoal { kind: GoalKind::Ratio, per: Some("visit".to_owned()), ..plain("order") };
    let (mut events, mut sums) = (Vec::new(), [parlour_stats::PairSums::default(); 2]);
    for visitor in 1..=4_000u64 {
        let side = (visitor % 2) as usize;
        let visits = drawn(visitor, 1) % 6 + 1;
        let orders = (0..visits).filter(|at| drawn(visitor, 2 + at) % 10 < 2 + side as u64).count() as u64;
        events.push(exposure(visitor, ["control", "shown"][side], 0));
        events.extend((0..visits).map(|at| goal(visitor, "visit", at as i64 + 1)));
        events.extend((0..orders).map(|at| goal(visitor, "order", at as i64 + 1)));
        sums[side].add(orders as f64, visits as f64);
    }
    let told = by(AskedAnalysis::default(), vec![per], &events);
    let [control, shown] = sums.map(|sums| sums.ratio().unwrap());
    let expect = ConfidenceSequence::usual().unwrap().compare(&control, &shown).unwrap();
    let effect = told.goals[0].comparisons[0].absolute.unwrap();
    for (have, want) in
        [(effect.low, expect.absolute.interval.low), (effect.high, expect.absolute.interval.high)]
    {
        assert!((have - want).abs() < 1e-9, "{effect:?} {expect:?}");
    }
}

#[test]
fn time_to_event_is_told_in_hours_by_restricted_means() {
    let time = AskedGoal {
        kind: GoalKind::Time,
        window_ms: Some(4 * DAY),
        better: parlour_report::model::Better::Lower,
        ..plain("order")
    };
    let mut events = vec![goal(u64::MAX, "visit", 10 * DAY)];
    for visitor in 1..=2_000u64 {
        let side = (visitor % 2) as usize;
        events.push(exposure(visitor, ["control", "shown"][side], 0));
        let hours = drawn(visitor, 3) % if side == 0 { 160 } else { 80 };
        events.push(goal(visitor, "order", hours as i64 * DAY / 24));
    }
    let told = by(AskedAnalysis::default(), vec![time.clone()], &events);
    let comparison = &told.goals[0].comparisons[0];
    assert_eq!(
        (comparison.verdict, told.decision.action),
        (Verdict::Better, Action::Ship),
        "{:?}",
        told.decision
    );
    assert!(told.decision.sentence.contains("hours until order"), "{:?}", told.decision);
    assert!(comparison.log_rank_p.unwrap() < 1e-9);
    let (control, shown) = (told.goals[0].values[0].mean, told.goals[0].values[1].mean);
    assert!((comparison.absolute.unwrap().estimate - (shown - control)).abs() < 1e-9);
    // Expected: 96 hours where it takes longer, half of the span where not.
    assert!(
        (control - (96.0 - 96.0 * 96.0 / 320.0)).abs() < 3.0 && (shown - 39.5).abs() < 2.0,
        "{control} {shown}"
    );
    let fixed = AskedAnalysis { method: Choice::Fixed, units: Some(2_000), ..AskedAnalysis::default() };
    let once = by(fixed, vec![time], &events).goals[0].comparisons[0].absolute.unwrap();
    let wide = comparison.absolute.unwrap();
    assert!(once.high - once.low < wide.high - wide.low, "one look is tighter than all looks");
}
