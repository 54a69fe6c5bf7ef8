//! Parlour's core: the same Rust decides in the browser, on a server and in the `parlour` command.
//!
//! Modules in reading order: what a plan is, who is in, what is answered, what is kept, what is recommended.

pub mod assignment;
#[cfg(feature = "authoring")]
pub mod authoring;
pub mod beacon;
pub mod consent;
pub mod decision;
pub mod engine;
#[cfg(feature = "growthbook")]
pub mod growthbook;
pub mod hash;
pub mod journey;
pub mod money;
pub mod plan;
pub mod profile;
pub mod recommend;
pub mod targeting;
#[cfg(all(target_arch = "wasm32", feature = "bindings"))]
mod wasm;
