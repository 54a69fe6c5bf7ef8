use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context;
use parlour::authoring::{CompileOptions, Moves, moves};
use parlour::plan::Plan;
use parlour_signing::expiry;

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file::{self, Compilation};

/// Compiles a parlour.json into the plan that pages load.
///
/// The same JSON over the same output gives the same bytes. A changed one gets the next version and the present time;
/// a first build has version 1 and issue time 0. Nothing is written when the file has errors, unless --partial is given.
///
/// With --previous, experiments that go on under the same version keep the ranges of that plan as far as their weights
/// allow, so that the fewest units get another variant. Says of each experiment how many do.
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
    /// The plan that is live now; it may be the output itself.
    #[arg(long, value_name = "OLD")]
    previous: Option<PathBuf>,
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
        let previous = match &self.previous {
            Some(path) => Some(plan_file::read(path, host)?.plan),
            None => None,
        };
        let before = host.read(&self.output).ok().and_then(|bytes| Plan::decode(&bytes).ok());
        let compilation = self.compile(&text, before.as_ref(), previous.as_ref(), host)?;
        for line in &compilation.lines {
            host.tell(line);
        }
        let found = if compilation.has_errors { Outcome::FoundProblems } else { Outcome::Clean };
        let Some(opened) = compilation.opened.filter(|_| found == Outcome::Clean || self.partial) else {
            host.tell(&format!("parlour: {} was not written", self.output.display()));
            return Ok(Outcome::FoundProblems);
        };
        // Nothing new: what is there may be signed.
        let kept = host.read(&self.output).ok().filter(|bytes| {
            Plan::split(bytes).is_some_and(|(plan, _)| plan == opened.bytes) && Plan::decode(bytes).is_ok()
        });
        if kept.is_none() {
            host.replace(&self.output, &opened.bytes)?;
        }
        let (hash, version, bytes) =
            (opened.hash(), opened.plan.version(), kept.map_or(opened.bytes.len(), |bytes| bytes.len()));
        let mut out = host.stdout();
        writeln!(out, "{}: plan {hash} version {version}, {bytes} bytes", self.output.display())?;
        for moved in previous.or(before).iter().flat_map(|before| moves(before, &opened.plan)) {
            self.say(&moved, &mut out)?;
        }
        out.flush()?;
        Ok(found)
    }
}

impl Args {
    fn compile(
        &self,
        text: &str,
        before: Option<&Plan>,
        previous: Option<&Plan>,
        host: &dyn Host,
    ) -> anyhow::Result<Compilation> {
        let compile =
            |options: &CompileOptions| plan_file::compile_after(&self.file, text, options, previous);
        let now_ms = host.now_ms();
        let first = CompileOptions::default();
        let expires_ms = self.expires.as_deref().map(|text| expiry(text, now_ms)).transpose()?;
        let first = CompileOptions {
            expires_ms: expires_ms.unwrap_or(first.expires_ms),
            drafts: self.drafts,
            now_ms: Some(now_ms),
            ..first
        };
        let told = self.plan_version.is_some() || self.issued.is_some();
        if let (Some(before), false) = (before, told) {
            return plan_file::succeed_by(before, &CompileOptions { issued_ms: now_ms, ..first }, compile);
        }
        let version = self.plan_version.or(before.map(|before| before.version().saturating_add(1)));
        let issued_ms = self.issued.map(|issued| u64::try_from(issued.as_millisecond())).transpose();
        let issued_ms = issued_ms.context("--issued is before 1970")?.unwrap_or(first.issued_ms);
        compile(&CompileOptions { version: version.unwrap_or(first.version), issued_ms, ..first })
    }

    fn say(&self, moved: &Moves, out: &mut impl io::Write) -> io::Result<()> {
        let Moves { key, share, is_new_version } = moved;
        let hint = match (&self.previous, is_new_version) {
            (_, true) => "a new version starts anew",
            (Some(_), false) => "no fewer are possible",
            (None, false) => "with --previous it may be fewer",
        };
        if *share > 0.0 {
            writeln!(out, "{key}: {:.2} % of its units get another variant: {hint}", share * 100.0)?;
        } else if self.previous.is_some() {
            writeln!(out, "{key}: nobody gets another variant")?;
        }
        Ok(())
    }
}
