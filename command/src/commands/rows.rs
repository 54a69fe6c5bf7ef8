use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlour::recommend::model::Model;
use serde_json::{Map, Value, json};

use super::{Outcome, Task};
use crate::host::Host;
use crate::model_file::{escape, open};

/// Writes rows as pages carry them, in `data-parlour-row`.
///
/// A line for each ITEM: its id, its number, and the text of the attribute; nothing in place of the text where nothing was learnt of it.
/// `--popular` is the list for everyone. Without ITEM and --popular: all of them.
///
/// With --out they go into JSON that pages fetch, for "rows" in parlour.json: one file, or --shards of them, each with the share of
/// the items that a hash of their id puts there, so that a page fetches little. The one with the list for everyone also has what
/// seen items score, for the strategies `again` and `next`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As `parlour train` made it.
    model: PathBuf,
    /// Ids as in the log.
    items: Vec<String>,
    /// The list for everyone, whose id is empty and whose number is 0.
    #[arg(long)]
    popular: bool,
    /// Where to write JSON; with --shards the path holds {shard}, for the number of the file.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["items", "popular"])]
    out: Option<PathBuf>,
    /// How many files.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "out")]
    shards: u32,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let model = open(host, &self.model)?;
        if let Some(out) = &self.out {
            return write(host, &model, &out.to_string_lossy(), self.shards);
        }
        let numbers = model.numbers();
        let mut asked: Vec<u32> = Vec::new();
        let mut unknown = Vec::new();
        if self.popular || self.items.is_empty() {
            asked.push(0);
        }
        for item in &self.items {
            match numbers.get(item.as_str()) {
                Some(number) => asked.push(*number),
                None => unknown.push(item),
            }
        }
        if self.items.is_empty() && !self.popular {
            asked.extend(1..=model.keys.len() as u32);
        }
        let mut out = host.stdout();
        for number in asked {
            let row = text(&model, number).unwrap_or_default();
            writeln!(out, "{}\t{number}\t{row}", escape(model.key(number)))?;
        }
        out.flush()?;
        for item in &unknown {
            host.tell(&format!("{item:?} is not in the model: train with a log that has it"));
        }
        Ok(if unknown.is_empty() { Outcome::Clean } else { Outcome::FoundProblems })
    }
}

fn text(model: &Model, number: u32) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(model.row(number)?.encode()))
}

/// More files are more requests, and fewer bytes each.
const MOST_SHARDS: u32 = 4_096;

fn write(host: &dyn Host, model: &Model, out: &str, shards: u32) -> anyhow::Result<Outcome> {
    ensure!((1..=MOST_SHARDS).contains(&shards), "--shards is {shards}: from 1 to {MOST_SHARDS}");
    ensure!(
        (shards > 1) == out.contains(SHARD),
        "--out is {out:?} and --shards {shards}: several files need {SHARD} in the path, and one must not have it"
    );
    let mut files: Vec<Map<String, Value>> = vec![Map::new(); shards as usize];
    for number in 0..=model.keys.len() as u32 {
        let key = model.key(number);
        let file = files.get_mut((fnv1a(key) % shards) as usize);
        if let (Some(row), Some(file)) = (text(model, number), file) {
            file.insert(key.to_owned(), row.into());
        }
    }
    let mut largest = 0;
    for (file, shard) in files.into_iter().zip(0u32..) {
        let mut json =
            json!({ "v": 1, "model": format!("{:08x}", model.model), "epoch": model.epoch, "rows": file });
        let is_first = shard == fnv1a("") % shards && !model.again.is_empty();
        if let Some(file) = json.as_object_mut().filter(|_| is_first) {
            file.insert("again".to_owned(), json!(model.again));
        }
        let json = json.to_string();
        largest = largest.max(json.len());
        host.replace(Path::new(&out.replace(SHARD, &shard.to_string())), json.as_bytes())?;
    }
    host.tell(&format!("{shards} files, the largest of {largest} bytes before compression"));
    Ok(Outcome::Clean)
}

const SHARD: &str = "{shard}";

/// G. Fowler, L. C. Noll, K.-P. Vo: FNV-1a, 32 bits, of UTF-8. `www/rows.js` has its twin.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
