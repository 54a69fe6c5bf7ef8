use std::io::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Outcome, Task};
use crate::host::Host;
use crate::model_file::{escape, open};

/// Writes rows as pages carry them, in `data-parlour-row`.
///
/// A line for each ITEM: its id, its number, and the text of the attribute; nothing in place of the text where nothing was learnt of it.
/// `--popular` is the list for everyone. Without ITEM and --popular: all of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As `parlour train` made it.
    model: PathBuf,
    /// Ids as in the log.
    items: Vec<String>,
    /// The list for everyone, whose id is empty and whose number is 0.
    #[arg(long)]
    popular: bool,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let model = open(host, &self.model)?;
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
            let row = model.row(number).map_or_else(String::new, |row| URL_SAFE_NO_PAD.encode(row.encode()));
            writeln!(out, "{}\t{number}\t{row}", escape(model.key(number)))?;
        }
        out.flush()?;
        for item in &unknown {
            host.tell(&format!("{item:?} is not in the model: train with a log that has it"));
        }
        Ok(if unknown.is_empty() { Outcome::Clean } else { Outcome::FoundProblems })
    }
}
