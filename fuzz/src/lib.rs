//! What must hold for any bytes: one body a target, with seeds to start from. libFuzzer runs them (`fuzz_targets/`), and
//! so does `tests/fuzz.rs` on stable, with mutations of its own.

pub mod mutate;
pub mod seeds;
pub mod targets;

/// A body panics where what it claims does not hold.
pub type Body = fn(&[u8]);

pub const TARGETS: [(&str, Body); 9] = [
    ("plan", targets::plan),
    ("config", targets::config),
    ("condition", targets::condition),
    ("pattern", targets::pattern),
    ("value", targets::value),
    ("snapshot", targets::snapshot),
    ("journal", targets::journal),
    ("row", targets::row),
    ("model", targets::model),
];
