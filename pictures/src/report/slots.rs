//! What came of lists of recommendations.

use maud::{Markup, html};
use parlour_report::beyond::model::{Contest, Slot};

use crate::canvas::Fault;
use crate::charts::{Bars, Forest, Interval};
use crate::figure::Figures;
use crate::unit::Unit;
use crate::words::clean;

/// Places that are drawn.
const MOST: usize = 20;

pub fn show(slots: &[Slot], figures: &mut Figures) -> Result<Markup, Fault> {
    Ok(html! {
        @for slot in slots {
            h3 { (clean(&slot.slot)) }
            p { (clean(&about(slot))) }
            (places(slot, figures)?)
            @if let Some(of) = &slot.contest { (contest(slot, of, figures)?) }
        }
    })
}

fn about(slot: &Slot) -> String {
    let count = |count: u64| Unit::Count.text(count as f64);
    let rate = slot.click_rate.map_or(String::new(), |rate| format!(" ({} a list)", Unit::Number.text(rate)));
    format!(
        "{} lists seen, {} clicks{rate}; {} items bought within 7 days of a click, worth {}.",
        count(slot.lists),
        count(slot.clicks),
        count(slot.purchases),
        Unit::Money(None).text(slot.revenue)
    )
}

fn places(slot: &Slot, figures: &mut Figures) -> Result<Markup, Fault> {
    let mut chart = Bars::new("place", Unit::Share, &["clicked, of those seen", "bought, of those seen"]);
    for place in slot.positions.iter().take(MOST).filter(|place| place.shown > 0) {
        let share = |count: u64| Some(count as f64 / place.shown as f64);
        let name = format!("{}: seen {} times", place.position, Unit::Count.text(place.shown as f64));
        chart.row(&name, &[share(place.clicks), share(place.purchases)]);
    }
    if chart.rows.is_empty() {
        return Ok(html! {});
    }
    figures.show(
        &format!("{} by place", slot.slot),
        "How often an item was taken, by its place in the list.",
        &chart,
    )
}

fn contest(slot: &Slot, of: &Contest, figures: &mut Figures) -> Result<Markup, Fault> {
    let chart = Forest {
        head: "list".to_owned(),
        unit: Unit::Share,
        even: 0.5,
        rows: vec![Interval {
            name: format!("{} against {}", of.first, of.second),
            estimate: of.share,
            low: of.low,
            high: of.high,
            is_good: None,
        }],
    };
    let about = format!(
        "Of the visitors who took more from one of the two, the share that took more from {}: {} did, {} took more from {}, {} \
         took as much from both.",
        of.first, of.wins, of.losses, of.second, of.ties
    );
    Ok(html! {
        p.decision.open { (clean(&of.sentence)) }
        (figures.show(&format!("{}: which list wins", slot.slot), &about, &chart)?)
        small { (clean(&of.method.name)) ": " (clean(&of.method.source)) }
    })
}
