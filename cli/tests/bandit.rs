//! Bandits from end to end: what was collected moves the shares of the file, and of the plan that is served; the report tells
//! what that is worth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::PathBuf;

use common::{Collector, batch, run};
use serde_json::{Value, json};

fn file(bandit: &Value) -> Value {
    json!({ "site": ["shop.example"], "goals": { "order": { "touchpoint": "purchase" } },
      "experiments": { "lists": { "status": "running", "bandit": bandit, "goals": ["order"],
        "variants": { "control": { "name": "None" }, "seen": {}, "taste": {} } } } })
}

/// Of each variant so many visitors, every so-manieth of whom orders.
async fn collect(counts: &[(&str, usize, usize)]) -> Collector {
    let collector = Collector::new();
    let mut events = Vec::new();
    for (variant, visitors, every) in counts {
        for n in 0..*visitors {
            let visitor = format!("{variant}-{n}");
            let event = |name: &str, properties: Value| {
                json!({ "messageId": format!("{visitor}-{name}"), "type": "track", "anonymousId": visitor, "event": name,
                        "properties": properties, "context": { "parlour": { "reason": "bucketed" } } })
            };
            let met = json!({ "experiment_id": "lists", "variation_id": variant });
            events.push(event("Experiment Viewed", met));
            if n % every == 0 {
                events.push(event("Goal Reached", json!({ "goal_id": "order" })));
            }
        }
    }
    for part in events.chunks(100) {
        assert_eq!(collector.post(batch(part)).await.status, 200);
    }
    collector
}

fn written(collector: &Collector, file: &Value) -> PathBuf {
    let path = collector.db().with_file_name("parlour.json");
    std::fs::write(&path, serde_json::to_string_pretty(file).unwrap()).unwrap();
    path
}

#[tokio::test]
async fn the_best_variant_gets_more_the_worst_its_floor_and_the_control_what_it_always_had() {
    let collector = collect(&[("control", 200, 20), ("seen", 400, 20), ("taste", 400, 4)]).await;
    let path = written(&collector, &file(&json!({ "control": 0.3, "floor": 0.1 })));
    let (db, at) = (collector.db(), path.to_str().unwrap());
    let arguments = ["bandit", "--db", db.to_str().unwrap(), "--file", at];
    let before = std::fs::read_to_string(&path).unwrap();
    let dry = run(&[&arguments[..], &["--dry-run"]].concat(), "");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    let output = run(&arguments, "");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, dry.stdout);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "lists: control 0.3000, seen 0.1000, taste 0.6000\n");
    let now: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let variants = &now["experiments"]["lists"]["variants"];
    assert_eq!(variants["taste"]["weight"], 0.6);
    assert_eq!(variants["control"], json!({ "name": "None", "weight": 0.3 }));
    assert_eq!(run(&["check", at], "").status.code(), Some(0), "and the file is still sound");
}

#[tokio::test]
async fn the_report_compares_all_that_the_bandit_chose_with_the_control_and_finds_no_broken_split() {
    let collector = collect(&[("control", 1000, 10), ("seen", 1000, 20), ("taste", 3000, 4)]).await;
    let path = written(&collector, &file(&json!({})));
    let db = collector.db();
    let output = run(
        &["report", "--db", db.to_str().unwrap(), "--plan", path.to_str().unwrap(), "--format", "json"],
        "",
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |key: &str| {
        let all = report["experiments"].as_array().unwrap();
        all.iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("{key}: {report:#}"))
    };
    assert!(of("lists")["sample_ratio"].is_null(), "shares that move are no split");
    let whole = of("lists, as a bandit");
    let units: Vec<_> = whole["arms"].as_array().unwrap().iter().map(|arm| arm["units"].clone()).collect();
    assert_eq!(units, [json!(1000), json!(4000)]);
    assert_eq!(whole["sample_ratio"]["is_broken"], false, "a fifth is the control's");
    let effect = &whole["goals"][0]["comparisons"][0]["absolute"]["estimate"];
    assert!((effect.as_f64().unwrap() - (800.0 / 4000.0 - 0.1)).abs() < 1e-9, "{effect}");
}

#[test]
fn what_no_bandit_can_do_is_refused_with_its_cure() {
    let rows = [
        (json!({ "floor": 0.5 }), "E106"),
        (json!({ "control": 1.2 }), "E106"),
        (json!({ "flor": 0.1 }), "W103"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlour.json");
    for (bandit, code) in rows {
        std::fs::write(&path, file(&bandit).to_string()).unwrap();
        let output = run(&["check", path.to_str().unwrap()], "");
        let told =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(code), "{bandit}: {told}");
    }
    let mut two = file(&json!({}));
    two["experiments"]["lists"]["variants"].as_object_mut().unwrap().remove("seen");
    std::fs::write(&path, two.to_string()).unwrap();
    let output = run(&["check", path.to_str().unwrap()], "");
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("E107") && told.contains("two variants beside the control"), "{told}");
}
