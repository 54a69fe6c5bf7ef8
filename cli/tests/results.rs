//! `/_parlour/results`: the report, live.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use axum::http::StatusCode;
use common::{Collector, batch};
use parlour_cli::serve::Setup;
use parlour_cli::serve::plan::Source;
use serde_json::{Value, json};

const FILE: &str = r#"{ "site": ["shop.example"], "currency": "EUR",
  "goals": { "order": { "touchpoint": "purchase", "value": "revenue" } },
  "experiments": { "banner": { "status": "running", "hypothesis": "Naming the limit raises orders",
    "variants": { "control": {}, "shown": {} }, "goals": ["order"] } } }"#;

fn met(visitor: usize) -> Value {
    let variant = if visitor.is_multiple_of(2) { "control" } else { "shown" };
    json!({ "messageId": format!("met-{visitor}"), "type": "track", "anonymousId": format!("visitor-{visitor}"),
            "event": "Experiment Viewed", "properties": { "experiment_id": "banner", "variation_id": variant },
            "context": { "parlour": { "reason": "bucketed" } } })
}

fn with_file(dir: &std::path::Path, file: &str) -> Collector {
    let path = dir.join("parlour.json");
    std::fs::write(&path, file).unwrap();
    Collector::set_up(Setup { source: Some(Source::Config(path)), ..Setup::default() })
}

async fn units(collector: &Collector) -> u64 {
    let report = collector.admin("/_parlour/results?format=json").await.json();
    let arms = report["experiments"][0]["arms"].as_array().unwrap();
    arms.iter().map(|arm| arm["units"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn the_page_tells_the_question_and_asks_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let collector = with_file(dir.path(), FILE);
    collector.post(batch(&(0..40).map(met).collect::<Vec<_>>())).await;
    let page = collector.admin("/_parlour/results").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(
        page.header("content-security-policy").starts_with("default-src 'none'; style-src 'unsafe-inline'")
    );
    assert!(!page.header("content-security-policy").contains("script"));
    assert_eq!(page.header("cache-control"), "no-store");
    for part in ["Naming the limit raises orders", "control: 20 visitors", "What visitors did"] {
        assert!(page.text().contains(part), "{part} is not in the page");
    }
    let wrong = collector.admin("/_parlour/results?format=pdf").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text().contains("html or json"));
}

#[tokio::test]
async fn a_report_is_made_at_most_once_in_two_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let collector = with_file(dir.path(), FILE);
    collector.post(batch(&(0..40).map(met).collect::<Vec<_>>())).await;
    assert_eq!(units(&collector).await, 40);
    collector.post(batch(&(40..60).map(met).collect::<Vec<_>>())).await;
    assert_eq!(units(&collector).await, 40, "what was made a moment ago");
    let mut told = 40;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        told = units(&collector).await;
        if told != 40 {
            break;
        }
    }
    assert_eq!(told, 60);
}

#[tokio::test]
async fn a_file_with_mistakes_is_named_and_the_last_plan_told() {
    let dir = tempfile::tempdir().unwrap();
    let collector = with_file(dir.path(), FILE);
    collector.post(batch(&(0..40).map(met).collect::<Vec<_>>())).await;
    std::fs::write(dir.path().join("parlour.json"), "{ \"site\": [").unwrap();
    let page = collector.admin("/_parlour/results").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.text().contains("parlour.json cannot be used"), "{}", page.text());
    assert!(page.text().contains("control: 20 visitors"));
}
