//! What the collector finds out by itself: exposures that cannot be, events that are missing, clocks that are wrong, alerts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use common::{CONFIG, Collector, batch, event, run};
use parlour::authoring::{CompileOptions, compile};
use parlour::decision::Reason;
use parlour::plan::Plan;
use parlour_cli::serve::Stores;
use parlour_cli::serve::alert::find;
use parlour_cli::serve::now_ms;
use parlour_cli::serve::plan::Source;
use parlour_cli::store::{ArmCount, Delivery, Event, SqliteStore, Store};
use serde_json::{Value, json};

fn exposure(id: &str, visitor: &str, variant: &str, plan: &str) -> Value {
    json!({ "type": "track", "event": "Experiment Viewed", "messageId": id, "anonymousId": visitor,
            "properties": { "experiment_id": "banner", "variation_id": variant },
            "context": { "parlour": { "plan": plan, "reason": "bucketed", "experiment_version": 1 } } })
}

/// What `parlour assign` says of a visitor: another way through the same core than the collector's.
fn assigned(plan: &std::path::Path, visitors: &[String]) -> Vec<String> {
    let output = run(&["assign", plan.to_str().unwrap(), "--experiment", "banner"], &visitors.join("\n"));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_exposure_that_the_bucket_contradicts_is_marked_kept_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("plan.bin");
    std::fs::write(&file, compile(CONFIG, &CompileOptions::default()).plan.unwrap()).unwrap();
    let plan = Plan::decode(&std::fs::read(&file).unwrap()).unwrap();
    let hash = format!("{:016x}", plan.hash());
    let collector = Collector::with(Some(Source::Built(file.clone())), |db| Stores::open(db).unwrap());
    let visitors: Vec<String> = (0..200).map(|number| format!("visitor-{number}-é")).collect();
    let variants = assigned(&file, &visitors);
    let other = |variant: &str| if variant == "loud" { "control" } else { "loud" };
    let mut events: Vec<Value> = Vec::new();
    for (number, (visitor, variant)) in visitors.iter().zip(&variants).enumerate() {
        events.push(exposure(&format!("true-{number}"), visitor, variant, &hash));
        events.push(exposure(&format!("false-{number}"), visitor, other(variant), &hash));
    }
    let mut sticky = exposure("sticky", &visitors[0], other(&variants[0]), &hash);
    sticky["context"]["parlour"]["reason"] = json!("sticky");
    events.extend([
        sticky,
        exposure("no-such-variant", &visitors[0], "purple", &hash),
        exposure("unknown-plan", &visitors[0], &variants[0], "0123456789abcdef"),
        {
            let mut none = exposure("no-id", "", "loud", &hash);
            none["anonymousId"] = Value::Null;
            none
        },
    ]);
    let answer = collector.post(batch(&events)).await.json();
    assert!(answer["results"].as_object().unwrap().values().all(|result| result == "ok"), "{answer}");
    for row in collector.rows() {
        let id = row["id"].as_str().unwrap();
        let expect = match id.split('-').next().unwrap() {
            "true" => json!("agrees"),
            "false" => json!("differs"),
            "no" if id == "no-such-variant" => json!("differs"),
            "unknown" => json!("unknown-plan"),
            _ => Value::Null,
        };
        assert_eq!(row["bucketing"], expect, "{id}");
    }
    let tallies = collector.admin("/_parlour/losses").await.json()["tallies"].clone();
    let count = |name: &str| {
        tallies
            .as_array()
            .unwrap()
            .iter()
            .find(|tally| tally["name"] == name)
            .map(|tally| tally["count"].clone())
    };
    assert_eq!(count("bucket-differs"), Some(json!(201)));
    assert_eq!(count("unknown-plan"), Some(json!(1)));
    assert_eq!(Reason::Bucketed.name(), "bucketed");
}

#[tokio::test]
async fn a_plan_served_elsewhere_is_known_once_it_was_added() {
    let collector = Collector::new();
    let file = collector.dir.path().join("plan.bin");
    std::fs::write(&file, compile(CONFIG, &CompileOptions::default()).plan.unwrap()).unwrap();
    let hash = format!("{:016x}", Plan::decode(&std::fs::read(&file).unwrap()).unwrap().hash());
    let variant = assigned(&file, &["ann".to_owned()]).remove(0);
    collector.post(batch(&[exposure("before", "ann", &variant, &hash)])).await;
    let output = run(&["plan", "add", "--db", collector.db().to_str().unwrap(), file.to_str().unwrap()], "");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(&hash), "{output:?}");
    collector.post(batch(&[exposure("after", "ann", &variant, &hash)])).await;
    let found: Vec<_> = collector.rows().iter().map(|row| row["bucketing"].clone()).collect();
    assert_eq!(found, [json!("unknown-plan"), json!("agrees")]);
    let output =
        run(&["plan", "add", "--db", collector.db().to_str().unwrap(), collector.db().to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(2));
}

/// Events of a tab, with the batch's own account of it.
fn of_tab(tab: &str, seqs: &[i64], last: i64, drops: Value) -> String {
    let events: Vec<_> = seqs
        .iter()
        .map(|seq| json!({ "type": "track", "event": "x", "messageId": format!("{tab}-{seq}"), "context": { "parlour": { "tab": tab, "seq": seq } } }))
        .collect();
    json!({ "batch": events, "context": { "parlour": { "tab": tab, "first": 1, "last": last, "drops": drops } } }).to_string()
}

#[tokio::test]
async fn loss_is_what_tabs_made_less_what_came_and_what_they_gave_up() {
    let collector = Collector::new();
    for body in [
        of_tab("whole", &[1, 2, 3], 3, json!({})),
        of_tab("whole", &[2, 3], 3, json!({})),
        of_tab("gap", &[1, 2, 5], 6, json!({})),
        of_tab("gave-up", &[1, 4], 3, json!({ "full": 1 })),
        // Came after what it says is older.
        of_tab("gave-up", &[], 4, json!({ "full": 1, "refused": 1 })),
        of_tab("gave-up", &[], 4, json!({ "full": 1 })),
        of_tab("hostile", &[1], i64::MAX, json!({ "x": -5 })),
        r#"{"batch":[],"context":{"parlour":{"tab":5,"last":"x","drops":[]}}}"#.to_owned(),
        r#"{"batch":[],"context":"none"}"#.to_owned(),
    ] {
        assert_eq!(collector.post(body).await.status, 200);
    }
    let read =
        |quiet_before: i64| SqliteStore::open_to_read(&collector.db()).unwrap().loss(quiet_before).unwrap();
    let loss = read(now_ms() + 1);
    assert_eq!((loss.tabs, loss.open), (4, 0));
    assert_eq!((loss.made, loss.received, loss.duplicates), (3 + 6 + 4 + 1, 3 + 3 + 2 + 1, 2));
    assert_eq!(json!(loss.given_up), json!({ "full": 1, "refused": 1 }));
    assert_eq!(loss.unexplained, 3);
    let gaps: Vec<_> = loss.gaps.iter().map(|gap| (gap.tab.as_str(), gap.missing, gap.open)).collect();
    assert_eq!(gaps, [("gap", 3, false)]);
    let loss = read(0);
    assert_eq!((loss.open, loss.unexplained, loss.gaps[0].open), (4, 0, true));
    collector.post(of_tab("gap", &[3, 4, 6], 6, json!({}))).await;
    assert_eq!(read(now_ms() + 1).unexplained, 0, "what was late is not lost");
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_by_when_the_batch_was_sent() {
    let collector = Collector::new();
    let now = now_ms();
    let iso = |ms: i64| format!("{:.3}", jiff_ms(ms));
    let hour = 3_600_000;
    for (id, skew) in [("right", 0), ("ahead", hour), ("behind", -hour)] {
        let mut event = event(id);
        event["timestamp"] = json!(iso(now - 10_000 + skew));
        collector.post(json!({ "batch": [event], "sentAt": iso(now + skew) }).to_string()).await;
    }
    for (row, moved) in collector.rows().iter().zip([Value::Null, json!(-hour), json!(hour)]) {
        let off = (row["occurred_ms"].as_i64().unwrap() - (now - 10_000)).abs();
        assert!(off < 5_000, "{off} ms: {row}");
        let told = row["clock_ms"].as_i64();
        assert!(
            told.zip(moved.as_i64())
                .map_or(told.is_none() && moved.is_null(), |(told, moved)| (told - moved).abs() < 5_000),
            "{row}"
        );
    }
}

fn jiff_ms(ms: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(ms).unwrap()
}

fn arm(variant: &str, bucketed: i64, last_hour: i64, day_before: i64) -> ArmCount {
    ArmCount {
        experiment: "banner".into(),
        version: 1,
        variant: variant.into(),
        bucketed,
        last_hour,
        day_before,
    }
}

#[test]
fn an_alert_is_raised_for_a_broken_split_and_for_silence_and_not_for_chance() {
    let plan = Plan::decode(&compile(CONFIG, &CompileOptions::default()).plan.unwrap()).unwrap();
    let kinds = |arms: &[ArmCount]| -> Vec<&str> {
        find(&plan, arms, now_ms()).iter().map(|alert| alert.kind).collect()
    };
    // The weights are 1 : 3.
    for (what, arms, expect) in [
        ("as the weights say", vec![arm("control", 250, 9, 900), arm("loud", 750, 9, 900)], vec![]),
        ("by chance", vec![arm("control", 290, 9, 900), arm("loud", 710, 9, 900)], vec![]),
        ("evenly", vec![arm("control", 500, 9, 900), arm("loud", 500, 9, 900)], vec!["split"]),
        ("one arm alone", vec![arm("loud", 1_000, 9, 900)], vec!["split"]),
        ("too few to say", vec![arm("loud", 10, 9, 900)], vec![]),
        ("silent", vec![arm("control", 250, 0, 100), arm("loud", 750, 0, 200)], vec!["silent"]),
        ("hardly met at all", vec![arm("control", 250, 0, 10), arm("loud", 750, 0, 20)], vec![]),
        ("another version", vec![ArmCount { version: 0, ..arm("loud", 1_000, 0, 900) }], vec![]),
        (
            "no such experiment",
            vec![ArmCount { experiment: "gone".into(), ..arm("loud", 1_000, 0, 900) }],
            vec![],
        ),
    ] {
        assert_eq!(kinds(&arms), expect, "{what}");
    }
}

#[test]
fn an_alert_is_posted_once() {
    let dir = tempfile::tempdir().unwrap();
    let (db, config) = (dir.path().join("events.db"), dir.path().join("parlour.json"));
    std::fs::write(&config, CONFIG).unwrap();
    let events = (0..400)
        .map(|number| Event {
            id: format!("e-{number}"),
            kind: "exposure".into(),
            experiment: Some("banner".into()),
            variant: Some("loud".into()),
            reason: Some("bucketed".into()),
            experiment_version: Some(1),
            anonymous_id: Some(format!("a-{number}")),
            received_ms: now_ms(),
            raw: "{}".into(),
            ..Event::default()
        })
        .collect();
    SqliteStore::open(&db).unwrap().append(&Delivery { events, ..Delivery::default() }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let server = common::Served::start(&[
        "--db",
        db.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
        "--alert",
        &url,
    ]);
    let (mut stream, _) = listener.accept().unwrap();
    let mut text = String::new();
    while !text.contains("\r\n\r\n") || !text.ends_with('}') {
        let mut bytes = [0; 4_096];
        let read = stream.read(&mut bytes).unwrap();
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    assert!(text.starts_with("POST /hook HTTP/1.1"), "{text}");
    let alert: Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(
        (&alert["kind"], &alert["experiment"], &alert["version"]),
        (&json!("split"), &json!("banner"), &json!(1))
    );
    assert!(alert["text"].as_str().unwrap().contains("0 : 400 visitors where 100 : 300"), "{alert}");
    drop(server);
}
