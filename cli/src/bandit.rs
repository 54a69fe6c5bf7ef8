//! Bandits: shares of new visitors by what their variants did so far.
//!
//! The control keeps its share, whatever happens. The others share what is left by the chance that theirs is the highest share
//! of the first goal (Thompson sampling, its chances integrated instead of drawn, so that the same events give the same shares),
//! none below the floor.

use parlour::authoring::edit::allot;
use parlour::authoring::{BANDIT_CONTROL, BANDIT_FLOOR};
use parlour_report::judge;
use parlour_report::model::Experiment;
use parlour_report::seen::Seen;
use parlour_report::tally::Tally;
use parlour_stats::bayes::beta::{Prior, thompson};
use parlour_stats::proportion::Share;
use serde_json::Value;

use crate::report::asked::Known;
use crate::store::{Store, StoreError};

/// A parlour.json whose bandits have the shares that the store speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allotted {
    pub text: String,
    /// What was done, a line for each bandit.
    pub done: Vec<String>,
}

/// `None` where the file has no running bandit, or is none that can be read.
///
/// # Errors
/// When the store cannot be read.
pub fn allotted(text: &str, store: &dyn Store) -> Result<Option<Allotted>, StoreError> {
    let Ok(file) = serde_json::from_str::<Value>(text) else { return Ok(None) };
    let experiments = file.get("experiments").and_then(Value::as_object);
    let is_running = |json: &Value| json.get("status").and_then(Value::as_str) == Some("running");
    let bandits: Vec<(&String, &Value, &Value)> = experiments
        .into_iter()
        .flatten()
        .filter(|(_, json)| is_running(json))
        .filter_map(|(key, json)| Some((key, json, json.get("bandit")?)))
        .collect();
    if bandits.is_empty() {
        return Ok(None);
    }
    let Known { mut asked, site, .. } = Known::of_file(&file);
    asked.retain(|one| bandits.iter().any(|(key, ..)| **key == one.key));
    let mut scan = |each: &mut dyn FnMut(&Seen<'_>)| store.outcomes(i64::MIN, i64::MAX, each);
    let report = judge::report(&Tally::of(asked, None, site, &mut scan)?);
    let mut became = Allotted { text: text.to_owned(), done: Vec::new() };
    for (key, json, bandit) in bandits {
        let share = |name: &str, unsaid: f64| bandit.get(name).and_then(Value::as_f64).unwrap_or(unsaid);
        let (control, floor) = (share("control", BANDIT_CONTROL), share("floor", BANDIT_FLOOR));
        let variants = json.get("variants").and_then(Value::as_object);
        let variants: Vec<&String> = variants.into_iter().flatten().map(|(key, _)| key).collect();
        let of = report.experiments.iter().find(|one| one.key == *key);
        let Some(shares) = shares(&variants, of, control, floor) else { continue };
        let edited = allot(&became.text, key, &shares);
        if let Some(text) = edited.text {
            became.text = text;
            became.done.push(edited.done);
        }
    }
    Ok(Some(became))
}

fn shares(
    variants: &[&String],
    of: Option<&Experiment>,
    control: f64,
    floor: f64,
) -> Option<Vec<(String, f64)>> {
    let (first, others) = variants.split_first()?;
    let goal = of.and_then(|of| of.goals.first());
    let counts = |key: &String| {
        let value = goal.and_then(|goal| goal.values.iter().find(|value| value.arm == *key));
        value.map_or(Share { successes: 0, n: 0 }, |value| Share { successes: value.reached, n: value.units })
    };
    let arms: Vec<Share> = others.iter().map(|key| counts(key)).collect();
    let rest = 1.0 - control;
    let given = thompson(&arms, Prior::EVEN, floor / rest).ok()?;
    let others = others.iter().zip(given).map(|(key, share)| ((*key).clone(), round(share * rest)));
    Some(std::iter::once(((*first).clone(), round(control))).chain(others).collect())
}

/// To whole percents, so that a plan is not replaced for nothing; the floor stays above 0.
fn round(share: f64) -> f64 {
    (share * 100.0).round().max(1.0) / 100.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use parlour_report::model::{Goal, Value as OfArm};

    fn after(counts: &[(u64, u64)]) -> Vec<f64> {
        let variants: Vec<String> = (0..counts.len()).map(|n| format!("v{n}")).collect();
        let values = variants.iter().zip(counts).map(|(arm, (reached, units))| OfArm {
            arm: arm.clone(),
            units: *units,
            reached: *reached,
            ..OfArm::default()
        });
        let of = Experiment {
            goals: vec![Goal { values: values.collect(), ..Goal::default() }],
            ..Experiment::default()
        };
        let keys: Vec<&String> = variants.iter().collect();
        shares(&keys, Some(&of), 0.2, 0.05).unwrap().into_iter().map(|(_, share)| share).collect()
    }

    #[test]
    fn shares_follow_the_goal_and_none_is_given_up() {
        assert_eq!(after(&[(0, 0), (0, 0), (0, 0)]), [0.2, 0.4, 0.4], "nothing is known");
        let some = after(&[(90, 1_000), (60, 1_000), (75, 1_000)]);
        assert!(some[2] > 0.55 && some[1] > 0.05 && some[0] == 0.2, "{some:?}");
        assert_eq!(after(&[(9, 1_000), (50, 1_000), (150, 1_000)]), [0.2, 0.05, 0.75]);
    }

    /// Seeded visitors of three arms: what is found by shifting shares, against equal shares and the best arm alone.
    #[test]
    fn more_visitors_reach_the_goal_than_by_equal_shares_and_the_control_keeps_its_own() {
        const CHANCES: [f64; 4] = [0.05, 0.05, 0.06, 0.10];
        let mut state = 7u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut counts = [(0u64, 0u64); 4];
        for _ in 0..40 {
            let shares = after(&counts);
            let whole: f64 = shares.iter().sum();
            for _ in 0..500 {
                let mut left = draw() * whole;
                let arm = shares
                    .iter()
                    .position(|share| {
                        left -= share;
                        left <= 0.0
                    })
                    .unwrap_or(3);
                counts[arm].1 += 1;
                counts[arm].0 += u64::from(draw() < CHANCES[arm]);
            }
        }
        let (reached, units) = counts.iter().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let found = reached as f64 / units as f64;
        let equal = CHANCES.iter().sum::<f64>() / 4.0;
        assert!(found > equal * 1.15, "{found} against {equal}: {counts:?}");
        let control = counts[0].1 as f64 / units as f64;
        assert!((control - 0.2).abs() < 0.01, "{control}");
        assert!(counts.iter().all(|(_, units)| *units >= 900), "none is given up: {counts:?}");
    }
}
