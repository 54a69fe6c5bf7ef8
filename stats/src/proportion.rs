//! Two shares: Miettinen and Nurminen's score test and the intervals that invert it, so that an interval leaves 0 out
//! exactly where the test rejects. Good from few successes on, and at shares near 0 and 1.

use crate::comparison::{Comparison, Effect, Interval};
use crate::distribution::normal;
use crate::error::{Error, share};
use crate::method::Method;
use crate::minimum;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    pub successes: u64,
    pub n: u64,
}

impl Share {
    fn value(self) -> f64 {
        self.successes as f64 / self.n as f64
    }

    fn checked(self) -> Result<(f64, f64), Error> {
        if self.n == 0 {
            return Err(Error::TooFew { what: "units", have: 0, need: 1 });
        }
        if self.successes > self.n {
            return Err(Error::Invalid {
                what: "successes",
                value: self.successes as f64,
                want: "no more than units",
            });
        }
        Ok((self.successes as f64, self.n as f64))
    }
}

/// `standard_error` is that of the estimate (unpooled); p and interval are the score test's.
pub fn compare(control: Share, variant: Share, alpha: f64) -> Result<Comparison, Error> {
    let limit = normal::critical(share("alpha", alpha)?);
    let pair = Pair::new(control, variant)?;
    minimum::shares(control, variant)?;
    let (a, b) = (control.value(), variant.value());
    let difference = b - a;
    let statistic = pair.of_difference(0.0);
    if !statistic.is_finite() {
        return Err(Error::NoVariance);
    }
    let p = normal::two_sided(statistic);
    let spread = |value: f64, n: u64| value * (1.0 - value) / n as f64;
    let variance = spread(a, control.n) + spread(b, variant.n);
    let interval = Interval {
        low: bisect(-1.0, difference, |at| pair.of_difference(at) > limit),
        high: bisect(1.0, difference, |at| pair.of_difference(at) < -limit),
    };
    let absolute = Effect { estimate: difference, standard_error: variance.sqrt(), interval, p };
    let relative = (control.successes > 0).then(|| {
        let ratio = b / a;
        // Between 0 and 1 in u, the ratio is u / (1 - u).
        let at = |u: f64| pair.of_ratio(u / (1.0 - u));
        let middle = ratio / (1.0 + ratio);
        let (low, high) = (bisect(0.0, middle, |u| at(u) > limit), bisect(1.0, middle, |u| at(u) < -limit));
        let uplift = |u: f64| u / (1.0 - u) - 1.0;
        let variance = spread(b, variant.n) / (a * a) + spread(a, control.n) * b * b / a.powi(4);
        let interval = Interval { low: uplift(low), high: uplift(high) };
        Effect { estimate: ratio - 1.0, standard_error: variance.sqrt(), interval, p }
    });
    Ok(Comparison { method: Method::ScoreProportions, absolute, relative })
}

/// Where, between `outside` (assumed true) and `inside` (false), the answer changes.
fn bisect(outside: f64, inside: f64, is_outside: impl Fn(f64) -> bool) -> f64 {
    let (mut outside, mut inside) = (outside, inside);
    for _ in 0..100 {
        let middle = f64::midpoint(outside, inside);
        if middle == outside || middle == inside {
            break;
        }
        if is_outside(middle) { outside = middle } else { inside = middle }
    }
    f64::midpoint(outside, inside)
}

/// Control and variant: successes and units.
#[derive(Debug, Clone, Copy)]
struct Pair {
    c0: f64,
    n0: f64,
    c1: f64,
    n1: f64,
}

impl Pair {
    fn new(control: Share, variant: Share) -> Result<Self, Error> {
        let ((c0, n0), (c1, n1)) = (control.checked()?, variant.checked()?);
        Ok(Self { c0, n0, c1, n1 })
    }

    /// The score statistic of "the difference is `delta`": the constrained estimate is the root of a cubic (appendix 1).
    fn of_difference(&self, delta: f64) -> f64 {
        let Self { c0, n0, c1, n1 } = *self;
        let (c, n) = (c0 + c1, n0 + n1);
        let l2 = (n1 + 2.0 * n0) * delta - n - c;
        let l1 = (n0 * delta - n - 2.0 * c0) * delta + c;
        let l0 = c0 * delta * (1.0 - delta);
        let third = l2 / (3.0 * n);
        let q = third.powi(3) - l1 * l2 / (6.0 * n * n) + l0 / (2.0 * n);
        let p = (third * third - l1 / (3.0 * n)).max(0.0).sqrt().copysign(q);
        let angle = if p == 0.0 { 0.0 } else { (q / p.powi(3)).clamp(-1.0, 1.0) };
        let mut r0 = 2.0 * p * ((std::f64::consts::PI + angle.acos()) / 3.0).cos() - third;
        // The arc cosine loses half the digits near its ends; a step of Newton's method on the cubic has them back.
        let slope = (3.0 * n * r0 + 2.0 * l2) * r0 + l1;
        if slope != 0.0 {
            r0 -= (((n * r0 + l2) * r0 + l1) * r0 + l0) / slope;
        }
        let r0 = r0.clamp((-delta).max(0.0), (1.0 - delta).min(1.0));
        let r1 = (r0 + delta).clamp(0.0, 1.0);
        let variance = (r1 * (1.0 - r1) / n1 + r0 * (1.0 - r0) / n0) * n / (n - 1.0);
        score(c1 / n1 - c0 / n0 - delta, variance)
    }

    /// The score statistic of "the ratio is `phi`".
    fn of_ratio(&self, phi: f64) -> f64 {
        let Self { c0, n0, c1, n1 } = *self;
        let n = n0 + n1;
        let a = n * phi;
        let b = n1 * phi + c1 + n0 + c0 * phi;
        let c = c0 + c1;
        let r0 = (2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt())).clamp(0.0, 1.0);
        let r1 = (phi * r0).clamp(0.0, 1.0);
        let variance = (r1 * (1.0 - r1) / n1 + phi * phi * r0 * (1.0 - r0) / n0) * n / (n - 1.0);
        score(c1 / n1 - phi * c0 / n0, variance)
    }
}

fn score(difference: f64, variance: f64) -> f64 {
    if difference == 0.0 && variance > 0.0 { 0.0 } else { difference / variance.sqrt() }
}
