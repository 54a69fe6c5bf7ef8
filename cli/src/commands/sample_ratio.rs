//! Do the variants have the shares their weights promise? Pearson's chi-square test.

#[derive(Debug, Clone, Copy)]
pub struct SampleRatio {
    pub chi_square: f64,
    pub freedom: u32,
    /// The share of honest samples that are at least this far off.
    pub p: f64,
}

impl SampleRatio {
    /// `None` when there are no two arms to compare. An arm that expects nobody and has nobody is no arm.
    pub fn of(observed: &[u64], expected: &[f64]) -> Option<Self> {
        let arms = observed.iter().zip(expected).filter(|(count, expect)| **count > 0 || **expect > 0.0);
        let terms: Vec<f64> = arms.map(|(count, expect)| (*count as f64 - expect).powi(2) / expect).collect();
        let freedom = u32::try_from(terms.len()).ok()?.checked_sub(1).filter(|freedom| *freedom > 0)?;
        let chi_square: f64 = terms.iter().sum();
        Some(Self { chi_square, freedom, p: upper_tail(chi_square, freedom) })
    }
}

/// P(X ≥ x) for chi-square: the upper incomplete gamma function Q(freedom/2, x/2), by its series where that converges
/// fast and by its continued fraction (modified Lentz) elsewhere. Abramowitz & Stegun 6.5.29 and 6.5.31.
fn upper_tail(x: f64, freedom: u32) -> f64 {
    if !x.is_finite() {
        return 0.0;
    }
    let (a, x) = (f64::from(freedom) / 2.0, x / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma_of_half(freedom)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..1_000 {
            term *= x / (a + f64::from(step));
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return (1.0 - scale * sum).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::MAX, 1.0 / b);
    let mut fraction = d;
    for step in 1..1_000 {
        let numerator = -f64::from(step) * (f64::from(step) - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    (scale * fraction).clamp(0.0, 1.0)
}

/// ln Γ(n/2), by Γ(a + 1) = a Γ(a) from Γ(½) = √π or Γ(1) = 1.
fn ln_gamma_of_half(n: u32) -> f64 {
    let (mut ln, first) = if n % 2 == 1 { (std::f64::consts::PI.ln() / 2.0, 1) } else { (0.0, 2) };
    for twice in (first..n).step_by(2) {
        ln += (f64::from(twice) / 2.0).ln();
    }
    ln
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_agrees_with_published_critical_values() {
        for (freedom, x, expect) in [
            (1, 3.841_459, 0.05),
            (1, 6.634_897, 0.01),
            (2, 5.991_465, 0.05),
            (2, 13.815_511, 0.001),
            (3, 7.814_728, 0.05),
            (10, 18.307_038, 0.05),
            (10, 3.940_299, 0.95),
            (100, 124.342_113, 0.05),
        ] {
            let p = upper_tail(x, freedom);
            assert!((p - expect).abs() < 1e-6, "{freedom} {x}: {p}");
        }
    }

    #[test]
    fn an_arm_nobody_should_reach_and_somebody_did_is_impossible() {
        let test = SampleRatio::of(&[500, 499, 1], &[500.0, 500.0, 0.0]);
        assert_eq!(test.map(|test| test.p), Some(0.0));
    }

    #[test]
    fn one_arm_alone_is_no_test() {
        assert!(SampleRatio::of(&[500, 0], &[500.0, 0.0]).is_none());
    }
}
