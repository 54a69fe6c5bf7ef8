//! Learns what the page recommends by: tables from logs of sessions. Pure: no files, no clock, no chance.

mod again;
pub mod covisit;
mod extend;
pub mod log;
pub mod measure;
mod model;
mod popular;
mod search;
mod table;

pub use model::{Choice, Floor, Options, Phase, Trained, train};
pub use table::Bits;
