//! Below these an estimator was wrong more often than it says: it refuses.

use crate::arm::Arm;
use crate::error::Error;
use crate::proportion::Share;

/// Informative units in the smaller arm for one look by normal approximation, where the larger arm is at most [`LOPSIDED`]
/// times as large. Of revenue (97 of 100 units nothing, log-normal with sigma 1) the error rate of 5 % is 4.5 % at 60 and 4.9 % at
/// 150 informative units.
pub const FIXED: u64 = 150;
/// The same for arms that differ more: the skewness of the two no longer cancels. At 9 to 1 the same revenue's rate is 6.2 % at
/// 150, 5.6 % at 300, 5.3 % at 600 and 5.2 % at 1,200.
pub const FIXED_LOPSIDED: u64 = 1_200;
pub const LOPSIDED: f64 = 2.0;
/// Successes (or failures, if fewer) expected in the smaller arm if there is no effect, for the score test, at any split: its
/// rate is 5.0 % at 25.
pub const SHARES: u64 = 20;
/// Informative units in the smaller arm before the first look of a confidence sequence.
pub const SEQUENTIAL: u64 = 50;
/// The control's standard error as a part of its mean, above which relative uplift is not told.
pub const RELATIVE_PRECISION: f64 = 0.2;

pub(crate) fn fixed(control: &Arm, variant: &Arm) -> Result<(), Error> {
    let (fewer, more) = (control.n.min(variant.n), control.n.max(variant.n));
    let need = if more as f64 > LOPSIDED * fewer as f64 { FIXED_LOPSIDED } else { FIXED };
    at_least(need, control, variant)
}

pub(crate) fn sequential(control: &Arm, variant: &Arm) -> Result<(), Error> {
    at_least(SEQUENTIAL, control, variant)
}

pub(crate) fn shares(control: Share, variant: Share) -> Result<(), Error> {
    let (successes, n) =
        (control.successes as f64 + variant.successes as f64, control.n as f64 + variant.n as f64);
    enough((successes.min(n - successes) * control.n.min(variant.n) as f64 / n) as u64, SHARES)
}

fn at_least(need: u64, control: &Arm, variant: &Arm) -> Result<(), Error> {
    enough(control.informative.min(variant.informative), need)
}

fn enough(have: u64, need: u64) -> Result<(), Error> {
    if have < need { Err(Error::TooFew { what: "informative units", have, need }) } else { Ok(()) }
}
