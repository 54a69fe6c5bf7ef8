//! Is bucketing fair? Seeded ids through the real hash and ranges, judged by standard tests.
//!
//! The ids are fixed, so each result is a fact about the hash, not a draw that may fail tomorrow.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, compile};
use parlour::consent::Consent;
use parlour::decision::Reason;
use parlour::engine::{Engine, Input};
use parlour::hash::murmur3_32;
use parlour::plan::{Plan, Unit};
use statrs::function::gamma::gamma_ur;

/// Seeds as experiments get them.
fn seed(experiment: u32) -> u32 {
    murmur3_32(format!("shop.example/experiment-{experiment}").as_bytes(), 0)
}

fn ids(count: u32) -> Vec<String> {
    (0..count).map(|id| format!("visitor-{id}")).collect()
}

/// P(X ≥ x) for chi-square.
fn upper_tail(statistic: f64, freedom: usize) -> f64 {
    if statistic > 0.0 { gamma_ur(freedom as f64 / 2.0, statistic / 2.0) } else { 1.0 }
}

/// The chance of a fit at least this bad, by Pearson's test.
fn chi_square_p(observed: &[u32], expected: f64) -> f64 {
    let statistic: f64 = observed.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    upper_tail(statistic, observed.len() - 1)
}

/// The chance that uniform values lie at least this far from uniform, by Kolmogorov's limit distribution.
fn kolmogorov_p(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = values
        .iter()
        .enumerate()
        .map(|(rank, value)| (value - rank as f64 / n).abs().max(((rank + 1) as f64 / n - value).abs()))
        .fold(0.0, f64::max);
    let x = distance * n.sqrt();
    (1..100)
        .map(|k| 2.0 * f64::powi(-1.0, k - 1) * (-2.0 * f64::from(k * k) * x * x).exp())
        .sum::<f64>()
        .clamp(0.0, 1.0)
}

/// p-values of 20 buckets over 2,000 ids for 1,000 experiments.
fn uniformity(hash: impl Fn(&[u8], u32) -> u32) -> f64 {
    let ids = ids(2_000);
    let p_values = (0..1_000)
        .map(|experiment| {
            let mut counts = [0u32; 20];
            for id in &ids {
                counts[((u64::from(hash(id.as_bytes(), seed(experiment))) * 20) >> 32) as usize] += 1;
            }
            chi_square_p(&counts, 100.0)
        })
        .collect();
    kolmogorov_p(p_values)
}

#[test]
fn buckets_are_uniform_over_a_thousand_experiments() {
    let p = uniformity(murmur3_32);
    assert!(p > 0.01, "{p}");
}

#[test]
fn a_hash_with_a_dead_bit_is_noticed() {
    let p = uniformity(|id, seed| murmur3_32(id, seed) & 0xf7ff_ffff);
    assert!(p < 1e-6, "{p}");
}

/// The share of 1,000 neighbouring pairs of experiments whose arms look dependent at p < .001, over 2,000 ids.
fn dependent_share(hash: impl Fn(&[u8], u32) -> u32) -> f64 {
    let ids = ids(2_000);
    let arm = |id: &String, experiment| usize::from(hash(id.as_bytes(), experiment) >= 1 << 31);
    let dependent = (0..1_000)
        .filter(|experiment| {
            let mut table = [0u32; 4];
            for id in &ids {
                table[2 * arm(id, seed(*experiment)) + arm(id, seed(*experiment + 1))] += 1;
            }
            let cells = table.map(f64::from);
            let n: f64 = cells.iter().sum();
            let rows = [cells[0] + cells[1], cells[2] + cells[3]];
            let columns = [cells[0] + cells[2], cells[1] + cells[3]];
            let statistic: f64 = (0..4)
                .map(|at| {
                    let expected = rows[at / 2] * columns[at % 2] / n;
                    (cells[at] - expected).powi(2) / expected
                })
                .sum();
            upper_tail(statistic, 1) < 0.001
        })
        .count();
    dependent as f64 / 1_000.0
}

#[test]
fn neighbouring_experiments_are_independent() {
    let share = dependent_share(murmur3_32);
    assert!(share <= 0.004, "{share}");
}

#[test]
fn a_hash_whose_seed_only_shifts_is_noticed() {
    let share = dependent_share(|id, seed| murmur3_32(id, 0).wrapping_add(seed));
    assert!(share > 0.5, "{share}");
}

#[test]
fn one_changed_bit_changes_half_of_all_bits() {
    let (mut flipped, mut compared) = (0u64, 0u64);
    for id in ids(500) {
        let bytes = id.into_bytes();
        let before = murmur3_32(&bytes, seed(1));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            flipped += u64::from((before ^ murmur3_32(&changed, seed(1))).count_ones());
            compared += 32;
        }
    }
    let share = flipped as f64 / compared as f64;
    assert!((share - 0.5).abs() < 0.005, "{share}");
}

fn plan(variants: &str, traffic: f64) -> Plan {
    let json = format!(
        r#"{{"site": "shop.example", "experiments": {{"one": {{"status": "running", "traffic": {traffic}, "variants": {variants}}}}}}}"#
    );
    Plan::decode(&compile(&json, &CompileOptions::default()).plan.unwrap()).unwrap()
}

/// The variant of each of 20,000 visitors.
fn assigned(plan: &Plan) -> Vec<Option<u8>> {
    let mut engine = Engine::new(plan.clone());
    engine.handle(Input::Consent(Consent::Measure), 0);
    ids(20_000)
        .iter()
        .map(|id| {
            engine.handle(Input::Unit { unit: Unit::Visitor, id: id.as_bytes() }, 0);
            let decision = engine.decide(0, 0);
            assert!(matches!(decision.reason, Reason::Bucketed | Reason::Traffic));
            decision.variant
        })
        .collect()
}

#[test]
fn raising_traffic_only_lets_more_in() {
    let before = assigned(&plan(r#"{"a": {}, "b": {}}"#, 0.3));
    let after = assigned(&plan(r#"{"a": {}, "b": {}}"#, 0.7));
    assert!(before.iter().zip(&after).all(|(before, after)| before.is_none() || before == after));
    let entered =
        before.iter().zip(&after).filter(|(before, after)| before.is_none() && after.is_some()).count();
    // 40 % of 20,000 within five standard deviations.
    assert!((7_654..=8_346).contains(&entered), "{entered}");
}

#[test]
fn ten_thousand_fair_splits_seldom_raise_the_sample_ratio_alarm() {
    let ids = ids(1_000);
    let alarms = (0..10_000)
        .filter(|experiment| {
            let seed = seed(100_000 + experiment);
            let first = ids.iter().filter(|id| murmur3_32(id.as_bytes(), seed) < 1 << 31).count() as u32;
            chi_square_p(&[first, 1_000 - first], 500.0) < 0.001
        })
        .count();
    assert!(alarms <= 20, "{alarms} of 10,000 at p < .001");
}
