//! Always valid: intervals and p-values that hold at every look at once, however often one looks and whenever one stops.

use crate::arm::Arm;
use crate::comparison::{Comparison, Difference, judge};
use crate::error::{Error, positive, share};
use crate::method::Method;
use crate::minimum;

/// Robbins' normal mixture in its asymptotic form. With N units in both arms, s² the variance of the difference times N, and
/// rho the mixture's parameter, the half-width is s √(2 (N rho² + 1) / (N rho)² · ln(√(N rho² + 1) / alpha)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceSequence {
    alpha: f64,
    rho_squared: f64,
}

impl ConfidenceSequence {
    /// What GrowthBook tunes for, too. At N = 5,000 the interval is as tight as such a sequence can be; at a hundredth or
    /// a hundred times as many units it is about a quarter wider than if it were tuned for them.
    pub const TUNED_FOR: f64 = 5_000.0;

    /// 5 %, tuned for [`Self::TUNED_FOR`] units.
    pub fn usual() -> Result<Self, Error> {
        Self::new(0.05, Self::TUNED_FOR)
    }

    /// `tuned_for` is the number of units, both arms together, at which the interval should be tightest; choose it before
    /// the first look. rho² = (-2 ln alpha + ln(1 - 2 ln alpha)) / N (equation 161 of the source).
    pub fn new(alpha: f64, tuned_for: f64) -> Result<Self, Error> {
        let alpha = share("alpha", alpha)?;
        let twice = -2.0 * alpha.ln();
        Ok(Self { alpha, rho_squared: (twice + twice.ln_1p()) / positive("units to tune for", tuned_for)? })
    }

    /// Valid at this look and all others. p is 1 over the mixture's value at the same rho (equation 155), which is at most alpha exactly
    /// where the interval leaves 0 out; callers that keep the smallest p of all looks may report that.
    pub fn compare(&self, control: &Arm, variant: &Arm) -> Result<Comparison, Error> {
        minimum::sequential(control, variant)?;
        let units = control.n as f64 + variant.n as f64;
        judge(Method::ConfidenceSequence, control, variant, |difference| {
            (self.half_widths(units), self.p(difference.statistic(), units))
        })
    }

    /// Half-width in standard errors, after `units` in both arms.
    #[must_use]
    pub fn half_widths(&self, units: f64) -> f64 {
        let grown = units * self.rho_squared + 1.0;
        (2.0 * grown / (units * self.rho_squared) * (grown.ln() / 2.0 - self.alpha.ln())).sqrt()
    }

    /// The always-valid p-value of a difference that is `statistic` standard errors from 0.
    #[must_use]
    pub fn p(&self, statistic: f64, units: f64) -> f64 {
        let grown = units * self.rho_squared + 1.0;
        let ln_value = units * self.rho_squared * statistic * statistic / (2.0 * grown) - grown.ln() / 2.0;
        (-ln_value).exp().min(1.0)
    }

    /// How many units in both arms, at the present shares and variances, make the interval of the absolute difference no
    /// wider than `half_width` to either side: with the present effect, when the sequence is expected to decide. `None`
    /// where that is beyond 10^15.
    pub fn units_until(&self, control: &Arm, variant: &Arm, half_width: f64) -> Result<Option<u64>, Error> {
        let half_width = positive("half-width", half_width)?;
        let difference = Difference::absolute(control, variant)?;
        let of_one = difference.variance * (control.n as f64 + variant.n as f64);
        let wide = |units: f64| (of_one / units).sqrt() * self.half_widths(units) > half_width;
        let (mut low, mut high) = (1.0, 1e15);
        if wide(high) {
            return Ok(None);
        }
        while high - low > 0.5 {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if wide(middle) { low = middle } else { high = middle }
        }
        Ok(Some(high.ceil() as u64))
    }
}
