//! The report as a page.

mod behind;
mod beyond;
mod channels;
mod experiment;
mod goal;
mod slots;
mod visitors;

use maud::{Markup, html};
use parlour_report::model::{Excluded, Note, Report};

use crate::canvas::Fault;
use crate::figure::Figures;
use crate::page::page;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::{clean, exclusion};

/// # Errors
/// When a chart cannot be drawn.
pub fn report(report: &Report) -> Result<String, Fault> {
    let mut figures = Figures::default();
    let experiences = report.beyond.as_ref().map(|of| of.experiences.as_slice()).unwrap_or_default();
    let all: Vec<_> = report.experiments.iter().chain(experiences).collect();
    let body = html! {
        p.soft { (period(report)) }
        @if all.is_empty() { p { "No experiment was met by anybody." } }
        @if all.len() > 1 {
            nav aria-label="Experiments" {
                ul { @for (at, one) in all.iter().enumerate() {
                    li { a href={ "#experiment-" (at) } { (clean(one.name.as_ref().unwrap_or(&one.key))) } ": " (clean(&one.decision.sentence)) }
                } }
            }
        }
        @for (at, one) in all.iter().enumerate() {
            (experiment::show(at, one, &report.zone, &mut figures)?)
        }
        @if let Some(of) = &report.beyond { (beyond::show(of, &mut figures)?) }
        @if report.identities.linked > 0 || !report.notes.is_empty() {
            article {
                h2 { "What was done with the events" }
                ul {
                    @if report.identities.linked > 0 {
                        li { (Unit::Count.text(report.identities.linked as f64)) " ids are " (Unit::Count.text(report.identities.people as f64)) " people" }
                    }
                    @for note in &report.notes { li { (told(note)) } }
                }
            }
        }
    };
    Ok(page("What came of it", &body))
}

fn period(report: &Report) -> String {
    let day = |ms: Option<i64>| ms.map(|ms| date(ms, &report.zone));
    let zone = if report.zone.is_empty() { "UTC" } else { &report.zone };
    match (day(report.since_ms), day(report.until_ms)) {
        (Some(since), Some(until)) => format!("Events from {since} to {until}; days are those of {zone}."),
        (Some(since), None) => format!("Events since {since}; days are those of {zone}."),
        (None, Some(until)) => format!("Events until {until}; days are those of {zone}."),
        (None, None) => format!("All events; days are those of {zone}."),
    }
}

fn date(ms: i64, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| format!("{ms} ms"), |time| time.to_zoned(zone).strftime("%-d %B %Y").to_string())
}

fn told(note: &Note) -> String {
    clean(&format!("{}: {}", note.what, note.done))
}

fn notes(notes: &[Note]) -> Markup {
    html! { @if !notes.is_empty() { ul { @for note in notes { li { (told(note)) } } } } }
}

/// What is in no number, and why.
fn left_out(all: &[Excluded]) -> Markup {
    let mut table = Table::new(&["left out", "how many"]);
    for one in all {
        table.row(vec![exclusion(one.reason).to_owned(), Unit::Count.text(one.count as f64)]);
    }
    html! { @if !all.is_empty() { (table.markup("Left out")) } }
}
