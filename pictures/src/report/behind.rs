//! What was looked for behind the main goal's numbers.

use maud::{Markup, html};
use parlour_report::model::{Better, Diagnosis, Goal, Segments};
use parlour_report::text;

use super::goal::difference;
use crate::canvas::Fault;
use crate::charts::{Forest, Interval};
use crate::figure::Figures;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::{clean, dimension, p_value};

/// Segments of one dimension that are drawn.
const MOST: usize = 12;

pub fn show(of: &Diagnosis, main: Option<&Goal>, figures: &mut Figures) -> Result<Markup, Fault> {
    let mut written = String::new();
    text::of_diagnosis(of, &mut written)?;
    let drawn: Vec<_> = of.segments.iter().filter_map(|one| Some((one, forest(one, main)?))).collect();
    if written.is_empty() && drawn.is_empty() {
        return Ok(html! {});
    }
    Ok(html! {
        h3 { "Behind the numbers" }
        ul { @for line in written.lines() { li { (clean(line.trim())) } } }
        @for (one, chart) in &drawn {
            (figures.show(
                &format!("{} by {}", one.arm, dimension(one.dimension)),
                &about(one),
                chart,
            )?)
            (refused(one))
        }
    })
}

fn about(one: &Segments) -> String {
    let differ = one.one_effect_p.map_or(String::new(), |p| {
        format!(" That all have one effect: p = {}, adjusted over dimensions and variants.", p_value(p))
    });
    let reversed = if one.is_reversed { " The whole says the opposite of its parts (Simpson)." } else { "" };
    format!(
        "The main goal's difference to the control among visitors of one kind, with its interval for one look: a hint, which no \
         decision is made by.{differ}{reversed}"
    )
}

fn forest(of: &Segments, main: Option<&Goal>) -> Option<Forest> {
    let is_lower_better = main.is_some_and(|goal| goal.better == Better::Lower);
    let rows: Vec<Interval> = of
        .parts
        .iter()
        .filter_map(|part| {
            let effect = part.effect?;
            let is_clear = part.adjusted_p.is_some_and(|p| p <= 0.05);
            Some(Interval {
                name: format!("{}: {}", part.value, Unit::Count.text(part.units as f64)),
                estimate: effect.estimate,
                low: effect.low,
                high: effect.high,
                is_good: is_clear.then_some((effect.estimate > 0.0) != is_lower_better),
            })
        })
        .take(MOST)
        .collect();
    (rows.len() > 1).then(|| Forest {
        head: dimension(of.dimension).to_owned(),
        unit: main.map_or(Unit::Number, difference),
        even: 0.0,
        rows,
    })
}

fn refused(of: &Segments) -> Markup {
    let mut table = Table::new(&["not told", "visitors", "why"]);
    for part in &of.parts {
        if let Some(why) = &part.refused {
            table.row(vec![part.value.clone(), Unit::Count.text(part.units as f64), why.clone()]);
        }
    }
    html! { @if !table.rows.is_empty() { (table.markup(&format!("Not told, by {}", dimension(of.dimension)))) } }
}
