//! The `parlour` command: compiles and checks plans, answers what they would decide, and collects what happened.

mod bandit;
pub mod commands;
pub mod demo;
pub mod doctor;
pub mod export;
mod host;
mod report;
pub mod serve;
pub mod store;
