//! Shares with beta priors: exact posteriors, no normal approximation and so no minimum of units.

use super::Posterior;
use super::grid::{Beta, Grid};
use crate::comparison::Interval;
use crate::error::{Error, positive, share};
use crate::proportion::Share;

/// What was believed of a share before; [`Prior::EVEN`] if nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    pub a: f64,
    pub b: f64,
}

impl Prior {
    /// Every share is as likely as any other.
    pub const EVEN: Self = Self { a: 1.0, b: 1.0 };
}

fn posterior(of: Share, prior: Prior) -> Result<Beta, Error> {
    if of.successes > of.n {
        return Err(Error::Invalid {
            what: "successes",
            value: of.successes as f64,
            want: "no more than units",
        });
    }
    let (a, b) = (positive("a of the prior", prior.a)?, positive("b of the prior", prior.b)?);
    Ok(Beta { a: a + of.successes as f64, b: b + (of.n - of.successes) as f64 })
}

/// The difference of the two shares. The loss is E max(p_control - p_variant, 0) = ∫ P(p_control > t) P(p_variant < t) dt.
pub fn compare(control: Share, variant: Share, prior: Prior, alpha: f64) -> Result<Posterior, Error> {
    let alpha = share("alpha", alpha)?;
    let (a, b) = (posterior(control, prior)?, posterior(variant, prior)?);
    let grid = Grid::new(&[a, b]);
    let [control, variant] = grid.of.as_slice() else { return Err(Error::NoVariance) };
    let (mut beat, mut worse, mut better) = (0.0, 0.0, 0.0);
    for (((_, growth), (_, below_control)), (density, below_variant)) in
        grid.at.iter().zip(control).zip(variant)
    {
        beat += grid.step * density * below_control;
        worse += grid.step * growth * (1.0 - below_control) * below_variant;
        better += grid.step * growth * below_control * (1.0 - below_variant);
    }
    let mean = |beta: Beta| beta.a / (beta.a + beta.b);
    let variance = |beta: Beta| mean(beta) * (1.0 - mean(beta)) / (beta.a + beta.b + 1.0);
    let below = |difference: f64| {
        let chance = |((share, _), (density, _)): (&(f64, f64), &(f64, f64))| {
            density * grid.below(1, share + difference)
        };
        grid.step * grid.at.iter().zip(control).map(chance).sum::<f64>()
    };
    let (middle, deviation) = (mean(b) - mean(a), (variance(a) + variance(b)).sqrt());
    let reached =
        |chance: f64| where_reached(below, chance, middle - 6.0 * deviation, middle + 6.0 * deviation);
    Ok(Posterior {
        mean: middle,
        standard_deviation: deviation,
        chance_to_beat: beat.clamp(0.0, 1.0),
        loss_of_variant: worse,
        loss_of_control: better,
        interval: Interval { low: reached(alpha / 2.0), high: reached(1.0 - alpha / 2.0) },
    })
}

/// The Illinois method (M. Dowell, P. Jarratt, BIT 11 (1971) 168-174), from `low` to `high` if the place is between them.
fn where_reached(below: impl Fn(f64) -> f64, chance: f64, low: f64, high: f64) -> f64 {
    let at = |difference: f64| (difference, below(difference) - chance);
    let (mut low, mut high) = (at(low.max(-1.0)), at(high.min(1.0)));
    if low.1 > 0.0 {
        low = (-1.0, -chance);
    }
    if high.1 < 0.0 {
        high = (1.0, 1.0 - chance);
    }
    let mut last_was_low = None;
    for _ in 0..100 {
        let new = at((low.0 * high.1 - high.0 * low.1) / (high.1 - low.1));
        let is_low = new.1 < 0.0;
        let (moved, kept) = if is_low { (&mut low, &mut high) } else { (&mut high, &mut low) };
        let step = (new.0 - moved.0).abs();
        *moved = new;
        if last_was_low == Some(is_low) {
            kept.1 /= 2.0;
        }
        last_was_low = Some(is_low);
        if new.1 == 0.0 || step < 1e-13 || high.0 - low.0 < 1e-13 {
            return new.0;
        }
    }
    f64::midpoint(low.0, high.0)
}

/// For each arm the chance that its share is the highest of all: the shares that Thompson sampling gives it, integrated
/// instead of drawn, so that the same counts give the same shares on every host.
pub fn chances_to_be_best(arms: &[Share], prior: Prior) -> Result<Vec<f64>, Error> {
    if arms.is_empty() {
        return Err(Error::Shape { what: "arms", have: 0, want: "at least one" });
    }
    let posteriors = arms.iter().map(|arm| posterior(*arm, prior)).collect::<Result<Vec<_>, _>>()?;
    let grid = Grid::new(&posteriors);
    let best = grid.of.iter().enumerate().map(|(arm, own)| {
        let others = |point: usize| {
            let below = |(other, rows): (usize, &Vec<(f64, f64)>)| {
                if other == arm { 1.0 } else { rows.get(point).map_or(0.0, |row| row.1) }
            };
            grid.of.iter().enumerate().map(below).product::<f64>()
        };
        grid.step * own.iter().enumerate().map(|(point, (density, _))| density * others(point)).sum::<f64>()
    });
    let best: Vec<f64> = best.collect();
    let all: f64 = best.iter().sum();
    Ok(best.into_iter().map(|chance| chance / all).collect())
}

/// Shares for the next visitors: Thompson's, but none under `floor`, so that every arm goes on being tried.
pub fn thompson(arms: &[Share], prior: Prior, floor: f64) -> Result<Vec<f64>, Error> {
    let chances = chances_to_be_best(arms, prior)?;
    let reserved = floor * chances.len() as f64;
    if !(0.0..=1.0).contains(&reserved) {
        return Err(Error::Invalid {
            what: "least share of an arm",
            value: floor,
            want: "from 0 to 1 over the number of arms",
        });
    }
    Ok(chances.into_iter().map(|chance| floor + (1.0 - reserved) * chance).collect())
}
