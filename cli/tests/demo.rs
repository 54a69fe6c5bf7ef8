//! The demonstration shop, as the command serves it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Served, rows};

#[test]
fn the_shop_opens_with_pages_plan_and_seeded_events_and_seeds_once() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("demo.db");
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/demo");
    let args = ["--db", db.to_str().unwrap(), "--www", dir.path().to_str().unwrap(), "--demo", shop];
    let mut seeded = Vec::new();
    for _ in 0..2 {
        let mut server = Served::start(&args);
        for (path, status, expect) in [
            ("/", 200, "data-plan=\"/plan.bin\""),
            ("/cards.json", 200, "\"items\""),
            ("/nowhere.js", 404, "Nothing"),
        ] {
            let (found, body) = server.get(path);
            assert!(found == status && body.contains(expect), "{path}: {found}");
        }
        assert_eq!(server.get("/_parlour").0, 401);
        assert_eq!(server.get(&server.admin).0, 303);
        assert_eq!(server.terminate(), Some(0));
        seeded.push(rows(&db).len());
    }
    assert!(seeded[0] > 1_000 && seeded[0] == seeded[1], "{seeded:?}");
}
