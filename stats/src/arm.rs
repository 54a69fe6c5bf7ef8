//! What is kept of an arm: sums, never rows. Sums of two parts of an arm are added.
//!
//! Caps (winsorising) and exclusions are the caller's: a value is capped before it is added here.

use std::ops::{Add, AddAssign};

use crate::error::{Error, finite};

/// Sums of one number a unit: a count, or money in minor units (sums of whole numbers below 2^53 are exact).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Units, those with nothing included.
    pub n: u64,
    /// Units whose number is not 0.
    pub nonzero: u64,
    pub sum: f64,
    pub squares: f64,
}

/// Sums of two numbers a unit: numerator `y` and denominator `x` of a ratio, or the outcome `y` and what the same unit did
/// before its exposure `x`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PairSums {
    pub n: u64,
    /// Units whose `y` is not 0.
    pub nonzero: u64,
    pub y: f64,
    pub y_squares: f64,
    pub x: f64,
    pub x_squares: f64,
    /// Sum of the products x y.
    pub cross: f64,
}

/// What every comparison of means is made from: an estimate whose error is that of a mean of `n` units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    pub n: u64,
    /// Units that carry news: those that are not 0, or whichever of successes and failures is rarer.
    pub informative: u64,
    pub mean: f64,
    /// Of one unit: the estimate's own variance is this over `n`.
    pub variance: f64,
    /// The mean before any adjustment, which relative uplift is a part of. Equal to `mean` but for CUPED.
    pub raw_mean: f64,
    /// That mean's variance, of one unit.
    pub raw_variance: f64,
}

impl Arm {
    pub(crate) fn plain(n: u64, informative: u64, mean: f64, variance: f64) -> Self {
        let variance = variance.max(0.0);
        Self { n, informative, mean, variance, raw_mean: mean, raw_variance: variance }
    }

    #[must_use]
    pub fn standard_error(&self) -> f64 {
        (self.variance / self.n as f64).sqrt()
    }

    /// A share: its variance is p (1 - p), and what is rarer is what tells.
    pub fn proportion(successes: u64, n: u64) -> Result<Self, Error> {
        if successes > n {
            return Err(Error::Invalid {
                what: "successes",
                value: successes as f64,
                want: "no more than units",
            });
        }
        let units = at_least_two(n)?;
        let mean = successes as f64 / units;
        Ok(Self::plain(n, successes.min(n - successes), mean, mean * (1.0 - mean)))
    }
}

impl Sums {
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        self.nonzero += u64::from(value != 0.0);
        self.sum += value;
        self.squares += value * value;
    }

    /// Mean and sample variance (n - 1).
    pub fn arm(&self) -> Result<Arm, Error> {
        let n = at_least_two(self.n)?;
        let mean = finite("sum", self.sum)? / n;
        let variance = sample_covariance(n, self.sum, self.sum, finite("sum of squares", self.squares)?);
        Ok(Arm::plain(self.n, self.nonzero, mean, variance))
    }
}

impl PairSums {
    pub fn add(&mut self, y: f64, x: f64) {
        self.n += 1;
        self.nonzero += u64::from(y != 0.0);
        self.y += y;
        self.y_squares += y * y;
        self.x += x;
        self.x_squares += x * x;
        self.cross += x * y;
    }

    /// Ratio of the sums, with the delta method's variance (Deng, Knoblich, Lu, KDD 2018):
    /// R = Y / X, variance of one unit (s_y² - 2 R s_xy + R² s_x²) / x̄².
    pub fn ratio(&self) -> Result<Arm, Error> {
        let n = at_least_two(self.n)?;
        let denominator = finite("sum of denominators", self.x)?;
        if denominator <= 0.0 {
            return Err(Error::Invalid { what: "sum of denominators", value: denominator, want: "above 0" });
        }
        let ratio = finite("sum of numerators", self.y)? / denominator;
        let moments = self.moments()?;
        let linear = moments.y - 2.0 * ratio * moments.cross + ratio * ratio * moments.x;
        Ok(Arm::plain(self.n, self.nonzero, ratio, linear / (denominator / n).powi(2)))
    }

    pub(crate) fn moments(&self) -> Result<Moments, Error> {
        let n = at_least_two(self.n)?;
        Ok(Moments {
            y: sample_covariance(n, self.y, self.y, finite("sum of squares", self.y_squares)?),
            x: sample_covariance(n, self.x, self.x, finite("sum of squares", self.x_squares)?),
            cross: sample_covariance(n, self.y, self.x, finite("sum of products", self.cross)?),
        })
    }
}

/// Sample variances and covariance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    pub y: f64,
    pub x: f64,
    pub cross: f64,
}

fn at_least_two(n: u64) -> Result<f64, Error> {
    if n < 2 { Err(Error::TooFew { what: "units", have: n, need: 2 }) } else { Ok(n as f64) }
}

fn sample_covariance(n: f64, a: f64, b: f64, product: f64) -> f64 {
    (product - a * b / n) / (n - 1.0)
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.n = self.n.saturating_add(other.n);
        self.nonzero = self.nonzero.saturating_add(other.nonzero);
        self.sum += other.sum;
        self.squares += other.squares;
    }
}

impl Add for Sums {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for PairSums {
    fn add_assign(&mut self, other: Self) {
        self.n = self.n.saturating_add(other.n);
        self.nonzero = self.nonzero.saturating_add(other.nonzero);
        self.y += other.y;
        self.y_squares += other.y_squares;
        self.x += other.x;
        self.x_squares += other.x_squares;
        self.cross += other.cross;
    }
}

impl Add for PairSums {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}
