//! Recommendations from co-visitation rows that pages carry themselves: no model is downloaded to score.

#[cfg(feature = "lists")]
pub mod lists;
#[cfg(feature = "models")]
pub mod model;
#[cfg(feature = "models")]
pub mod opened;
#[cfg(any(feature = "models", feature = "lists"))]
mod order;
pub mod row;
mod score;
#[cfg(feature = "models")]
pub mod session;

pub use score::{MAX_LIST, Recommendation, Scratch, rank};
