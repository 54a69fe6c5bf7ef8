//! A/A check: are the p-values of comparisons without an effect spread evenly over 0 to 1?

use crate::error::Error;

/// Up to here the distribution of the statistic is exact, beyond it is its limit.
pub const EXACT_UP_TO: usize = 1_000;
/// Beyond this n D² the exact p is under 1e-6, the limit is near enough, and the matrix would be large.
const LARGE: f64 = 7.24;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uniformity {
    /// The largest distance between the share of p-values below a level and that level.
    pub distance: f64,
    pub p: f64,
}

/// Kolmogorov and Smirnov's test. p-values of independent comparisons, one a metric or experiment.
pub fn uniformity(p_values: &[f64]) -> Result<Uniformity, Error> {
    if p_values.is_empty() {
        return Err(Error::Shape { what: "p-values", have: 0, want: "at least one" });
    }
    if let Some(value) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Error::Invalid { what: "p-value", value: *value, want: "from 0 to 1" });
    }
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let gap = |(rank, p): (usize, &f64)| ((rank as f64 + 1.0) / n - p).max(p - rank as f64 / n);
    let distance = sorted.iter().enumerate().map(gap).fold(0.0, f64::max);
    let is_exact = sorted.len() <= EXACT_UP_TO && n * distance * distance <= LARGE;
    let p = if is_exact { 1.0 - exact(sorted.len(), distance) } else { limit(n.sqrt() * distance) };
    Ok(Uniformity { distance, p: p.clamp(0.0, 1.0) })
}

/// P(sqrt(n) D > x) for n without bound (Kolmogorov 1933).
fn limit(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0;
    }
    2.0 * (1..=100)
        .map(f64::from)
        .map(|k| (-2.0 * k * k * x * x).exp() * if k % 2.0 == 0.0 { -1.0 } else { 1.0 })
        .sum::<f64>()
}

/// P(D < d) by Durbin's matrix, raised to the power n.
fn exact(n: usize, d: f64) -> f64 {
    let scaled = n as f64 * d;
    let k = scaled.floor() as usize + 1;
    let size = 2 * k - 1;
    let h = k as f64 - scaled;
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let entry = |row: usize, column: usize| {
        if row + 1 < column {
            return 0.0;
        }
        let order = row + 1 - column;
        let mut value = 1.0;
        if column == 0 {
            value -= h.powi(row as i32 + 1);
        }
        if row + 1 == size {
            value -= h.powi((size - column) as i32);
        }
        if column == 0 && row + 1 == size && 2.0 * h - 1.0 > 0.0 {
            value += (2.0 * h - 1.0).powi(size as i32);
        }
        value / factorial(order)
    };
    let matrix: Vec<Vec<f64>> =
        (0..size).map(|row| (0..size).map(|column| entry(row, column)).collect()).collect();
    let (power, exponent) = raised(&matrix, n);
    let middle = power.get(k - 1).and_then(|row| row.get(k - 1)).copied().unwrap_or(f64::NAN);
    // n! / n^n, factor by factor, so that nothing overflows.
    let mut value = middle;
    let mut tens = exponent;
    for i in 1..=n {
        value *= i as f64 / n as f64;
        if value < 1e-140 {
            value *= 1e140;
            tens -= 140;
        }
    }
    value * 10f64.powi(tens)
}

/// The power and the tens taken out of it.
fn raised(matrix: &[Vec<f64>], n: usize) -> (Vec<Vec<f64>>, i32) {
    if n == 1 {
        return (matrix.to_vec(), 0);
    }
    let (half, tens) = raised(matrix, n / 2);
    let (mut result, mut tens) = (product(&half, &half), 2 * tens);
    if n % 2 == 1 {
        result = product(&result, matrix);
    }
    let largest = result.iter().flatten().fold(0.0_f64, |a, b| a.max(b.abs()));
    if largest > 1e140 {
        result.iter_mut().flatten().for_each(|value| *value *= 1e-140);
        tens += 140;
    }
    (result, tens)
}

fn product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let width = b.first().map_or(0, Vec::len);
    let row_times = |row: &Vec<f64>| {
        let mut out = vec![0.0; width];
        for (factor, other) in row.iter().zip(b) {
            out.iter_mut().zip(other).for_each(|(sum, value)| *sum += factor * value);
        }
        out
    };
    a.iter().map(row_times).collect()
}
