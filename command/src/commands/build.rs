use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use parlour::authoring::CompileOptions;
use parlour::plan::Plan;
use parlour_signing::expiry;

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file::{self, Compilation};

/// Compiles a parlour.json into the plan that pages load.
///
/// The same JSON over the same output gives the same bytes. A changed one gets the next version and the present time;
/// a first build has version 1 and issue time 0. Nothing is written when the file has errors, unless --partial is given.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The parlour.json to compile.
    file: PathBuf,
    /// Where to write the plan.
    #[arg(short, long, value_name = "PLAN")]
    output: PathBuf,
    /// The plan's version, rather than the one after the output's.
    #[arg(long, value_name = "N")]
    plan_version: Option<u32>,
    /// When the plan was issued (RFC 3339).
    #[arg(long, value_name = "TIME")]
    issued: Option<jiff::Timestamp>,
    /// When pages stop using it: 90d, a day (which is still valid) or a time; never if not given.
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Take in drafts, for previews alone: a plan for data-preview-plan, not for every visitor.
    #[arg(long)]
    drafts: bool,
    /// Write the plan without its broken experiments.
    #[arg(long)]
    partial: bool,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let text = host.text_of(&self.file)?;
        let compilation = self.compile(&text, host)?;
        for line in &compilation.lines {
            host.tell(line);
        }
        let found = if compilation.has_errors { Outcome::FoundProblems } else { Outcome::Clean };
        let Some(opened) = compilation.opened.filter(|_| found == Outcome::Clean || self.partial) else {
            host.tell(&format!("parlour: {} was not written", self.output.display()));
            return Ok(Outcome::FoundProblems);
        };
        // Nothing new: what is there may be signed.
        let before = host.read(&self.output).ok().filter(|bytes| {
            Plan::split(bytes).is_some_and(|(plan, _)| plan == opened.bytes) && Plan::decode(bytes).is_ok()
        });
        if before.is_none() {
            host.replace(&self.output, &opened.bytes)?;
        }
        let (hash, version, bytes) =
            (opened.hash(), opened.plan.version(), before.map_or(opened.bytes.len(), |bytes| bytes.len()));
        let mut out = host.stdout();
        writeln!(out, "{}: plan {hash} version {version}, {bytes} bytes", self.output.display())?;
        out.flush()?;
        Ok(found)
    }
}

impl Args {
    fn compile(&self, text: &str, host: &dyn Host) -> anyhow::Result<Compilation> {
        let before = host.read(&self.output).ok().and_then(|bytes| Plan::decode(&bytes).ok());
        let expires_ms = self.expires.as_deref().map(|text| expiry(text, host.now_ms())).transpose()?;
        let first = CompileOptions::default();
        let first = CompileOptions {
            expires_ms: expires_ms.unwrap_or(first.expires_ms),
            drafts: self.drafts,
            ..first
        };
        let told = self.plan_version.is_some() || self.issued.is_some();
        if let (Some(before), false) = (&before, told) {
            let now = CompileOptions { issued_ms: host.now_ms(), ..first };
            return plan_file::succeed(&self.file, text, before, &now);
        }
        let version = self.plan_version.or(before.map(|before| before.version().saturating_add(1)));
        let issued_ms = self.issued.map(|issued| u64::try_from(issued.as_millisecond())).transpose();
        let issued_ms = issued_ms.context("--issued is before 1970")?.unwrap_or(first.issued_ms);
        let options = CompileOptions { version: version.unwrap_or(first.version), issued_ms, ..first };
        plan_file::compile(&self.file, text, &options)
    }
}
