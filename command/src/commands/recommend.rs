use std::io::Write as _;
use std::path::PathBuf;

use anyhow::ensure;
use parlour::recommend::session::{Task as Asked, after};
use parlour::recommend::{MAX_LIST, Scratch};

use super::{Outcome, Task};
use crate::host::Host;
use crate::model_file::{escape, open, unescape};

/// Answers what goes with sessions, as the page would.
///
/// Reads sessions from standard input, one a line: ids parted by spaces or tabs, oldest first. Writes a line for each: ids parted
/// by tabs, best first; an empty line for an empty one. Within an id a space is written \s, a tab \t, a backslash \\. What the
/// model does not know is passed over and counted.
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
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        ensure!((1..=MAX_LIST).contains(&self.count), "--count is {}: from 1 to {MAX_LIST}", self.count);
        let model = open(host, &self.model)?;
        let numbers = model.numbers();
        let asked = if self.discovery { Asked::Discovery } else { Asked::Next };
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
            let list = after(&model, &seen, asked, &mut scratch);
            let list = if line.trim_ascii().is_empty() { &[] } else { list.as_slice() };
            let keys: Vec<_> =
                list.iter().take(self.count).map(|answer| escape(model.key(answer.item))).collect();
            writeln!(out, "{}", keys.join("\t"))?;
        }
        out.flush()?;
        if unknown > 0 {
            host.tell(&format!("{unknown} of {ids} ids are not in the model and were passed over"));
        }
        Ok(Outcome::Clean)
    }
}
