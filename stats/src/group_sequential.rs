//! A few looks, planned: alpha is spent as information comes in, little early (O'Brien-Fleming-type). Tighter at the end than a
//! confidence sequence, but only as many looks as are told, and not beyond the end.

use crate::arm::Arm;
use crate::comparison::{Comparison, judge};
use crate::distribution::{legendre, normal};
use crate::error::{Error, share};
use crate::method::Method;
use crate::minimum;

/// Critical values of the looks so far.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSequential {
    critical: Vec<f64>,
    fractions: Vec<f64>,
}

/// Looks closer than this to each other (as a part of all information) are one look.
pub const LEAST_STEP: f64 = 0.01;
/// Beyond this no statistic is expected, and no alpha is spent.
const FAR: f64 = 10.0;

impl GroupSequential {
    /// `fractions` are the looks so far, each as the share of the planned units that it had: ascending, at most 1. Looks not
    /// yet taken need not be known. The last one must be 1 for all of alpha to be spent.
    pub fn new(fractions: &[f64], alpha: f64) -> Result<Self, Error> {
        let alpha = share("alpha", alpha)?;
        if fractions.is_empty() {
            return Err(Error::Shape { what: "looks", have: 0, want: "at least one" });
        }
        let mut before = 0.0;
        for fraction in fractions {
            if !(*fraction >= before + LEAST_STEP - 1e-12 && *fraction <= 1.0) {
                return Err(Error::Invalid {
                    what: "share of the planned units at a look",
                    value: *fraction,
                    want: "at least 0.01 more than at the look before, and at most 1",
                });
            }
            before = *fraction;
        }
        Ok(Self { critical: boundaries(fractions, alpha), fractions: fractions.to_vec() })
    }

    /// The critical value of |z| at each look.
    #[must_use]
    pub fn critical(&self) -> &[f64] {
        &self.critical
    }

    /// The look that was last: repeated confidence interval (Jennison and Turnbull, chapter 9) and repeated p-value, the
    /// least alpha whose boundary this look would cross.
    pub fn compare(&self, control: &Arm, variant: &Arm) -> Result<Comparison, Error> {
        minimum::fixed(control, variant)?;
        let limit = self.critical.last().copied().unwrap_or(FAR);
        judge(Method::GroupSequential, control, variant, |difference| (limit, self.p(difference.statistic())))
    }

    /// The repeated p-value of a statistic at the last look.
    #[must_use]
    pub fn p(&self, statistic: f64) -> f64 {
        let reached = |alpha: f64| {
            boundaries(&self.fractions, alpha).last().is_some_and(|limit| statistic.abs() >= *limit)
        };
        let (mut not, mut yes) = (-30.0_f64, 0.0_f64);
        if reached(not.exp()) {
            return not.exp();
        }
        if !reached(1.0 - 1e-9) {
            return 1.0;
        }
        for _ in 0..45 {
            let middle = f64::midpoint(not, yes);
            if reached(middle.exp()) { yes = middle } else { not = middle }
        }
        yes.exp()
    }
}

/// What is spent by the time that `fraction` of the information is in: 4 - 4 Φ(z(alpha/4) / √fraction), both sides together
/// (Lan and DeMets, their first function, at alpha/2 a side).
#[must_use]
pub fn spent(fraction: f64, alpha: f64) -> f64 {
    (4.0 * normal::above(-normal::quantile(alpha / 4.0) / fraction.sqrt())).min(alpha)
}

/// Recursive integration over the density of the statistic among those that did not stop (Armitage, McPherson, Rowe 1969;
/// Jennison and Turnbull, chapter 19), in terms of the sum S = z √t, whose steps are independent.
fn boundaries(fractions: &[f64], alpha: f64) -> Vec<f64> {
    let mut limits = Vec::with_capacity(fractions.len());
    // Where S may be, with the weight of being there.
    let mut going: Vec<(f64, f64)> = vec![(0.0, 1.0)];
    let (mut before, mut used) = (0.0, 0.0);
    for (look, fraction) in fractions.iter().enumerate() {
        let step = (fraction - before).sqrt();
        let spend = spent(*fraction, alpha) - used;
        let crossing = |limit: f64| {
            let edge = limit * fraction.sqrt();
            going
                .iter()
                .map(|(at, weight)| {
                    weight * (normal::above((edge - at) / step) + normal::above((edge + at) / step))
                })
                .sum::<f64>()
        };
        let (mut low, mut high) = (0.0, FAR);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if crossing(middle) > spend { low = middle } else { high = middle }
        }
        let limit = f64::midpoint(low, high);
        limits.push(limit);
        used += spend;
        before = *fraction;
        let edge = (limit * fraction.sqrt()).min(8.5 * fraction.sqrt());
        let next = fractions.get(look + 1).map_or(step, |next| (next - fraction).sqrt());
        let density = |at: f64| {
            going
                .iter()
                .map(|(from, weight)| weight * normal::density((at - from) / step) / step)
                .sum::<f64>()
        };
        going = legendre::panels(-edge, edge, 2.0 * step.min(next))
            .into_iter()
            .map(|(at, weight)| (at, weight * density(at)))
            .collect();
    }
    limits
}
