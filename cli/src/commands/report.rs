use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_report::model::Note;
use parlour_report::tally::{Asked, Tally};
use parlour_report::{judge, text};

use crate::store::{SqliteStore, Store};

/// Says what experiments came to, and what to do.
///
/// The first exposure decides a visitor's variant; bots, environments, late views, forced previews and visitors who met two
/// variants are left out and counted. Intervals hold at every look. May run beside a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The parlour.json with hypotheses, weights and goals [default: what the events say].
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
        let file = self.plan.as_deref().map(|path| read(path, host)).transpose()?;
        let currency = file.as_ref().and_then(|file| file["currency"].as_str()).unwrap_or("EUR");
        let (asked, others) = file.as_ref().map(asked).unwrap_or_default();
        let mut tally = Tally::new(asked, self.experiment.clone(), currency.to_owned());
        let since_ms = self.since.map_or(i64::MIN, jiff::Timestamp::as_millisecond);
        let until_ms = self.until.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        store.outcomes(since_ms, until_ms, &mut |seen| tally.add(seen))?;
        for (key, _) in &others {
            tally.experiments.remove(key);
        }
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

fn read(path: &Path, host: &dyn Host) -> anyhow::Result<Value> {
    let text = host.text_of(path)?;
    let parsed: Option<Value> =
        jsonc_parser::parse_to_serde_value(&text, &jsonc_parser::ParseOptions::default())
            .with_context(|| format!("{} is no parlour.json", path.display()))?;
    parsed.filter(Value::is_object).with_context(|| format!("{} holds no object", path.display()))
}

/// The file's experiments, and those whose unit is not the visitor.
fn asked(file: &Value) -> (Vec<Asked>, Vec<(String, String)>) {
    let (mut asked, mut others) = (Vec::new(), Vec::new());
    for (key, json) in file["experiments"].as_object().into_iter().flatten() {
        if let Some(unit) = json["unit"].as_str().filter(|unit| *unit != "visitor") {
            others.push((key.clone(), unit.to_owned()));
            continue;
        }
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let weight = |variant: &Value| variant["weight"].as_f64().unwrap_or(1.0);
        asked.push(Asked {
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
            goals: json["goals"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        });
    }
    (asked, others)
}
