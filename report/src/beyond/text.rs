//! What visitors do, for a terminal.

use std::fmt::{self, Write};

use super::model::{Beyond, Cohort, Group, OfVariant, Slot};
use crate::text::{experiment, shown};

const DAY_MS: f64 = 86_400_000.0;
const MOST_WEEKS: usize = 9;

/// # Errors
/// When `out` takes no more.
pub fn write(of: &Beyond, out: &mut dyn Write) -> fmt::Result {
    for one in &of.experiences {
        write!(out, "\nexperience ")?;
        experiment(one, out)?;
    }
    writeln!(out, "\nvisitors: {}, with {} events", of.visitors, of.events)?;
    for left in &of.excluded {
        writeln!(out, "  left out: {} events, {:?}", left.count, left.reason)?;
    }
    funnels(&of.all, "", out)?;
    for OfVariant { experiment, variant, group } in &of.by_variant {
        let whose = format!(", {} {}: {} visitors", shown(experiment), shown(variant), group.visitors);
        funnels(group, &whose, out)?;
    }
    stages(&of.all, out)?;
    cohorts(&of.cohorts, out)?;
    if let Some(table) = &of.attribution {
        writeln!(out, "\nchannels")?;
        parlour_attribution::text::write(table, out)?;
    }
    slots(&of.slots, out)?;
    for note in &of.notes {
        writeln!(out, "note: {}: {}", note.what, note.done)?;
    }
    Ok(())
}

fn funnels(of: &Group, whose: &str, out: &mut dyn Write) -> fmt::Result {
    for funnel in &of.funnels {
        writeln!(out, "\nfunnel {}{whose}", shown(&funnel.name))?;
        for step in &funnel.steps {
            write!(out, "  {:<22}{:>9}", shown(&step.name), step.visitors)?;
            if let Some(share) = step.share {
                write!(out, "{:>8.1} %", share * 100.0)?;
            }
            match step.drop_off {
                Some(lost) => writeln!(out, "   {:.1} % lost", lost * 100.0)?,
                None => writeln!(out)?,
            }
        }
    }
    Ok(())
}

fn stages(of: &Group, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "\n{:<24}{:>9}{:>10}{:>12}", "stage", "visitors", "last seen", "mean days")?;
    for stage in &of.journey.stages {
        let days = stage.mean_ms.map_or_else(|| "–".to_owned(), |ms| format!("{:.2}", ms / DAY_MS));
        writeln!(out, "  {:<22}{:>9}{:>10}{days:>12}", stage.stage, stage.visitors, stage.ended)?;
    }
    for one in &of.journey.moves {
        writeln!(out, "  {} → {}: {} times, {} visitors", one.from, one.to, one.count, one.visitors)?;
    }
    Ok(())
}

fn slots(slots: &[Slot], out: &mut dyn Write) -> fmt::Result {
    for slot in slots {
        write!(out, "\nslot {}: {} lists seen, {} clicks", shown(&slot.slot), slot.lists, slot.clicks)?;
        if let Some(rate) = slot.click_rate {
            write!(out, " ({rate:.3} a list)")?;
        }
        writeln!(out, ", {} items bought within 7 days, worth {:.2}", slot.purchases, slot.revenue)?;
        for place in &slot.positions {
            writeln!(
                out,
                "  place {:<16}{:>9} seen{:>9} clicked{:>9} bought",
                place.position, place.shown, place.clicks, place.purchases
            )?;
        }
        if let Some(of) = &slot.contest {
            writeln!(out, "  {}", of.sentence)?;
            writeln!(
                out,
                "  {} {}, {} {}, {} took as much from both ({}; {}, one look: p = {:.2e})",
                of.wins,
                shown(&of.first),
                of.losses,
                shown(&of.second),
                of.ties,
                of.method.name,
                of.sign_method.name,
                of.sign_p
            )?;
        }
    }
    Ok(())
}

fn cohorts(cohorts: &[Cohort], out: &mut dyn Write) -> fmt::Result {
    if cohorts.is_empty() {
        return Ok(());
    }
    write!(out, "\n{:<24}{:>9}", "first seen in week of", "visitors")?;
    let widest = cohorts.iter().map(|cohort| cohort.active.len()).max().unwrap_or_default().min(MOST_WEEKS);
    for week in 0..widest {
        write!(out, "{:>8}", format!("+{week}"))?;
    }
    writeln!(out)?;
    for cohort in cohorts {
        write!(out, "  {:<22}{:>9}", cohort.week, cohort.visitors)?;
        for active in cohort.active.iter().take(MOST_WEEKS) {
            write!(out, "{:>6.1} %", *active as f64 * 100.0 / cohort.visitors.max(1) as f64)?;
        }
        writeln!(out)?;
    }
    Ok(())
}
