//! What an experiment's events come to.
//!
//! `model.rs` is the report, as JSON and pictures have it; `tally.rs` counts events into units; `judge.rs` makes the one of
//! the other, by `parlour-stats` alone; `text.rs` writes it for a terminal;
//! `beyond/` is what visitors do apart from experiments. Nothing here reads a file or a clock.

pub mod beyond;
pub mod judge;
pub mod model;
pub mod tally;
pub mod text;
