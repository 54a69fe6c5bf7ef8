use std::path::{Path, PathBuf};

use anyhow::Context;
use parlour::authoring::CompileOptions;
use parlour::plan::Plan;

use super::{Outcome, check};
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
    /// Write the plan without its broken experiments.
    #[arg(long)]
    partial: bool,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let text = check::read_text(&args.file)?;
    let compilation = compile(args, &text)?;
    for line in &compilation.lines {
        eprintln!("{line}");
    }
    let found = if compilation.has_errors { Outcome::FoundProblems } else { Outcome::Clean };
    let Some(opened) = compilation.opened.filter(|_| found == Outcome::Clean || args.partial) else {
        eprintln!("parlour: {} was not written", args.output.display());
        return Ok(Outcome::FoundProblems);
    };
    write_whole(&args.output, &opened.bytes)?;
    let (hash, version, bytes) = (opened.hash(), opened.plan.version(), opened.bytes.len());
    println!("{}: plan {hash} version {version}, {bytes} bytes", args.output.display());
    Ok(found)
}

fn compile(args: &Args, text: &str) -> anyhow::Result<Compilation> {
    let before = std::fs::read(&args.output).ok().and_then(|bytes| Plan::decode(&bytes).ok());
    let told = args.plan_version.is_some() || args.issued.is_some();
    if let (Some(before), false) = (&before, told) {
        return plan_file::succeed(&args.file, text, before, &CompileOptions::default());
    }
    let first = CompileOptions::default();
    let version = args.plan_version.or(before.map(|before| before.version().saturating_add(1)));
    let issued_ms = args.issued.map(|issued| u64::try_from(issued.as_millisecond())).transpose();
    let issued_ms = issued_ms.context("--issued is before 1970")?.unwrap_or(first.issued_ms);
    plan_file::compile(
        &args.file,
        text,
        &CompileOptions { version: version.unwrap_or(first.version), issued_ms, ..first },
    )
}

/// A server that reads the file meanwhile finds the old plan or the new one.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
