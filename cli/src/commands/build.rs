use std::path::{Path, PathBuf};

use anyhow::Context;
use parlour::authoring::CompileOptions;
use parlour::plan::Plan;

use super::{Outcome, check};
use crate::plan_file::{self, Compilation};
use crate::serve::now_ms;

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
    /// When the plan was issued (RFC 3339), rather than now.
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
    let found = if compilation.has_errors() { Outcome::FoundProblems } else { Outcome::Clean };
    let Some(opened) = compilation.opened.filter(|_| found == Outcome::Clean || args.partial) else {
        eprintln!("parlour: {} was not written", args.output.display());
        return Ok(Outcome::FoundProblems);
    };
    write_whole(&args.output, &opened.bytes)?;
    let (hash, version, bytes) = (opened.hash(), opened.plan.version(), opened.bytes.len());
    println!("{}: plan {hash} version {version}, {bytes} bytes", args.output.display());
    Ok(found)
}

/// The plan as it was if nothing changed, as its successor if something did.
fn compile(args: &Args, text: &str) -> anyhow::Result<Compilation> {
    let told = |version, issued_ms| CompileOptions {
        version: args.plan_version.unwrap_or(version),
        issued_ms: args.issued.map_or(issued_ms, jiff::Timestamp::as_millisecond),
    };
    let before = std::fs::read(&args.output).ok().and_then(|bytes| Plan::decode(&bytes).ok());
    let Some(before) = before else { return plan_file::compile(&args.file, text, &told(1, 0)) };
    let repeat = told(before.version(), i64::try_from(before.issued_ms()).unwrap_or_default());
    let same = plan_file::compile(&args.file, text, &repeat)?;
    if same.opened.as_ref().is_some_and(|opened| opened.plan.hash() == before.hash()) {
        return Ok(same);
    }
    plan_file::compile(&args.file, text, &told(before.version().saturating_add(1), now_ms()))
}

/// A server that reads the file meanwhile finds the old plan or the new one.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
