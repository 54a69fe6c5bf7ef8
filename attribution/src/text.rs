//! The table for a terminal.

use std::fmt::{self, Write};

use crate::model::Model;
use crate::table::{Credited, Row, Table};

const WIDTH: usize = 12;

type Cell = fn(&Credited) -> Option<f64>;

/// # Errors
/// When `out` takes no more.
pub fn write(table: &Table, out: &mut dyn Write) -> fmt::Result {
    let currency = table.currency.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    writeln!(
        out,
        "{} paths of {} channels: {} conversions worth {:.2}{currency}, {} without a conversion",
        table.paths,
        table.channels.len(),
        table.conversions,
        table.value,
        table.nulls
    )?;
    let name = table.channels.iter().map(|row| shown(row).chars().count()).fold(20, usize::max);
    let has_costs = table.channels.iter().any(|row| row.spent.is_some());
    let blocks: [(&str, bool, Cell); 4] = [
        ("conversions", true, |credit| Some(credit.conversions)),
        ("value", table.value > 0.0, |credit| Some(credit.value)),
        ("cost per conversion", has_costs, |credit| credit.cost_per_conversion),
        ("return on spend", has_costs && table.value > 0.0, |credit| credit.return_on_spend),
    ];
    if has_costs {
        write!(out, "\n{:name$}", "cost")?;
        for heading in ["cost", "clicks", "per click"] {
            write!(out, "{heading:>WIDTH$}")?;
        }
        writeln!(out)?;
        for row in &table.channels {
            let Some(spent) = row.spent else { continue };
            write!(out, "{:name$}", shown(row))?;
            for number in [Some(spent.cost), spent.clicks, spent.cost_per_click] {
                cell(number, out)?;
            }
            writeln!(out)?;
        }
    }
    for (title, _, of) in blocks.into_iter().filter(|(_, is_wanted, _)| *is_wanted) {
        write!(out, "\n{title:name$}")?;
        let models =
            || Model::ALL.into_iter().filter(|model| table.models.iter().any(|one| one.model == model.key()));
        for model in models() {
            write!(out, "{:>WIDTH$}", model.key())?;
        }
        writeln!(out)?;
        for row in &table.channels {
            write!(out, "{:name$}", shown(row))?;
            for model in models() {
                cell(of(&row.credit(model)), out)?;
            }
            writeln!(out)?;
        }
    }
    writeln!(out)?;
    for one in &table.models {
        writeln!(out, "{:name$}{}", one.model, one.source)?;
    }
    for note in &table.notes {
        writeln!(out, "note: {note}")?;
    }
    Ok(())
}

/// What a channel is called moves no cursor.
fn shown(row: &Row) -> String {
    row.channel.replace(char::is_control, " ")
}

fn cell(number: Option<f64>, out: &mut dyn Write) -> fmt::Result {
    match number {
        Some(number) => write!(out, "{number:>WIDTH$.2}"),
        None => write!(out, "{:>WIDTH$}", "–"),
    }
}
