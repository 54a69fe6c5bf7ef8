//! Do the variants have the shares their weights promise? Pearson's chi-square test.

use statrs::function::gamma::gamma_ur;

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

/// P(X ≥ x) for chi-square: the regularised upper incomplete gamma function Q(freedom/2, x/2).
fn upper_tail(x: f64, freedom: u32) -> f64 {
    if !x.is_finite() {
        return 0.0;
    }
    if x <= 0.0 { 1.0 } else { gamma_ur(f64::from(freedom) / 2.0, x / 2.0) }
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
