//! A report that has something of everything, with numbers that tell each place apart.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use parlour_attribution::table::{Credited, Row, Source, Spent, Table};
use parlour_report::beyond::model::{
    Beyond, Cohort, Contest, Funnel, Group, Journey, Move, OfVariant, Position, Slot, Stage, Step, Week,
};
use parlour_report::model::{
    Action, Arm, Bayes, Break, Comparison, Course, Day, Decision, Diagnosis, Dimension, Effect, Excluded,
    Exclusion, Experiment, Goal, GoalKind, Guardrail, Identities, Named, Note, Novelty, Reach, Report,
    SampleRatio, Segment, Segments, Value, Verdict,
};

const STAGES: [&str; 6] = ["new", "browsing", "considering", "cart", "checkout", "customer"];

/// Every name that a site or its visitors choose begins with `name`.
pub fn report(name: &str) -> Report {
    let name = |rest: &str| format!("{name}{rest}");
    Report {
        since_ms: Some(1_793_491_200_000),
        until_ms: None,
        zone: "Europe/Berlin".to_owned(),
        identities: Identities { linked: 412, people: 200, shared: 1 },
        experiments: vec![experiment(&name, Action::Ship), experiment(&name, Action::Stop)],
        notes: vec![Note { what: name("3 events are dated 1970"), done: "they are left out".to_owned() }],
        beyond: Some(beyond(&name)),
    }
}

fn effect(estimate: f64, reach: f64) -> Effect {
    Effect { estimate, low: estimate - reach, high: estimate + reach, p: 0.012 }
}

fn experiment(name: &dyn Fn(&str) -> String, action: Action) -> Experiment {
    let arms = ["control", "banner", "a much longer name of a variant than anybody should give"];
    let arm = |index: usize| Arm {
        key: name(arms[index]),
        is_control: index == 0,
        units: 4_000 + 131 * index as u64,
        share: [0.327, 0.331, 0.342][index],
        expected_share: Some(1.0 / 3.0),
    };
    Experiment {
        key: name("shipping-banner"),
        name: Some(name("Free shipping banner")),
        question: Some(name("Visitors who know the limit place more orders")),
        owner: Some(name("Growth")),
        status: Some("running".to_owned()),
        first_ms: Some(1_793_491_200_000),
        last_ms: Some(1_795_491_200_000),
        arms: (0..3).map(arm).collect(),
        sample_ratio: Some(SampleRatio {
            p: 0.31,
            is_broken: action == Action::Stop,
            method: named("sequential multinomial test", "Lindon and Malek (2022)"),
            breaks: vec![Break {
                dimension: Dimension::Page,
                value: name("/checkout"),
                units: vec![120, 61, 118],
                p: 1e-9,
                explains_all: true,
            }],
            likely: Some(name("lost exposures on /checkout")),
        }),
        excluded: vec![
            Excluded { reason: Exclusion::Bot, count: 1_204 },
            Excluded { reason: Exclusion::Late, count: 17 },
        ],
        goals: vec![
            goal(&name("order"), GoalKind::Conversion, None, 0.02, &arms, name),
            goal(&name("revenue"), GoalKind::Revenue, Some("EUR"), 912.0, &arms, name),
        ],
        diagnosis: diagnosis(name),
        reach: Reach {
            late: Some(0.012),
            cure: Some(name("put the snippet first")),
            younger: Some(0.71),
            bots: Some(0.081),
            with_id: Some(0.64),
            age_days: Some(0.2),
        },
        notes: vec![Note { what: name("variant teal was removed"), done: "it is left out".to_owned() }],
        decision: Decision {
            action,
            arm: Some(name("banner")),
            sentence: match action {
                Action::Stop => name(
                    "stop: the split is broken, 52.4/47.6, p = 1e-9; most likely lost exposures on /checkout",
                ),
                _ => name("ship banner: +12.1 % orders, 95 % interval 1.8 to 22.4"),
            },
        },
        ..Experiment::default()
    }
}

fn named(name: &str, source: &str) -> Named {
    Named { name: name.to_owned(), source: source.to_owned() }
}

fn goal(
    key: &str,
    kind: GoalKind,
    currency: Option<&str>,
    mean: f64,
    arms: &[&str],
    name: &dyn Fn(&str) -> String,
) -> Goal {
    let lift = [0.0, 0.121, -0.06];
    let compared = |index: usize| Comparison {
        arm: name(arms[index]),
        absolute: Some(effect(mean * lift[index], mean * 0.103)),
        relative: Some(effect(lift[index], 0.103)),
        adjusted_p: Some(0.021),
        bayes: Some(Bayes {
            chance_to_beat: [0.5, 0.991, 0.12][index],
            mean: mean * lift[index],
            deviation: mean * 0.05,
            low: mean * (lift[index] - 0.1),
            high: mean * (lift[index] + 0.1),
            method: named("normal posterior", "Kruschke (2013)"),
            ..Bayes::default()
        }),
        variance_taken: Some(0.18),
        guardrail: (index == 2).then_some(Guardrail::Unsure),
        days_left: (index == 2).then_some(9),
        verdict: if index == 1 { Verdict::Better } else { Verdict::Open },
        ..Comparison::default()
    };
    let day = |index: usize, day: i32| Day {
        date: format!("2026-11-{:02}", day + 2),
        units: 600 * (day as u64 + 1),
        estimate: mean * (lift[index] + 0.05 / f64::from(day + 1)),
        low: mean * (lift[index] - 0.6 / f64::from(day + 1).sqrt()),
        high: mean * (lift[index] + 0.7 / f64::from(day + 1).sqrt()),
    };
    Goal {
        key: key.to_owned(),
        kind,
        is_main: kind == GoalKind::Conversion,
        currency: currency.map(str::to_owned),
        window_days: Some(14.0),
        values: (0..3)
            .map(|index| Value {
                arm: name(arms[index]),
                units: 4_000 + 131 * index as u64,
                reached: 80 + 9 * index as u64,
                total: 80.0,
                mean: mean * (1.0 + lift[index]),
            })
            .collect(),
        comparisons: vec![compared(1), compared(2)],
        method: named("asymptotic confidence sequence", "Waudby-Smith et al., arXiv:2103.06476"),
        over_time: (1..3)
            .map(|index| Course { arm: name(arms[index]), days: (0..21).map(|at| day(index, at)).collect() })
            .collect(),
        ..Goal::default()
    }
}

fn diagnosis(name: &dyn Fn(&str) -> String) -> Diagnosis {
    let part = |value: &str, estimate: f64, p: f64| Segment {
        value: name(value),
        units: 1_312,
        effect: Some(effect(estimate, 0.004)),
        adjusted_p: Some(p),
        refused: None,
    };
    Diagnosis {
        novelty: vec![Novelty { arm: name("banner"), slope: Some(effect(-0.001, 0.0004)), refused: None }],
        segments: vec![Segments {
            arm: name("banner"),
            dimension: Dimension::Device,
            parts: vec![
                part("phone", 0.011, 0.01),
                part("desktop", -0.001, 0.8),
                Segment {
                    value: name("tablet"),
                    units: 12,
                    refused: Some("too few".to_owned()),
                    ..Segment::default()
                },
            ],
            one_effect_p: Some(0.03),
            is_reversed: false,
        }],
        ..Diagnosis::default()
    }
}

fn funnel(name: &dyn Fn(&str) -> String, first: u64) -> Funnel {
    let visitors = [first, first / 2, first / 5, first / 17];
    let step = |at: usize, step: &str| Step {
        name: name(step),
        visitors: visitors[at],
        drop_off: (at > 0).then(|| 1.0 - visitors[at] as f64 / visitors[at - 1] as f64),
        share: Some(visitors[at] as f64 / first as f64),
    };
    let steps = ["page_view", "view_item", "add_to_cart", "purchase"];
    Funnel {
        name: name("shop"),
        within_ms: Some(86_400_000),
        steps: steps.iter().enumerate().map(|(at, of)| step(at, of)).collect(),
    }
}

fn beyond(name: &dyn Fn(&str) -> String) -> Beyond {
    let group =
        |first: u64| Group { visitors: first, funnels: vec![funnel(name, first)], journey: journey() };
    let of_variant = |variant: &str, first| OfVariant {
        experiment: name("shipping-banner"),
        variant: name(variant),
        group: group(first),
    };
    Beyond {
        visitors: 12_431,
        events: 98_411,
        excluded: vec![Excluded { reason: Exclusion::OtherEnvironment, count: 31 }],
        all: group(12_431),
        by_variant: vec![of_variant("control", 4_000), of_variant("banner", 4_131)],
        cohorts: (0..7)
            .map(|at| Cohort {
                week: format!("2026-1{}-{:02}", at / 4, 5 + 7 * (at % 4)),
                visitors: 1_000 + 37 * at,
                active: (0..7 - at).map(|week| (1_000 + 37 * at) / (week * 3 + 1)).collect(),
                bought: (0..7 - at).map(|week| 40 / (week + 1)).collect(),
            })
            .collect(),
        attribution: Some(attribution(name)),
        experiences: Vec::new(),
        slots: vec![slot(name)],
        notes: vec![Note { what: name("4 costs of other days"), done: "they are left out".to_owned() }],
    }
}

fn journey() -> Journey {
    let stage = |(at, stage): (usize, &&'static str)| Stage {
        stage,
        visitors: 12_431 / (at as u64 + 1),
        ended: 4_100 / (at as u64 + 1),
        mean_ms: Some(86_400_000.0 * (at as f64 + 0.3)),
    };
    let moves = STAGES.windows(2).enumerate().map(|(at, pair)| Move {
        from: pair[0],
        to: pair[1],
        count: 7_311 / (at as u64 + 1),
        visitors: 6_911 / (at as u64 + 1),
    });
    Journey {
        stages: STAGES.iter().enumerate().map(stage).collect(),
        moves: moves.collect(),
        weeks: ["2026-11-09", "2026-11-16"]
            .map(|week| Week { week: week.to_owned(), visitors: vec![812, 401, 220, 97, 31, 44] })
            .to_vec(),
    }
}

fn attribution(name: &dyn Fn(&str) -> String) -> Table {
    let models = ["first", "last", "linear", "position", "time-decay", "markov", "shapley"];
    let row = |(at, channel): (usize, &str)| Row {
        channel: name(channel),
        removal: Some(0.4 / (at as f64 + 1.0)),
        credits: models
            .iter()
            .enumerate()
            .map(|(of, model)| Credited {
                model,
                conversions: 311.25 / (at as f64 + 1.0) + of as f64,
                value: 9_120.5 / (at as f64 + 1.0),
                cost_per_conversion: (at > 1).then_some(4.12),
                return_on_spend: (at > 1).then_some(3.3),
            })
            .collect(),
        spent: (at > 1).then_some(Spent { cost: 1_200.0, clicks: Some(2_400.0), cost_per_click: Some(0.5) }),
    };
    Table {
        paths: 8_121,
        currency: Some("EUR".to_owned()),
        channels: ["organic search", "direct", "email", "paid social"]
            .into_iter()
            .enumerate()
            .map(row)
            .collect(),
        models: models.iter().map(|model| Source { model, source: "a source" }).collect(),
        notes: vec![name("tv cost something and is in no path")],
        ..Table::default()
    }
}

fn slot(name: &dyn Fn(&str) -> String) -> Slot {
    Slot {
        slot: name("product-similar"),
        lists: 9_120,
        clicks: 811,
        click_rate: Some(0.0889),
        purchases: 61,
        revenue: 3_210.5,
        positions: (1..7)
            .map(|position| Position {
                position,
                shown: 9_000 / u64::from(position),
                clicks: 300 / u64::from(position),
                purchases: 20 / u64::from(position),
            })
            .collect(),
        contest: Some(Contest {
            first: name("model"),
            second: name("popular"),
            wins: 210,
            losses: 160,
            ties: 31,
            share: 0.5676,
            low: 0.512,
            high: 0.621,
            method: named("sequential sign test", "Howard et al. (2021)"),
            sentence: name("model wins against popular, p = 0.01"),
            ..Contest::default()
        }),
    }
}
