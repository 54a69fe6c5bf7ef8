//! `parlour export`: everything that was sent, as it was sent, in an order that stays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Collector, Served, batch, event, run};
use serde_json::{Value, json};

#[tokio::test]
async fn an_export_sent_again_to_another_collector_gives_the_same_events() {
    let first = Collector::new();
    let tricky = r#"{ "messageId":"t", "type":"track",
        "event":"Order Completed", "properties":{"note":"} \" line\nbreak \u2028 \ud83d","big":123456789012345678901234567890.10,
        "revenue":0.30,"currency":"EUR"}  }"#;
    first.post(format!("{{\"batch\":[{tricky}]}}")).await;
    first.post(batch(&(0..20).map(|index| event(&format!("m-{index:02}"))).collect::<Vec<_>>())).await;
    let db = first.db();
    let output = run(&["export", "--db", db.to_str().unwrap(), "--format", "ndjson"], "");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 21);
    for line in &lines {
        let received: Value = serde_json::from_str(line.replace("\\ud83d", "").as_str()).unwrap();
        assert!(received["receivedAt"].as_str().unwrap().ends_with('Z'), "{line}");
    }
    assert!(text.contains("123456789012345678901234567890.10"), "digits stay as they were sent");

    let second = Collector::new();
    let answer = second.post(format!("{{\"batch\":[{}]}}", lines.join(","))).await;
    assert_eq!(answer.json()["results"].as_object().unwrap().len(), 21);
    let columns = |collector: &Collector| {
        let mut rows = collector.rows();
        for row in &mut rows {
            let row = row.as_object_mut().unwrap();
            for changed in ["raw", "received_ms", "occurred_ms"] {
                row.remove(changed);
            }
        }
        rows.sort_by_key(|row| row["id"].as_str().unwrap().to_owned());
        rows
    };
    assert_eq!(columns(&second), columns(&first));
    let again = run(&["export", "--db", db.to_str().unwrap()], "");
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
}

#[test]
fn the_order_is_by_time_received_and_then_by_id() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    let server = Served::start(&["--db", db.to_str().unwrap()]);
    for ids in [["z", "b", "y"], ["a", "x", "c"]] {
        assert_eq!(server.post(&batch(&ids.map(event))).unwrap().0, 200);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // Beside the running server.
    let output = run(&["export", "--db", db.to_str().unwrap()], "");
    let ids: Vec<_> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["messageId"].clone())
        .collect();
    assert_eq!(ids, ["b", "y", "z", "a", "c", "x"].map(|id| json!(id)));
}

#[test]
fn a_store_that_cannot_be_read_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("text.db"), "not a database, but long enough to be taken for one".repeat(20)).unwrap();
    let other = rusqlite::Connection::open(at("other.db")).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(parlour_cli::store::SqliteStore::open(&at("newer.db")).unwrap());
    rusqlite::Connection::open(at("newer.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for (name, expect) in [
        ("missing.db", "unable to open"),
        ("text.db", "not a database"),
        ("other.db", "another program"),
        ("newer.db", "schema version 99"),
    ] {
        let file = at(name);
        let before = std::fs::read(&file).ok();
        let commands: &[&[&str]] =
            if name == "missing.db" { &[&["export"]] } else { &[&["export"], &["serve", "--port", "0"]] };
        for command in commands {
            let output = run(&[command, &["--db", file.to_str().unwrap()][..]].concat(), "");
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{command:?} {name}: {said}");
            assert!(said.contains(expect) && said.contains(name), "{command:?} {name}: {said}");
        }
        assert_eq!(std::fs::read(&file).ok(), before, "{name} is left as it was");
    }
}
