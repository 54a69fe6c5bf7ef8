use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;

use crate::serve::now_ms;
use crate::store::{SqliteStore, Store};

/// Erases every row of a person, for good.
///
/// Besides the id, every other id that was seen together with it in an event is erased, and those seen with them. What
/// still arrives of them is not kept: of each id its SHA-256 stays. May run beside a server. Backups made before still have
/// the rows; `parlour restore` does not bring them back.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// A visitor's id (anonymousId) or a user's (userId).
    #[arg(long)]
    id: String,
    /// Erase this id alone.
    #[arg(long)]
    alone: bool,
    /// Only say which ids would be erased, and how many events.
    #[arg(long)]
    dry_run: bool,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        anyhow::ensure!(!self.id.is_empty(), "--id is empty: give the id of a visitor or a user");
        anyhow::ensure!(self.db.exists(), "cannot open {}: there is no such file", self.db.display());
        let mut store =
            SqliteStore::open(&self.db).with_context(|| format!("cannot open {}", self.db.display()))?;
        let ids = if self.alone { vec![self.id] } else { store.linked(&self.id)? };
        let mut out = host.stdout();
        writeln!(out, "ids         {}", ids.join(", "))?;
        if self.dry_run {
            let mut events = 0u64;
            store.export(&ids, &mut |_| {
                events += 1;
                Ok(())
            })?;
            writeln!(out, "would erase {events} events")?;
        } else {
            let erased = store.forget(&ids, now_ms())?;
            writeln!(out, "erased      {} events", erased.events)?;
            if erased.quarantined > 0 {
                writeln!(out, "            {} refused events that named them", erased.quarantined)?;
            }
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
