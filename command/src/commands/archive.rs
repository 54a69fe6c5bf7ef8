use std::path::PathBuf;

use parlour::authoring::edit::archive;

use super::{Outcome, Task, edited};
use crate::host::Host;

/// Puts an experiment away, by editing parlour.json in place.
///
/// It gets `status` `archived` and is no longer in the plan; its key stays taken. A running one is refused: end it first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The experiment's key.
    experiment: String,
    /// The parlour.json to edit.
    #[arg(long, value_name = "FILE", default_value = "parlour.json")]
    file: PathBuf,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let text = host.text_of(&self.file)?;
        let became = archive(&text, &self.experiment);
        edited::write(&self.file, &became, host.now_ms(), host)
    }
}
