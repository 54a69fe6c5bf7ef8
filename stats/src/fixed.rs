//! Fixed horizon: valid for one look, at a time chosen before.

use crate::arm::Arm;
use crate::comparison::{Comparison, judge};
use crate::distribution::student;
use crate::error::{Error, share};
use crate::method::Method;
use crate::minimum;

/// Welch's t-test: arms of any sizes and variances, with the degrees of freedom of Welch and Satterthwaite.
pub fn welch(control: &Arm, variant: &Arm, alpha: f64) -> Result<Comparison, Error> {
    let alpha = share("alpha", alpha)?;
    minimum::fixed(control, variant)?;
    judge(Method::Welch, control, variant, |difference| {
        let p = student::two_sided(difference.statistic(), difference.freedom);
        (student::critical(alpha, difference.freedom), p)
    })
}
