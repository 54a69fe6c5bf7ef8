//! Recommendations from co-visitation rows that pages carry themselves: no model is downloaded to score.

#[cfg(feature = "train")]
pub mod model;
pub mod row;
mod score;
#[cfg(feature = "train")]
pub mod session;

pub use score::{MAX_LIST, Recommendation, Scratch, rank};
