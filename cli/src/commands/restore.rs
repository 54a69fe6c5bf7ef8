use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_command::progress::Progress;

use crate::store;

/// Adds to a store what a backup has and it has not.
///
/// The store is made if there is none. What came since the backup stays, and whoever was erased is not brought back. May run
/// beside a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// What `parlour backup` wrote.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let Self { db, from } = self;
        let mut progress = Progress::new(host, "events", 0);
        let restored = store::restore(&db, &from, &mut |done, of| progress.step(done, of));
        progress.end();
        let restored =
            restored.with_context(|| format!("cannot restore {} from {}", db.display(), from.display()))?;
        let mut out = host.stdout();
        writeln!(out, "added       {} events, {} plans", restored.events, restored.plans)?;
        writeln!(out, "was there   {} events", restored.already)?;
        if restored.forgotten > 0 {
            writeln!(out, "left out    {} events of people who were erased", restored.forgotten)?;
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
