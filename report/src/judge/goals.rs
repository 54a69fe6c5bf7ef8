//! Each goal: values by arm, arms against the control, adjusted for how many there are.

use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::survival::{self, Row};
use parlour_stats::{Arm as Estimate, Error, PairSums, minimum, multiple};

use super::compare::{self, Made, Making};
use super::horizon::Horizon;
use super::{ALPHA, course, effect, left_out, named};
use crate::asked::DAY_MS;
use crate::model::{Better, Choice, Comparison, Exclusion, Goal, GoalKind, Guardrail, Value, Verdict};
use crate::tally::Tally;
use crate::units::{OfExperiment, OfGoal};

pub fn goals(tally: &Tally, of: &OfExperiment, horizon: &Horizon) -> Vec<Goal> {
    let mut goals: Vec<Goal> =
        of.goals.iter().enumerate().map(|(at, goal)| one(tally, of, goal, horizon, at == 0)).collect();
    across_goals(&mut goals);
    goals
}

fn one(tally: &Tally, of: &OfExperiment, goal: &OfGoal, horizon: &Horizon, is_main: bool) -> Goal {
    let asked = &goal.goal.asked;
    let days = |ms: i64| ms as f64 / DAY_MS as f64;
    let making = Making { kind: asked.kind, has_covariate: goal.goal.before_ms > 0 };
    let is_share = matches!(asked.kind, GoalKind::Conversion | GoalKind::Retention);
    let until = match horizon {
        Horizon::Until { day, .. } => *day,
        _ => u32::MAX,
    };
    let sums: Vec<PairSums> = goal.daily.iter().map(|daily| daily.until(until)).collect();
    let mut method = compare::method(of.asked.analysis.method, is_share);
    let mut comparisons: Vec<Comparison> = Vec::new();
    for (arm, key) in of.arms.iter().enumerate().skip(1) {
        let (Some(control), Some(variant)) = (sums.first(), sums.get(arm)) else { continue };
        let made = || match of.asked.analysis.strata.filter(|_| is_main && asked.kind != GoalKind::Time) {
            Some(dimension) => making.stratified(&strata(of, dimension, arm)),
            None => making.arms(control, variant),
        };
        let told = match (horizon, asked.kind) {
            (Horizon::NotYet { have, need }, _) => {
                Err(format!("{have} of the {need} units of the first planned look are in"))
            }
            (Horizon::Unplanned, _) => {
                Err("looks are planned by units and none are given: add \"units\" to \"analysis\"".to_owned())
            }
            (_, GoalKind::Time) => {
                time(of, goal, arm, watched(tally, of, goal)).map_err(|error| error.to_string())
            }
            _ => made()
                .and_then(|made| plain(of.asked.analysis.method, horizon, &made))
                .map_err(|error| error.to_string()),
        };
        let days_left = days_left(of, goal, making, (control, variant), horizon);
        let mut comparison = match told {
            Ok((told, by)) => {
                method = by;
                told
            }
            Err(why) => Comparison { refused: Some(why), ..Comparison::default() },
        };
        comparison.arm.clone_from(key);
        comparison.days_left = days_left;
        comparisons.push(comparison);
    }
    across_arms(&mut comparisons, asked.better);
    for comparison in &mut comparisons {
        comparison.guardrail = asked.harm.map(|harm| guardrail(comparison, harm, asked.better));
    }
    let is_money = asked.kind == GoalKind::Revenue;
    Goal {
        key: asked.key.clone(),
        kind: asked.kind,
        is_main,
        better: asked.better,
        currency: is_money.then(|| tally.site.currency.clone()),
        window_days: asked.window_ms.map(days),
        from_days: (asked.kind == GoalKind::Retention).then(|| days(asked.from_ms)),
        per: asked.per.clone(),
        winsorised_at: asked.cap,
        winsorised_units: goal.capped,
        harm: asked.harm,
        values: of
            .arms
            .iter()
            .zip(&sums)
            .enumerate()
            .map(|(at, (arm, sums))| value(goal, at, arm, sums, watched(tally, of, goal)))
            .collect(),
        comparisons,
        method: named(method),
        excluded: left_out([(Exclusion::NotOver, goal.not_over)].into_iter()),
        over_time: match asked.kind {
            GoalKind::Time => Vec::new(),
            _ => course::over_time(of, goal, making, &tally.days),
        },
    }
}

fn value(goal: &OfGoal, at: usize, arm: &str, sums: &PairSums, until: f64) -> Value {
    let kind = goal.goal.asked.kind;
    let over = if kind == GoalKind::Ratio { sums.x } else { sums.n as f64 };
    let mut mean = if over > 0.0 { sums.y / over } else { 0.0 };
    if kind == GoalKind::Time {
        let restricted = survival::restricted_mean(&rows(goal, at, until), until);
        mean = restricted.map_or(0.0, |restricted| restricted.mean);
    }
    Value { arm: arm.to_owned(), units: sums.n, reached: sums.nonzero, total: sums.y, mean }
}

type Told = (Comparison, parlour_stats::Method);

fn plain(choice: Choice, horizon: &Horizon, made: &Made) -> Result<Told, Error> {
    let found = compare::compare(choice, horizon, made)?;
    let told = Comparison {
        absolute: Some(effect(&found.absolute)),
        relative: found.relative.as_ref().map(effect),
        bayes: compare::bayes(made),
        variance_taken: made.taken,
        ..Comparison::default()
    };
    Ok((told, found.method))
}

/// Up to `until`, though everybody may have reached it before.
fn rows(goal: &OfGoal, arm: usize, until: f64) -> Vec<Row> {
    let row = |(hours, (events, censored)): (&u32, &(u64, u64))| Row {
        time: f64::from(*hours),
        events: *events,
        censored: *censored,
    };
    let mut rows: Vec<Row> = goal.times.get(arm).into_iter().flatten().map(row).collect();
    if rows.last().is_none_or(|last| last.time < until) {
        rows.push(Row { time: until, events: 0, censored: 0 });
    }
    rows
}

/// Hours that the first units were watched for, at most those of the window.
fn watched(tally: &Tally, of: &OfExperiment, goal: &OfGoal) -> f64 {
    const HOURS: f64 = 24.0 / DAY_MS as f64;
    let window = goal.goal.asked.window_ms.map_or(f64::INFINITY, |ms| ms as f64 * HOURS);
    let seen =
        tally.survey.last_ms.zip(of.first_ms).map_or(0.0, |(last, first)| (last - first) as f64 * HOURS);
    seen.min(window).floor()
}

/// Mean hours until the goal, of those that both arms were watched for.
fn time(of: &OfExperiment, goal: &OfGoal, arm: usize, until: f64) -> Result<Told, Error> {
    let (control, variant) = (rows(goal, 0, until), rows(goal, arm, until));
    let found = if of.asked.analysis.method == Choice::Sequential {
        let estimate = |rows: &[Row]| {
            let mean = survival::restricted_mean(rows, until)?;
            let variance = mean.standard_error.powi(2) * mean.units as f64;
            Ok::<_, Error>(Estimate {
                n: mean.units,
                informative: mean.events,
                mean: mean.mean,
                variance,
                raw_mean: mean.mean,
                raw_variance: variance,
            })
        };
        ConfidenceSequence::usual()?.compare(&estimate(&control)?, &estimate(&variant)?)?
    } else {
        survival::compare(&control, &variant, until, ALPHA)?
    };
    let told = Comparison {
        absolute: Some(effect(&found.absolute)),
        relative: found.relative.as_ref().map(effect),
        log_rank_p: survival::log_rank(&control, &variant).ok().map(|test| test.p),
        ..Comparison::default()
    };
    Ok((told, found.method))
}

fn strata(of: &OfExperiment, dimension: crate::model::Dimension, arm: usize) -> Vec<(PairSums, PairSums)> {
    of.parts
        .iter()
        .filter(|((other, _), _)| *other == dimension)
        .filter_map(|(_, sums)| Some((*sums.first()?, *sums.get(arm)?)))
        .collect()
}

/// Holm across arms, then the verdict.
fn across_arms(comparisons: &mut [Comparison], better: Better) {
    let p: Vec<f64> = comparisons.iter().filter_map(|one| one.absolute.map(|effect| effect.p)).collect();
    let Ok(adjusted) = multiple::holm(&p) else { return };
    let told = comparisons.iter_mut().filter(|one| one.absolute.is_some());
    for (comparison, p) in told.zip(adjusted) {
        comparison.adjusted_p = Some(p);
        judge(comparison, better);
    }
}

/// Benjamini and Hochberg across all goals but the main one, which was chosen before.
fn across_goals(goals: &mut [Goal]) {
    let others = |goals: &[Goal]| -> Vec<f64> {
        goals.iter().skip(1).flat_map(|goal| &goal.comparisons).filter_map(|one| one.adjusted_p).collect()
    };
    let Ok(adjusted) = multiple::benjamini_hochberg(&others(goals)) else { return };
    let mut adjusted = adjusted.into_iter();
    for goal in goals.iter_mut().skip(1) {
        let better = goal.better;
        for comparison in goal.comparisons.iter_mut().filter(|one| one.adjusted_p.is_some()) {
            comparison.adjusted_p = adjusted.next();
            judge(comparison, better);
        }
    }
}

fn judge(comparison: &mut Comparison, better: Better) {
    let estimate = comparison.absolute.map_or(0.0, |effect| effect.estimate);
    let is_good = (estimate > 0.0) == (better == Better::Higher);
    comparison.verdict = match (comparison.adjusted_p.is_some_and(|p| p <= ALPHA), is_good) {
        (true, true) => Verdict::Better,
        (true, false) => Verdict::Worse,
        _ => Verdict::Open,
    };
}

/// By the relative interval: is a loss beyond `harm` ruled out, or sure?
fn guardrail(comparison: &Comparison, harm: f64, better: Better) -> Guardrail {
    let Some(effect) = comparison.relative else { return Guardrail::Unsure };
    let (worst, best) = match better {
        Better::Higher => (effect.low, effect.high),
        Better::Lower => (-effect.high, -effect.low),
    };
    if best < -harm {
        Guardrail::Harmed
    } else if worst > -harm {
        Guardrail::Safe
    } else {
        Guardrail::Unsure
    }
}

/// Longer than this nobody waits.
const MOST_DAYS: f64 = 3_650.0;

/// At the traffic so far: until a planned look, until there are enough units to compare, or until the interval would leave 0 out if
/// the effect stayed as it looks.
fn days_left(
    of: &OfExperiment,
    goal: &OfGoal,
    making: Making,
    (control, variant): (&PairSums, &PairSums),
    horizon: &Horizon,
) -> Option<u64> {
    let ran_days = ((of.last_ms? - of.first_ms?) as f64 / DAY_MS as f64).max(1.0);
    let all: u64 = of.units.iter().sum();
    let (units, left) = match horizon {
        Horizon::NotYet { have, need } => (all, need.saturating_sub(*have) as f64),
        Horizon::Unplanned => return None,
        Horizon::Until { .. } => {
            let planned = of.asked.analysis.units.unwrap_or_default();
            (all, planned.saturating_sub(all) as f64)
        }
        Horizon::Open if goal.goal.asked.kind == GoalKind::Time => return None,
        Horizon::Open => {
            let units = control.n + variant.n;
            let made = making.arms(control, variant).ok()?;
            let informative = made.control.informative.min(made.variant.informative);
            let need = if informative < minimum::SEQUENTIAL {
                units as f64 * minimum::SEQUENTIAL as f64 / informative as f64
            } else {
                let effect = (made.variant.mean - made.control.mean).abs();
                let until =
                    ConfidenceSequence::usual().ok()?.units_until(&made.control, &made.variant, effect);
                until.ok()?? as f64
            };
            (units, need - units as f64)
        }
    };
    let days = (left / (units as f64 / ran_days)).ceil();
    (days > 0.0 && days <= MOST_DAYS).then_some(days as u64)
}
