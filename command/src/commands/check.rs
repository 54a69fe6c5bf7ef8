use std::io::Write as _;
use std::path::PathBuf;

use parlour::authoring::CompileOptions;
use parlour::plan::MAGIC;
use parlour_signing::Report;
use serde_json::json;

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file;

/// Finds the mistakes in a parlour.json, all in one run; or says what a plan file holds.
///
/// Prints one line for each: FILE:line:column severity code pointer: message. cure
///
/// Exits with 1 when there are errors; warnings alone leave it at 0. Of a plan file it prints site, version, hash,
/// signatures and expiry, and warns from 14 days before it expires.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The parlour.json, or the plan, to check.
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
        let bytes = host.bytes_of(&self.file)?;
        if bytes.starts_with(&MAGIC) {
            return self.report(&bytes, host);
        }
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

impl Args {
    fn report(&self, file: &[u8], host: &dyn Host) -> anyhow::Result<Outcome> {
        let report = Report::read(file, host.now_ms())
            .map_err(|error| anyhow::anyhow!("{}: {error}", self.file.display()))?;
        let mut out = host.stdout();
        match self.format {
            Format::Text => write!(out, "{report}")?,
            Format::Json => writeln!(out, "{:#}", report.json(&self.file.display().to_string()))?,
        }
        out.flush()?;
        Ok(if report.has_problems() { Outcome::FoundProblems } else { Outcome::Clean })
    }
}
