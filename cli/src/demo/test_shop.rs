//! The shop of the repository, for the tests of this module.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use parlour::authoring::CompileOptions;

use super::{Seed, Shop, seed};
use crate::store::SqliteStore;
use parlour_command::plan_file;

pub fn dir() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../www/demo"))
}

/// Open, and trained on its simulated shoppers.
pub fn learnt() -> Shop {
    let path = dir().join("parlour.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let opened = plan_file::compile(&path, &text, &CompileOptions::default()).unwrap().opened.unwrap();
    let mut shop = Shop::open(&dir()).unwrap();
    let (_file, mut store) = empty_store();
    seed(&mut store, &opened, &shop.catalogue, Seed::until(1_795_000_000_000)).unwrap();
    shop.learn(&store).unwrap();
    shop.show(move || Some(opened.bytes.clone()));
    shop
}

/// The directory goes with the value.
pub fn empty_store() -> (tempfile::TempDir, SqliteStore) {
    let place = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&place.path().join("events.db")).unwrap();
    (place, store)
}
