//! Learns what the page recommends by: tables from logs of sessions. Pure: no files, no clock, no chance.

mod again;
#[cfg(feature = "baskets")]
mod basket;
pub mod covisit;
mod extend;
pub mod log;
pub mod measure;
mod model;
mod popular;
mod search;
mod table;

#[cfg(feature = "baskets")]
pub use basket::{Ease, MAX_ITEMS, train_baskets};
pub use model::{Choice, Floor, Options, Phase, Trained, train};
pub use table::Bits;
