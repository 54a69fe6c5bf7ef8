//! Gauss-Legendre quadrature over panels.

/// Nodes and weights on (-1, 1).
#[must_use]
pub fn rule(points: u32) -> Vec<(f64, f64)> {
    let n = f64::from(points);
    let node = |i: u32| {
        let mut x = (std::f64::consts::PI * (f64::from(i) + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=points {
                let k = f64::from(k);
                (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..points).map(node).collect()
}

/// Nodes and weights on (low, high), in panels no wider than `width`.
#[must_use]
pub fn panels(low: f64, high: f64, width: f64) -> Vec<(f64, f64)> {
    let count = ((high - low) / width).ceil().clamp(1.0, 4_096.0);
    let half = (high - low) / count / 2.0;
    let rule = rule(16);
    let panel = |at: u32| {
        let middle = low + half * (2.0 * f64::from(at) + 1.0);
        rule.iter().map(move |(x, weight)| (middle + half * x, half * weight))
    };
    (0..count as u32).flat_map(panel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gaussian_is_integrated_to_the_last_digits() {
        let sum: f64 = panels(-12.0, 12.0, 2.0).iter().map(|(x, weight)| weight * (-x * x / 2.0).exp()).sum();
        assert!((sum / (2.0 * std::f64::consts::PI).sqrt() - 1.0).abs() < 1e-14, "{sum}");
    }
}
