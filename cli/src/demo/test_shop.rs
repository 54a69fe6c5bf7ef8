//! The shop of the repository, for the tests of this module.

use std::path::PathBuf;

pub fn dir() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../www/demo"))
}
