//! What `POST /v1/batch` answers, and what is in the store afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;

use axum::http::StatusCode;
use common::{Collector, batch, event};
use serde_json::{Value, json};

#[tokio::test]
async fn a_sound_event_is_kept_with_its_columns_and_its_own_text() {
    let collector = Collector::new();
    let raw = r#"{"type":"track","event":"Experiment Viewed", "messageId":"m-1","anonymousId":"a-1","userId":7,
        "timestamp":"2026-11-20T10:00:00.123Z","properties":{"experiment_id":"banner","variation_id":"b","weird":1e400},
        "context":{"sessionId":"s-1","parlour":{"plan":"0123456789abcdef","env":"staging","experiment_version":3,"reason":"bucketed"}}}"#;
    let answer = collector.post(format!("{{\"batch\":[{raw}]}}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["parlour"], 1);
    assert_eq!(answer.json()["results"], json!({ "m-1": "ok" }));
    assert!(answer.json()["now"].as_i64().unwrap() > 1_700_000_000_000);
    assert!(answer.json().get("why").is_none());
    let row = &collector.rows()[0];
    for (column, expect) in [
        ("id", json!("m-1")),
        ("env", json!("staging")),
        ("type", json!("exposure")),
        ("name", json!("Experiment Viewed")),
        ("anonymous_id", json!("a-1")),
        ("user_id", json!("7")),
        ("session_id", json!("s-1")),
        ("occurred_ms", json!(1_795_168_800_123_i64)),
        ("plan_hash", json!("0123456789abcdef")),
        ("experiment", json!("banner")),
        ("variant", json!("b")),
        ("reason", json!("bucketed")),
        ("experiment_version", json!(3)),
        ("revenue_minor", Value::Null),
        ("raw", json!(raw)),
    ] {
        assert_eq!(row[column], expect, "{column}");
    }
}

#[tokio::test]
async fn each_event_of_a_batch_gets_its_own_answer() {
    let with = |id: &str, change: &dyn Fn(&mut Value)| {
        let mut event = event(id);
        change(&mut event);
        event
    };
    let events = [
        event("good"),
        with("no-type", &|event| event["type"] = json!("scream")),
        with("no-name", &|event| event["event"] = Value::Null),
        with("bad-time", &|event| event["timestamp"] = json!("yesterday")),
        with("bad-properties", &|event| event["properties"] = json!([1])),
        with("bad-session", &|event| event["context"]["sessionId"] = json!({})),
        with("page", &|event| *event = json!({ "type": "page", "messageId": "page" })),
        json!("not an object"),
        with("x", &|event| event["messageId"] = Value::Null),
        with("x", &|event| event["messageId"] = json!(5)),
        with("x", &|event| event["messageId"] = json!("x".repeat(129))),
    ];
    let collector = Collector::new();
    let answer = collector.post(batch(&events)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let (results, why) = (answer.json()["results"].clone(), answer.json()["why"].clone());
    for (id, expect) in [
        ("good", "ok"),
        ("no-type", "drop"),
        ("no-name", "drop"),
        ("bad-time", "warning"),
        ("bad-properties", "warning"),
        ("bad-session", "warning"),
        ("page", "ok"),
        ("#7", "drop"),
        ("#8", "drop"),
        ("#9", "drop"),
        ("#10", "drop"),
    ] {
        assert_eq!(results[id], expect, "{id}");
        assert_eq!(why.get(id).is_none(), expect == "ok", "{id} says why");
    }
    let kept: Vec<_> = collector.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kept, ["good", "bad-time", "bad-properties", "bad-session", "page"]);
}

#[tokio::test]
async fn a_body_that_is_no_batch_is_refused_whole_and_never_acknowledged() {
    let deep = format!("{{\"batch\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20]).unwrap();
    let cut_short = batch(&[event("a")]).into_bytes()[..60].to_vec();
    let many: Vec<_> = (0..501).map(|index| event(&index.to_string())).collect();
    let plain = [("content-type", "text/plain")];
    let gzip = [("content-encoding", "gzip")];
    for (what, headers, body, expect) in [
        ("html", &plain[..], b"<!doctype html><title>Log in</title>".to_vec(), StatusCode::BAD_REQUEST),
        ("empty", &plain, Vec::new(), StatusCode::BAD_REQUEST),
        ("truncated", &plain, cut_short, StatusCode::BAD_REQUEST),
        ("a list", &plain, b"[]".to_vec(), StatusCode::BAD_REQUEST),
        ("no batch", &plain, b"{\"events\":[]}".to_vec(), StatusCode::BAD_REQUEST),
        ("batch of another type", &plain, b"{\"batch\":{\"a\":1}}".to_vec(), StatusCode::BAD_REQUEST),
        ("bad utf-8", &plain, b"{\"batch\":[\"\xff\"]}".to_vec(), StatusCode::BAD_REQUEST),
        ("gzip garbage", &gzip, b"not gzip".to_vec(), StatusCode::BAD_REQUEST),
        ("gzip cut short", &plain, vec![0x1f, 0x8b, 8, 0], StatusCode::BAD_REQUEST),
        ("gzip bomb", &plain, bomb.finish().unwrap(), StatusCode::PAYLOAD_TOO_LARGE),
        (
            "unknown encoding",
            &[("content-encoding", "br")],
            b"x".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            "a form",
            &[("content-type", "multipart/form-data")],
            b"x".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("over 1 MB", &plain, vec![b' '; (1 << 20) + 1], StatusCode::PAYLOAD_TOO_LARGE),
        ("over 500 events", &plain, batch(&many).into_bytes(), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let collector = Collector::new();
        let answer = collector.post_with(headers, body).await;
        assert_eq!(answer.status, expect, "{what}: {}", answer.text());
        for field in ["error", "cure"] {
            assert!(!answer.json()[field].as_str().unwrap().is_empty(), "{what} says {field}");
        }
        assert!(answer.json().get("parlour").is_none(), "{what} is not acknowledged");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{what} can be read by the page");
        assert_eq!(collector.rows().len(), 0, "{what}");
    }
    let collector = Collector::new();
    let answer = collector.post(deep).await;
    assert_eq!(answer.json()["results"], json!({ "#0": "drop" }));
}

#[tokio::test]
async fn the_largest_body_and_batch_allowed_are_taken() {
    let collector = Collector::new();
    let many: Vec<_> = (0..500).map(|index| event(&index.to_string())).collect();
    let mut body = batch(&many);
    body.push_str(&" ".repeat((1 << 20) - body.len()));
    let answer = collector.post(body).await;
    assert_eq!(answer.json()["results"].as_object().unwrap().len(), 500);
    assert_eq!(collector.rows().len(), 500);
}

#[tokio::test]
async fn gzip_is_known_by_its_header_or_by_its_first_bytes() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(batch(&[event("zipped")]).as_bytes()).unwrap();
    let body = gzip.finish().unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    for headers in [&headers[..1], &headers[..]] {
        let collector = Collector::new();
        let answer = collector.post_with(headers, body.clone()).await;
        assert_eq!(answer.json()["results"], json!({ "zipped": "ok" }), "{headers:?}");
    }
}

#[tokio::test]
async fn pages_of_any_origin_may_send_without_credentials() {
    let collector = Collector::new();
    let preflight = collector.ask("OPTIONS", "/v1/batch", &[("origin", "https://shop.example")], "").await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    assert_eq!(preflight.header("access-control-allow-credentials"), "");
    let read = collector.get("/v1/batch", &[]).await;
    assert_eq!(read.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(read.header("allow"), "POST, OPTIONS");
}

#[tokio::test]
async fn amounts_are_exact_in_the_minor_units_of_their_currency() {
    let collector = Collector::new();
    let cases = [
        ("Order Completed", "revenue", "12.50", r#""EUR""#, json!(1250), "ok"),
        ("Order Completed", "revenue", "0.1", r#""EUR""#, json!(10), "ok"),
        ("Order Completed", "revenue", "0.30000000000000004", r#""EUR""#, json!(30), "ok"),
        ("Order Completed", "revenue", "1.005", r#""EUR""#, json!(101), "ok"),
        ("Order Completed", "revenue", "90071992547409.91", r#""EUR""#, Value::Null, "warning"),
        (
            "Order Completed",
            "revenue",
            "80071992547409.93",
            r#""EUR""#,
            json!(8_007_199_254_740_993_i64),
            "ok",
        ),
        ("Order Completed", "revenue", "\"19.99\"", r#""GBP""#, json!(1999), "ok"),
        ("Order Completed", "revenue", "1250", r#""JPY""#, json!(1250), "ok"),
        ("Order Completed", "revenue", "1.234", r#""KWD""#, json!(1234), "ok"),
        ("Order Refunded", "revenue", "3.10", r#""EUR""#, json!(310), "ok"),
        ("Goal Reached", "value", "7", r#""EUR""#, json!(700), "ok"),
        ("Order Completed", "revenue", "1e9999999999", r#""EUR""#, Value::Null, "warning"),
        ("Order Completed", "revenue", "10e2147483647", r#""JPY""#, Value::Null, "warning"),
        ("Order Completed", "revenue", "99999999999999999999", r#""EUR""#, Value::Null, "warning"),
        ("Order Completed", "revenue", "\"12,50\"", r#""EUR""#, Value::Null, "warning"),
        ("Order Completed", "revenue", "true", r#""EUR""#, Value::Null, "warning"),
        ("Order Completed", "revenue", "5", "null", Value::Null, "warning"),
        ("Order Completed", "revenue", "5", r#""euro""#, Value::Null, "warning"),
        ("Product Viewed", "price", "5", r#""EUR""#, Value::Null, "ok"),
    ];
    for (index, (name, key, amount, currency, expect, result)) in cases.iter().enumerate() {
        let id = format!("m-{index}");
        let raw = format!(
            r#"{{"type":"track","event":"{name}","messageId":"{id}","properties":{{"{key}":{amount},"currency":{currency}}}}}"#
        );
        let answer = collector.post(format!("{{\"batch\":[{raw}]}}")).await;
        let rows = collector.rows();
        assert_eq!(rows[index]["revenue_minor"], *expect, "{name} {amount} {currency}");
        assert_eq!(answer.json()["results"][&id], *result, "{name} {amount} {currency}");
    }
}

#[tokio::test]
async fn revenue_adds_up_to_the_penny() {
    let collector = Collector::new();
    let order = |index: u32| {
        let (pounds, pence) = (index * 7 % 300, index * 37 % 100);
        let raw = format!(
            r#"{{"type":"track","event":"Order Completed","messageId":"o-{index}","properties":{{"order_id":"{index}","revenue":{pounds}.{pence:02},"currency":"GBP"}}}}"#
        );
        (raw, i64::from(pounds * 100 + pence))
    };
    let mut expect = 0;
    for start in (0..2_000).step_by(400) {
        let orders: Vec<_> = (start..start + 400).map(order).collect();
        expect += orders.iter().map(|(_, minor)| minor).sum::<i64>();
        let raw: Vec<_> = orders.into_iter().map(|(raw, _)| raw).collect();
        assert_eq!(collector.post(format!("{{\"batch\":[{}]}}", raw.join(","))).await.status, StatusCode::OK);
    }
    let total: i64 = collector.rows().iter().map(|row| row["revenue_minor"].as_i64().unwrap()).sum();
    assert_eq!(total, expect);
}

#[tokio::test]
async fn a_text_cut_inside_an_emoji_does_not_cost_the_event() {
    let collector = Collector::new();
    let raw = r#"{"type":"track","event":"cut \ud83d","messageId":"m","properties":{"title":"\ud83d","product_id":"\udc00x"}}"#;
    let answer = collector.post(format!("{{\"batch\":[{raw}]}}")).await;
    assert_eq!(answer.json()["results"], json!({ "m": "ok" }));
    assert_eq!(collector.rows()[0]["raw"], raw);
}
