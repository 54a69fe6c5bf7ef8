use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use parlour::plan::Plan;
use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_command::plan_file;

use crate::serve::now_ms;
use crate::store::{ArchivedPlan, SqliteStore, Store};

/// Keeps a plan that is served elsewhere in a store's archive.
///
/// A collector checks exposures against the plan they name, and marks those whose plan it has never seen. Plans it serves
/// itself are in its archive anyway.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Adds plans, as `parlour build` wrote them, to the archive. May run beside a server.
    Add {
        /// The store of `parlour serve`.
        #[arg(long, value_name = "FILE")]
        db: PathBuf,
        #[arg(required = true, value_name = "PLAN")]
        plans: Vec<PathBuf>,
    },
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let Action::Add { db, plans } = self.action;
        let mut store = SqliteStore::open(&db).with_context(|| format!("cannot open {}", db.display()))?;
        let mut out = host.stdout();
        for path in plans {
            let opened = plan_file::read(&path, host)?;
            let plan = ArchivedPlan {
                hash: opened.hash(),
                site: opened.site(),
                version: opened.plan.version(),
                first_served_ms: now_ms(),
                bytes: Plan::split(&opened.bytes).map_or_else(Vec::new, |(plan, _)| plan.to_vec()),
            };
            store.archive_plan(&plan)?;
            writeln!(out, "{} version {} of {}", plan.hash, plan.version, plan.site)?;
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
