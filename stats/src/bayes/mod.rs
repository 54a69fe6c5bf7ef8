//! Another view of the same numbers: how likely is it that the variant is better, and what does it cost if it is not?
//! These chances are not error rates: who stops at 95 % is wrong more often than in one of 20 experiments without effect.

pub mod beta;
mod grid;
pub mod normal;

use crate::comparison::Interval;

/// What is believed of an effect after the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    pub mean: f64,
    pub standard_deviation: f64,
    /// That the variant's mean is above the control's.
    pub chance_to_beat: f64,
    /// What is lost on average by choosing the variant, where it is worse; in the effect's unit.
    pub loss_of_variant: f64,
    /// The same of staying with the control, where the variant is better.
    pub loss_of_control: f64,
    /// Holds the effect with chance 1 - alpha, as much left out on either side.
    pub interval: Interval,
}
