//! Post-stratification: effects within strata (device, country), weighted by how many units each holds.

use crate::arm::Arm;
use crate::error::Error;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stratum {
    pub control: Arm,
    pub variant: Arm,
}

/// Arms with mean Σ W m and variance n Σ W² s² / n_h, where W is the stratum's share of all units in both arms: what any
/// method that takes arms compares. A stratum that has fewer than two units in either arm cannot be weighed and is an error.
pub fn stratify(strata: &[Stratum]) -> Result<Stratum, Error> {
    if strata.is_empty() {
        return Err(Error::Shape { what: "strata", have: 0, want: "at least one" });
    }
    let fewest =
        strata.iter().map(|stratum| stratum.control.n.min(stratum.variant.n)).min().unwrap_or_default();
    if fewest < 2 {
        return Err(Error::TooFew { what: "units of the smallest stratum", have: fewest, need: 2 });
    }
    let units = |stratum: &Stratum| stratum.control.n as f64 + stratum.variant.n as f64;
    let all: f64 = strata.iter().map(units).sum();
    let side = |of: fn(&Stratum) -> &Arm| {
        let mut arm = Arm::plain(0, 0, 0.0, 0.0);
        for stratum in strata {
            let weight = units(stratum) / all;
            let part = of(stratum);
            arm.n = arm.n.saturating_add(part.n);
            arm.informative = arm.informative.saturating_add(part.informative);
            arm.mean += weight * part.mean;
            arm.raw_mean += weight * part.raw_mean;
            arm.variance += weight * weight * part.variance / part.n as f64;
            arm.raw_variance += weight * weight * part.raw_variance / part.n as f64;
        }
        let n = arm.n as f64;
        Arm { variance: arm.variance * n, raw_variance: arm.raw_variance * n, ..arm }
    };
    Ok(Stratum { control: side(|stratum| &stratum.control), variant: side(|stratum| &stratum.variant) })
}
