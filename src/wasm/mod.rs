//! The only place that knows of JavaScript. Numbers and bytes cross; texts lie in the room the engine lends.

#[cfg(feature = "authoring")]
mod authoring;
#[cfg(not(feature = "authoring"))]
mod runtime;
