use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_command::progress::Progress;

use crate::store::SqliteStore;

/// Copies a store to a new file, as one moment saw it, while a server goes on writing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Where the copy goes; there must be no file of that name.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let Self { db, out } = self;
        anyhow::ensure!(!out.exists(), "{} is there already: give another name", out.display());
        let store =
            SqliteStore::open_to_read(&db).with_context(|| format!("cannot open {}", db.display()))?;
        let part = out.with_added_extension("part");
        let mut progress = Progress::new(host, "pages copied", 0);
        let copied = store.backup(&part, &mut |done, of| progress.step(done, of));
        progress.end();
        let named = copied.map_err(anyhow::Error::from).and_then(|()| Ok(std::fs::rename(&part, &out)?));
        if named.is_err() {
            // Half a copy is none.
            let _ = std::fs::remove_file(&part);
        }
        named.with_context(|| format!("cannot write {}", out.display()))?;
        let bytes = std::fs::metadata(&out)?.len();
        writeln!(host.stdout(), "{} has {bytes} bytes", out.display())?;
        Ok(Outcome::Clean)
    }
}
