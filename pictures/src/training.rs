//! What a model is worth, and what each floor for privacy costs, as a page.

use maud::{Markup, html};
use parlour_train::measure::{DEPTHS, Measured};
use parlour_train::{Floor, Trained};

use crate::canvas::Fault;
use crate::charts::Bars;
use crate::figure::Figures;
use crate::page::page;
use crate::unit::Unit;
use crate::words::clean;

/// # Errors
/// When a chart cannot be drawn. `summary` is what the command said of the training, line by line.
pub fn training(trained: &Trained, summary: &str) -> Result<String, Fault> {
    let this = trained.floors.iter().find(|floor| floor.min_sessions == trained.choice.min_sessions);
    let measured: Vec<&Floor> = trained.floors.iter().filter(|floor| floor.next.guesses > 0).collect();
    let mut figures = Figures::default();
    let of_baskets = trained.model.of_baskets;
    let body = html! {
        article {
            h2 { "Model " (format!("{:08x}", trained.model.model)) ", training " (trained.model.epoch) }
            @match this.or(measured.first().copied()).filter(|floor| floor.next.guesses > 0) {
                Some(floor) => {
                    p.decision.open { (headline(floor, of_baskets)) }
                    (told(summary))
                    (accuracy(floor, of_baskets, &mut figures)?)
                    (breadth(floor, of_baskets, &mut figures)?)
                    (costs(&measured, of_baskets, &mut figures)?)
                    small { (SMALL) }
                }
                None => {
                    p.decision.open { "Too few sessions to measure anything on" }
                    (told(summary))
                }
            }
        }
    };
    Ok(page("What the model is worth", &body))
}

const SMALL: &str = "Measured on the tenth of the sessions that ended last, by a model learnt from the others; what is served is then \
                     learnt from all. HR@k: the share of clicks that were among the first k guesses. MRR@k: the mean of 1 / place, 0 \
                     beyond k. Next: each click is guessed from those before it. Discovery: only clicks on what the session had not \
                     seen. Coverage: the share of items guessed at least once among the first 20. Popularity: how many times as often as \
                     by their share the most clicked hundredth of the items is guessed; 1 is no preference.";

fn headline(floor: &Floor, of_baskets: bool) -> String {
    let rate = Unit::Share.text(floor.next.hit_rate.last().copied().unwrap_or_default());
    let what = if of_baskets { "items held out of baskets" } else { "next clicks" };
    format!(
        "{rate} of {what} are among the first 20 guesses, of {} that were asked for",
        Unit::Count.text(floor.next.guesses as f64)
    )
}

fn told(summary: &str) -> Markup {
    html! {
        ul { @for line in summary.lines().filter(|line| !line.trim().is_empty()) { li { (clean(line)) } } }
    }
}

/// The tasks that are measured, by name.
fn tasks(floor: &Floor, of_baskets: bool) -> Vec<(&'static str, &Measured)> {
    match of_baskets {
        true => vec![("basket", &floor.next)],
        false => vec![("next", &floor.next), ("discovery", &floor.discovery)],
    }
}

fn accuracy(floor: &Floor, of_baskets: bool, figures: &mut Figures) -> Result<Markup, Fault> {
    let tasks = tasks(floor, of_baskets);
    let names: Vec<&str> = tasks.iter().map(|(name, _)| *name).collect();
    let mut rates = Bars::new("guesses looked at", Unit::Share, &names);
    let mut ranks = Bars::new("guesses looked at", Unit::Number, &names);
    for (at, depth) in DEPTHS.iter().enumerate() {
        let of = |pick: fn(&Measured) -> &[f64; 3]| -> Vec<Option<f64>> {
            tasks.iter().map(|(_, measured)| pick(measured).get(at).copied()).collect()
        };
        rates.row(&format!("HR@{depth}"), &of(|measured| &measured.hit_rate));
        ranks.row(&format!("MRR@{depth}"), &of(|measured| &measured.reciprocal_rank));
    }
    Ok(html! {
        h3 { "Accuracy" }
        (figures.show("Hits", "The share of what came that was among the first 5, 10 and 20 guesses.", &rates)?)
        (figures.show("Ranks", "How near the top it stood: the mean of 1 / place.", &ranks)?)
    })
}

fn breadth(floor: &Floor, of_baskets: bool, figures: &mut Figures) -> Result<Markup, Fault> {
    let mut coverage = Bars::new("task", Unit::Share, &["coverage"]);
    let mut popularity = Bars::new("task", Unit::Number, &["popularity"]);
    for (name, measured) in tasks(floor, of_baskets) {
        coverage.row(name, &[Some(measured.coverage)]);
        popularity.row(name, &[Some(measured.popularity)]);
    }
    Ok(html! {
        h3 { "Breadth" }
        (figures.show("Coverage", "The share of all items that were guessed at least once.", &coverage)?)
        (figures.show("Popularity", "How many times as often as by their share the most clicked items are guessed; 1 is no preference.", &popularity)?)
    })
}

fn costs(floors: &[&Floor], of_baskets: bool, figures: &mut Figures) -> Result<Markup, Fault> {
    let Some(first) = floors.first() else { return Ok(html! {}) };
    let names: Vec<&str> = tasks(first, of_baskets).iter().map(|(name, _)| *name).collect();
    let mut rates = Bars::new("floor", Unit::Share, &names);
    let mut sizes = Bars::new("floor", Unit::Bytes, &["all rows"]);
    for floor in floors {
        let name = format!("at least {} sessions a pair", floor.min_sessions);
        let hits: Vec<_> =
            tasks(floor, of_baskets).iter().map(|(_, of)| of.hit_rate.last().copied()).collect();
        rates.row(&name, &hits);
        sizes.row(&name, &[Some(floor.bytes as f64)]);
    }
    Ok(html! {
        h3 { "What each floor for privacy costs" }
        (figures.show("HR@20 by floor", "No pair of items that fewer sessions met together is in the model.", &rates)?)
        (figures.show("Size by floor", "Bytes of all rows.", &sizes)?)
    })
}
