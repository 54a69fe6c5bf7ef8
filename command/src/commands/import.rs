use std::io::Write as _;
use std::path::PathBuf;

use parlour::authoring::import_growthbook;

use super::{Outcome, Task};
use crate::host::Host;

/// Writes a parlour.json from what another tool answers: features and experiments keep all they mean.
///
/// Prints what it has to say of the payload, one line each: FILE:line:column severity code pointer: message. cure
///
/// What has mistakes is written, too, and `parlour check` names them again until they are mended.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose payload it is.
    #[arg(value_enum)]
    from: From,
    /// The payload, as its API answers it.
    file: PathBuf,
    /// Where to write the parlour.json.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// A host name the plan is for; may be given again.
    #[arg(long, value_name = "HOST")]
    site: Vec<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum From {
    Growthbook,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let text = host.text_of(&self.file)?;
        let From::Growthbook = self.from;
        let imported = import_growthbook(&text, &self.site);
        for diagnostic in &imported.diagnostics {
            host.tell(&format!("{}:{diagnostic}", self.file.display()));
        }
        let found = if imported.has_errors() { Outcome::FoundProblems } else { Outcome::Clean };
        let Some(config) = imported.config else {
            host.tell(&format!("parlour: {} was not written", self.output.display()));
            return Ok(Outcome::FoundProblems);
        };
        host.replace(&self.output, config.as_bytes())?;
        let mut out = host.stdout();
        writeln!(out, "{}: build it with `parlour build`", self.output.display())?;
        out.flush()?;
        Ok(found)
    }
}
