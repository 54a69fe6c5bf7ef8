use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context;

use super::Outcome;
use super::visitor::Visitor;
use crate::plan_file;

/// Says which variant each unit gets: ids on standard input, one a line.
///
/// Prints unit, variant (or -) and reason, parted by tabs. Each unit counts as a new visitor who allows measuring and of
/// whom no fact is known. Empty lines are skipped.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan, as `parlour build` wrote it.
    plan: PathBuf,
    /// Key of the experiment.
    #[arg(short, long, value_name = "KEY")]
    experiment: String,
    /// The time to decide at (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let opened = plan_file::read(&args.plan)?;
    let index = opened.experiment(&args.experiment)?;
    let mut visitor = Visitor::new(&opened, args.at);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (number, line) in (1u64..).zip(std::io::stdin().lock().lines()) {
        let line = line.with_context(|| format!("line {number} of the ids cannot be read"))?;
        let unit = line.strip_suffix('\r').unwrap_or(&line);
        if unit.is_empty() {
            continue;
        }
        anyhow::ensure!(!unit.contains('\t'), "line {number} of the ids holds a tab: give one id a line");
        visitor.becomes(unit);
        let decision = visitor.decide(index);
        let variant = opened.names.variant(index, decision.variant);
        writeln!(out, "{unit}\t{variant}\t{}", decision.reason.name())?;
    }
    out.flush()?;
    Ok(Outcome::Clean)
}
