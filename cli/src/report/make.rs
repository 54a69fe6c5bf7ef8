//! A store, or an export of it, → the report: for the command and for the server.

use std::path::Path;
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use parlour_command::host::Host;
use parlour_report::judge;
use parlour_report::model::{Note, Report};
use parlour_report::seen::Seen;
use parlour_report::tally::Tally;

use super::asked::Known;
use super::beyond::Visitors;
use super::parquet::Exported;
use crate::store::{EachSeen, SqliteStore, Store};

/// What is to be told.
#[derive(Debug)]
pub struct Asking<'a> {
    pub db: &'a Path,
    /// The parlour.json or the plan; `None`: the plan that was served last.
    pub plan: Option<&'a Path>,
    /// Only this one.
    pub experiment: Option<&'a str>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// `None`: nothing of what all visitors do.
    pub visitors: Option<&'a Visitors>,
}

impl Asking<'_> {
    /// # Errors
    /// When a file cannot be read, or there is no such experiment.
    pub fn report(&self, host: &dyn Host) -> anyhow::Result<Report> {
        let source = Source::open(self.db)?;
        let mut known = match self.plan {
            Some(path) => Known::read(path, host)?,
            None => source.latest_plan()?,
        };
        known.follow(source.plans()?.into_iter());
        let Known { asked, others, site, hosts, bandits } = known;
        let since_ms = self.since.map_or(i64::MIN, Timestamp::as_millisecond);
        let until_ms = self.until.map_or(i64::MAX, Timestamp::as_millisecond);
        let wanted = match (&source, self.visitors) {
            (Source::Store(_), Some(visitors)) => {
                Some(visitors.wanted(&asked, &site, &hosts, self.since..self.until, host)?)
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
                wanted.map(|wanted| scope.spawn(|| wanted.count(&SqliteStore::open_to_read(self.db)?)));
            let tally = Tally::of(asked, self.experiment, site, &mut scan);
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
        report.since_ms = self.since.map(Timestamp::as_millisecond);
        report.until_ms = self.until.map(Timestamp::as_millisecond);
        report.notes.extend(others.into_iter().map(|(key, unit)| Note {
            what: format!("the unit of {key} is a {unit}"),
            done: "it is left out: only visitors and users are compared".to_owned(),
        }));
        Ok(report)
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
