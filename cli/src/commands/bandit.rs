use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;

use crate::bandit::{Allotted, allotted};
use crate::store::SqliteStore;

/// Gives the variants of bandits the shares that the store speaks for, by editing parlour.json in place.
///
/// The control keeps its share; what is left goes to the others by the chance that each is the best at the first goal (Thompson
/// sampling), none below the floor. `parlour serve --config` does the same by itself, every ten minutes and without touching
/// the file: this is for plans that are served elsewhere.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The collector's store.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The parlour.json to edit.
    #[arg(long, value_name = "FILE", default_value = "parlour.json")]
    file: PathBuf,
    /// Say the shares, and leave the file as it is.
    #[arg(long)]
    dry_run: bool,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let store = SqliteStore::open_to_read(&self.db)
            .with_context(|| format!("cannot open {}", self.db.display()))?;
        let text = host.text_of(&self.file)?;
        let Some(Allotted { text, done }) = allotted(&text, &store)? else {
            host.tell(&format!(
                "parlour: {} has no running experiment with \"bandit\": nothing was changed",
                self.file.display()
            ));
            return Ok(Outcome::FoundProblems);
        };
        if !self.dry_run {
            host.replace(&self.file, text.as_bytes())?;
        }
        let mut out = host.stdout();
        done.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
