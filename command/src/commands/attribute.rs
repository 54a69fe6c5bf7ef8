use std::io::Write as _;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::ValueEnum;
use parlour_attribution::table::Table;
use parlour_attribution::{Options, text};

use super::{Outcome, Task};
use crate::attribution::{costs, paths};
use crate::host::Host;

/// Says which channels conversions are owed to, by seven models.
///
/// PATHS is a table with the columns path (`email > search > email`), total_conversions and, where they are known,
/// total_conversion_value and total_null. It may be packed by gzip. Models: first, last, linear, position (40/20/40), time
/// decay, removal effects of a Markov chain solved exactly, and Shapley values (docs/attribution.md).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The paths.
    paths: PathBuf,
    /// What channels cost: a table with the columns channel, cost and, where they are known, date, clicks and currency.
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// After how many touches a touch counts half as much, in time decay.
    #[arg(long, value_name = "TOUCHES", default_value_t = Options::default().half_life)]
    half_life: f64,
    /// How to print the table.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let at = |path: &PathBuf, error: anyhow::Error| anyhow!("{}: {error:#}", path.display());
        let options = Options { half_life: self.half_life };
        let (ledger, channels) =
            paths::read(&host.bytes_of(&self.paths)?, options).map_err(|error| at(&self.paths, error))?;
        let costs = match &self.costs {
            Some(path) => costs::read(&host.bytes_of(path)?, None).map_err(|error| at(path, error))?,
            None => costs::Costs::default(),
        };
        let mut table = Table::new(&ledger, &channels, &costs.channels);
        table.currency = costs.currency;
        let mut written = String::new();
        match self.format {
            Format::Text => text::write(&table, &mut written)?,
            Format::Json => written = serde_json::to_string_pretty(&table)? + "\n",
        }
        let mut out = host.stdout();
        out.write_all(written.as_bytes())?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
