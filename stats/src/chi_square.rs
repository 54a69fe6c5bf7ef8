//! Pearson's chi-square tests: do counts have the shares they should have, and are two ways to split the same people
//! independent of each other?

use statrs::function::gamma::gamma_ur;

/// Cochran's rule: where fewer are expected in a cell, the distribution is not that of chi-square.
pub(crate) const FEWEST_EXPECTED: f64 = 5.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    pub chi_square: f64,
    pub freedom: u32,
    /// The share of honest samples that are at least this far off.
    pub p: f64,
}

impl ChiSquare {
    /// `None` when there are no two arms to compare. An arm that expects nobody and has nobody is no arm.
    #[must_use]
    pub fn of_shares(observed: &[u64], expected: &[f64]) -> Option<Self> {
        let arms = observed.iter().zip(expected).filter(|(count, expect)| **count > 0 || **expect > 0.0);
        let terms: Vec<f64> = arms.map(|(count, expect)| (*count as f64 - expect).powi(2) / expect).collect();
        Self::new(terms.iter().sum(), terms.len().checked_sub(1)?)
    }

    /// `None` when there are no two rows and columns, or too few people to tell. `table` has one row for each arm of the
    /// one and one column for each arm of the other.
    #[must_use]
    pub fn of_independence(table: &[Vec<u64>]) -> Option<Self> {
        let width = table.iter().map(Vec::len).max().unwrap_or_default();
        let column = |at: usize| table.iter().filter_map(|row| row.get(at)).sum::<u64>();
        let columns: Vec<u64> = (0..width).map(column).collect();
        let total: u64 = columns.iter().sum();
        let (mut chi_square, mut rows) = (0.0, 0usize);
        for row in table {
            let in_row: u64 = row.iter().sum();
            if in_row == 0 {
                continue;
            }
            rows += 1;
            for (count, in_column) in row.iter().zip(&columns).filter(|(_, in_column)| **in_column > 0) {
                let expected = in_row as f64 * *in_column as f64 / total as f64;
                if expected < FEWEST_EXPECTED {
                    return None;
                }
                chi_square += (*count as f64 - expected).powi(2) / expected;
            }
        }
        let filled = columns.iter().filter(|count| **count > 0).count();
        Self::new(chi_square, rows.checked_sub(1)? * filled.checked_sub(1)?)
    }

    fn new(chi_square: f64, freedom: usize) -> Option<Self> {
        let freedom = u32::try_from(freedom).ok().filter(|freedom| *freedom > 0)?;
        Some(Self { chi_square, freedom, p: upper_tail(chi_square, freedom) })
    }
}

impl std::fmt::Display for ChiSquare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { chi_square, freedom, p } = self;
        let degrees = if *freedom == 1 { "degree" } else { "degrees" };
        write!(f, "chi-square {chi_square:.3}, {freedom} {degrees} of freedom, p ")?;
        if *p == 0.0 || *p >= 0.001 { write!(f, "{p:.4}") } else { write!(f, "{p:.1e}") }
    }
}

/// P(X ≥ x) for chi-square: the regularised upper incomplete gamma function Q(freedom/2, x/2).
pub(crate) fn upper_tail(x: f64, freedom: u32) -> f64 {
    if !x.is_finite() {
        return 0.0;
    }
    if x <= 0.0 { 1.0 } else { gamma_ur(f64::from(freedom) / 2.0, x / 2.0) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
        let test = ChiSquare::of_shares(&[500, 499, 1], &[500.0, 500.0, 0.0]);
        assert_eq!(test.map(|test| test.p), Some(0.0));
    }

    #[test]
    fn one_arm_alone_is_no_test() {
        assert_eq!(ChiSquare::of_shares(&[500, 0], &[500.0, 0.0]), None);
        assert_eq!(ChiSquare::of_independence(&[vec![30, 40]]), None);
        assert_eq!(ChiSquare::of_independence(&[vec![30, 0], vec![40, 0]]), None);
        assert_eq!(ChiSquare::of_independence(&[]), None);
    }

    /// scipy 1.17.1, `chi2_contingency([[30, 40, 50], [60, 40, 20]], correction=False)`.
    #[test]
    fn a_table_agrees_with_scipy() {
        let test = ChiSquare::of_independence(&[vec![30, 40, 50], vec![0, 0, 0], vec![60, 40, 20]]).unwrap();
        assert!((test.chi_square - 22.857_142_857_142_86).abs() < 1e-12, "{test:?}");
        assert_eq!(test.freedom, 2);
        assert!((test.p - 1.088_014_022_196_330_9e-5).abs() < 1e-15, "{test:?}");
    }

    #[test]
    fn too_few_people_are_no_test() {
        assert_eq!(ChiSquare::of_independence(&[vec![3, 40], vec![40, 3]]).map(|test| test.freedom), Some(1));
        assert_eq!(ChiSquare::of_independence(&[vec![3, 4], vec![4, 3]]), None);
    }
}
