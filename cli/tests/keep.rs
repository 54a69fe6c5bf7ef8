//! Backups, restores, and stores of other versions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use common::{CONFIG, Collector, Served, batch, event, exported, run};
use parlour_cli::serve::Stores;
use parlour_cli::store::{SCHEMA_VERSION, SqliteStore, Store, StoreError};
use serde_json::json;

fn parlour(args: &[&str]) -> String {
    let output = run(args, "");
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn ids(db: &Path) -> Vec<String> {
    exported(db).into_iter().map(|event| event.id).collect()
}

#[test]
fn a_backup_beside_a_writing_server_is_one_moment_and_a_restore_beside_it_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (db, copy) = (at("events.db"), at("copy.db"));
    let config = at("parlour.json");
    std::fs::write(&config, CONFIG).unwrap();
    let server = Served::start(&["--db", db.to_str().unwrap(), "--config", config.to_str().unwrap()]);
    let (stop, address) = (AtomicBool::new(false), server.address.clone());
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let events: Vec<_> = (0..20).map(|index| event(&format!("{number}-{index}"))).collect();
                assert_eq!(common::request(&address, "POST", "/v1/batch", &batch(&events)).unwrap().0, 200);
                number += 1;
            }
            number
        });
        while ids(&db).len() < 200 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        parlour(&["backup", "--db", db.to_str().unwrap(), "--out", copy.to_str().unwrap()]);
        // Whole requests: nothing half, and no hole before the last.
        let mut batches: Vec<usize> =
            ids(&copy).iter().map(|id| id.split('-').next().unwrap().parse().unwrap()).collect();
        batches.sort_unstable();
        let expect: Vec<usize> = (0..batches.len() / 20).flat_map(|number| [number; 20]).collect();
        assert_eq!(batches, expect);
        parlour(&["forget", "--db", db.to_str().unwrap(), "--id", "a-1"]);
        let said = parlour(&["restore", "--db", db.to_str().unwrap(), "--from", copy.to_str().unwrap()]);
        assert!(said.contains("added       0 events") && said.contains("left out"), "{said}");
        stop.store(true, Ordering::Relaxed);
        assert!(writing.join().unwrap() > 10);
    });
    assert_eq!(
        server.post(&batch(&[json!({ "type": "track", "event": "x", "messageId": "new" })])).unwrap().0,
        200
    );
    // The file is gone: the backup, and what is sent again, give it back.
    drop(server);
    let again = at("again.db");
    let said = parlour(&["restore", "--db", again.to_str().unwrap(), "--from", copy.to_str().unwrap()]);
    assert!(said.contains(", 1 plans"), "{said}");
    assert_eq!(ids(&again), ids(&copy));
    let said = parlour(&["restore", "--db", again.to_str().unwrap(), "--from", copy.to_str().unwrap()]);
    assert!(said.contains("added       0 events, 0 plans"), "{said}");
    let taken = run(&["backup", "--db", again.to_str().unwrap(), "--out", copy.to_str().unwrap()], "");
    assert_eq!(taken.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&taken.stderr).contains("is there already"));
}

/// The schema as version 2 had it, which no later step changes.
const VERSION_2: &str = "CREATE TABLE events (
  id TEXT PRIMARY KEY NOT NULL,
  site TEXT NOT NULL,
  env TEXT,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  anonymous_id TEXT,
  user_id TEXT,
  session_id TEXT,
  occurred_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  plan_hash TEXT,
  experiment TEXT,
  variant TEXT,
  reason TEXT,
  experiment_version INTEGER,
  goal TEXT,
  item TEXT,
  order_id TEXT,
  revenue_minor INTEGER,
  currency TEXT,
  raw TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_arrival ON events (received_ms, id);
CREATE INDEX events_by_type ON events (type, env);
CREATE INDEX exposures ON events (experiment, variant, env, anonymous_id, occurred_ms) WHERE experiment IS NOT NULL;
CREATE INDEX goals ON events (anonymous_id, goal, occurred_ms) WHERE goal IS NOT NULL;
CREATE TABLE plans (
  hash TEXT PRIMARY KEY NOT NULL,
  site TEXT NOT NULL,
  version INTEGER NOT NULL,
  first_served_ms INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
DROP INDEX exposures;
CREATE INDEX exposures ON events (experiment, variant, env, anonymous_id, occurred_ms) WHERE type = 'exposure';
CREATE INDEX lates ON events (experiment, variant, env) WHERE type = 'late';
PRAGMA application_id = 1346458188;
PRAGMA user_version = 2;
";

fn old_store(db: &Path, events: usize) {
    let connection = rusqlite::Connection::open(db).unwrap();
    connection.execute_batch(VERSION_2).unwrap();
    for number in 0..events {
        connection
            .execute(
                "INSERT INTO events (id, site, type, name, occurred_ms, received_ms, raw) VALUES (?1, '', 'x', 'x', 1, 1, '{}')",
                [format!("old-{number:03}")],
            )
            .unwrap();
    }
}

fn version(db: &Path) -> i64 {
    rusqlite::Connection::open(db)
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

#[test]
fn an_older_store_is_brought_up_to_date_in_a_copy_and_stays_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    old_store(&db, 50);
    let server = Served::start(&["--db", db.to_str().unwrap(), "--retain", "0"]);
    assert_eq!(server.post(&batch(&[event("new")])).unwrap().0, 200);
    drop(server);
    let found = ids(&db);
    assert_eq!((found.len(), found[0].as_str(), found[50].as_str()), (51, "old-000", "new"));
    let kept = dir.path().join("events.db.v2");
    assert_eq!((version(&db), version(&kept)), (SCHEMA_VERSION, 2));
    let backup = run(
        &["restore", "--db", dir.path().join("b.db").to_str().unwrap(), "--from", kept.to_str().unwrap()],
        "",
    );
    assert!(String::from_utf8_lossy(&backup.stdout).contains("added       50 events"), "{backup:?}");
    assert_eq!(version(&kept), 2, "a backup is only read");
    assert!(!dir.path().join("b.db.restoring").exists());
}

#[test]
fn a_step_that_fails_leaves_the_older_store_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    old_store(&db, 50);
    // In the way of the last step.
    rusqlite::Connection::open(&db).unwrap().execute_batch("CREATE TABLE erasures (x)").unwrap();
    assert!(matches!(SqliteStore::open(&db), Err(StoreError::Sqlite(_))));
    let connection = rusqlite::Connection::open(&db).unwrap();
    let columns: i64 = connection
        .query_row("SELECT count(*) FROM pragma_table_info('events')", [], |row| row.get(0))
        .unwrap();
    assert_eq!((version(&db), columns), (2, 21));
    let others: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!others.iter().any(|name| name.to_str().unwrap().contains("migrating")), "{others:?}");
}

#[test]
fn a_store_in_use_by_an_older_parlour_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    old_store(&db, 5);
    let other = rusqlite::Connection::open(&db).unwrap();
    other.pragma_update(None, "journal_mode", "WAL").unwrap();
    other.execute_batch("INSERT INTO events (id, site, type, name, occurred_ms, received_ms, raw) VALUES ('x', '', 'x', 'x', 1, 1, '{}')").unwrap();
    assert!(matches!(SqliteStore::open(&db), Err(StoreError::InUse)));
    drop(other);
    assert_eq!(version(&db), 2);
    assert_eq!(SqliteStore::open(&db).map(|_| ids(&db).len()).unwrap(), 6);
}

#[tokio::test]
async fn a_disk_that_can_only_be_read_is_answered_503() {
    let collector = Collector::with(None, |db| {
        let Stores { rest, .. } = Stores::open(db).unwrap();
        Stores { events: Box::new(SqliteStore::open_to_read(db).unwrap()) as Box<dyn Store>, rest }
    });
    let answer = collector.post(batch(&[event("a")])).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.header("retry-after").is_empty() && answer.json().get("parlour").is_none());
    assert!(answer.text().contains("readonly"), "{}", answer.text());
}
