//! CUPED: what a unit did before its exposure explains a part of what it does after, and that part is taken out.

use crate::arm::{Arm, PairSums};
use crate::error::{Error, finite};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjusted {
    /// What is compared instead of the plain arms, by any method that takes arms.
    pub control: Arm,
    pub variant: Arm,
    /// The coefficient of the covariate.
    pub theta: f64,
    /// The share of the difference's variance that is gone, 0 to 1.
    pub reduction: f64,
}

/// `x` must be of before the exposure, so that no variant can have changed it. theta = cov(y, x) / var(x) over both arms
/// together, the adjusted mean is ȳ - theta x̄ (gbstats 0.8.0 `compute_theta`). A covariate that never varies adjusts
/// nothing.
pub fn adjust(control: &PairSums, variant: &PairSums) -> Result<Adjusted, Error> {
    let both = (*control + *variant).moments()?;
    let theta = if both.x > 0.0 && both.y > 0.0 { finite("theta", both.cross / both.x)? } else { 0.0 };
    let (plain_control, adjusted_control) = arms(control, theta)?;
    let (plain_variant, adjusted_variant) = arms(variant, theta)?;
    let spread = |a: &Arm, b: &Arm| a.variance / a.n as f64 + b.variance / b.n as f64;
    let (before, after) =
        (spread(&plain_control, &plain_variant), spread(&adjusted_control, &adjusted_variant));
    let reduction = if before > 0.0 { (1.0 - after / before).clamp(0.0, 1.0) } else { 0.0 };
    Ok(Adjusted { control: adjusted_control, variant: adjusted_variant, theta, reduction })
}

fn arms(sums: &PairSums, theta: f64) -> Result<(Arm, Arm), Error> {
    let moments = sums.moments()?;
    let n = sums.n as f64;
    let raw_mean = finite("sum", sums.y)? / n;
    let plain = Arm::plain(sums.n, sums.nonzero, raw_mean, moments.y);
    let variance = moments.y + theta * theta * moments.x - 2.0 * theta * moments.cross;
    let mean = raw_mean - theta * finite("sum of covariates", sums.x)? / n;
    Ok((plain, Arm { mean, variance: variance.max(0.0), ..plain }))
}
