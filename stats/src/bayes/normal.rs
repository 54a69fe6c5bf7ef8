//! Normal posterior of the effect, with a flat or a normal prior; for any metric that has arms. As gbstats 0.8.0 defines it.

use super::Posterior;
use crate::arm::Arm;
use crate::comparison::{Difference, Interval};
use crate::distribution::normal;
use crate::error::{Error, finite, positive, share};
use crate::minimum;

/// What was believed of the effect before, in the effect's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    pub mean: f64,
    pub standard_deviation: f64,
}

/// Absolute effect. Without a prior, every effect was as likely as any other.
pub fn absolute(control: &Arm, variant: &Arm, prior: Option<Prior>, alpha: f64) -> Result<Posterior, Error> {
    minimum::fixed(control, variant)?;
    posterior(&Difference::absolute(control, variant)?, prior, alpha)
}

/// Effect as a part of the control's mean; `None` where that is not told ([`minimum::RELATIVE_PRECISION`]).
pub fn relative(
    control: &Arm,
    variant: &Arm,
    prior: Option<Prior>,
    alpha: f64,
) -> Result<Option<Posterior>, Error> {
    minimum::fixed(control, variant)?;
    Difference::relative(control, variant)?.map(|difference| posterior(&difference, prior, alpha)).transpose()
}

fn posterior(difference: &Difference, prior: Option<Prior>, alpha: f64) -> Result<Posterior, Error> {
    let critical = normal::critical(share("alpha", alpha)?);
    let (mean, variance) = match prior {
        None => (difference.estimate, difference.variance),
        Some(Prior { mean, standard_deviation }) => {
            let precision = 1.0 / positive("standard deviation of the prior", standard_deviation)?.powi(2);
            let (told, both) = (1.0 / difference.variance, precision + 1.0 / difference.variance);
            ((difference.estimate * told + finite("mean of the prior", mean)? * precision) / both, 1.0 / both)
        }
    };
    let deviation = variance.sqrt();
    let z = mean / deviation;
    Ok(Posterior {
        mean,
        standard_deviation: deviation,
        chance_to_beat: normal::below(z),
        loss_of_variant: deviation * normal::density(z) - mean * normal::above(z),
        loss_of_control: deviation * normal::density(z) + mean * normal::below(z),
        interval: Interval::around(mean, critical * deviation),
    })
}
