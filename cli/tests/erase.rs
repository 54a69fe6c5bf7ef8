//! Erasing people, what is old, and what a device asks to be erased.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::{Collector, Served, batch, event, run};
use parlour_cli::serve::now_ms;
use parlour_cli::store::{Delivery, Event, SqliteStore, Store};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn of(id: &str, anonymous: Option<&str>, user: Option<&str>) -> Value {
    let mut event = event(id);
    event["anonymousId"] = json!(anonymous);
    event["userId"] = json!(user);
    event["properties"]["secret_wish"] = json!(format!("wish of {}", anonymous.or(user).unwrap_or("nobody")));
    event
}

fn ids(collector: &Collector) -> Vec<String> {
    collector.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn forget(db: &Path, rest: &[&str]) -> (Option<i32>, String) {
    let output = run(&[&["forget", "--db", db.to_str().unwrap()], rest].concat(), "");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// A shop's visitor on two devices, and somebody else.
async fn shop() -> Collector {
    let collector = Collector::new();
    let mut order = of("order-7", Some("phone"), Some("ann"));
    order["event"] = json!("Order Completed");
    order["properties"]["order_id"] = json!("7");
    let mut refund = of("refund-7", None, None);
    refund["event"] = json!("Order Refunded");
    refund["properties"]["order_id"] = json!("7");
    let sent = [
        of("p1", Some("phone"), None),
        order,
        refund,
        of("l1", Some("laptop"), Some("ann")),
        of("l2", Some("laptop"), None),
        of("s1", None, Some("ann")),
        of("other", Some("other"), Some("ben")),
        json!({ "anonymousId": "phone", "messageId": "broken" }),
    ];
    collector.post(batch(&sent)).await;
    assert_eq!(collector.rows().len(), 7);
    collector
}

#[tokio::test]
async fn forgetting_one_id_erases_every_row_of_the_person_and_what_still_comes() {
    for id in ["phone", "laptop", "ann"] {
        let collector = shop().await;
        let (code, said) = forget(&collector.db(), &["--id", id]);
        assert_eq!(code, Some(0));
        assert!(said.contains("ann, laptop, phone") && said.contains("erased      6 events"), "{said}");
        assert_eq!(ids(&collector), ["other"], "{id}");
        let quarantine = collector.admin("/_parlour/quarantine").await.json();
        assert_eq!(quarantine["quarantine"], json!([]));
        let late = collector
            .post(batch(&[of("late", Some("phone"), None), of("late-2", Some("new"), Some("ann"))]))
            .await;
        assert_eq!(late.json()["results"], json!({ "late": "drop", "late-2": "drop" }));
        assert!(late.json()["why"]["late"].as_str().unwrap().contains("erased"));
        let after = collector.post(batch(&[of("fine", Some("other"), None)])).await;
        assert_eq!(after.json()["results"], json!({ "fine": "ok" }));
        assert_eq!(ids(&collector), ["other", "fine"]);
    }
}

#[tokio::test]
async fn what_was_erased_is_not_in_the_file_either() {
    let collector = shop().await;
    let db = collector.db();
    let in_files = |text: &str| {
        ["", "-wal"].iter().any(|ending| {
            let path = format!("{}{ending}", db.display());
            std::fs::read(path)
                .unwrap_or_default()
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    };
    assert!(in_files("wish of phone") && in_files("wish of other"));
    forget(&db, &["--id", "phone"]);
    assert!(!in_files("wish of phone") && !in_files("wish of laptop") && in_files("wish of other"));
}

#[tokio::test]
async fn a_dry_run_says_what_would_go_and_alone_follows_no_links() {
    let collector = shop().await;
    let (_, said) = forget(&collector.db(), &["--id", "phone", "--dry-run"]);
    assert!(said.contains("would erase 5 events"), "{said}");
    assert_eq!(collector.rows().len(), 7);
    let (_, said) = forget(&collector.db(), &["--id", "laptop", "--alone"]);
    assert!(said.contains("ids         laptop\n") && said.contains("erased      2 events"), "{said}");
    assert_eq!(collector.rows().len(), 5);
}

#[tokio::test]
async fn an_id_that_everybody_shares_is_not_taken_for_a_person() {
    let collector = Collector::new();
    for start in (0..1_200).step_by(400) {
        let events: Vec<_> = (start..start + 400)
            .map(|number| of(&format!("e-{number}"), Some(&format!("a-{number}")), Some("guest")))
            .collect();
        collector.post(batch(&events)).await;
    }
    let output = run(&["forget", "--db", collector.db().to_str().unwrap(), "--id", "a-7"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("more than 1000 ids"));
    assert_eq!(collector.rows().len(), 1_200);
}

#[tokio::test]
async fn a_device_erases_itself_by_the_secret_it_holds_and_nobody_else_can() {
    let collector = Collector::new();
    let locked = |events: &[Value], secret: &str| {
        json!({ "batch": events, "context": { "parlour": { "tab": "t", "last": 1, "lock": digest(secret) } } }).to_string()
    };
    let wish = |id: &str, visitor: &str, secret: &str| {
        batch(&[json!({ "type": "forget", "messageId": id, "anonymousId": visitor, "secret": secret })])
    };
    collector
        .post(locked(&[of("a1", Some("ann"), Some("shared")), of("a2", Some("ann"), None)], "key of ann"))
        .await;
    collector.post(batch(&[of("o1", Some("old"), Some("shared"))])).await;
    // Too late for both: ann has a lock, and old was there without one.
    collector.post(locked(&[of("x1", Some("ann"), None), of("x2", Some("old"), None)], "key of eve")).await;
    for (id, visitor, secret, expect, why) in [
        ("w1", "ann", "key of eve", "drop", "not the secret"),
        ("w2", "old", "key of eve", "drop", "no lock"),
        ("w3", "nobody", "key of eve", "drop", "no lock"),
    ] {
        let answer = collector.post(wish(id, visitor, secret)).await.json();
        assert_eq!(answer["results"][id], expect, "{id}");
        assert!(answer["why"][id].as_str().unwrap().contains(why), "{id} {answer}");
    }
    assert_eq!(ids(&collector), ["a1", "a2", "o1", "x1", "x2"]);
    for id in ["w4", "w5"] {
        let answer = collector.post(wish(id, "ann", "key of ann")).await.json();
        assert_eq!(answer["results"][id], "ok", "sent again, it is done already: {answer}");
    }
    assert_eq!(ids(&collector), ["o1", "x2"], "what others say of being linked erases nothing of theirs");
    let late = collector.post(batch(&[of("late", Some("ann"), None)])).await.json();
    assert_eq!(late["results"]["late"], "drop");
    let incomplete = collector
        .post(batch(&[json!({ "type": "forget", "messageId": "w6", "anonymousId": "old" })]))
        .await
        .json();
    assert_eq!(incomplete["results"]["w6"], "drop");
    let dump = std::fs::read(collector.db()).unwrap();
    assert!(!dump.windows(10).any(|window| window == b"key of ann"), "no secret is kept");
}

#[tokio::test]
async fn events_of_the_same_request_as_the_wish_are_erased_by_it() {
    let collector = Collector::new();
    let events = [
        of("a1", Some("ann"), None),
        json!({ "type": "forget", "messageId": "w", "anonymousId": "ann", "secret": "s" }),
        of("a2", Some("ann"), None),
    ];
    let body = json!({ "batch": events, "context": { "parlour": { "lock": digest("s") } } }).to_string();
    let answer = collector.post(body).await.json();
    assert_eq!(answer["results"], json!({ "a1": "ok", "w": "ok", "a2": "ok" }));
    assert_eq!(collector.rows().len(), 0);
}

#[test]
fn what_is_older_than_its_days_goes_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    let day = 86_400_000;
    let now = now_ms();
    let events = (0..5_000)
        .map(|number| Event {
            id: format!("e-{number}"),
            received_ms: now - if number < 4_500 { 41 * day } else { 39 * day },
            tab: Some(format!("t-{number}")),
            seq: Some(1),
            raw: "{}".into(),
            ..Event::default()
        })
        .collect();
    SqliteStore::open(&db).unwrap().append(&Delivery { events, ..Delivery::default() }).unwrap();
    let count = |table: &str| -> i64 {
        let connection = rusqlite::Connection::open(&db).unwrap();
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let wait = |expect: i64| {
        for _ in 0..200 {
            if count("events") == expect {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("{} events are left, not {expect}", count("events"));
    };
    drop(Served::start(&["--db", db.to_str().unwrap(), "--retain", "0"]));
    assert_eq!(count("events"), 5_000);
    let server = Served::start(&["--db", db.to_str().unwrap(), "--retain", "40"]);
    wait(500);
    assert_eq!(server.post(&batch(&[event("new")])).unwrap().0, 200);
    wait(501);
    drop(server);
    let erased: i64 = rusqlite::Connection::open(&db)
        .unwrap()
        .query_row("SELECT sum(rows) FROM erasures", [], |row| row.get(0))
        .unwrap();
    assert_eq!((erased, count("tabs")), (4_500, 501));
    let output = run(&["serve", "--db", db.to_str().unwrap(), "--retain", "30"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--retain 30 is too short"));
}
