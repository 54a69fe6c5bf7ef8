use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use parlour::authoring::Names;
use parlour::plan::{Plan, Unit};
use serde_json::Value;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_report::model::Note;
use parlour_report::tally::{Asked, Tally};
use parlour_report::{judge, text};

use crate::report::beyond;
use crate::store::{SqliteStore, Store};

/// Says what experiments came to, and what to do; and what visitors do: funnels, stages, cohorts, channels.
///
/// The first exposure decides a visitor's variant; bots, environments, late views, forced previews and visitors who met two
/// variants are left out and counted. Intervals hold at every look. With --experiment nothing is said of what all visitors do.
/// May run beside a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The parlour.json with hypotheses, weights and goals, or a plan [default: the plan that was served last].
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Only this one.
    #[arg(long, value_name = "KEY")]
    experiment: Option<String>,
    /// Only events from then on: ISO 8601 with an offset.
    #[arg(long, value_name = "TIME")]
    since: Option<jiff::Timestamp>,
    /// Only events before then.
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    beyond: beyond::Visitors,
    /// Where to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let store = SqliteStore::open_to_read(&self.db)
            .with_context(|| format!("cannot open {}", self.db.display()))?;
        let Known { asked, others, currency, site } = match &self.plan {
            Some(path) => read(path, host)?,
            None => store
                .latest_plan()?
                .map_or_else(Known::default, |plan| of_plan(&plan.bytes).unwrap_or_default()),
        };
        let mut tally = Tally::new(asked, self.experiment.clone(), currency);
        let since_ms = self.since.map_or(i64::MIN, jiff::Timestamp::as_millisecond);
        let until_ms = self.until.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        store.outcomes(since_ms, until_ms, &mut |seen| tally.add(seen))?;
        for (key, _) in &others {
            tally.experiments.remove(key);
        }
        let of = beyond::Of { tally: &tally, site: &site, since: self.since, until: self.until };
        let beyond = match self.experiment {
            None => Some(self.beyond.count(&store, &of, host)?),
            Some(_) => None,
        };
        if let Some(key) = self.experiment.filter(|key| !has_any(&tally, key)) {
            let known: Vec<_> = tally.asked.keys().map(String::as_str).collect();
            anyhow::bail!(
                "no experiment {key:?} in the store or the file; the file has: {}",
                known.join(", ")
            );
        }
        let mut report = judge::report(&tally);
        report.since_ms = self.since.map(jiff::Timestamp::as_millisecond);
        report.until_ms = self.until.map(jiff::Timestamp::as_millisecond);
        report.beyond = beyond;
        report.notes.extend(others.into_iter().map(|(key, unit)| Note {
            what: format!("the unit of {key} is a {unit}"),
            done: "it is left out: only visitors are compared".to_owned(),
        }));
        let mut written = String::new();
        match self.format {
            Format::Text => text::write(&report, &mut written)?,
            Format::Json => written = serde_json::to_string_pretty(&report)? + "\n",
        }
        match &self.out {
            Some(path) => host.replace(path, written.as_bytes())?,
            None => {
                let mut out = host.stdout();
                out.write_all(written.as_bytes())?;
                out.flush()?;
            }
        }
        Ok(Outcome::Clean)
    }
}

fn has_any(tally: &Tally, key: &str) -> bool {
    tally.asked.contains_key(key) || tally.experiments.contains_key(key)
}

/// What is known of experiments before their events.
struct Known {
    asked: Vec<Asked>,
    /// Experiments whose unit is not the visitor, and what it is.
    others: Vec<(String, String)>,
    currency: String,
    /// Its hosts.
    site: Vec<String>,
}

impl Default for Known {
    fn default() -> Self {
        Self { asked: Vec::new(), others: Vec::new(), currency: "EUR".to_owned(), site: Vec::new() }
    }
}

fn read(path: &Path, host: &dyn Host) -> anyhow::Result<Known> {
    let bytes = host.bytes_of(path)?;
    if let Some(known) = of_plan(&bytes) {
        return Ok(known);
    }
    let text = String::from_utf8(bytes).with_context(|| {
        format!("{} is neither a parlour.json nor a plan of this version", path.display())
    })?;
    let file: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is no parlour.json: see parlour check", path.display()))?;
    ensure!(file.is_object(), "{} holds no object: see parlour check", path.display());
    Ok(of_file(&file))
}

/// Keys, names and weights; hypotheses and goals are not in a plan.
fn of_plan(bytes: &[u8]) -> Option<Known> {
    let plan = Plan::decode(bytes).ok()?;
    let names = Names::read(&plan);
    let mut known = Known::default();
    if !names.currency.is_empty() {
        known.currency.clone_from(&names.currency);
    }
    known.site = names.site;
    for (named, experiment) in names.experiments.into_iter().zip(plan.experiments()) {
        if experiment.unit != Unit::Visitor {
            known.others.push((named.key, format!("{:?}", experiment.unit).to_lowercase()));
            continue;
        }
        let weights = (0..).map(|variant| experiment.buckets(variant) as f64);
        known.asked.push(Asked {
            key: named.key,
            name: (!named.name.is_empty()).then_some(named.name),
            variants: named.variants.into_iter().map(|variant| variant.key).zip(weights).collect(),
            ..Asked::default()
        });
    }
    Some(known)
}

fn of_file(file: &Value) -> Known {
    let mut known = Known::default();
    if let Some(currency) = file["currency"].as_str() {
        currency.clone_into(&mut known.currency);
    }
    known.site =
        file["site"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    for (key, json) in file["experiments"].as_object().into_iter().flatten() {
        if let Some(unit) = json["unit"].as_str().filter(|unit| *unit != "visitor") {
            known.others.push((key.clone(), unit.to_owned()));
            continue;
        }
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let weight = |variant: &Value| variant["weight"].as_f64().unwrap_or(1.0);
        let goals = json["goals"].as_array().into_iter().flatten().filter_map(Value::as_str);
        known.asked.push(Asked {
            key: key.clone(),
            name: text("name"),
            question: text("hypothesis"),
            owner: text("owner"),
            status: text("status"),
            variants: json["variants"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, variant)| (key.clone(), weight(variant)))
                .collect(),
            goals: goals.map(str::to_owned).collect(),
        });
    }
    known
}
