//! What the numbers of an experiment say.
//!
//! Everything is computed from sums that can be kept a day, an arm and a segment, and added. Nothing here reads a file or a
//! clock, and nothing is random.

pub mod distribution;
pub mod error;
pub mod method;
pub mod minimum;

pub mod arm;
pub mod cuped;
pub mod strata;

pub mod bayes;
pub mod comparison;
pub mod fixed;
pub mod group_sequential;
pub mod multiple;
pub mod proportion;
pub mod sequential;
pub mod sign;
pub mod survival;

pub mod chi_square;
pub mod outliers;
pub mod power;
pub mod sample_ratio;
pub mod segments;
pub mod uniform;

pub use arm::{Arm, PairSums, Sums};
pub use comparison::{Comparison, Difference, Effect, Interval};
pub use error::Error;
pub use method::Method;
