//! `--format html` and `train --report`: pages made of what was collected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Collector, batch, run};
use serde_json::{Value, json};

const FILE: &str = r#"{ "site": ["shop.example"], "currency": "EUR",
  "goals": { "order": { "touchpoint": "purchase", "value": "revenue" } },
  "experiments": { "banner": { "status": "running", "hypothesis": "Naming the <b>limit</b> raises orders",
    "variants": { "control": {}, "shown": {} }, "goals": ["order"] } } }"#;

fn met(visitor: &str, variant: &str) -> Value {
    json!({ "messageId": format!("met-{visitor}"), "type": "track", "anonymousId": visitor, "event": "Experiment Viewed",
            "properties": { "experiment_id": "banner", "variation_id": variant },
            "context": { "parlour": { "reason": "bucketed" } } })
}

fn bought(visitor: &str) -> Value {
    json!({ "messageId": format!("bought-{visitor}"), "type": "track", "anonymousId": visitor, "event": "Goal Reached",
            "properties": { "goal_id": "order" } })
}

#[tokio::test]
async fn the_page_and_the_json_tell_the_same_visitors_question_and_decision() {
    let collector = Collector::new();
    let visitors: Vec<(String, &str, bool)> = (0..240)
        .map(|at| (format!("visitor-{at}"), if at % 2 == 0 { "control" } else { "shown" }, at % 3 == 0))
        .collect();
    let events: Vec<Value> = visitors
        .iter()
        .flat_map(|(visitor, variant, buys)| {
            [Some(met(visitor, variant)), buys.then(|| bought(visitor))].into_iter().flatten()
        })
        .collect();
    for part in events.chunks(100) {
        assert_eq!(collector.post(batch(part)).await.status, 200);
    }
    let db = collector.db();
    let (plan, out) = (db.with_file_name("parlour.json"), db.with_file_name("report.html"));
    std::fs::write(&plan, FILE).unwrap();
    let usual = ["report", "--db", db.to_str().unwrap(), "--plan", plan.to_str().unwrap(), "--format"];
    let json = run(&[&usual[..], &["json"]].concat(), "");
    let html = run(&[&usual[..], &["html", "--out", out.to_str().unwrap()]].concat(), "");
    assert_eq!(html.status.code(), Some(0), "{}", String::from_utf8_lossy(&html.stderr));
    assert!(html.stdout.is_empty());
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let page = std::fs::read_to_string(out).unwrap();
    let sentence = json["experiments"][0]["decision"]["sentence"].as_str().unwrap();
    let escaped =
        sentence.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    for part in [
        escaped.as_str(),
        "Naming the &lt;b&gt;limit&lt;/b&gt; raises orders",
        "control: 120 visitors",
        "shown: 40 of 120 visitors",
        "What visitors did",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    assert!(!page.contains("<script"));
}

#[test]
fn a_training_is_told_as_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let (log, model, page) =
        (folder.path().join("log.csv"), folder.path().join("model.bin"), folder.path().join("model.html"));
    let mut lines = String::from("session_id,item_id,time\n");
    for session in 0..400 {
        for click in 0..3 {
            let item = (session * 7 % 20) + click;
            lines += &format!("s{session},<i>{item},{}\n", 1_790_000_000 + session * 100 + click);
        }
    }
    std::fs::write(&log, lines).unwrap();
    let [log, model, path] = [&log, &model, &page].map(|path| path.to_str().unwrap());
    let output = run(&["train", log, "--out", model, "--no-search", "--report", path], "");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(&page).unwrap();
    for part in [
        "HR@5",
        "HR@20",
        "MRR@10",
        "Coverage",
        "Popularity",
        "at least 1 sessions a pair",
        "at least 5 sessions a pair",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    // The rate that the command prints for this model is the one that the page tells.
    let printed = String::from_utf8(output.stdout).unwrap();
    let line = printed.lines().find(|line| line.contains("<- this model")).unwrap();
    let rate: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let told = page.split("class=\"decision open\">").nth(1).unwrap();
    let told: f64 = told.split(' ').next().unwrap().parse().unwrap();
    assert!((told / 100.0 - rate).abs() < 0.001, "{told} % and {rate}");
}
