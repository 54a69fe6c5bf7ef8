//! A chart with its title, what it shows in a sentence, and its numbers as a table.

use maud::{Markup, PreEscaped, html};

use crate::canvas::{Area, Fault, WIDTHS, draw};
use crate::table::Table;
use crate::words::clean;

/// One set of numbers, drawn and told.
pub trait Chart {
    /// In pixels, on a drawing so wide.
    fn height(&self, width: u32) -> u32;
    /// # Errors
    /// When plotters cannot draw it.
    fn draw(&self, area: &Area<'_>) -> Result<(), Fault>;
    fn table(&self) -> Table;
}

/// Gives each figure of a page an id of its own.
#[derive(Debug, Default)]
pub struct Figures {
    count: u32,
}

impl Figures {
    /// # Errors
    /// When plotters cannot draw it.
    pub fn show(&mut self, title: &str, about: &str, chart: &dyn Chart) -> Result<Markup, Fault> {
        self.count += 1;
        let (name, description) = (format!("figure-{}", self.count), format!("about-{}", self.count));
        let drawings = WIDTHS
            .iter()
            .map(|(width, class)| draw((*width, chart.height(*width)), class, |area| chart.draw(area)))
            .collect::<Result<String, Fault>>()?;
        Ok(html! {
            figure {
                figcaption {
                    strong id=(name) { (clean(title)) }
                    p id=(description) { (clean(about)) }
                }
                div.chart role="img" aria-labelledby=(name) aria-describedby=(description) {
                    (PreEscaped(drawings))
                }
                details {
                    summary { "The numbers" span.hidden { ": " (clean(title)) } }
                    (chart.table().markup(title))
                }
            }
        })
    }
}
