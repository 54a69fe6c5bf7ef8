//! Two arms beside each other: the effect in the metric's own unit and as a part of the control's mean.

use crate::arm::Arm;
use crate::error::{Error, finite};
use crate::method::Method;
use crate::minimum;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    #[must_use]
    pub fn around(middle: f64, half_width: f64) -> Self {
        Self { low: middle - half_width, high: middle + half_width }
    }

    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Variant less control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    pub estimate: f64,
    pub standard_error: f64,
    pub interval: Interval,
    pub p: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    pub method: Method,
    /// In the metric's unit.
    pub absolute: Effect,
    /// As a part of the control's mean: 0.1 is 10 % more. The interval is Fieller's: it holds what the same test does not
    /// reject, so that it leaves 0 out exactly where the absolute one does, and p is the same. The standard error is the delta
    /// method's. `None` where the control's mean is not surely above 0 ([`minimum::RELATIVE_PRECISION`]).
    pub relative: Option<Effect>,
}

/// An estimated difference before a method has said how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    pub estimate: f64,
    /// Of the estimate itself, not of one unit.
    pub variance: f64,
    /// Welch and Satterthwaite's degrees of freedom.
    pub freedom: f64,
}

impl Difference {
    /// Variant less control: the variances of two independent means add.
    pub fn absolute(control: &Arm, variant: &Arm) -> Result<Self, Error> {
        Self::new(variant.mean - control.mean, share_of(control), share_of(variant), control, variant)
    }

    /// (variant - control) / control, by the delta method: variance v_b / a² + v_a b² / a⁴ with a, b the means and v their
    /// variances (Deng, Knoblich, Lu, KDD 2018; gbstats 0.8.0 `frequentist_variance`, which takes a and b before
    /// adjustment).
    pub fn relative(control: &Arm, variant: &Arm) -> Result<Option<Self>, Error> {
        let (a, b) = (control.raw_mean, variant.raw_mean);
        let error = (control.variance / control.n as f64).sqrt();
        if a <= 0.0 || error > minimum::RELATIVE_PRECISION * a {
            return Ok(None);
        }
        let estimate = (variant.mean - control.mean) / a;
        let parts = (share_of(control) * b * b / a.powi(4), share_of(variant) / (a * a));
        // gbstats takes the absolute difference's degrees of freedom for both.
        let freedom = Self::absolute(control, variant)?.freedom;
        Ok(Some(Self { freedom, ..Self::new(estimate, parts.0, parts.1, control, variant)? }))
    }

    fn new(
        estimate: f64,
        from_control: f64,
        from_variant: f64,
        control: &Arm,
        variant: &Arm,
    ) -> Result<Self, Error> {
        let variance = finite("variance", from_control + from_variant)?;
        if variance <= 0.0 {
            return Err(Error::NoVariance);
        }
        let part = |share: f64, n: u64| share * share / (n as f64 - 1.0);
        let freedom = variance * variance / (part(from_control, control.n) + part(from_variant, variant.n));
        Ok(Self { estimate: finite("difference", estimate)?, variance, freedom })
    }

    #[must_use]
    pub fn standard_error(&self) -> f64 {
        self.variance.sqrt()
    }

    /// The difference over its standard error.
    #[must_use]
    pub fn statistic(&self) -> f64 {
        self.estimate / self.standard_error()
    }

    /// With `half_widths` standard errors to either side.
    pub(crate) fn effect(&self, half_widths: f64, p: f64) -> Effect {
        let standard_error = self.standard_error();
        let interval = Interval::around(self.estimate, half_widths * standard_error);
        Effect { estimate: self.estimate, standard_error, interval, p }
    }
}

fn share_of(arm: &Arm) -> f64 {
    arm.variance / arm.n as f64
}

/// The same judgement of the absolute and, where there is one, of the relative difference. `judged` says how many standard errors
/// the interval reaches to either side, and p.
pub(crate) fn judge(
    method: Method,
    control: &Arm,
    variant: &Arm,
    judged: impl Fn(&Difference) -> (f64, f64),
) -> Result<Comparison, Error> {
    let difference = Difference::absolute(control, variant)?;
    let (half_widths, p) = judged(&difference);
    let relative = Difference::relative(control, variant)?.and_then(|relative| {
        let interval = fieller(control, variant, difference.estimate, half_widths)?;
        Some(Effect { estimate: relative.estimate, standard_error: relative.standard_error(), interval, p })
    });
    Ok(Comparison { method, absolute: difference.effect(half_widths, p), relative })
}

/// All u for which "variant less control is u times the control's mean" is not rejected: the roots of
/// (d - u a)² = c² (v_b + v_a + 2 u v_a + u² v_r), with v_r the variance of the control's mean before adjustment, whose covariance
/// with the adjusted one is about v_a (E. C. Fieller, Journal of the Royal Statistical Society B 16 (1954) 175-185).
fn fieller(control: &Arm, variant: &Arm, difference: f64, half_widths: f64) -> Option<Interval> {
    let (a, c) = (control.raw_mean, half_widths * half_widths);
    let (va, vb) = (share_of(control), share_of(variant));
    let square = a * a - c * control.raw_variance / control.n as f64;
    let middle = difference * a + c * va;
    let root = (middle * middle - square * (difference * difference - c * (va + vb))).max(0.0).sqrt();
    (square > 0.0).then(|| Interval { low: (middle - root) / square, high: (middle + root) / square })
}
