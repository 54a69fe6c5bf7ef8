//! Each event is kept once, however often and by whatever way it comes; and what was acknowledged is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use axum::http::StatusCode;
use common::{Collector, Served, batch, event, exported, parlour, rows};
use parlour_cli::serve::Stores;
use parlour_cli::store::{
    ArchivedPlan, ArmCount, Counts, Delivery, EachContacted, EachExported, EachSeen, Erased, Filter, Loss,
    Outcome, Problem, Quarantined, Receipt, RecentEvent, Refund, SqliteStore, Store, StoreError, Tally,
};
use serde_json::json;

/// A store that changes what `append` does; the rest is SQLite's.
struct Twin<F>(SqliteStore, F);

impl<F> Store for Twin<F>
where
    F: FnMut(&mut SqliteStore, &Delivery) -> Result<Receipt, StoreError> + Send,
{
    fn append(&mut self, delivery: &Delivery) -> Result<Receipt, StoreError> {
        (self.1)(&mut self.0, delivery)
    }
    fn problems(&self) -> Result<Vec<Problem>, StoreError> {
        self.0.problems()
    }
    fn archive_plan(&mut self, plan: &ArchivedPlan) -> Result<(), StoreError> {
        self.0.archive_plan(plan)
    }
    fn latest_plan(&self) -> Result<Option<ArchivedPlan>, StoreError> {
        self.0.latest_plan()
    }
    fn plan_bytes(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.plan_bytes(hash)
    }
    fn counts(&self) -> Result<Counts, StoreError> {
        self.0.counts()
    }
    fn recent(&self, cursor: i64, limit: u32, filter: &Filter) -> Result<Vec<RecentEvent>, StoreError> {
        self.0.recent(cursor, limit, filter)
    }
    fn loss(&self, quiet_before_ms: i64) -> Result<Loss, StoreError> {
        self.0.loss(quiet_before_ms)
    }
    fn arms(&self, now_ms: i64) -> Result<Vec<ArmCount>, StoreError> {
        self.0.arms(now_ms)
    }
    fn quarantined(&self, limit: u32) -> Result<Vec<Quarantined>, StoreError> {
        self.0.quarantined(limit)
    }
    fn tallies(&self, since_ms: i64) -> Result<Vec<Tally>, StoreError> {
        self.0.tallies(since_ms)
    }
    fn export(&self, ids: &[String], each: EachExported<'_>) -> Result<(), StoreError> {
        self.0.export(ids, each)
    }
    fn outcomes(&self, since_ms: i64, until_ms: i64, each: EachSeen<'_>) -> Result<(), StoreError> {
        self.0.outcomes(since_ms, until_ms, each)
    }
    fn contacts(&self, since_ms: i64, until_ms: i64, each: EachContacted<'_>) -> Result<(), StoreError> {
        self.0.contacts(since_ms, until_ms, each)
    }
    fn refunds(&self) -> Result<Vec<Refund>, StoreError> {
        self.0.refunds()
    }
    fn condense(&mut self) -> Result<bool, StoreError> {
        self.0.condense()
    }
    fn linked(&self, id: &str) -> Result<Vec<String>, StoreError> {
        self.0.linked(id)
    }
    fn forget(&mut self, ids: &[String], now_ms: i64) -> Result<Erased, StoreError> {
        self.0.forget(ids, now_ms)
    }
    fn retain(&mut self, since_ms: i64, limit: u32) -> Result<u64, StoreError> {
        self.0.retain(since_ms, limit)
    }
}

fn twin<F>(db: &Path, append: F) -> Stores
where
    F: FnMut(&mut SqliteStore, &Delivery) -> Result<Receipt, StoreError> + Send + 'static,
{
    let Stores { rest, .. } = Stores::open(db).unwrap();
    Stores { events: Box::new(Twin(SqliteStore::open(db).unwrap(), append)), rest }
}

/// Sends events twice within a batch, across batches and at the same time.
async fn each_event_is_kept_once(collector: &Collector) -> Result<(), String> {
    let mut other = event("b");
    other["event"] = json!("Another Name");
    let both = batch(&[event("a"), event("b"), event("a"), other]);
    let (first, second, third) = tokio::join!(
        collector.post(both.clone()),
        collector.post(both.clone()),
        collector.post(both.clone())
    );
    let fourth = collector.post(both).await;
    for answer in [first, second, third, fourth] {
        let results = answer.json()["results"].clone();
        if results != json!({ "a": "ok", "b": "ok" }) {
            return Err(format!("a duplicate was answered {results}"));
        }
    }
    let rows = collector.rows();
    let ids: Vec<_> = rows.iter().map(|row| row["raw"].as_str().unwrap()).collect();
    if ids.len() != 2 {
        return Err(format!("two events were kept {} times", ids.len()));
    }
    if rows[1]["name"] != "Product Viewed" {
        return Err("what came later replaced what was there".into());
    }
    Ok(())
}

#[tokio::test]
async fn duplicates_within_and_across_batches_are_kept_once() {
    each_event_is_kept_once(&Collector::new()).await.unwrap();
}

#[tokio::test]
async fn the_test_above_fails_for_a_store_that_does_not_deduplicate() {
    let mut serial = 0;
    let sabotaged = Collector::with(None, |db| {
        twin(db, move |store, delivery| {
            let mut renamed = delivery.clone();
            for event in &mut renamed.events {
                serial += 1;
                event.id = format!("{}-{serial}", event.id);
            }
            store.append(&renamed)
        })
    });
    assert_eq!(each_event_is_kept_once(&sabotaged).await, Err("two events were kept 16 times".into()));
}

#[tokio::test]
async fn the_test_above_fails_for_a_store_that_keeps_the_latest() {
    let sabotaged = Collector::with(None, |db| {
        let direct = rusqlite::Connection::open(db).unwrap();
        twin(db, move |store, delivery| {
            for event in &delivery.events {
                store.append(&Delivery { events: vec![event.clone()], ..Delivery::default() })?;
                direct.execute("UPDATE events SET name = ?1 WHERE id = ?2", [&event.name, &event.id])?;
            }
            Ok(Receipt { events: vec![Outcome::Stored; delivery.events.len()], forgotten: Vec::new() })
        })
    });
    assert!(each_event_is_kept_once(&sabotaged).await.is_err());
}

#[tokio::test]
async fn nothing_is_acknowledged_when_the_store_fails() {
    let collector = Collector::with(None, |db| {
        twin(db, |_, _| Err(StoreError::Output(std::io::Error::other("the disk is full"))))
    });
    let answer = collector.post(batch(&[event("a")])).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "2");
    assert!(answer.json().get("parlour").is_none());
    assert!(answer.json()["error"].as_str().unwrap().contains("the disk is full"));
    assert_eq!(collector.get("/healthz", &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_it_accepted_is_kept() {
    let (open, gate) = mpsc::channel::<()>();
    let (entered, writing) = mpsc::channel::<()>();
    let ends = std::sync::Mutex::new(Some((entered, gate)));
    let collector = Collector::with(None, |db| {
        let (entered, gate) = ends.lock().unwrap().take().unwrap();
        twin(db, move |store, delivery| {
            // Holds the disk until the test lets go; after that the channels are closed and this returns at once.
            let _ = (entered.send(()), gate.recv());
            store.append(delivery)
        })
    });
    let send = |index: u32| {
        let router = collector.router.clone();
        let body = batch(&[event(&format!("m-{index}"))]);
        tokio::spawn(async move { common::ask(&router, "POST", "/v1/batch", &[], body).await })
    };
    let mut sending = vec![send(0)];
    while writing.try_recv().is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    sending.extend((1..600).map(send));
    // While the disk is held, only a refusal ends a request.
    while !sending.iter().any(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop((open, writing));
    let mut kept = 0;
    let mut refused = 0;
    for answer in sending {
        let answer = answer.await.unwrap();
        match answer.status {
            StatusCode::OK => kept += 1,
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!(answer.header("retry-after"), "2");
                refused += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(refused > 0 && kept > 0, "{kept} kept, {refused} refused");
    assert_eq!(collector.rows().len(), kept);
}

#[test]
fn what_was_acknowledged_survives_a_kill_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    let mut server = Served::start(&["--db", db.to_str().unwrap()]);
    let address = server.address.clone();
    let (report, acknowledged) = mpsc::channel();
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let (address, report) = (address.clone(), report.clone());
            std::thread::spawn(move || {
                for number in 0.. {
                    let ids: Vec<_> = (0..5).map(|index| format!("{sender}-{number}-{index}")).collect();
                    let body = batch(&ids.iter().map(|id| event(id)).collect::<Vec<_>>());
                    match common::request(&address, "POST", "/v1/batch", &body) {
                        Ok((200, answer)) if answer.contains("\"parlour\":1") => report.send(ids).unwrap(),
                        _ => return,
                    }
                }
            })
        })
        .collect();
    drop(report);
    let mut known: Vec<String> = (0..200).flat_map(|_| acknowledged.recv().unwrap()).collect();
    server.kill();
    for sender in senders {
        sender.join().unwrap();
    }
    known.extend(acknowledged.iter().flatten());
    let kept: std::collections::HashSet<_> =
        rows(&db).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let missing: Vec<_> = known.iter().filter(|id| !kept.contains(*id)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn a_stop_writes_what_was_taken_and_ends_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    let mut server = Served::start(&["--db", db.to_str().unwrap()]);
    let (status, _) = server.post(&batch(&[event("a")])).unwrap();
    assert_eq!(status, 200);
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(exported(&db).len(), 1);
}

/// A limit on the size of files stands for a full disk: both make the same write fail.
#[cfg(unix)]
#[test]
fn a_full_disk_is_answered_503_and_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    let command = parlour();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 800; exec \"$0\" serve --port 0 --db \"$1\""]);
    shell.arg(command.get_program()).arg(&db).stderr(std::process::Stdio::null());
    let server = Served::spawn(&mut shell);
    let mut acknowledged = Vec::new();
    let refused = (0..2_000).find_map(|number| {
        let ids: Vec<_> = (0..50).map(|index| format!("{number}-{index}")).collect();
        let body = batch(&ids.iter().map(|id| event(id)).collect::<Vec<_>>());
        match server.post(&body).unwrap() {
            (200, _) => {
                acknowledged.extend(ids);
                None
            }
            refused => Some((refused, ids)),
        }
    });
    let ((status, answer), ids) = refused.expect("the limit was never reached");
    assert_eq!(status, 503, "{answer}");
    assert!(!answer.contains("parlour\":"), "{answer}");
    drop(server);
    let kept: Vec<_> = rows(&db).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kept, acknowledged);
    assert!(ids.iter().all(|id| !kept.contains(id)));
}
