//! Units → the report, by the estimators of `parlour-stats`.

use std::collections::{BTreeMap, BTreeSet};

use parlour_stats::method::Method;
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::{Arm as Estimate, Error, Sums, multiple, sample_ratio};

use crate::model::{
    Action, Analysis, Arm, Comparison, Decision, Diagnosis, Effect, Excluded, Exclusion, Experiment, Goal,
    GoalKind, Named, Note, Reach, Report, SampleRatio, Value, Verdict,
};
use crate::tally::{Asked, OfExperiment, Tally, Unit};

const ALPHA: f64 = 0.05;
/// Above this share of late page views a result no longer speaks for those with slow lines.
const MUCH_LATE: f64 = 0.1;

#[must_use]
pub fn report(tally: &Tally) -> Report {
    let none = Asked::default();
    let experiments: Vec<_> = tally
        .experiments
        .iter()
        .map(|(key, of)| experiment(key, tally.asked.get(key).unwrap_or(&none), of, &tally.currency))
        .collect();
    let mut notes = Vec::new();
    if experiments.iter().all(|one| one.arms.iter().all(|arm| arm.units == 0)) {
        notes.push(note("no exposure is in the store", "nothing is compared"));
    }
    for (reason, count) in &tally.excluded {
        let what = match reason {
            Exclusion::AbsurdAmount => format!("{count} amounts below 0 or absurdly high"),
            _ => format!("{count} amounts in other currencies than {}", tally.currency),
        };
        notes.push(note(&what, "the orders count, their amounts do not"));
    }
    Report { experiments, notes, ..Report::default() }
}

fn experiment(key: &str, asked: &Asked, of: &OfExperiment, currency: &str) -> Experiment {
    let single: Vec<&Unit> = of.units.values().filter(|unit| !unit.met_several).collect();
    let arms = arms(asked, &single);
    let sample_ratio = split(asked, &arms);
    let mut excluded = of.excluded.clone();
    let several = of.units.len().saturating_sub(single.len()) as u64;
    if several > 0 {
        excluded.insert(Exclusion::SeveralVariants, several);
    }
    let goals = goals(asked, &arms, &single, currency);
    let mut notes: Vec<Note> = arms
        .iter()
        .filter(|arm| arm.units == 0)
        .map(|arm| note(&format!("nobody met {}", arm.key), "it is compared with nothing"))
        .collect();
    notes.extend(of.unknown_variants.iter().map(|(variant, count)| {
        note(
            &format!("{count} exposures to {variant}, which the file does not have: renamed or removed"),
            "they are left out",
        )
    }));
    notes.extend(goals.iter().filter(|goal| goal.values.iter().all(|value| value.reached == 0)).map(
        |goal| {
            note(&format!("nobody reached {}", goal.key), "nothing is told of it: is it still on the page?")
        },
    ));
    let decision = decide(&arms, sample_ratio.as_ref(), &goals);
    let pages = of.exposures + of.late;
    let late = (pages > 0).then(|| of.late as f64 / pages as f64);
    let cure = late.is_some_and(|late| late > MUCH_LATE).then(|| {
        "put the snippet of `parlour snippet` into the head, or decide on the server: changes come before the page is seen"
            .to_owned()
    });
    Experiment {
        key: key.to_owned(),
        name: asked.name.clone(),
        question: asked.question.clone(),
        owner: asked.owner.clone(),
        status: asked.status.clone(),
        first_ms: of.units.values().map(|unit| unit.first_ms).min(),
        last_ms: of.last_ms,
        arms,
        sample_ratio,
        excluded: excluded.into_iter().map(|(reason, count)| Excluded { reason, count }).collect(),
        goals,
        reach: Reach { late, cure, ..Reach::default() },
        analysis: Analysis::default(),
        diagnosis: Diagnosis::default(),
        notes,
        decision,
    }
}

/// The control first: the file's first variant, or the one named control, or the first by name.
fn arms(asked: &Asked, units: &[&Unit]) -> Vec<Arm> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for unit in units {
        *counts.entry(unit.arm.as_str()).or_default() += 1;
    }
    let weights: f64 = asked.variants.iter().map(|(_, weight)| weight).sum();
    let mut keys: Vec<(&str, Option<f64>)> = asked
        .variants
        .iter()
        .map(|(key, weight)| (key.as_str(), (weights > 0.0).then(|| weight / weights)))
        .collect();
    if keys.is_empty() {
        keys = counts.keys().map(|key| (*key, None)).collect();
        keys.sort_by_key(|(key, _)| *key != "control");
    }
    keys.iter()
        .enumerate()
        .map(|(at, (key, expected_share))| {
            let count = counts.get(key).copied().unwrap_or_default();
            Arm {
                key: (*key).to_owned(),
                is_control: at == 0,
                units: count,
                share: if units.is_empty() { 0.0 } else { count as f64 / units.len() as f64 },
                expected_share: *expected_share,
            }
        })
        .collect()
}

fn split(asked: &Asked, arms: &[Arm]) -> Option<SampleRatio> {
    let (counts, weights): (Vec<_>, Vec<_>) = arms
        .iter()
        .zip(&asked.variants)
        .filter(|(_, (_, weight))| *weight > 0.0)
        .map(|(arm, (_, weight))| (arm.units, *weight))
        .unzip();
    let tested = sample_ratio::always_valid(&counts, &weights).ok()?;
    Some(SampleRatio {
        p: tested.p,
        is_broken: tested.p < sample_ratio::ALARM,
        method: named(tested.method),
        ..SampleRatio::default()
    })
}

fn goals(asked: &Asked, arms: &[Arm], units: &[&Unit], currency: &str) -> Vec<Goal> {
    let seen: BTreeSet<&str> = units.iter().flat_map(|unit| unit.goals.keys().map(String::as_str)).collect();
    let mut keys: Vec<&str> = asked.goals.iter().map(String::as_str).collect();
    keys.extend(seen.into_iter().filter(|key| !asked.goals.iter().any(|goal| goal == key)));
    let mut goals: Vec<Goal> = keys
        .iter()
        .map(|key| {
            goal(key, GoalKind::Conversion, arms, units, &|unit| {
                f64::from(u8::from(unit.goals.contains_key(*key)))
            })
        })
        .collect();
    if units.iter().any(|unit| unit.orders > 0) {
        goals.push(Goal {
            currency: Some(currency.to_owned()),
            ..goal("revenue per visitor", GoalKind::Revenue, arms, units, &|unit| unit.revenue as f64)
        });
    }
    if let Some(main) = goals.first_mut() {
        main.is_main = true;
    }
    goals
}

fn goal(key: &str, kind: GoalKind, arms: &[Arm], units: &[&Unit], of: &dyn Fn(&Unit) -> f64) -> Goal {
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for unit in units {
        sums.entry(unit.arm.as_str()).or_default().add(of(unit));
    }
    let sums_of = |arm: &Arm| sums.get(arm.key.as_str()).copied().unwrap_or_default();
    let estimate = |arm: &Arm| -> Result<Estimate, Error> {
        let sums = sums_of(arm);
        if kind == GoalKind::Conversion { Estimate::proportion(sums.nonzero, sums.n) } else { sums.arm() }
    };
    let values = arms.iter().map(|arm| {
        let sums = sums_of(arm);
        Value {
            arm: arm.key.clone(),
            units: sums.n,
            reached: sums.nonzero,
            total: sums.sum,
            mean: if sums.n == 0 { 0.0 } else { sums.sum / sums.n as f64 },
        }
    });
    let mut comparisons: Vec<Comparison> = Vec::new();
    if let Some((control, others)) = arms.split_first() {
        comparisons.extend(others.iter().map(|arm| {
            let compared = ConfidenceSequence::usual()
                .and_then(|sequence| sequence.compare(&estimate(control)?, &estimate(arm)?));
            match compared {
                Ok(found) => Comparison {
                    arm: arm.key.clone(),
                    absolute: Some(effect(&found.absolute)),
                    relative: found.relative.as_ref().map(effect),
                    ..Comparison::default()
                },
                Err(error) => Comparison {
                    arm: arm.key.clone(),
                    refused: Some(error.to_string()),
                    ..Comparison::default()
                },
            }
        }));
    }
    adjust(&mut comparisons);
    Goal {
        key: key.to_owned(),
        kind,
        values: values.collect(),
        comparisons,
        method: named(Method::ConfidenceSequence),
        ..Goal::default()
    }
}

/// Holm across arms, then the verdict.
fn adjust(comparisons: &mut [Comparison]) {
    let p: Vec<f64> = comparisons.iter().filter_map(|one| one.absolute.map(|effect| effect.p)).collect();
    let Ok(adjusted) = multiple::holm(&p) else { return };
    let told = comparisons.iter_mut().filter(|one| one.absolute.is_some());
    for (comparison, p) in told.zip(adjusted) {
        comparison.adjusted_p = Some(p);
        let estimate = comparison.absolute.map_or(0.0, |effect| effect.estimate);
        comparison.verdict = match (p <= ALPHA, estimate > 0.0) {
            (true, true) => Verdict::Better,
            (true, false) => Verdict::Worse,
            _ => Verdict::Open,
        };
    }
}

fn decide(arms: &[Arm], split: Option<&SampleRatio>, goals: &[Goal]) -> Decision {
    if let Some(split) = split.filter(|split| split.is_broken) {
        let shares: Vec<_> = arms.iter().map(|arm| format!("{:.1}", arm.share * 100.0)).collect();
        let sentence = format!("stop: the split is broken, {}, p = {:.1e}", shares.join("/"), split.p);
        return Decision { action: Action::Stop, arm: None, sentence };
    }
    let Some(main) = goals.first() else {
        let sentence = "keep running: no goal was reached yet".to_owned();
        return Decision { sentence, ..Decision::default() };
    };
    let of = |wanted: Verdict| main.comparisons.iter().filter(move |one| one.verdict == wanted);
    let size = |one: &Comparison| one.absolute.map_or(0.0, |effect| effect.estimate);
    if let Some(best) = of(Verdict::Better).max_by(|a, b| size(a).total_cmp(&size(b))) {
        let sentence = format!("ship {}: {}", best.arm, told(best, &main.key));
        return Decision { action: Action::Ship, arm: Some(best.arm.clone()), sentence };
    }
    if !main.comparisons.is_empty() && of(Verdict::Worse).count() == main.comparisons.len() {
        let worst = main.comparisons.first().map(|one| told(one, &main.key)).unwrap_or_default();
        return Decision { action: Action::Drop, arm: None, sentence: format!("keep the control: {worst}") };
    }
    let why = main
        .comparisons
        .iter()
        .find_map(|one| one.refused.clone())
        .unwrap_or_else(|| format!("{} may still be the same in all variants", main.key));
    Decision { sentence: format!("keep running: {why}"), ..Decision::default() }
}

fn told(one: &Comparison, goal: &str) -> String {
    match (one.relative, one.absolute) {
        (Some(effect), _) => format!(
            "{:+.1} % {goal}, 95 % interval {:.1} to {:.1}",
            effect.estimate * 100.0,
            effect.low * 100.0,
            effect.high * 100.0
        ),
        (None, Some(effect)) => {
            format!("{:+.4} {goal}, 95 % interval {:.4} to {:.4}", effect.estimate, effect.low, effect.high)
        }
        (None, None) => goal.to_owned(),
    }
}

fn effect(of: &parlour_stats::Effect) -> Effect {
    Effect { estimate: of.estimate, low: of.interval.low, high: of.interval.high, p: of.p }
}

pub fn named(method: Method) -> Named {
    Named { name: method.name().to_owned(), source: method.source().to_owned() }
}

fn note(what: &str, done: &str) -> Note {
    Note { what: what.to_owned(), done: done.to_owned() }
}
