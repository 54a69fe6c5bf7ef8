//! Which channels conversions are owed to.
//!
//! Paths are added one by one and kept as sums: a number a channel and model, and one a pair of channels. So memory is that
//! of the channels, however many paths there are. Nothing here reads a file or a clock, and nothing is random.

pub mod channels;
pub mod costs;
mod elimination;
pub mod error;
pub mod ledger;
mod markov;
pub mod model;
pub mod path;
mod rules;
pub mod table;
pub mod text;

pub use channels::Channels;
pub use error::Error;
pub use ledger::{Credit, Ledger, Options};
pub use model::Model;
pub use path::{Path, Touch};
