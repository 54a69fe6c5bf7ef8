use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_report::model::Note;
use parlour_report::seen::Seen;
use parlour_report::tally::Tally;
use parlour_report::{judge, text};

use crate::report::asked::Known;
use crate::report::beyond;
use crate::store::{SqliteStore, Store};

/// Says what experiments came to, and what to do; and what visitors do: funnels, stages, cohorts, channels.
///
/// The first exposure decides a visitor's variant; bots, environments, late views, forced previews and visitors who met two
/// variants are left out and counted. Intervals hold at every look, unless the file asks for another analysis. With
/// --experiment nothing is said of what all visitors do. May run beside a server.
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
        store.hold()?;
        let Known { asked, others, site, hosts } = match &self.plan {
            Some(path) => Known::read(path, host)?,
            None => store
                .latest_plan()?
                .map_or_else(Known::default, |plan| Known::of_plan(&plan.bytes).unwrap_or_default()),
        };
        let since_ms = self.since.map_or(i64::MIN, jiff::Timestamp::as_millisecond);
        let until_ms = self.until.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        let mut scan = |each: &mut dyn FnMut(&Seen<'_>)| store.outcomes(since_ms, until_ms, each);
        let mut tally = Tally::of(asked, self.experiment.as_deref(), site, &mut scan)?;
        tally.experiments.retain(|of| !others.iter().any(|(key, _)| *key == of.asked.key));
        let is_one = self.experiment.is_some();
        if let Some(key) = self.experiment.filter(|_| tally.experiments.is_empty()) {
            anyhow::bail!(
                "no experiment {key:?} in the store or the file; there are: {}",
                tally.known.join(", ")
            );
        }
        let of = beyond::Of { tally: &tally, site: &hosts, since: self.since, until: self.until };
        let beyond = match is_one {
            false => Some(self.beyond.count(&store, &of, host)?),
            true => None,
        };
        let mut report = judge::report(&tally);
        report.beyond = beyond;
        report.since_ms = self.since.map(jiff::Timestamp::as_millisecond);
        report.until_ms = self.until.map(jiff::Timestamp::as_millisecond);
        report.notes.extend(others.into_iter().map(|(key, unit)| Note {
            what: format!("the unit of {key} is a {unit}"),
            done: "it is left out: only visitors and users are compared".to_owned(),
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
