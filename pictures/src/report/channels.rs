//! Which channels purchases are owed to.

use maud::{Markup, html};
use parlour_attribution::table::{Row, Table as Channels};

use crate::canvas::Fault;
use crate::charts::Bars;
use crate::figure::Figures;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::clean;

/// Models that are drawn, and channels; the table has all.
const DRAWN: [&str; 4] = ["last", "linear", "markov", "shapley"];
const MOST: usize = 12;

pub fn show(of: &Channels, figures: &mut Figures) -> Result<Markup, Fault> {
    if of.channels.is_empty() {
        return Ok(html! {});
    }
    let drawn: Vec<&str> =
        DRAWN.into_iter().filter(|model| of.models.iter().any(|known| known.model == *model)).collect();
    let mut chart = Bars::new("channel", Unit::Number, &drawn);
    for row in of.channels.iter().take(MOST) {
        let credits: Vec<_> = drawn.iter().map(|model| credit(row, model)).collect();
        chart.row(&row.channel, &credits);
    }
    Ok(html! {
        h3 { "Channels" }
        (figures.show("Purchases owed to each channel", "By four models of credit.", &chart)?)
        (table(of).markup("Channels, all models and costs"))
        ul { @for note in &of.notes { li { (clean(note)) } } }
        small { @for model in &of.models { (model.model) ": " (model.source) ". " } }
    })
}

fn credit(row: &Row, model: &str) -> Option<f64> {
    row.credits.iter().find(|credit| credit.model == model).map(|credit| credit.conversions.max(0.0))
}

fn table(of: &Channels) -> Table {
    let money = Unit::Money(of.currency.clone());
    let mut table = Table::new(&["channel"]);
    table.heads.extend(of.models.iter().map(|model| model.model.to_owned()));
    let rest = ["removal", "worth (shapley)", "cost", "a click", "a purchase (shapley)", "return on spend"];
    table.heads.extend(rest.map(str::to_owned));
    let told = |unit: &Unit, value: Option<f64>| value.map_or("–".to_owned(), |value| unit.text(value));
    for row in &of.channels {
        let last = row.credits.last();
        let mut cells = vec![row.channel.clone()];
        cells.extend(of.models.iter().map(|model| told(&Unit::Number, credit(row, model.model))));
        cells.extend([
            told(&Unit::Share, row.removal),
            told(&money, last.map(|credit| credit.value)),
            told(&money, row.spent.map(|spent| spent.cost)),
            told(&money, row.spent.and_then(|spent| spent.cost_per_click)),
            told(&money, last.and_then(|credit| credit.cost_per_conversion)),
            told(&Unit::Number, last.and_then(|credit| credit.return_on_spend)),
        ]);
        table.row(cells);
    }
    table
}
