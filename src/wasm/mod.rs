//! The only place that knows of JavaScript. Numbers and bytes cross; texts lie in the room the engine lends.

#[cfg(feature = "authoring")]
mod authoring;
#[cfg(all(feature = "growthbook", not(feature = "authoring")))]
mod growthbook;
#[cfg(not(feature = "authoring"))]
mod runtime;

/// Half the bytes of the standard allocator; blocks are freed and joined, so memory does not creep.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
