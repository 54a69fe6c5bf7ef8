use std::io::Write;

use serde_json::json;
use url::Url;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;

use crate::doctor::{self, Finding, Level, Limits};

/// Checks a live page from outside: files, types, compression, caching, policies, integrity, plan and collector.
///
/// Each line says what was found, where, and how to mend it. Exits with 1 when something keeps Parlour from working.
/// Requests end after 10 seconds each, all of it after a minute.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of a page that has Parlour on it.
    #[arg(value_parser = page)]
    url: Url,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

fn page(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{error}: write it out, as in https://shop.example/"))?;
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => Ok(url),
        "http" | "https" => Err("a page's address with a name or a password is not asked for".into()),
        _ => Err("only http and https addresses can be looked at".into()),
    }
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let findings = doctor::examine(&self.url, Limits::default(), host.now_ms());
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        let (fails, warnings) = (count(Level::Fail), count(Level::Warn));
        let mut out = host.stdout();
        match self.format {
            Format::Text => {
                for finding in &findings {
                    write_line(&mut out, finding)?;
                }
                writeln!(out, "{} checks: {fails} failed, {warnings} to look at", findings.len())?;
            }
            Format::Json => {
                let found = json!({ "url": self.url.as_str(), "ok": fails == 0, "fails": fails, "warnings": warnings, "findings": findings });
                writeln!(out, "{found:#}")?;
            }
        }
        out.flush()?;
        Ok(if fails == 0 { Outcome::Clean } else { Outcome::FoundProblems })
    }
}

fn write_line(out: &mut impl Write, finding: &Finding) -> std::io::Result<()> {
    let Finding { level, check, place, what, mend } = finding;
    let level = match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    };
    writeln!(out, "{level:<4} {check:<11} {place}: {what}")?;
    match mend {
        Some(mend) => writeln!(out, "                 → {mend}"),
        None => Ok(()),
    }
}
