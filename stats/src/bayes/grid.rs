//! Beta distributions on one grid of log odds, where their densities fade on both sides and the trapezoidal rule is exact to
//! the last digits (with the Euler-Maclaurin terms of an end that lies where the density does not fade).

use statrs::function::beta::ln_beta;

/// Where a density is less than e^-FADED of its top, it is nothing.
const FADED: f64 = 45.0;
/// Points a standard deviation of the narrowest; more where a density may not fade before 0 or 1 do.
const FINE: f64 = 24.0;
const FINER: f64 = 96.0;
const FADES_FROM: f64 = 20.0;
const MOST: f64 = 400_000.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Beta {
    pub a: f64,
    pub b: f64,
}

#[derive(Debug)]
pub(super) struct Grid {
    pub step: f64,
    /// The share (0 to 1) at each point, and how fast it grows there.
    pub at: Vec<(f64, f64)>,
    /// For each distribution its density by log odds and its cumulative at each point.
    pub of: Vec<Vec<(f64, f64)>>,
}

impl Beta {
    /// ln of x^a (1 - x)^b at log odds u, which is the density by u but for a constant.
    fn ln_shape(self, u: f64) -> f64 {
        let softplus = |u: f64| if u > 0.0 { u + (-u).exp().ln_1p() } else { u.exp().ln_1p() };
        -self.a * softplus(-u) - self.b * softplus(u)
    }

    fn top(self) -> f64 {
        (self.a / self.b).ln()
    }

    fn deviation(self) -> f64 {
        ((self.a + self.b) / (self.a * self.b)).sqrt()
    }

    fn end(self, direction: f64) -> f64 {
        let (top, floor) = (self.top(), self.ln_shape(self.top()) - FADED);
        let mut reach = self.deviation();
        while self.ln_shape(top + direction * reach) > floor {
            reach *= 1.25;
        }
        top + direction * reach
    }
}

impl Grid {
    pub fn new(distributions: &[Beta]) -> Self {
        let ends = |direction: f64| distributions.iter().map(move |beta| beta.end(direction));
        let (low, high) =
            (ends(-1.0).fold(f64::INFINITY, f64::min), ends(1.0).fold(f64::NEG_INFINITY, f64::max));
        let narrowest =
            distributions.iter().map(|beta| beta.deviation()).fold(f64::INFINITY, f64::min).min(1.0);
        let fades = distributions.iter().all(|beta| beta.a.min(beta.b) >= FADES_FROM);
        let count = ((high - low) / narrowest * if fades { FINE } else { FINER }).ceil().min(MOST);
        let step = (high - low) / count;
        let odds = |at: u32| low + step * f64::from(at);
        let points = count as u32 + 1;
        let at = (0..points).map(|at| {
            let share = 1.0 / (1.0 + (-odds(at)).exp());
            (share, share / (1.0 + odds(at).exp()))
        });
        let of = distributions.iter().map(|beta| {
            let constant = -ln_beta(beta.a, beta.b);
            let mut sum = 0.0;
            let cumulative = move |at: u32| {
                let u = odds(at);
                let density = (beta.ln_shape(u) + constant).exp();
                sum += density;
                // Derivatives of the density from those of its logarithm.
                let share = 1.0 / (1.0 + (-u).exp());
                let spread = share / (1.0 + u.exp());
                let first = beta.a - (beta.a + beta.b) * share;
                let second = -(beta.a + beta.b) * spread;
                let third = second * (1.0 - 2.0 * share);
                let slope = density * first;
                let cubic = density * (first.powi(3) + 3.0 * first * second + third);
                let below =
                    step * (sum - density / 2.0) - step.powi(2) / 12.0 * slope + step.powi(4) / 720.0 * cubic;
                (density, below)
            };
            // What the constant or the ends leave out is shared out.
            let rows: Vec<(f64, f64)> = (0..points).map(cumulative).collect();
            let all = rows.last().map_or(1.0, |(_, below)| *below);
            rows.into_iter().map(|(density, below)| (density / all, (below / all).clamp(0.0, 1.0))).collect()
        });
        let (at, of) = (at.collect(), of.collect());
        Self { step, at, of }
    }
}

impl Grid {
    /// Cumulative of a distribution at any share: cubic between the two points beside it.
    pub fn below(&self, distribution: usize, share: f64) -> f64 {
        if share <= 0.0 {
            return 0.0;
        }
        if share >= 1.0 {
            return 1.0;
        }
        let low = self.at.first().map_or(0.0, |(share, _)| (share / (1.0 - share)).ln());
        let place = ((share / (1.0 - share)).ln() - low) / self.step;
        if place <= 0.0 {
            return 0.0;
        }
        let (index, part) = (place as usize, place.fract());
        let Some(rows) = self.of.get(distribution) else { return f64::NAN };
        let (Some((slope, value)), Some((next_slope, next))) = (rows.get(index), rows.get(index + 1)) else {
            return 1.0;
        };
        let (slope, next_slope) = (slope * self.step, next_slope * self.step);
        let rise = next - value;
        value
            + part
                * (slope
                    + part
                        * (3.0 * rise - 2.0 * slope - next_slope + part * (slope + next_slope - 2.0 * rise)))
    }
}
