use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::serve::clock::Clock;
use crate::serve::event::{Arrival, Decoded, decode};
use crate::serve::now_ms;
use crate::store::{self, Delivery, SqliteStore, Store};

const ROWS_A_COMMIT: usize = 1_000;
/// Mistakes told one by one; the rest is counted.
const MOST_TOLD: usize = 20;
/// Columns that are fields of an event, under each of their names; every other column is a property.
const FIELDS: [(&str, &str); 13] = [
    ("id", "messageId"),
    ("message_id", "messageId"),
    ("messageId", "messageId"),
    ("type", "type"),
    ("event", "event"),
    ("name", "event"),
    ("timestamp", "timestamp"),
    ("occurred_at", "timestamp"),
    ("time", "timestamp"),
    ("anonymous_id", "anonymousId"),
    ("anonymousId", "anonymousId"),
    ("user_id", "userId"),
    ("userId", "userId"),
];

/// Adds events from a CSV file, such as orders confirmed elsewhere.
///
/// The first line names the columns: event (Order Completed, Order Refunded, …), timestamp (ISO 8601 with its zone),
/// anonymous_id or user_id, which join them to what pages sent, and order_id, revenue, currency; every other column becomes a
/// property. A row without an id gets one made of an order's id, else of all it says, so that a file imported twice adds
/// nothing. May run beside a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// In UTF-8, with commas between its columns.
    #[arg(value_name = "CSV")]
    file: PathBuf,
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Site the events belong to [default: that of the plan in the store].
    #[arg(long)]
    site: Option<String>,
    /// Check every row and keep none.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Default)]
struct Sum {
    added: usize,
    there: usize,
    forgotten: usize,
    refused: usize,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let text = host.read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_slice());
        let names = columns(&mut reader).with_context(|| self.file.display().to_string())?;
        let mut store =
            SqliteStore::open(&self.db).with_context(|| format!("cannot open {}", self.db.display()))?;
        let site = match self.site {
            Some(site) => site,
            None => store.latest_plan()?.map(|plan| plan.site).unwrap_or_default(),
        };
        let (mut sum, mut group) = (Sum::default(), Vec::new());
        let arrival =
            Arrival { site: &site, protocol: "csv", agent: Some("server"), clock: Clock::trusted(now_ms()) };
        for record in reader.records() {
            let line = record.as_ref().ok().and_then(csv::StringRecord::position).map(csv::Position::line);
            let read =
                record.map_err(|error| error.to_string()).and_then(|record| event(&names, &record, arrival));
            match read {
                Ok((event, warnings)) => {
                    for warning in warnings {
                        tell(host, &mut sum, &format!("line {}: {warning}", line.unwrap_or_default()), false);
                    }
                    group.push(event);
                }
                Err(why) => {
                    let at = line.map(|line| format!("line {line}: ")).unwrap_or_default();
                    tell(host, &mut sum, &format!("{at}{why}"), true);
                }
            }
            if group.len() >= ROWS_A_COMMIT {
                keep(&mut store, &mut group, &mut sum, self.dry_run)?;
            }
        }
        keep(&mut store, &mut group, &mut sum, self.dry_run)?;
        while !self.dry_run && store.condense()? {}
        let mut out = host.stdout();
        let verb = if self.dry_run { "would add" } else { "added" };
        writeln!(out, "{verb:<11} {} events", sum.added)?;
        for (what, count) in [("was there", sum.there), ("left out", sum.forgotten), ("refused", sum.refused)]
        {
            if count > 0 {
                writeln!(out, "{what:<11} {count}")?;
            }
        }
        out.flush()?;
        Ok(if sum.refused > 0 { Outcome::FoundProblems } else { Outcome::Clean })
    }
}

fn tell(host: &dyn Host, sum: &mut Sum, what: &str, is_refused: bool) {
    if sum.refused < MOST_TOLD {
        host.tell(what);
    }
    sum.refused += usize::from(is_refused);
}

fn columns(reader: &mut csv::Reader<&[u8]>) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let has = |field: &str| names.iter().any(|name| FIELDS.contains(&(name.as_str(), field)));
    anyhow::ensure!(
        has("event") || has("type"),
        "the first line must name the columns, and one of them must be event: event,timestamp,user_id,order_id,revenue,currency"
    );
    anyhow::ensure!(
        has("anonymousId") || has("userId") || names.iter().any(|name| name == "order_id"),
        "no column says whose the events are: name one anonymous_id, user_id or order_id"
    );
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
        anyhow::bail!("two columns are called {twice:?}");
    }
    Ok(names)
}

fn event(
    names: &[String],
    record: &csv::StringRecord,
    arrival: Arrival<'_>,
) -> Result<(store::Event, Vec<String>), String> {
    let raw = segment(names, record).map_err(|error| error.to_string())?;
    match decode(&raw, arrival) {
        Decoded::Keep { event, warnings } => Ok((*event, warnings)),
        Decoded::Drop { why, .. } => Err(why),
        Decoded::Forget { .. } => Err("is of type forget: use parlour forget".into()),
    }
}

/// The row as an event of the Segment specification.
fn segment(names: &[String], record: &csv::StringRecord) -> serde_json::Result<Box<RawValue>> {
    let mut event = Map::from_iter([("type".to_owned(), Value::from("track"))]);
    let mut properties = Map::new();
    for (name, value) in names.iter().zip(record.iter()) {
        if value.is_empty() {
            continue;
        }
        match FIELDS.iter().find(|(column, _)| column == name) {
            Some((_, field)) => event.insert((*field).to_owned(), value.into()),
            None => properties.insert(name.clone(), value.into()),
        };
    }
    if !event.contains_key("messageId") {
        event.insert("messageId".to_owned(), id(&event, &properties).into());
    }
    event.insert("properties".to_owned(), properties.into());
    event.insert("context".to_owned(), json!({}));
    to_raw_value(&event)
}

/// An order is placed once, whatever else a later file says of it.
fn id(event: &Map<String, Value>, properties: &Map<String, Value>) -> String {
    let is_order = event.get("event").is_some_and(|name| name == "Order Completed");
    let said: BTreeMap<&String, &Value> = match properties.get_key_value("order_id") {
        Some(order) if is_order => BTreeMap::from([order]),
        _ => event.iter().chain(properties).collect(),
    };
    let digest = Sha256::digest(serde_json::to_vec(&said).unwrap_or_default());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("csv-{hex}")
}

fn keep(
    store: &mut SqliteStore,
    group: &mut Vec<store::Event>,
    sum: &mut Sum,
    is_dry: bool,
) -> anyhow::Result<()> {
    let delivery = Delivery { events: std::mem::take(group), ..Delivery::default() };
    if is_dry {
        sum.added += delivery.events.len();
        return Ok(());
    }
    for outcome in store.append(&delivery)?.events {
        match outcome {
            store::Outcome::Stored => sum.added += 1,
            store::Outcome::Duplicate => sum.there += 1,
            store::Outcome::Forgotten => sum.forgotten += 1,
        }
    }
    Ok(())
}
