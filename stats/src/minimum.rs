//! Below these an estimator was wrong more often than it says: it refuses.

use crate::arm::Arm;
use crate::error::Error;

/// Informative units in the smaller arm for one look by normal approximation, where the arms are about equal.
pub const FIXED: u64 = 50;
/// The same where one arm is over [`LOPSIDED`] times the other: skewness no longer cancels.
pub const FIXED_LOPSIDED: u64 = 400;
pub const LOPSIDED: f64 = 1.5;
/// Informative units in the smaller arm before the first look of a confidence sequence.
pub const SEQUENTIAL: u64 = 50;
/// The control's standard error as a part of its mean, above which relative uplift is not told.
pub const RELATIVE_PRECISION: f64 = 0.1;

pub(crate) fn fixed(control: &Arm, variant: &Arm) -> Result<(), Error> {
    let (fewer, more) = (control.n.min(variant.n), control.n.max(variant.n));
    let need = if more as f64 > LOPSIDED * fewer as f64 { FIXED_LOPSIDED } else { FIXED };
    at_least(need, control, variant)
}

pub(crate) fn sequential(control: &Arm, variant: &Arm) -> Result<(), Error> {
    at_least(SEQUENTIAL, control, variant)
}

fn at_least(need: u64, control: &Arm, variant: &Arm) -> Result<(), Error> {
    let have = control.informative.min(variant.informative);
    if have < need { Err(Error::TooFew { what: "informative units", have, need }) } else { Ok(()) }
}
