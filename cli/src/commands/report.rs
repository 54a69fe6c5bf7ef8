use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Context, anyhow};

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_report::model::Note;
use parlour_report::seen::Seen;
use parlour_report::tally::Tally;
use parlour_report::{judge, text};

use crate::report::asked::Known;
use crate::report::beyond;
use crate::report::parquet::Exported;
use crate::store::{EachSeen, SqliteStore, Store};

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
        let source = Source::open(&self.db)?;
        let mut known = match &self.plan {
            Some(path) => Known::read(path, host)?,
            None => source.latest_plan()?,
        };
        known.follow(source.plans()?.into_iter());
        let Known { asked, others, site, hosts, bandits } = known;
        let since_ms = self.since.map_or(i64::MIN, jiff::Timestamp::as_millisecond);
        let until_ms = self.until.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        let is_narrow = self.only_experiments || self.experiment.is_some();
        let wanted = match source {
            Source::Store(_) if !is_narrow => {
                Some(self.beyond.wanted(&asked, &site, &hosts, self.since..self.until, host)?)
            }
            _ => None,
        };
        let mut scan = |each: &mut dyn FnMut(&Seen<'_>)| {
            source.scan(since_ms, until_ms, &mut |seen| {
                each(seen);
                if let Some(bandit) = bandits.iter().find(|one| Some(one.key.as_str()) == seen.experiment) {
                    let variant = seen.variant.map(|variant| bandit.arm(variant));
                    each(&Seen { experiment: Some(&bandit.whole), variant, ..*seen });
                }
            })
        };
        // Visitors are counted beside, over a connection of their own: a server may have added some to these by then.
        let (tally, beyond) = thread::scope(|scope| {
            let beside =
                wanted.map(|wanted| scope.spawn(|| wanted.count(&SqliteStore::open_to_read(&self.db)?)));
            let tally = Tally::of(asked, self.experiment.as_deref(), site, &mut scan);
            (tally, beside.map(ScopedJoinHandle::join))
        });
        let mut tally = tally?;
        tally.experiments.retain(|of| !others.iter().any(|(key, _)| *key == of.asked.key));
        if let Some(key) = self.experiment.filter(|_| tally.experiments.is_empty()) {
            anyhow::bail!(
                "no experiment {key:?} in the store or the file; there are: {}",
                tally.known.join(", ")
            );
        }
        let mut report = judge::report(&tally);
        if let Some(beyond) = beyond {
            let mut beyond =
                beyond.map_err(|_| anyhow!("visitors cannot be counted: that is a mistake of ours"))??;
            beyond.experiences = judge::experiences(&tally);
            report.beyond = Some(beyond);
        }
        report.since_ms = self.since.map(jiff::Timestamp::as_millisecond);
        report.until_ms = self.until.map(jiff::Timestamp::as_millisecond);
        report.notes.extend(others.into_iter().map(|(key, unit)| Note {
            what: format!("the unit of {key} is a {unit}"),
            done: "it is left out: only visitors and users are compared".to_owned(),
        }));
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

/// Where events are.
enum Source {
    Store(Box<SqliteStore>),
    Exported(Exported),
}

impl Source {
    fn open(path: &Path) -> anyhow::Result<Self> {
        if path.extension().is_some_and(|extension| extension == "parquet") {
            return Ok(Self::Exported(Exported::open(path)?));
        }
        let store =
            SqliteStore::open_to_read(path).with_context(|| format!("cannot open {}", path.display()))?;
        store.hold()?;
        Ok(Self::Store(Box::new(store)))
    }

    fn latest_plan(&self) -> anyhow::Result<Known> {
        let Self::Store(store) = self else { return Ok(Known::default()) };
        let plan = store.latest_plan()?;
        Ok(plan.and_then(|plan| Known::of_plan(&plan.bytes)).unwrap_or_default())
    }

    /// By hash.
    fn plans(&self) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let Self::Store(store) = self else { return Ok(Vec::new()) };
        Ok(store.plans()?)
    }

    fn scan(&self, since_ms: i64, until_ms: i64, each: EachSeen<'_>) -> anyhow::Result<()> {
        match self {
            Self::Store(store) => Ok(store.outcomes(since_ms, until_ms, each)?),
            Self::Exported(file) => file.scan(since_ms, until_ms, each),
        }
    }
}
