//! Student's t distribution.

use statrs::function::beta::checked_beta_reg;

use super::normal;

/// From here on Hill's normal deviate is nearer than 1e-8 relative to the incomplete beta function, which loses digits
/// as the degrees of freedom grow.
const HILL_FROM: f64 = 1_000.0;

/// P(T > t) for t >= 0.
#[must_use]
pub fn above(t: f64, freedom: f64) -> f64 {
    if freedom >= HILL_FROM {
        return normal::above(hill(t, freedom));
    }
    checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t)).map_or(f64::NAN, |tails| tails / 2.0)
}

#[must_use]
pub fn two_sided(t: f64, freedom: f64) -> f64 {
    2.0 * above(t.abs(), freedom)
}

/// The t that is exceeded on either side with chance `alpha`: Newton's method from the normal quantile, which lies below
/// it; the tail is convex, so that no step goes too far.
#[must_use]
pub fn critical(alpha: f64, freedom: f64) -> f64 {
    let mut t = normal::critical(alpha);
    for _ in 0..100 {
        let step = (above(t, freedom) - alpha / 2.0) / density(t, freedom);
        t += step;
        if step.abs() <= 1e-13 * t.abs() {
            break;
        }
    }
    t
}

fn density(t: f64, freedom: f64) -> f64 {
    use statrs::function::gamma::ln_gamma;
    if freedom > 1e6 {
        return normal::density(t);
    }
    let constant = ln_gamma(f64::midpoint(freedom, 1.0))
        - ln_gamma(freedom / 2.0)
        - (freedom * std::f64::consts::PI).ln() / 2.0;
    (constant - f64::midpoint(freedom, 1.0) * (t * t / freedom).ln_1p()).exp()
}

/// The normal deviate of the same tail (G. W. Hill, Communications of the ACM 13 (1970) 617-619, algorithm 395).
fn hill(t: f64, freedom: f64) -> f64 {
    let a = freedom - 0.5;
    let b = 48.0 * a * a;
    let y = a * (t * t / freedom).ln_1p();
    let inner = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b);
    ((inner + y + 3.0) / b + 1.0) * y.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_the_tail_agree_where_they_meet() {
        for t in [0.1, 1.0, 2.0, 5.0, 10.0] {
            let exact =
                checked_beta_reg(HILL_FROM / 2.0, 0.5, HILL_FROM / (HILL_FROM + t * t)).unwrap() / 2.0;
            let near = above(t, HILL_FROM);
            assert!((near / exact - 1.0).abs() < 1e-8, "{t}: {near} {exact}");
        }
    }

    #[test]
    fn the_critical_value_is_exceeded_as_often_as_asked() {
        for freedom in [1.0, 2.5, 10.0, 99.0, 1e3, 1e9] {
            for alpha in [1e-6, 0.01, 0.05, 0.5] {
                let chance = two_sided(critical(alpha, freedom), freedom);
                assert!((chance / alpha - 1.0).abs() < 1e-8, "{freedom} {alpha}: {chance}");
            }
        }
    }
}
