use std::path::PathBuf;

use super::{Outcome, Task};
use crate::crowd::{Asked, fact_sets};
use crate::host::Host;
use crate::plan_file;
use crate::progress::Progress;
use crate::simulation::{picture, simulate, text};

/// Sends made-up visitors through an experiment: its shares, and how it meets the plan's other experiments.
///
/// Shares: Pearson's chi-square test of the sample ratio over those who were bucketed. Other experiments: how many are in
/// both, how many would be if the two were unrelated, and a chi-square test of whether the variants of those in both fall
/// independently. Exits with 1 when the shares' p-value is below 0.001, or that of a pair of experiments below 0.001
/// divided by the number of pairs tested.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan, as `parlour build` wrote it.
    plan: PathBuf,
    /// Key of the experiment.
    #[arg(short, long, value_name = "KEY")]
    experiment: String,
    /// How many visitors.
    #[arg(short = 'n', long, default_value_t = 100_000, value_name = "N")]
    visitors: u64,
    /// Other seed, other visitors.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Facts of all visitors as a JSON object, or a file with a JSON object on each line, one of which each visitor draws.
    #[arg(long, value_name = "JSON|FILE")]
    facts: Option<String>,
    /// The time to decide at (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
    /// Draws all this as an SVG file, too.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let opened = plan_file::read(&self.plan, host)?;
        let index = opened.experiment(&self.experiment)?;
        let sets = fact_sets(self.facts.as_deref(), host)?;
        let asked = Asked { visitors: self.visitors, seed: self.seed, now_ms: host.instant(self.at) };
        let mut progress = Progress::new(host, "simulating visitors", self.visitors);
        let simulation = simulate(&opened, index, &sets, asked, &mut |done| progress.at(done));
        progress.end();
        let mut out = host.stdout();
        text::write(&simulation, &mut out)?;
        std::io::Write::flush(&mut out)?;
        if let Some(file) = &self.svg {
            host.replace(file, picture::svg(&simulation).as_bytes())?;
        }
        Ok(if simulation.is_sound() { Outcome::Clean } else { Outcome::FoundProblems })
    }
}
