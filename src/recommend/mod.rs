//! Recommendations from co-visitation rows that pages carry themselves: no model is downloaded to score.

#[cfg(feature = "train")]
pub mod covisit;
pub mod row;
mod score;

pub use score::{MAX_LIST, Recommendation, Scratch, rank};
