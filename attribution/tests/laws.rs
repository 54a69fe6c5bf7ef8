//! What holds of every model, for any paths.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use parlour_attribution::path::untimed;
use parlour_attribution::{Credit, Error, Ledger, Model, Options, Path, Touch};
use proptest::prelude::*;

type Row = (Vec<usize>, f64, f64, f64);

fn ledger(rows: &[Row], channels: usize) -> Ledger {
    let mut ledger = Ledger::new(Options::default()).unwrap();
    for (order, conversions, value, nulls) in rows {
        let touches: Vec<Touch> = untimed(order).collect();
        let path = Path { touches: &touches, conversions: *conversions, value: *value, nulls: *nulls };
        ledger.add(&path, channels).unwrap();
    }
    ledger
}

fn conversions(rows: &[Row], channels: usize, model: Model) -> Vec<f64> {
    let credits = ledger(rows, channels).credits(model, channels).unwrap();
    credits.iter().map(|credit| credit.conversions).collect()
}

fn rows(channels: usize) -> impl Strategy<Value = Vec<Row>> {
    let path = prop::collection::vec(0..channels, 1..9);
    prop::collection::vec((path, 0u32..9, 0u32..1000, 0u32..9), 1..40).prop_map(|rows| {
        let number = f64::from;
        rows.into_iter()
            .map(|(path, c, v, n)| (path, number(c), number(c.min(1) * v) / 100.0, number(n)))
            .collect()
    })
}

/// Σ over coalitions of the others of |S|! (n − |S| − 1)! / n! × (worth with the channel − worth without): Shapley 1953.
fn shapley_by_definition(rows: &[Row], channels: usize) -> Vec<f64> {
    let worth = |coalition: u32| -> f64 {
        let within = |order: &[usize]| order.iter().all(|channel| coalition >> channel & 1 == 1);
        rows.iter().filter(|row| within(&row.0)).map(|row| row.1).sum()
    };
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    let all = channels as u32;
    (0..all)
        .map(|channel| {
            let others = (0u32..1 << all).filter(|coalition| coalition >> channel & 1 == 0);
            others
                .map(|coalition| {
                    let size = coalition.count_ones();
                    let weight = factorial(size) * factorial(all - size - 1) / factorial(all);
                    weight * (worth(coalition | 1 << channel) - worth(coalition))
                })
                .sum()
        })
        .collect()
}

/// The chain without the channel, by steps until nearly nobody is left.
fn lost_by_steps(rows: &[Row], channels: usize, removed: Option<usize>) -> f64 {
    let (start, conversion) = (channels, channels + 1);
    let mut counts = vec![vec![0.0; channels + 3]; channels + 1];
    for (order, converted, _, nulls) in rows {
        let mut from = start;
        for to in order {
            counts[from][*to] += converted + nulls;
            from = *to;
        }
        counts[from][conversion] += converted;
        counts[from][conversion + 1] += nulls;
    }
    let (mut at, mut ended) = (vec![0.0; channels + 1], 0.0);
    at[start] = 1.0;
    for _ in 0..20_000 {
        let mut next = vec![0.0; channels + 1];
        for from in 0..=channels {
            let all: f64 = counts[from].iter().sum();
            if at[from] == 0.0 || Some(from) == removed || all == 0.0 {
                continue;
            }
            for to in 0..channels {
                next[to] += at[from] * counts[from][to] / all;
            }
            ended += at[from] * counts[from][conversion] / all;
        }
        at = next;
    }
    ended
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conversions_and_value_are_shared_out_whole(rows in rows(6)) {
        let ledger = ledger(&rows, 6);
        for model in Model::ALL {
            let credits = ledger.credits(model, 6).unwrap();
            prop_assert!(credits.iter().all(|credit| credit.conversions >= 0.0 && credit.value >= 0.0));
            let sum: f64 = credits.iter().map(|credit| credit.conversions).sum();
            prop_assert!((sum - ledger.total().conversions).abs() < 1e-9, "{:?}: {}", model, sum);
            let sum: f64 = credits.iter().map(|credit| credit.value).sum();
            prop_assert!((sum - ledger.total().value).abs() < 1e-9, "{:?}: {}", model, sum);
        }
    }

    #[test]
    fn shapley_in_closed_form_is_shapley_by_definition(rows in rows(6)) {
        for (closed, defined) in conversions(&rows, 6, Model::Shapley).iter().zip(shapley_by_definition(&rows, 6)) {
            prop_assert!((closed - defined).abs() < 1e-9, "{} {}", closed, defined);
        }
    }

    #[test]
    fn a_removal_effect_is_what_a_chain_without_the_channel_loses(rows in rows(4)) {
        let all = lost_by_steps(&rows, 4, None);
        prop_assume!(all > 0.0);
        let removal = ledger(&rows, 4).removal().unwrap();
        for (channel, effect) in removal.conversions.iter().enumerate() {
            let lost = 1.0 - lost_by_steps(&rows, 4, Some(channel)) / all;
            prop_assert!((effect - lost).abs() < 1e-9, "{}: {} {}", channel, effect, lost);
            prop_assert!((0.0..=1.0).contains(effect));
        }
    }

    #[test]
    fn the_order_of_paths_changes_nothing(rows in rows(5)) {
        let mut turned = rows.clone();
        turned.reverse();
        prop_assume!(rows.iter().any(|row| row.1 > 0.0));
        for model in Model::ALL {
            for (one, other) in conversions(&rows, 5, model).iter().zip(conversions(&turned, 5, model)) {
                prop_assert!((one - other).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn who_does_the_same_gets_the_same_and_who_does_nothing_gets_nothing() {
    let rows: Vec<Row> = vec![
        (vec![0, 2], 5.0, 0.0, 5.0),
        (vec![1, 2], 5.0, 0.0, 5.0),
        (vec![2, 0, 1], 1.0, 0.0, 0.0),
        (vec![2, 1, 0], 1.0, 0.0, 0.0),
        (vec![3], 0.0, 0.0, 9.0),
    ];
    for model in Model::ALL {
        let found = conversions(&rows, 5, model);
        assert!((found[0] - found[1]).abs() < 1e-12, "{model:?}: {found:?}");
        assert_eq!((found[3], found[4]), (0.0, 0.0), "{model:?}");
    }
}

/// A > B > C with one conversion: each rule's parts, written out.
#[test]
fn rules_give_what_their_names_say() {
    let rows: Vec<Row> = vec![(vec![0, 1, 2], 1.0, 10.0, 0.0)];
    let all = 1.0 + 0.5f64.powf(1.0 / 7.0) + 0.5f64.powf(2.0 / 7.0);
    for (model, parts) in [
        (Model::First, [1.0, 0.0, 0.0]),
        (Model::Last, [0.0, 0.0, 1.0]),
        (Model::Linear, [1.0 / 3.0; 3]),
        (Model::Position, [0.4, 0.2, 0.4]),
        (Model::TimeDecay, [0.5f64.powf(2.0 / 7.0) / all, 0.5f64.powf(1.0 / 7.0) / all, 1.0 / all]),
        (Model::Shapley, [1.0 / 3.0; 3]),
        (Model::Markov, [1.0 / 3.0; 3]),
    ] {
        let credits = ledger(&rows, 3).credits(model, 3).unwrap();
        for (credit, part) in credits.iter().zip(parts) {
            assert!((credit.conversions - part).abs() < 1e-12, "{model:?}: {credits:?}");
            assert!((credit.value - part * 10.0).abs() < 1e-12, "{model:?}: {credits:?}");
        }
    }
}

#[test]
fn position_halves_two_touches_and_leaves_one_whole() {
    assert_eq!(conversions(&[(vec![0, 1], 1.0, 0.0, 0.0)], 2, Model::Position), [0.5, 0.5]);
    assert_eq!(conversions(&[(vec![1], 1.0, 0.0, 0.0)], 2, Model::Position), [0.0, 1.0]);
}

#[test]
fn touches_of_long_ago_keep_the_ratio_of_their_weights() {
    let mut ledger = Ledger::new(Options { half_life: 1.0 }).unwrap();
    let touches = [Touch { channel: 0, age: 1e9 + 1.0 }, Touch { channel: 1, age: 1e9 }];
    ledger.add(&Path { touches: &touches, conversions: 3.0, value: 0.0, nulls: 0.0 }, 2).unwrap();
    let credits = ledger.credits(Model::TimeDecay, 2).unwrap();
    assert!((credits[0].conversions - 1.0).abs() < 1e-9 && (credits[1].conversions - 2.0).abs() < 1e-9);
}

#[test]
fn a_chain_of_200_channels_is_solved() {
    let ring: Vec<usize> = (0..200).chain(0..200).collect();
    let rows: Vec<Row> = vec![(ring, 1e12, 0.0, 0.0), (vec![199], 1.0, 0.0, 1.0)];
    let found = conversions(&rows, 200, Model::Markov);
    assert_eq!(found.len(), 200);
    assert!((found.iter().sum::<f64>() / (1e12 + 1.0) - 1.0).abs() < 1e-9);
}

/// Of 100,000 touches one is the last: rarely left, and all conversions pass through the second channel.
#[test]
fn a_chain_that_is_hardly_ever_left_is_solved_to_the_last_digits() {
    let turning: Vec<usize> = (0..100_000).map(|at| at % 2).collect();
    let removal = ledger(&[(turning, 1.0, 0.0, 0.0), (vec![0], 0.0, 0.0, 1e-7)], 2).removal().unwrap();
    assert!((removal.conversions[1] - 1.0).abs() < 1e-14, "{removal:?}");
}

#[test]
fn what_cannot_be_used_is_named_and_adds_nothing() {
    let touch = [Touch { channel: 0, age: 0.0 }];
    let good = Path { touches: &touch, conversions: 1.0, value: 2.0, nulls: 0.0 };
    let mut ledger = Ledger::new(Options::default()).unwrap();
    for (path, channels, says) in [
        (Path { touches: &[], ..good }, 1, "the path is empty"),
        (Path { conversions: -1.0, ..good }, 1, "the number of conversions is -1"),
        (Path { conversions: f64::NAN, ..good }, 1, "the number of conversions is NaN"),
        (Path { value: 1e16, ..good }, 1, "the value is 10000000000000000"),
        (Path { conversions: 0.0, ..good }, 1, "the value is 2 where nobody converted"),
        (Path { nulls: f64::INFINITY, ..good }, 1, "without a conversion is inf"),
        (Path { touches: &[Touch { channel: 0, age: -1.0 }], ..good }, 1, "the age of a touch is -1"),
        (good, 0, "no channel number 0"),
    ] {
        let error = ledger.add(&path, channels).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!((ledger.paths(), ledger.total()), (0, Credit::default()));
    for half_life in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Ledger::new(Options { half_life }), Err(Error::Option { .. })));
    }
}
