use std::io::Write as _;
use std::path::PathBuf;

use anyhow::ensure;
use parlour::recommend::lists::{Visitor, compose};
use parlour::recommend::row::Row;
use parlour::recommend::session::{Task as Asked, after};
use parlour::recommend::{MAX_LIST, Scratch};

use super::{Outcome, Task};
use crate::host::Host;
use crate::model_file::{escape, open, unescape};
use crate::slot_file::{catalogue, options};

/// Answers what goes with sessions, as the page would.
///
/// Reads sessions from standard input, one a line: ids parted by spaces or tabs, oldest first. Writes a line for each: ids parted
/// by tabs, best first; an empty line for an empty one. Within an id a space is written \s, a tab \t, a backslash \\. What the
/// model does not know is passed over and counted.
///
/// With --slot it makes the list of a slot of parlour.json for a visitor who saw these items and has an empty cart: strategies,
/// filters, boosts, pins and variety included. After each id stand an equals sign and where it is from.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As `parlour train` made it.
    model: PathBuf,
    /// How many ids a line.
    #[arg(long, value_name = "N", default_value_t = 20)]
    count: usize,
    /// Only what the session has not seen.
    #[arg(long)]
    discovery: bool,
    /// Key of a slot that asks for more than rows.
    #[arg(long, value_name = "KEY", requires_all = ["plan", "cards"], conflicts_with = "discovery")]
    slot: Option<String>,
    /// parlour.json or a plan, with the slot.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// The JSON of cards that the slot's page fetches; its numbers are the model's.
    #[arg(long, value_name = "FILE")]
    cards: Option<PathBuf>,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        ensure!((1..=MAX_LIST).contains(&self.count), "--count is {}: from 1 to {MAX_LIST}", self.count);
        let model = open(host, &self.model)?;
        let numbers = model.numbers();
        let asked = if self.discovery { Asked::Discovery } else { Asked::Next };
        let slot = match (&self.slot, &self.plan, &self.cards) {
            (Some(key), Some(plan), Some(cards)) => {
                Some((options(host, plan, key)?, catalogue(host, cards)?))
            }
            _ => None,
        };
        let popular = model.row(0);
        let mut scratch = Scratch::default();
        let (mut unknown, mut ids) = (0u64, 0u64);
        let mut out = host.stdout();
        for line in host.lines("sessions") {
            let (_, line) = line?;
            let mut seen = Vec::new();
            for id in line.split_ascii_whitespace() {
                ids += 1;
                match numbers.get(&*unescape(id)) {
                    Some(number) => seen.push(*number),
                    None => unknown += 1,
                }
            }
            let keys: Vec<_> = match &slot {
                _ if line.trim_ascii().is_empty() => Vec::new(),
                Some((options, catalogue)) => {
                    let mut newest: Vec<u32> = Vec::new();
                    for item in seen.iter().rev() {
                        if !newest.contains(item) {
                            newest.push(*item);
                        }
                    }
                    let rows: Vec<Row> =
                        newest.iter().take(MAX_LIST).filter_map(|item| model.row(*item)).collect();
                    let visitor = Visitor {
                        rows: &rows,
                        popular: popular.as_ref(),
                        again: &model.again,
                        ..Visitor::default()
                    };
                    let list = compose(&visitor, options, catalogue, self.count, &mut scratch);
                    list.iter()
                        .map(|one| format!("{}={}", escape(model.key(one.item)), one.source.name()))
                        .collect()
                }
                None => {
                    let list = after(&model, &seen, asked, self.count, &mut scratch);
                    list.iter()
                        .take(self.count)
                        .map(|answer| escape(model.key(answer.item)).into_owned())
                        .collect()
                }
            };
            writeln!(out, "{}", keys.join("\t"))?;
        }
        out.flush()?;
        if unknown > 0 {
            host.tell(&format!("{unknown} of {ids} ids are not in the model and were passed over"));
        }
        Ok(Outcome::Clean)
    }
}
