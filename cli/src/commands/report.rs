use std::io::Write;
use std::path::PathBuf;

use anyhow::anyhow;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_report::text;

use crate::report::beyond;
use crate::report::make::Asking;

/// Says what experiments came to, and what to do; and what visitors do: funnels, stages, cohorts, channels.
///
/// The first exposure decides a visitor's variant; bots, environments, late views, forced previews and visitors who met two
/// variants are left out and counted. Intervals hold at every look, unless the file asks for another analysis. With
/// --experiment or --only-experiments nothing is said of what all visitors do. May run beside a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`, or a Parquet file of `parlour export`, of which only experiments are told.
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
    /// Nothing of what all visitors do, for which each event is read anew.
    #[arg(long)]
    only_experiments: bool,
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
    /// One file with charts, whole without network or script.
    Html,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let is_narrow = self.only_experiments || self.experiment.is_some();
        let asking = Asking {
            db: &self.db,
            plan: self.plan.as_deref(),
            experiment: self.experiment.as_deref(),
            since: self.since,
            until: self.until,
            visitors: Some(&self.beyond).filter(|_| !is_narrow),
        };
        let report = asking.report(host)?;
        let mut written = String::new();
        match self.format {
            Format::Text => text::write(&report, &mut written)?,
            Format::Html => {
                written = parlour_pictures::report(&report)
                    .map_err(|error| anyhow!("cannot draw the report: {error}"))?;
            }
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
