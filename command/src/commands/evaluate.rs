use std::io::Write as _;
use std::path::PathBuf;

use anyhow::ensure;
use clap::ValueEnum;
use parlour::recommend::model::Model;
use parlour::recommend::session::Task as Asked;
use parlour_train::measure::{DEPTHS, Measured, measure};
use serde_json::{Map, Value, json};

use super::{Outcome, Task};
use crate::host::Host;
use crate::log::{Columns, Reading};
use crate::model_file::{open, unescape};

/// Measures a model on sessions it has not learnt from, and prints JSON.
///
/// Each click of a session is revealed in turn, and what comes after is guessed. With --protocol next it may be anything; with
/// discovery only clicks on what the session had not seen count, and seen items are not guessed. Clicks on items that the model does not
/// know are passed over and counted. HR@k: share of clicks that are among the first k guesses; MRR@k: mean of 1 / place, 0 beyond k;
/// coverage: share of all items that are among some 20 guesses; popularityBias: how many times as often as by its share of the
/// catalogue the most clicked hundredth of the items is guessed.
///
/// FILE is a table, events as `parlour export` writes them, or, where its name ends in .txt, a session a line as `parlour recommend`
/// reads them. It may be packed by gzip.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As `parlour train` made it.
    model: PathBuf,
    /// The sessions.
    #[arg(long, value_name = "FILE")]
    sessions: PathBuf,
    #[arg(long, value_enum, default_value_t)]
    protocol: Protocol,
    /// Column of a table that says which session a line belongs to [default: session_id and the like].
    #[arg(long, value_name = "COLUMN")]
    session: Option<String>,
    /// Column of a table that names the item [default: item_id and the like].
    #[arg(long, value_name = "COLUMN")]
    item: Option<String>,
    /// Column of a table that says when [default: time and the like; else the order of lines].
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Protocol {
    #[default]
    Next,
    Discovery,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let model = open(host, &self.model)?;
        let bytes = host.bytes_of(&self.sessions)?;
        let name = self.sessions.display().to_string();
        let sessions = if name.ends_with(".txt") {
            lines(&model, &String::from_utf8(bytes)?)
        } else {
            let columns = Columns { session: self.session, item: self.item, time: self.time, kind: None };
            let mut reading = Reading::default();
            reading.read(&name, bytes.as_slice(), &columns, &mut |_| ())?;
            reading.trouble.lines().for_each(|line| host.tell(&line));
            numbered(&model, reading)
        };
        let asked = match self.protocol {
            Protocol::Next => Asked::Next,
            Protocol::Discovery => Asked::Discovery,
        };
        let start = host.now_ms();
        let measured = measure(&model, sessions.iter().map(Vec::as_slice), asked);
        let spent_ms = host.now_ms().saturating_sub(start);
        ensure!(
            measured.guesses > 0,
            "{name} holds nothing to guess: it needs sessions of two clicks and more on items of the model ({} clicks are on others)",
            measured.unknown
        );
        let mut out = host.stdout();
        serde_json::to_writer_pretty(&mut out, &told(&measured, sessions.len(), spent_ms))?;
        writeln!(out)?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

fn lines(model: &Model, text: &str) -> Vec<Vec<Option<u32>>> {
    let numbers = model.numbers();
    let ids =
        |line: &str| line.split_ascii_whitespace().map(|id| numbers.get(&*unescape(id)).copied()).collect();
    text.lines().map(ids).collect()
}

fn numbered(model: &Model, reading: Reading) -> Vec<Vec<Option<u32>>> {
    let log = reading.gathering.end(&[]);
    let numbers = model.numbers();
    let known: Vec<Option<u32>> = log.items().iter().map(|key| numbers.get(key.as_str()).copied()).collect();
    let number = |item: u32| known.get(item as usize).copied().flatten();
    log.sessions().map(|session| session.iter().map(|click| number(click.item)).collect()).collect()
}

fn told(measured: &Measured, sessions: usize, spent_ms: u64) -> Value {
    let mut told = Map::new();
    told.insert("sessions".into(), json!(sessions));
    told.insert("guesses".into(), json!(measured.guesses));
    told.insert("unknownClicks".into(), json!(measured.unknown));
    for (name, values) in [("HR", &measured.hit_rate), ("MRR", &measured.reciprocal_rank)] {
        for (depth, value) in DEPTHS.iter().zip(values) {
            told.insert(format!("{name}@{depth}"), json!(rounded(*value)));
        }
    }
    told.insert("coverage".into(), json!(rounded(measured.coverage)));
    told.insert("popularityBias".into(), json!(rounded(measured.popularity)));
    told.insert(
        "microsecondsPerQuery".into(),
        json!(rounded(spent_ms as f64 * 1e3 / measured.guesses as f64)),
    );
    Value::Object(told)
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
