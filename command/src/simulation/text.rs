//! A simulation for the terminal: a table with bars, and a line for each test.

use std::io::{self, Write};

use super::{Meeting, SUSPECT, Simulation, Tie, share};
use crate::bar::bar;

const BAR_COLUMNS: usize = 30;

/// # Errors
/// Those of the output.
pub fn write(simulation: &Simulation, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:24} {:>12} {:>9} {:>9}", simulation.key, "visitors", "share", "weight")?;
    let total = simulation.total();
    for arm in &simulation.arms {
        let part = share(arm.visitors, total);
        let (key, visitors, weight) = (&arm.key, arm.visitors, arm.weight * 100.0);
        let bar = bar(part, BAR_COLUMNS);
        writeln!(out, "{key:24} {visitors:>12} {:>8.3}% {weight:>8.3}%  {bar}", part * 100.0)?;
    }
    for (variant, reason, count) in &simulation.others {
        writeln!(out, "{variant:24} {count:>12}           {reason}")?;
    }
    match simulation.shares {
        Some(test) => {
            let verdict = if test.p < SUSPECT { "does not fit the weights" } else { "fits the weights" };
            writeln!(out, "sample ratio: {test}: {verdict}")?;
        }
        None => {
            writeln!(out, "sample ratio: nothing to compare, fewer than two variants were reached")?;
        }
    }
    if simulation.meetings.is_empty() {
        return writeln!(out, "\nno other experiment of this plan had any of these visitors in it");
    }
    writeln!(out, "\n{:24} {:>9} {:>9} {:>12}", "with experiment", "in it", "in both", "if unrelated")?;
    for meeting in &simulation.meetings {
        let percent = |count: f64| count / simulation.visitors as f64 * 100.0;
        writeln!(
            out,
            "{:24} {:>8.3}% {:>8.3}% {:>11.3}%  {}",
            meeting.key,
            percent(meeting.visitors as f64),
            percent(meeting.both as f64),
            percent(simulation.expected_both(meeting)),
            verdict(simulation, meeting)
        )?;
    }
    Ok(())
}

/// What to make of a meeting, in a few words.
#[must_use]
pub fn verdict(simulation: &Simulation, meeting: &Meeting) -> String {
    let tie = match meeting.tie {
        Tie::None => "",
        Tie::OursRequires => "required by this one: ",
        Tie::TheirsRequires => "requires this one: ",
        Tie::Apart => "same layer, apart: ",
        Tie::Overlap => "same layer, ranges overlap: ",
    };
    let variants = match meeting.variants {
        Some(test) if simulation.depends(meeting) => format!("variants depend on each other ({test})"),
        Some(test) => format!("variants are independent ({test})"),
        None if meeting.both == 0 => "nobody is in both".to_owned(),
        None => "too few in both, or one variant alone: not tested".to_owned(),
    };
    format!("{tie}{variants}")
}
