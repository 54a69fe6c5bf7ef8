//! What an experiment's events come to, as a report: events are counted into units (`tally`), units are compared by
//! `parlour-stats` (`judge`), and what came of it is one structure (`model`) that every format is written from.
//! `beyond/` is what visitors do apart from experiments. Nothing here reads a file or a clock.

pub mod asked;
pub mod beyond;
mod daily;
pub mod days;
pub mod judge;
mod measure;
pub mod model;
mod people;
mod record;
pub mod seen;
mod survey;
pub mod tally;
pub mod text;
mod units;
