//! What the `parlour` command does wherever it runs: arguments, work and output, over a [`host::Host`]. The native
//! command adds commands that need a machine of its own; in Node the same crate runs as wasm.

pub mod attribution;
mod bar;
pub mod commands;
mod crowd;
mod difference;
pub mod host;
pub mod log;
pub mod model_file;
#[cfg(target_arch = "wasm32")]
mod node;
pub mod plan_file;
pub mod progress;
pub mod rules;
mod simulation;
pub mod slot_file;
pub mod snippet;
mod visitor;
