use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use parlour::plan::Experiment;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file;
use crate::sample_ratio::SampleRatio;
use crate::visitor::Visitor;

/// Below this the shares do not come from the weights: one honest run in a thousand falls under it.
const SUSPECT: f64 = 0.001;

/// Sends made-up visitors through an experiment and compares the shares with the weights.
///
/// The check is Pearson's chi-square test of the sample ratio over those who were bucketed. Exits with 1 when its
/// p-value is below 0.001.
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
    /// Facts that every visitor has, as a JSON object.
    #[arg(long, value_name = "JSON")]
    facts: Option<String>,
    /// The time to decide at (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let opened = plan_file::read(&self.plan, host)?;
        let index = opened.experiment(&self.experiment)?;
        let weights: Vec<f64> = opened.plan.experiments().get(index).map(weights).unwrap_or_default();
        let mut visitor = Visitor::new(&opened, host.instant(self.at));
        if let Some(facts) = &self.facts {
            visitor.knows(&serde_json::from_str(facts).context("--facts is not a JSON object")?);
        }
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut bucketed = vec![0u64; weights.len()];
        let mut others: BTreeMap<(Option<u8>, &str), u64> = BTreeMap::new();
        for _ in 0..self.visitors {
            let id = uuid::Builder::from_random_bytes(random.random()).into_uuid();
            visitor.becomes(&id.to_string());
            let decision = visitor.decide(index);
            let arm = decision
                .variant
                .filter(|_| decision.counts())
                .and_then(|arm| bucketed.get_mut(usize::from(arm)));
            match arm {
                Some(count) => *count += 1,
                None => *others.entry((decision.variant, decision.reason.name())).or_default() += 1,
            }
        }

        let mut out = host.stdout();
        let total: u64 = bucketed.iter().sum();
        let of = |count: u64, total: u64| if total == 0 { 0.0 } else { count as f64 / total as f64 };
        writeln!(out, "{:24} {:>12} {:>9} {:>9}", self.experiment, "visitors", "share", "weight")?;
        for ((arm, count), weight) in (0u8..).zip(&bucketed).zip(&weights) {
            let name = opened.names.variant(index, Some(arm));
            let (share, weight) = (of(*count, total) * 100.0, weight * 100.0);
            writeln!(out, "{name:24} {count:>12} {share:>8.3}% {weight:>8.3}%")?;
        }
        for ((arm, reason), count) in &others {
            let name = opened.names.variant(index, *arm);
            writeln!(out, "{name:24} {count:>12}           {reason}")?;
        }
        let expected: Vec<f64> = weights.iter().map(|weight| weight * total as f64).collect();
        let Some(test) = SampleRatio::of(&bucketed, &expected) else {
            writeln!(out, "sample ratio: nothing to compare, fewer than two variants were reached")?;
            out.flush()?;
            return Ok(Outcome::Clean);
        };
        let verdict = if test.p < SUSPECT { "does not fit the weights" } else { "fits the weights" };
        let SampleRatio { chi_square, freedom, p } = test;
        writeln!(
            out,
            "sample ratio: chi-square {chi_square:.3}, {freedom} degrees of freedom, p {p:.4}: {verdict}"
        )?;
        out.flush()?;
        Ok(if p < SUSPECT { Outcome::FoundProblems } else { Outcome::Clean })
    }
}

fn weights(experiment: &Experiment) -> Vec<f64> {
    let arms = (0u8..).take(experiment.variants.len());
    arms.map(|arm| experiment.buckets(arm) as f64 / parlour::plan::FULL as f64).collect()
}
