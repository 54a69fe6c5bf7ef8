//! The report for a terminal.

use std::fmt::{self, Write};

use crate::beyond;
use crate::model::{Experiment, Goal, Report};

/// # Errors
/// When `out` takes no more.
pub fn write(report: &Report, out: &mut dyn Write) -> fmt::Result {
    for one in &report.experiments {
        experiment(one, out)?;
    }
    for note in &report.notes {
        writeln!(out, "note: {}: {}", note.what, note.done)?;
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
    writeln!(out, "{}: {}", one.key, one.decision.sentence)?;
    if let Some(question) = &one.question {
        writeln!(out, "  question: {question}")?;
    }
    for arm in &one.arms {
        let role = if arm.is_control { " (control)" } else { "" };
        write!(out, "  {}{role}: {} units, {:.1} %", arm.key, arm.units, arm.share * 100.0)?;
        match arm.expected_share {
            Some(share) => writeln!(out, " of {:.1} % expected", share * 100.0)?,
            None => writeln!(out)?,
        }
    }
    if let Some(split) = &one.sample_ratio {
        let word = if split.is_broken { "broken" } else { "as it should be" };
        writeln!(out, "  split: {word}, p = {:.2e} ({})", split.p, split.method.name)?;
    }
    for goal in &one.goals {
        of_goal(goal, out)?;
    }
    for left in &one.excluded {
        writeln!(out, "  left out: {} {:?}", left.count, left.reason)?;
    }
    if let Some(late) = one.reach.late {
        writeln!(out, "  late: {:.1} % of page views", late * 100.0)?;
    }
    if let Some(cure) = &one.reach.cure {
        writeln!(out, "  to mend: {cure}")?;
    }
    for note in &one.notes {
        writeln!(out, "  note: {}: {}", note.what, note.done)?;
    }
    Ok(())
}

fn of_goal(goal: &Goal, out: &mut dyn Write) -> fmt::Result {
    let unit = goal.currency.as_ref().map(|code| format!(", minor units of {code}")).unwrap_or_default();
    writeln!(out, "  {} ({}{unit})", goal.key, goal.method.name)?;
    for value in &goal.values {
        writeln!(out, "    {}: {:.4} ({} of {} units)", value.arm, value.mean, value.reached, value.units)?;
    }
    for one in &goal.comparisons {
        if let Some(why) = &one.refused {
            writeln!(out, "    {}: {why}", one.arm)?;
        }
        if let Some(effect) = one.absolute {
            let (low, high) = (effect.low, effect.high);
            writeln!(out, "    {}: {:+.4}, 95 % interval {low:.4} to {high:.4}", one.arm, effect.estimate)?;
        }
        if let Some(effect) = one.relative {
            let part = |part: f64| part * 100.0;
            let (estimate, low, high) = (part(effect.estimate), part(effect.low), part(effect.high));
            writeln!(out, "    {}: {estimate:+.1} %, 95 % interval {low:.1} to {high:.1}", one.arm)?;
        }
    }
    Ok(())
}
