//! `parlour import-events`: orders confirmed elsewhere, once each, joined to what pages sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::{Collector, batch, event, run};
use serde_json::json;

fn import(db: &Path, text: &str, rest: &[&str]) -> (Option<i32>, String, String) {
    let file = db.with_file_name("orders.csv");
    std::fs::write(&file, text).unwrap();
    let output =
        run(&[&["import-events", file.to_str().unwrap(), "--db", db.to_str().unwrap()], rest].concat(), "");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn orders_join_by_visitor_or_user_and_a_file_imported_twice_adds_nothing() {
    let collector = Collector::new();
    collector.post(batch(&[event("page")])).await;
    let csv = "event,timestamp,anonymous_id,user_id,order_id,revenue,currency,shop\n\
               Order Completed,2026-11-21T10:00:00Z,a-1,,7,12.50,EUR,\"Main, street\"\n\
               Order Completed,2026-11-24T10:00:00+01:00,,ann,8,3,JPY,\n\
               Order Refunded,2019-11-25T10:00:00Z,,ann,8,3,JPY,\n";
    let (code, said, _) = import(&collector.db(), csv, &["--dry-run"]);
    assert_eq!((code, said.as_str()), (Some(0), "would add   3 events\n"));
    for expect in ["added       3 events\n", "added       0 events\nwas there   3\n"] {
        let (code, said, error) = import(&collector.db(), csv, &["--site", "shop.example"]);
        assert_eq!((code, said.as_str()), (Some(0), expect), "{error}");
    }
    // The order is the same, whatever else a later file says of it.
    let (_, said, _) = import(&collector.db(), &csv.replace("12.50", "12.60"), &[]);
    assert_eq!(said, "added       0 events\nwas there   3\n");
    let rows = collector.rows();
    assert_eq!(rows.len(), 4);
    for (row, expect) in rows[1..].iter().zip([
        json!({ "type": "purchase", "anonymous_id": "a-1", "order_id": "7", "revenue_minor": 1250, "currency": "EUR",
                "occurred_ms": 1_795_255_200_000_i64, "protocol": "csv", "agent": "server", "site": "shop.example" }),
        json!({ "type": "purchase", "user_id": "ann", "revenue_minor": 3, "currency": "JPY", "occurred_ms": 1_795_510_800_000_i64 }),
        json!({ "type": "refund", "user_id": "ann", "order_id": "8", "occurred_ms": 1_574_676_000_000_i64, "clock_ms": null }),
    ]) {
        for (column, value) in expect.as_object().unwrap() {
            assert_eq!(&row[column], value, "{column} of {row}");
        }
    }
    assert!(rows[1]["raw"].as_str().unwrap().contains("Main, street"));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_the_others_are_kept() {
    let collector = Collector::new();
    let csv = "event,user_id,order_id,revenue,currency,timestamp\n\
               Order Completed,ann,1,10,EUR,2026-11-20T10:00:00Z\n\
               ,ann,2,10,EUR,2026-11-20T10:00:00Z\n\
               Order Completed,ann,3,ten,EUR,yesterday\n\
               Order Completed,ann\n";
    let (code, said, error) = import(&collector.db(), csv, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(said, "added       2 events\nrefused     2\n", "{error}");
    for expect in [
        "line 3: event is missing",
        "line 4: timestamp is not",
        "line 4: properties.revenue is no amount",
        "fields",
    ] {
        assert!(error.contains(expect), "{expect}: {error}");
    }
    for (text, expect) in [
        ("", "one of them must be event"),
        ("a,b\n1,2\n", "one of them must be event"),
        ("event,revenue\nx,1\n", "whose the events are"),
        ("event,user_id,user_id\nx,a,b\n", "two columns"),
    ] {
        let (code, _, error) = import(&collector.db(), text, &[]);
        assert!(code == Some(2) && error.contains(expect), "{text:?}: {error}");
    }
}

#[tokio::test]
async fn somebody_who_was_erased_is_not_imported() {
    let collector = Collector::new();
    run(&["forget", "--db", collector.db().to_str().unwrap(), "--id", "ann"], "");
    let (code, said, _) = import(
        &collector.db(),
        "event,user_id,order_id\nOrder Completed,ann,1\nOrder Completed,ben,2\n",
        &[],
    );
    assert_eq!((code, said.as_str()), (Some(0), "added       1 events\nleft out    1\n"));
}
