//! The binomial distribution: exact tests and intervals.

use statrs::function::beta::{checked_beta_reg, ln_beta};

/// ln P(X = k) for 0 < p < 1.
fn ln_chance(k: u64, n: u64, p: f64) -> f64 {
    let (k, n) = (k as f64, n as f64);
    k * p.ln() + (n - k) * (-p).ln_1p() - (n + 1.0).ln() - ln_beta(k + 1.0, n - k + 1.0)
}

/// The two-sided exact p-value: all outcomes that are no likelier than this one (scipy's `binomtest`).
#[must_use]
pub fn two_sided(k: u64, n: u64, p: f64) -> f64 {
    /// Outcomes as likely as this one count in spite of rounding.
    const SLACK: f64 = 1e-7;
    let limit = ln_chance(k, n, p) + SLACK;
    let mode = ((n as f64 + 1.0) * p).min(n as f64) as u64;
    // Either side of the mode the chance falls: where does it fall to the limit?
    let (mut far, mut near) = (0, mode);
    while far < near {
        let middle = far + (near - far).div_ceil(2);
        if ln_chance(middle, n, p) <= limit { far = middle } else { near = middle - 1 }
    }
    let low = (ln_chance(far, n, p) <= limit).then_some(far);
    let (mut near, mut far) = (mode, n);
    while near < far {
        let middle = near + (far - near) / 2;
        if ln_chance(middle, n, p) <= limit { far = middle } else { near = middle + 1 }
    }
    let high = (ln_chance(far, n, p) <= limit).then_some(if low == Some(far) { far + 1 } else { far });
    let below = low.map_or(0.0, |low| tail((0..=low).rev(), n, p));
    let above = high.map_or(0.0, |high| tail(high..=n, n, p));
    (below + above).min(1.0)
}

/// The sum of chances that fall, as far as they change it.
fn tail(outcomes: impl Iterator<Item = u64>, n: u64, p: f64) -> f64 {
    let mut sum = 0.0;
    for outcome in outcomes {
        let chance = ln_chance(outcome, n, p).exp();
        sum += chance;
        if chance < 1e-18 * sum {
            break;
        }
    }
    sum
}

/// Up to here intervals are exact; beyond, the incomplete beta function loses digits, and nothing is gained by it.
pub const EXACT_UP_TO: u64 = 10_000;

/// The interval of a share: exact (Clopper and Pearson, Biometrika 26 (1934) 404-413) or, for many, of the score test
/// (E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212).
#[must_use]
pub fn interval(k: u64, n: u64, alpha: f64) -> (f64, f64) {
    if n > EXACT_UP_TO { wilson(k, n, alpha) } else { clopper_pearson(k, n, alpha) }
}

fn wilson(k: u64, n: u64, alpha: f64) -> (f64, f64) {
    let (z, n, share) = (super::normal::critical(alpha), n as f64, k as f64 / n as f64);
    let middle = share + z * z / (2.0 * n);
    let width = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let over = 1.0 + z * z / n;
    ((middle - width) / over, (middle + width) / over)
}

fn clopper_pearson(k: u64, n: u64, alpha: f64) -> (f64, f64) {
    let (successes, failures) = (k as f64, (n - k.min(n)) as f64);
    let low = if k == 0 { 0.0 } else { beta_quantile(successes, failures + 1.0, alpha / 2.0) };
    let high = if k >= n { 1.0 } else { beta_quantile(successes + 1.0, failures, 1.0 - alpha / 2.0) };
    (low, high)
}

fn beta_quantile(a: f64, b: f64, share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if checked_beta_reg(a, b, middle).unwrap_or(f64::NAN) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}
