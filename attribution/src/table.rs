//! What each channel is credited with, what it cost, and what that comes to: for people and as JSON. Numbers are rounded to
//! six decimals.

use serde::Serialize;

use crate::channels::Channels;
use crate::costs::Cost;
use crate::ledger::{Credit, Ledger};
use crate::model::Model;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// Rows of paths that were added.
    pub paths: u64,
    pub conversions: f64,
    pub value: f64,
    /// Paths without a conversion.
    pub nulls: f64,
    /// Of value and costs, where it is known.
    pub currency: Option<String>,
    /// In days, or in touches where they have no times.
    pub half_life: f64,
    /// Whoever is owed most by Shapley comes first.
    pub channels: Vec<Row>,
    pub models: Vec<Source>,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Row {
    pub channel: String,
    /// The part of all conversions that would be lost without it, in the chain of [`Model::Markov`].
    pub removal: Option<f64>,
    pub credits: Vec<Credited>,
    pub spent: Option<Spent>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Credited {
    pub model: &'static str,
    pub conversions: f64,
    pub value: f64,
    pub cost_per_conversion: Option<f64>,
    /// Value by cost.
    pub return_on_spend: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spent {
    pub cost: f64,
    pub clicks: Option<f64>,
    pub cost_per_click: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Source {
    pub model: &'static str,
    pub source: &'static str,
}

impl Table {
    /// Of value and costs in one currency, if in any.
    #[must_use]
    pub fn new(ledger: &Ledger, channels: &Channels, costs: &[(String, Cost)]) -> Self {
        let total = ledger.total();
        let mut names = channels.names().to_vec();
        names.extend(
            costs.iter().filter(|(name, _)| channels.find(name).is_none()).map(|(name, _)| name.clone()),
        );
        let known: Vec<(Model, Vec<Credit>)> = Model::ALL
            .into_iter()
            .filter_map(|model| Some((model, ledger.credits(model, names.len())?)))
            .collect();
        let removal = ledger.removal();
        let mut rows: Vec<Row> = names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let cost = costs.iter().find(|(of, _)| of == name).map(|(_, cost)| *cost);
                let credits = known.iter().map(|(model, credits)| {
                    credited(*model, credits.get(at).copied().unwrap_or_default(), cost)
                });
                Row {
                    channel: name.clone(),
                    removal: removal.as_ref().and_then(|of| of.conversions.get(at)).copied().map(rounded),
                    credits: credits.collect(),
                    spent: cost.map(spent),
                }
            })
            .collect();
        let owed = |row: &Row| row.credit(Model::Shapley).conversions;
        rows.sort_by(|a, b| owed(b).total_cmp(&owed(a)).then_with(|| a.channel.cmp(&b.channel)));
        Self {
            paths: ledger.paths(),
            conversions: rounded(total.conversions),
            value: rounded(total.value),
            nulls: rounded(ledger.nulls()),
            currency: None,
            half_life: ledger.half_life(),
            channels: rows,
            models: known
                .iter()
                .map(|(model, _)| Source { model: model.key(), source: model.source() })
                .collect(),
            notes: notes(ledger, channels, costs, known.iter().any(|(model, _)| *model == Model::Markov)),
        }
    }
}

impl Row {
    #[must_use]
    pub fn credit(&self, model: Model) -> Credited {
        self.credits.iter().find(|credit| credit.model == model.key()).copied().unwrap_or_default()
    }
}

fn credited(model: Model, credit: Credit, cost: Option<Cost>) -> Credited {
    let comes_to = cost.map(|cost| cost.efficiency(credit)).unwrap_or_default();
    Credited {
        model: model.key(),
        conversions: rounded(credit.conversions),
        value: rounded(credit.value),
        cost_per_conversion: comes_to.per_conversion.map(rounded),
        return_on_spend: comes_to.return_on_spend.map(rounded),
    }
}

fn spent(cost: Cost) -> Spent {
    Spent {
        cost: rounded(cost.cost),
        clicks: cost.clicks,
        cost_per_click: cost.efficiency(Credit::default()).per_click.map(rounded),
    }
}

fn notes(ledger: &Ledger, channels: &Channels, costs: &[(String, Cost)], is_solved: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if ledger.total().conversions == 0.0 {
        notes.push("nobody converted: no channel is owed anything".to_owned());
    } else if ledger.nulls() == 0.0 {
        notes.push(
            "no path without a conversion is known: a removal effect is then only the share of conversions that passed by"
                .to_owned(),
        );
    }
    if !is_solved {
        notes
            .push("the counts differ by more than numbers can hold: the Markov chain is left out".to_owned());
    }
    notes.extend(
        costs.iter().filter(|(name, _)| channels.find(name).is_none()).map(|(name, _)| {
            format!("{name} cost something and is in no path: is it called otherwise there?")
        }),
    );
    notes
}

fn rounded(value: f64) -> f64 {
    let scaled = value * 1e6;
    if scaled.abs() < 9e15 { scaled.round() / 1e6 } else { value }
}
