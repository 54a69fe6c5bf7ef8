//! How much of an arm hangs on a few units.

use crate::arm::Sums;
use crate::error::Error;

/// What the largest units hold of the arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outliers {
    /// Of the sum, 0 to 1.
    pub of_sum: f64,
    /// Of the sum of squares around the mean, 0 to 1: what they hold of the arm's uncertainty.
    pub of_variance: f64,
}

/// `largest` are values that are also in `sums`, such as those at or above the point of winsorising.
pub fn outliers(largest: &[f64], sums: &Sums) -> Result<Outliers, Error> {
    if largest.len() as u64 > sums.n {
        return Err(Error::Shape { what: "largest values", have: largest.len(), want: "no more than units" });
    }
    let arm = sums.arm()?;
    let around = arm.variance * (sums.n as f64 - 1.0);
    if sums.sum <= 0.0 || around <= 0.0 {
        return Err(Error::NoVariance);
    }
    let squares: f64 = largest.iter().map(|value| (value - arm.mean).powi(2)).sum();
    Ok(Outliers { of_sum: largest.iter().sum::<f64>() / sums.sum, of_variance: (squares / around).min(1.0) })
}
