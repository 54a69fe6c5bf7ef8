//! The only place that knows of JavaScript. Numbers and bytes cross; texts lie in the room the engine lends.

#[cfg(feature = "authoring")]
mod authoring;
#[cfg(all(feature = "growthbook", not(feature = "authoring")))]
mod growthbook;
#[cfg(feature = "lists")]
mod lists;
#[cfg(feature = "models")]
mod models;
#[cfg(any(feature = "lists", feature = "models"))]
mod room;
#[cfg(not(any(feature = "authoring", feature = "lists", feature = "models")))]
mod runtime;

/// Half the bytes of the standard allocator; blocks are freed and joined, so memory does not creep.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
