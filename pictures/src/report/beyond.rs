//! What visitors did apart from experiments.

use maud::{Markup, html};
use parlour_report::beyond::model::Beyond;

use super::{channels, left_out, notes, slots, visitors};
use crate::canvas::Fault;
use crate::figure::Figures;
use crate::unit::Unit;

pub fn show(of: &Beyond, figures: &mut Figures) -> Result<Markup, Fault> {
    Ok(html! {
        article {
            h2 { "What visitors did" }
            p.decision.open { (Unit::Count.text(of.visitors as f64)) " visitors, with " (Unit::Count.text(of.events as f64)) " events" }
            (left_out(&of.excluded))
            (visitors::funnels(of, figures)?)
            (visitors::stages(&of.all.journey, figures)?)
            (visitors::cohorts(&of.cohorts, figures)?)
            @if let Some(table) = &of.attribution { (channels::show(table, figures)?) }
            (notes(&of.notes))
        }
        @if !of.slots.is_empty() {
            article {
                h2 { "Lists of recommendations" }
                (slots::show(&of.slots, figures)?)
            }
        }
    })
}
