//! Parlour's core: the same Rust decides in the browser, on a server and in the `parlour` command.
//!
//! Modules in reading order: what a plan is, who is in, what is answered, what is kept, what is recommended.

pub mod hash;
pub mod money;
pub mod consent;
pub mod plan;
pub mod targeting;
pub mod decision;
pub mod assignment;
pub mod journey;
pub mod profile;
pub mod recommend;
pub mod engine;
pub mod beacon;
#[cfg(feature = "authoring")]
pub mod authoring;
#[cfg(target_arch = "wasm32")]
mod wasm;
