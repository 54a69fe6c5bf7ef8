//! What an experiment's events come to: the report, as JSON and pictures have it.

pub mod model;
