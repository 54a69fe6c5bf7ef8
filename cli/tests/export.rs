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
            for changed in ["raw", "received_ms", "occurred_ms", "clock_ms"] {
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

/// Every kind of text that a spreadsheet, a shell or a database would make something of.
const HOSTILE: [&str; 9] = [
    "=HYPERLINK(\"http://evil.example\")",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'); DROP TABLE events; --",
    "＝1+1",
    "a \"quoted\", cell\nof two lines",
];

#[tokio::test]
async fn csv_keeps_every_text_and_none_of_them_is_a_formula() {
    let collector = Collector::new();
    let events: Vec<_> = HOSTILE
        .iter()
        .enumerate()
        .map(|(number, text)| {
            json!({ "type": "track", "event": text, "messageId": format!("m-{number}"), "anonymousId": text, "userId": text,
                    "properties": { "product_id": text, "order_id": text } })
        })
        .collect();
    collector.post(batch(&events)).await;
    for (row, text) in collector.rows().iter().zip(HOSTILE) {
        assert_eq!(
            (&row["name"], &row["item"]),
            (&json!(text), &json!(text)),
            "the store has it as it was sent"
        );
    }
    let output = run(&["export", "--db", collector.db().to_str().unwrap(), "--format", "csv"], "");
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let names = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), HOSTILE.len());
    for (row, text) in rows.iter().zip(HOSTILE) {
        for name in ["name", "anonymous_id", "user_id", "item", "order_id"] {
            let cell = &row[names.iter().position(|found| found == name).unwrap()];
            assert_eq!(cell.strip_prefix('\'').filter(|_| cell != text).unwrap_or(cell), text, "{name}");
        }
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{cell:?}");
        }
    }
}

#[tokio::test]
async fn parquet_holds_the_same_rows_in_typed_columns() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    let collector = Collector::new();
    let order = json!({ "type": "track", "event": "Order Completed", "messageId": "o", "userId": "ünï",
                        "properties": { "order_id": "7", "revenue": "12.50", "currency": "EUR" } });
    collector.post(batch(&[event("e"), order])).await;
    let out = collector.dir.path().join("events.parquet");
    let db = collector.db();
    let args = ["export", "--db", db.to_str().unwrap(), "--format", "parquet"];
    assert_eq!(run(&[&args[..], &["--out", out.to_str().unwrap()]].concat(), "").status.code(), Some(0));
    let reader = SerializedFileReader::new(std::fs::File::open(&out).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let names: Vec<_> = rows[0].get_column_iter().map(|(name, _)| name.clone()).collect();
    let at = |name: &str| names.iter().position(|found| found == name).unwrap();
    assert_eq!(
        (rows[0].get_string(at("id")).unwrap().as_str(), rows[1].get_string(at("user_id")).unwrap().as_str()),
        ("e", "ünï")
    );
    assert_eq!(rows[1].get_long(at("revenue_minor")).unwrap(), 1_250);
    assert!(rows[0].get_long(at("revenue_minor")).is_err(), "nothing is null, not zero");
    assert_eq!(
        rows[0].get_timestamp_millis(at("received_at")).unwrap(),
        collector.rows()[0]["received_ms"].as_i64().unwrap()
    );
    let refused = run(&args, "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--out FILE"));
}

#[tokio::test]
async fn one_persons_events_are_those_of_all_their_ids() {
    let collector = Collector::new();
    let of = |id: &str, anonymous: &str, user: Value| json!({ "type": "track", "event": "x", "messageId": id, "anonymousId": anonymous, "userId": user });
    collector
        .post(batch(&[
            of("1", "phone", Value::Null),
            of("2", "phone", json!("ann")),
            of("3", "laptop", json!("ann")),
            of("4", "other", Value::Null),
        ]))
        .await;
    let output = run(&["export", "--db", collector.db().to_str().unwrap(), "--id", "laptop"], "");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
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
