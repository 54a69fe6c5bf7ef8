use std::io::Write as _;
use std::path::PathBuf;

use parlour::authoring::{CompileOptions, Earlier};
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
    /// The plan that is live, or the parlour.json it was built from: finds units of running experiments that would move
    /// without a new version, and keys that were used before.
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
    /// The time for warnings that look at the calendar (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
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
        let options = CompileOptions { now_ms: Some(host.instant(self.at)), ..CompileOptions::default() };
        let compilation = match &self.against {
            Some(old) => {
                let earlier = Earlier::read(&host.bytes_of(old)?)
                    .map_err(|why| anyhow::anyhow!("{} cannot be compared with: {why}", old.display()))?;
                plan_file::compile_against(&self.file, &text, &options, &earlier)?
            }
            None => plan_file::compile(&self.file, &text, &options)?,
        };
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
