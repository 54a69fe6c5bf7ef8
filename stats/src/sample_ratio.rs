//! Did the split come out as planned? If not, no result of the experiment can be trusted.

use statrs::function::gamma::ln_gamma;

use crate::chi_square::{ChiSquare, FEWEST_EXPECTED};
use crate::error::{Error, positive};
use crate::method::Method;

/// Below this the split is called broken. At 0.001 a sound split is called so at most once in a thousand experiments.
pub const ALARM: f64 = 0.001;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRatio {
    pub method: Method,
    pub p: f64,
}

/// For one look at the end. Chi-square, and the exact test where that is not to be trusted (Cochran's rule).
pub fn once(counts: &[u64], weights: &[f64]) -> Result<SampleRatio, Error> {
    let shares = shares(counts, weights)?;
    let total = counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
    if total == 0 {
        return Ok(SampleRatio { method: Method::ExactMultinomial, p: 1.0 });
    }
    let expected: Vec<f64> = shares.iter().map(|share| share * total as f64).collect();
    if expected.iter().any(|expect| *expect < FEWEST_EXPECTED)
        && outcomes(total, counts.len()) <= MOST_OUTCOMES
    {
        return Ok(SampleRatio { method: Method::ExactMultinomial, p: exact(counts, &shares) });
    }
    let p = ChiSquare::of_shares(counts, &expected).map_or(1.0, |test| test.p);
    Ok(SampleRatio { method: Method::ChiSquare, p })
}

/// Sequential: valid at every look at once. Under the alternative the shares are drawn from a Dirichlet distribution around the
/// planned ones; p is 1 over the Bayes factor, which exceeds 1/alpha at any time with chance alpha at most.
///
/// The distribution's concentration, [`CONCENTRATION`], looks hardest for splits that are off by some 1.6 points of 50.
pub fn always_valid(counts: &[u64], weights: &[f64]) -> Result<SampleRatio, Error> {
    let shares = shares(counts, weights)?;
    let total = counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
    let mut ln_factor = ln_gamma(CONCENTRATION) - ln_gamma(CONCENTRATION + total as f64);
    for (count, share) in counts.iter().zip(&shares) {
        let (count, prior) = (*count as f64, CONCENTRATION * share);
        ln_factor += ln_gamma(prior + count) - ln_gamma(prior) - count * share.ln();
    }
    Ok(SampleRatio { method: Method::SequentialMultinomial, p: (-ln_factor).exp().min(1.0) })
}

pub const CONCENTRATION: f64 = 1_000.0;
const MOST_OUTCOMES: f64 = 200_000.0;

fn shares(counts: &[u64], weights: &[f64]) -> Result<Vec<f64>, Error> {
    if counts.len() != weights.len() || counts.len() < 2 {
        return Err(Error::Shape {
            what: "arms",
            have: counts.len(),
            want: "two or more, each with its weight",
        });
    }
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| Ok(positive("weight", *weight)? / total)).collect()
}

/// How many ways there are to spread `total` over `arms`.
fn outcomes(total: u64, arms: usize) -> f64 {
    (1..arms).map(|arm| (total as f64 + arm as f64) / arm as f64).product()
}

/// The chance of all outcomes that are no likelier than this one.
fn exact(counts: &[u64], shares: &[f64]) -> f64 {
    const SLACK: f64 = 1e-7;
    let total = counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
    let ln_chance = |count: u64, share: f64| count as f64 * share.ln() - ln_gamma(count as f64 + 1.0);
    let start = ln_gamma(total as f64 + 1.0);
    let limit =
        counts.iter().zip(shares).fold(start, |sum, (count, share)| sum + ln_chance(*count, *share)) + SLACK;
    // Depth first over the arms: what is left to spread, and the chance so far.
    let mut sum = 0.0;
    let mut open = vec![(0usize, total, start)];
    while let Some((arm, left, so_far)) = open.pop() {
        let Some(share) = shares.get(arm) else { continue };
        if arm + 1 == shares.len() {
            let ln = so_far + ln_chance(left, *share);
            if ln <= limit {
                sum += ln.exp();
            }
            continue;
        }
        open.extend((0..=left).map(|count| (arm + 1, left - count, so_far + ln_chance(count, *share))));
    }
    sum.min(1.0)
}
