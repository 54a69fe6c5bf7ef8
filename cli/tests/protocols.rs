//! What the clients of other systems send, and what is in the store afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use common::Collector;
use serde_json::{Value, json};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const FORM: &str = "application/x-www-form-urlencoded";
const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

fn gzipped(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn form(value: &str) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("data", value).finish().into_bytes()
}

/// The columns named in `expect`, of the one row that the request made.
async fn is_kept(path: &str, media: &str, body: impl Into<Vec<u8>>, expect: Value) {
    let collector = Collector::new();
    let body: Vec<u8> = body.into();
    let answer = collector.ask("POST", path, &[("content-type", media)], body).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
    let rows = collector.rows();
    assert_eq!(rows.len(), 1, "{path}: {rows:?}");
    for (column, value) in expect.as_object().unwrap() {
        assert_eq!(&rows[0][column], value, "{path}: {column} of {}", rows[0]);
    }
}

#[tokio::test]
async fn segments_and_rudderstacks_single_events_are_kept_by_either_of_their_names() {
    for (short, long, kind, name) in [
        ("t", "track", "Signed Up", "Signed Up"),
        ("p", "page", "page_view", ""),
        ("s", "screen", "page_view", ""),
        ("i", "identify", "identify", ""),
        ("g", "group", "group", ""),
        ("a", "alias", "alias", ""),
    ] {
        let with_type = json!({ "type": long, "event": name, "messageId": "m", "userId": "u", "anonymousId": "a",
            "originalTimestamp": "2026-11-20T10:00:00.000Z" });
        let mut without = with_type.clone();
        without.as_object_mut().unwrap().remove("type");
        let expect = json!({ "id": "m", "type": kind, "user_id": "u", "anonymous_id": "a", "protocol": "segment",
            "occurred_ms": 1_795_168_800_000_i64 });
        for event in [with_type, without] {
            is_kept(&format!("/v1/{short}"), TEXT, event.to_string(), expect.clone()).await;
            is_kept(&format!("/v1/{long}"), JSON, event.to_string(), expect.clone()).await;
        }
    }
    is_kept(
        "/v1/alias",
        JSON,
        r#"{"messageId":"m","previousId":"a","userId":"u"}"#,
        json!({ "anonymous_id": "a", "user_id": "u" }),
    )
    .await;
    let batch = r#"{"batch":[{"type":"track","event":"x","messageId":"m"}]}"#;
    for path in ["/v1/b", "/v1/batch", "/v1/import", "/beacon/v1/batch"] {
        is_kept(path, JSON, batch, json!({ "id": "m" })).await;
    }
}

#[tokio::test]
async fn posthogs_events_are_kept_in_every_form_they_are_sent_in() {
    let event = json!({ "event": "Signed Up", "uuid": "018f-1", "timestamp": "2026-11-20T10:00:00.000Z",
        "properties": { "distinct_id": "d", "token": "phc", "$session_id": "s", "$current_url": "https://shop.example/a?b",
                        "order_id": "7" } });
    let expect = json!({ "id": "018f-1", "type": "Signed Up", "anonymous_id": "d", "user_id": null, "session_id": "s",
        "protocol": "posthog", "order_id": "7", "occurred_ms": 1_795_168_800_000_i64 });
    let one = event.to_string();
    let list = json!([event]).to_string();
    let batch = json!({ "api_key": "phc", "batch": [event] }).to_string();
    for path in
        ["/e", "/e/", "/batch", "/batch/", "/capture/", "/i/v0/e/", "/e/?ip=0&ver=1.2&compression=gzip-js"]
    {
        for body in [&one, &list, &batch] {
            is_kept(path, JSON, body.as_bytes(), expect.clone()).await;
            is_kept(path, TEXT, gzipped(body), expect.clone()).await;
            is_kept(path, FORM, form(&BASE64_STANDARD.encode(body)), expect.clone()).await;
            is_kept(path, FORM, form(body), expect.clone()).await;
        }
    }
    let identify = json!({ "event": "$identify", "uuid": "i", "distinct_id": "user", "properties": { "$anon_distinct_id": "d" } });
    is_kept(
        "/e/",
        JSON,
        identify.to_string(),
        json!({ "type": "identify", "anonymous_id": "d", "user_id": "user" }),
    )
    .await;
    let known = json!({ "event": "x", "uuid": "k", "properties": { "distinct_id": "user", "$user_id": "user", "$device_id": "d" } });
    is_kept("/e/", JSON, known.to_string(), json!({ "anonymous_id": "d", "user_id": "user" })).await;
    is_kept(
        "/e/",
        JSON,
        r#"{"event":"$pageview","uuid":"p","distinct_id":"d"}"#,
        json!({ "type": "page_view" }),
    )
    .await;
}

#[tokio::test]
async fn an_offset_says_how_long_ago_it_was() {
    let collector = Collector::new();
    let sent = r#"{"event":"x","uuid":"o","distinct_id":"d","offset":5000}"#;
    collector.ask("POST", "/e/", &[], sent).await;
    let row = &collector.rows()[0];
    assert_eq!(row["received_ms"].as_i64().unwrap() - row["occurred_ms"].as_i64().unwrap(), 5_000);
}

#[tokio::test]
async fn snowplows_events_are_kept_with_the_names_we_know_them_by() {
    let payload = |fields: Value| {
        let mut event = json!({ "eid": "e-1", "aid": "shop", "duid": "d", "uid": "u", "sid": "s", "dtm": "1795168800000",
            "stm": "1795168800100", "url": "https://shop.example/a", "page": "A" });
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [event] }).to_string()
    };
    let unstruct = json!({ "schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
        "data": { "schema": "iglu:com.example/sign_up/jsonschema/1-0-0", "data": { "order_id": "7" } } })
    .to_string();
    for (fields, expect) in [
        (json!({ "e": "pv" }), json!({ "type": "page_view" })),
        (json!({ "e": "pp" }), json!({ "type": "Page Ping" })),
        (json!({ "e": "se", "se_ca": "c", "se_ac": "signed up" }), json!({ "type": "signed up" })),
        (json!({ "e": "ue", "ue_pr": unstruct }), json!({ "type": "sign_up", "order_id": "7" })),
        (
            json!({ "e": "ue", "ue_px": BASE64_URL_SAFE_NO_PAD.encode(&unstruct) }),
            json!({ "type": "sign_up", "order_id": "7" }),
        ),
        (
            json!({ "e": "tr", "tr_id": "7", "tr_tt": "12.50", "tr_cu": "EUR" }),
            json!({ "type": "purchase", "order_id": "7", "revenue_minor": 1250, "currency": "EUR" }),
        ),
    ] {
        let mut expect = expect;
        expect.as_object_mut().unwrap().extend(
            json!({ "id": "e-1", "anonymous_id": "d", "user_id": "u", "session_id": "s", "protocol": "snowplow" })
                .as_object().unwrap().clone());
        is_kept(TP2, "application/json; charset=UTF-8", payload(fields), expect).await;
    }
}

#[tokio::test]
async fn plausibles_events_are_kept_with_an_id_of_their_own() {
    let event = json!({ "n": "pageview", "u": "https://shop.example/a", "d": "shop.example", "r": null });
    is_kept(
        "/api/event",
        TEXT,
        event.to_string(),
        json!({ "type": "page_view", "protocol": "plausible", "anonymous_id": null }),
    )
    .await;
    let order = json!({ "n": "Order Completed", "u": "https://shop.example/a", "d": "shop.example",
        "p": { "order_id": "7" }, "$": { "amount": "12.50", "currency": "EUR" } });
    is_kept(
        "/api/event",
        JSON,
        order.to_string(),
        json!({ "type": "purchase", "order_id": "7", "revenue_minor": 1250 }),
    )
    .await;
    let long = json!({ "name": "Signed Up", "url": "https://shop.example/a", "domain": "shop.example", "props": "{\"order_id\":\"7\"}" });
    is_kept("/api/event", JSON, long.to_string(), json!({ "type": "Signed Up", "order_id": "7" })).await;
}

#[tokio::test]
async fn each_protocol_is_answered_as_its_clients_expect() {
    let collector = Collector::new();
    for (path, body, status, text) in [
        ("/v1/t", r#"{"event":"x","messageId":"a"}"#, StatusCode::OK, "\"success\":true"),
        ("/v1/t", r#"{"event":"x"}"#, StatusCode::BAD_REQUEST, "messageId is missing"),
        ("/v1/t", "[]", StatusCode::BAD_REQUEST, "cure"),
        ("/v1/t", "{}", StatusCode::BAD_REQUEST, "messageId is missing"),
        ("/e/", r#"{"event":"x","uuid":"b"}"#, StatusCode::OK, "\"status\":1"),
        ("/e/", r#"{"uuid":"b"}"#, StatusCode::OK, "event is missing"),
        ("/e/", "data=%%%", StatusCode::BAD_REQUEST, "base64"),
        ("/e/", "data=/w==", StatusCode::BAD_REQUEST, "UTF-8"),
        (TP2, r#"{"data":[{"e":"pv","eid":"c"}]}"#, StatusCode::OK, "ok"),
        (TP2, r#"{"data":[{"e":"??"}]}"#, StatusCode::OK, "ok"),
        (TP2, r#"{"data":{}}"#, StatusCode::BAD_REQUEST, "payload_data"),
        ("/api/event", r#"{"n":"pageview"}"#, StatusCode::ACCEPTED, "ok"),
        ("/api/event", "{}", StatusCode::BAD_REQUEST, "n is missing"),
    ] {
        let answer = collector.ask("POST", path, &[("content-type", TEXT)], body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
        assert!(answer.text().contains(text), "{path} {body}: {}", answer.text());
    }
    assert_eq!(collector.rows().len(), 4);
    let why: Vec<_> = collector.admin("/_parlour/quarantine").await.json()["quarantine"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["protocol"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(why, ["snowplow", "posthog", "segment", "segment"]);
}

#[tokio::test]
async fn an_event_sent_twice_is_kept_once_whichever_way_it_comes() {
    let collector = Collector::new();
    let segment = r#"{"event":"x","messageId":"same"}"#;
    for (path, body) in [
        ("/v1/t", segment.to_owned()),
        ("/v1/track", segment.to_owned()),
        ("/v1/b", format!("{{\"batch\":[{{\"type\":\"track\",{}]}}", &segment[1..])),
        ("/e/", r#"{"event":"x","uuid":"same"}"#.to_owned()),
        (TP2, r#"{"data":[{"e":"pv","eid":"same"}]}"#.to_owned()),
    ] {
        let answer = collector.ask("POST", path, &[], body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
    }
    assert_eq!(collector.rows().len(), 1);
}

#[tokio::test]
async fn addresses_and_user_agents_are_in_no_column_and_in_no_text() {
    let collector = Collector::new();
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";
    let headers = [("user-agent", agent), ("x-forwarded-for", "198.51.100.7")];
    let segment =
        json!({ "event": "x", "messageId": "s", "context": { "ip": "198.51.100.7", "userAgent": agent } });
    let posthog = json!({ "event": "x", "uuid": "p", "properties": { "$ip": "198.51.100.7", "$raw_user_agent": agent, "kept": 1.50 } });
    let snowplow = json!({ "data": [{ "e": "pv", "eid": "n", "ip": "198.51.100.7", "ua": agent }] });
    for (path, body) in [("/v1/t", &segment), ("/e/", &posthog), (TP2, &snowplow)] {
        assert!(collector.ask("POST", path, &headers, body.to_string()).await.status.is_success());
    }
    let broken = json!({ "data": [{ "e": "?", "ip": "198.51.100.7", "ua": agent }] });
    collector.ask("POST", TP2, &headers, broken.to_string()).await;
    collector
        .ask(
            "POST",
            "/v1/t",
            &headers,
            json!({ "context": { "ip": "198.51.100.7", "userAgent": agent } }).to_string(),
        )
        .await;
    let refused = collector.admin("/_parlour/quarantine").await.text();
    assert!(refused.contains("snowplow") && refused.contains("segment"), "{refused}");
    assert!(!refused.contains("198.51.100.7") && !refused.contains("AppleWebKit"), "{refused}");
    for row in collector.rows() {
        let text = row.to_string();
        assert!(!text.contains("198.51.100.7") && !text.contains("AppleWebKit"), "{text}");
        assert_eq!(row["agent"], "desktop");
    }
    assert!(collector.rows()[1]["raw"].as_str().unwrap().contains("\"kept\":1.5"));
}
