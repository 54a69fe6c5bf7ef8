use std::io::Write as _;
use std::path::PathBuf;

use parlour::authoring::CompileOptions;
use serde_json::json;

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file;

/// Finds the mistakes in a parlour.json, all in one run.
///
/// Prints one line for each: FILE:line:column severity code pointer: message. cure
///
/// Exits with 1 when there are errors; warnings alone leave it at 0.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The parlour.json to check.
    file: PathBuf,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let text = host.text_of(&self.file)?;
        let compilation = plan_file::compile(&self.file, &text, &CompileOptions::default())?;
        let ok = !compilation.has_errors;
        let mut out = host.stdout();
        match self.format {
            Format::Text => {
                for line in &compilation.lines {
                    writeln!(out, "{line}")?;
                }
            }
            Format::Json => {
                let found = json!({ "file": self.file, "ok": ok, "diagnostics": compilation.diagnostics });
                writeln!(out, "{found:#}")?;
            }
        }
        out.flush()?;
        Ok(if ok { Outcome::Clean } else { Outcome::FoundProblems })
    }
}
