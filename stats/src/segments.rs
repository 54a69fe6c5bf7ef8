//! Parts of the whole: does the effect differ between segments, between experiments that run at once, or with time?

use crate::arm::Arm;
use crate::chi_square;
use crate::comparison::{Difference, Effect};
use crate::distribution::normal;
use crate::error::{Error, share};
use crate::minimum;
use crate::strata::{Stratum, stratify};

/// Do the segments have one effect? Cochran's Q: the weighted squares around the weighted mean (W. G. Cochran, Biometrics 10
/// (1954) 101-129).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heterogeneity {
    pub q: f64,
    pub p: f64,
}

pub fn heterogeneity(segments: &[Stratum]) -> Result<Heterogeneity, Error> {
    if segments.len() < 2 {
        return Err(Error::Shape { what: "segments", have: segments.len(), want: "two or more" });
    }
    let effects = segments.iter().map(difference).collect::<Result<Vec<_>, _>>()?;
    let weights: f64 = effects.iter().map(|effect| 1.0 / effect.variance).sum();
    let mean = effects.iter().map(|effect| effect.estimate / effect.variance).sum::<f64>() / weights;
    let q = effects.iter().map(|effect| (effect.estimate - mean).powi(2) / effect.variance).sum();
    Ok(Heterogeneity { q, p: chi_square::upper_tail(q, segments.len() as u32 - 1) })
}

/// The whole against its parts (C. R. Blyth, Journal of the American Statistical Association 67 (1972) 364-366).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simpson {
    /// Variant less control, everybody thrown together.
    pub pooled: Effect,
    /// The same within segments, weighted by their size.
    pub stratified: Effect,
    /// The two differ in sign, and the shares of the segments differ between the arms by more than chance.
    pub reversed: bool,
    /// That the segments' shares in both arms are equal, as a sound split makes them; `None` where too few tell.
    pub shares: Option<chi_square::ChiSquare>,
}

/// `pooled_control` and `pooled_variant` are the arms over all segments.
pub fn simpson(
    pooled_control: &Arm,
    pooled_variant: &Arm,
    segments: &[Stratum],
    alpha: f64,
) -> Result<Simpson, Error> {
    let limit = normal::critical(share("alpha", alpha)?);
    let effect = |control: &Arm, variant: &Arm| {
        let difference = Difference::absolute(control, variant)?;
        Ok::<_, Error>(difference.effect(limit, normal::two_sided(difference.statistic())))
    };
    minimum::fixed(pooled_control, pooled_variant)?;
    let pooled = effect(pooled_control, pooled_variant)?;
    let whole = stratify(segments)?;
    let stratified = effect(&whole.control, &whole.variant)?;
    let table = [
        segments.iter().map(|part| part.control.n).collect(),
        segments.iter().map(|part| part.variant.n).collect(),
    ];
    let shares = chi_square::ChiSquare::of_independence(&table);
    let moved = shares.is_some_and(|test| test.p < alpha);
    Ok(Simpson { pooled, stratified, reversed: moved && pooled.estimate * stratified.estimate < 0.0, shares })
}

/// Does the effect of one experiment depend on the variant of another? Each stratum holds the two arms of the first within
/// one arm of the second; the interaction is the difference of their differences (D. R. Cox, Planning of Experiments (1958),
/// chapter 6).
pub fn interaction(within_control: &Stratum, within_variant: &Stratum, alpha: f64) -> Result<Effect, Error> {
    let limit = normal::critical(share("alpha", alpha)?);
    let (first, second) = (difference(within_control)?, difference(within_variant)?);
    let variance = first.variance + second.variance;
    let effect = Difference { estimate: second.estimate - first.estimate, variance, freedom: f64::INFINITY };
    Ok(effect.effect(limit, normal::two_sided(effect.statistic())))
}

/// Does the effect fade or grow with the days since exposure? Weighted least squares with known variances: the slope a day
/// (S. Weisberg, Applied Linear Regression, 4th edition 2014, section 7.1).
pub fn trend(days: &[(f64, Stratum)], alpha: f64) -> Result<Effect, Error> {
    let limit = normal::critical(share("alpha", alpha)?);
    let points =
        days.iter().map(|(day, arms)| Ok((*day, difference(arms)?))).collect::<Result<Vec<_>, Error>>()?;
    let weights: f64 = points.iter().map(|(_, effect)| 1.0 / effect.variance).sum();
    let middle = points.iter().map(|(day, effect)| day / effect.variance).sum::<f64>() / weights;
    let spread: f64 = points.iter().map(|(day, effect)| (day - middle).powi(2) / effect.variance).sum();
    if !(spread > 0.0 && spread.is_finite()) {
        return Err(Error::Shape { what: "different days", have: points.len().min(1), want: "two or more" });
    }
    let slope =
        points.iter().map(|(day, effect)| (day - middle) * effect.estimate / effect.variance).sum::<f64>()
            / spread;
    let effect = Difference { estimate: slope, variance: 1.0 / spread, freedom: f64::INFINITY };
    Ok(effect.effect(limit, normal::two_sided(effect.statistic())))
}

fn difference(part: &Stratum) -> Result<Difference, Error> {
    minimum::fixed(&part.control, &part.variant)?;
    Difference::absolute(&part.control, &part.variant)
}
