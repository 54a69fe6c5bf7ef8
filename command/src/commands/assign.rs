use std::io::Write as _;
use std::path::PathBuf;

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file;
use crate::visitor::Visitor;

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

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let opened = plan_file::read(&self.plan, host)?;
        let index = opened.experiment(&self.experiment)?;
        let mut visitor = Visitor::new(&opened, host.instant(self.at));
        let mut out = host.stdout();
        for line in host.lines("ids") {
            let (number, unit) = line?;
            if unit.is_empty() {
                continue;
            }
            anyhow::ensure!(!unit.contains('\t'), "line {number} of the ids holds a tab: give one id a line");
            visitor.becomes(&unit);
            let decision = visitor.decide(index);
            let variant = opened.names.variant(index, decision.variant);
            writeln!(out, "{unit}\t{variant}\t{}", decision.reason.name())?;
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
