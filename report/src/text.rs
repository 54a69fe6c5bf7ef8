//! The report for a terminal.

use std::fmt::{self, Write};

use crate::beyond;
use crate::model::{Comparison, Diagnosis, Experiment, Goal, GoalKind, Reach, Report, SampleRatio};

/// A p-value up to here is worth a line.
const TELLING: f64 = 0.05;

/// # Errors
/// When `out` takes no more.
pub fn write(report: &Report, out: &mut dyn Write) -> fmt::Result {
    for one in &report.experiments {
        experiment(one, out)?;
    }
    let linked = &report.identities;
    if linked.linked > 0 {
        writeln!(out, "identities: {} ids are {} people", linked.linked, linked.people)?;
    }
    for note in &report.notes {
        writeln!(out, "note: {}: {}", shown(&note.what), note.done)?;
    }
    if let Some(of) = &report.beyond {
        beyond::text::write(of, out)?;
    }
    Ok(())
}

/// What a name of the site's own holds moves no cursor.
pub(crate) fn shown(name: &str) -> String {
    name.replace(char::is_control, " ")
}

/// # Errors
/// When `out` takes no more.
pub(crate) fn experiment(one: &Experiment, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "{}: {}", shown(&one.key), shown(&one.decision.sentence))?;
    if let Some(question) = &one.question {
        writeln!(out, "  question: {}", shown(question))?;
    }
    for arm in &one.arms {
        let role = if arm.is_control { " (control)" } else { "" };
        write!(out, "  {}{role}: {} units, {:.1} %", shown(&arm.key), arm.units, arm.share * 100.0)?;
        match arm.expected_share {
            Some(share) => writeln!(out, " of {:.1} % expected", share * 100.0)?,
            None => writeln!(out)?,
        }
    }
    if let Some(split) = &one.sample_ratio {
        of_split(split, out)?;
    }
    for goal in &one.goals {
        of_goal(goal, out)?;
    }
    for left in &one.excluded {
        writeln!(out, "  left out: {} {:?}", left.count, left.reason)?;
    }
    of_diagnosis(&one.diagnosis, out)?;
    of_reach(&one.reach, out)?;
    for note in &one.notes {
        writeln!(out, "  note: {}: {}", shown(&note.what), note.done)?;
    }
    Ok(())
}

/// # Errors
/// When `out` takes no more.
pub fn of_split(split: &SampleRatio, out: &mut dyn Write) -> fmt::Result {
    let word = if split.is_broken { "broken" } else { "as it should be" };
    writeln!(out, "  split: {word}, p = {:.2e} ({})", split.p, split.method.name)?;
    for one in &split.breaks {
        let units: Vec<_> = one.units.iter().map(u64::to_string).collect();
        let all = if one.explains_all { "; without them it is as it should be" } else { "" };
        let (dimension, value) = (one.dimension, shown(&one.value));
        writeln!(out, "    {dimension:?} {value}: {}, p = {:.1e}{all}", units.join("/"), one.p)?;
    }
    Ok(())
}

fn of_goal(goal: &Goal, out: &mut dyn Write) -> fmt::Result {
    let mut about = vec![goal.method.name.clone()];
    about.extend(goal.currency.as_ref().map(|code| format!("minor units of {code}")));
    about.extend((goal.kind == GoalKind::Time).then(|| "hours".to_owned()));
    about.extend(goal.window_days.map(|days| format!("{days} days after the first exposure")));
    about.extend(goal.winsorised_at.map(|most| format!("at most {most} a unit")));
    about.extend(goal.harm.map(|harm| format!("guardrail: {:.1} % may be lost", harm * 100.0)));
    writeln!(out, "  {} ({})", shown(&goal.key), about.join(", "))?;
    for value in &goal.values {
        writeln!(
            out,
            "    {}: {:.4} ({} of {} units)",
            shown(&value.arm),
            value.mean,
            value.reached,
            value.units
        )?;
    }
    for left in &goal.excluded {
        writeln!(out, "    left out: {} {:?}", left.count, left.reason)?;
    }
    goal.comparisons.iter().try_for_each(|one| of_comparison(one, out))
}

fn of_comparison(one: &Comparison, out: &mut dyn Write) -> fmt::Result {
    let arm = &shown(&one.arm);
    if let Some(why) = &one.refused {
        writeln!(out, "    {arm}: {why}")?;
    }
    if let Some(effect) = one.absolute {
        let (low, high) = (effect.low, effect.high);
        writeln!(out, "    {arm}: {:+.4}, 95 % interval {low:.4} to {high:.4}", effect.estimate)?;
    }
    if let Some(effect) = one.relative {
        let part = |part: f64| part * 100.0;
        let (estimate, low, high) = (part(effect.estimate), part(effect.low), part(effect.high));
        writeln!(out, "    {arm}: {estimate:+.1} %, 95 % interval {low:.1} to {high:.1}")?;
    }
    if let Some(p) = one.adjusted_p {
        writeln!(out, "    {arm}: p = {p:.2e} after adjustment: {:?}", one.verdict)?;
    }
    if let Some(bayes) = &one.bayes {
        let (chance, loss) = (bayes.chance_to_beat * 100.0, bayes.loss_of_variant);
        writeln!(
            out,
            "    {arm}: {chance:.1} % to beat the control, {loss:.6} lost on average if it does not"
        )?;
    }
    if let Some(taken) = one.variance_taken {
        writeln!(out, "    {arm}: CUPED took {:.1} % of the variance", taken * 100.0)?;
    }
    if let Some(p) = one.log_rank_p {
        writeln!(out, "    {arm}: whole curves differ with p = {p:.2e} (log-rank test)")?;
    }
    if let Some(guardrail) = one.guardrail {
        writeln!(out, "    {arm}: guardrail {guardrail:?}")?;
    }
    Ok(())
}

/// Only what says something.
///
/// # Errors
/// When `out` takes no more.
pub fn of_diagnosis(diagnosis: &Diagnosis, out: &mut dyn Write) -> fmt::Result {
    if let Some(a_a) = &diagnosis.a_a {
        let (splits, alarms) = (a_a.splits, a_a.alarms * 100.0);
        writeln!(
            out,
            "  A/A: {splits} random splits, {alarms:.1} % of them alarms, even with p = {:.2}",
            a_a.p
        )?;
    }
    for one in &diagnosis.outliers {
        let (sum, variance) = (one.of_sum * 100.0, one.of_variance * 100.0);
        let (goal, arm) = (shown(&one.goal), shown(&one.arm));
        writeln!(out, "  ten largest: {sum:.1} % of {goal} in {arm}, {variance:.1} % of its variance")?;
    }
    for one in &diagnosis.novelty {
        if let Some(slope) = one.slope.filter(|slope| slope.p <= TELLING) {
            let (low, high) = (slope.low, slope.high);
            let word = if slope.estimate < 0.0 { "falls" } else { "grows" };
            writeln!(
                out,
                "  novelty: the effect of {} {word} with the days, {low:.5} to {high:.5} a day",
                shown(&one.arm)
            )?;
        }
    }
    for one in &diagnosis.segments {
        let (arm, dimension) = (shown(&one.arm), one.dimension);
        if one.is_reversed {
            writeln!(
                out,
                "  Simpson: by {dimension:?} the effect of {arm} has the other sign, and the shares differ"
            )?;
        }
        if let Some(p) = one.one_effect_p.filter(|p| *p <= TELLING) {
            writeln!(out, "  segments: the effect of {arm} differs by {dimension:?}, p = {p:.1e}")?;
        }
        for part in &one.parts {
            if let (Some(effect), Some(p)) = (part.effect, part.adjusted_p.filter(|p| *p <= TELLING)) {
                let (value, low, high) = (shown(&part.value), effect.low, effect.high);
                writeln!(
                    out,
                    "    {dimension:?} {value}, {arm}: {low:+.4} to {high:+.4}, p = {p:.1e} after adjustment"
                )?;
            }
        }
    }
    for one in diagnosis.interactions.iter().filter(|one| one.adjusted_p <= TELLING) {
        let (arm, other, other_arm, p) =
            (shown(&one.arm), shown(&one.other), shown(&one.other_arm), one.adjusted_p);
        writeln!(
            out,
            "  interaction: the effect of {arm} is another with {other_arm} of {other}, p = {p:.1e}"
        )?;
    }
    Ok(())
}

fn of_reach(reach: &Reach, out: &mut dyn Write) -> fmt::Result {
    let mut share = |of: Option<f64>, what: &str| match of {
        Some(share) => writeln!(out, "  {what}: {:.1} %", share * 100.0),
        None => Ok(()),
    };
    share(reach.late, "late, of page views")?;
    share(reach.bots, "bots, of exposures")?;
    share(reach.with_id, "with a visitor's id, of all events")?;
    share(reach.younger, "units younger than the experiment")?;
    if let Some(cure) = &reach.cure {
        writeln!(out, "  to mend: {cure}")?;
    }
    Ok(())
}
