//! Who may send, how much, and what nobody may ask for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::{Collector, Served, batch, event, request};
use parlour_cli::serve::keys::WriteKeys;
use parlour_cli::serve::protocol::ROUTES;
use parlour_cli::serve::{Policy, Setup};
use serde_json::json;

const KEYS: &str = r#"{"keys":{
  "page": {"origins": ["https://shop.example", "https://*.shop.example", "http://localhost:3000"]},
  "server": {"servers": true, "eventsPerSecond": 60}
}}"#;

fn with_keys() -> Collector {
    let keys = WriteKeys::parse(KEYS).unwrap();
    Collector::set_up(Setup { policy: Policy { keys, ..Policy::default() }, ..Setup::default() })
}

#[tokio::test]
async fn a_key_is_for_its_origins_alone() {
    let collector = with_keys();
    let send = async |key: &str, origin: &str| {
        let body = json!({ "writeKey": key, "batch": [event("a")] }).to_string();
        let headers: &[(&str, &str)] = if origin.is_empty() { &[] } else { &[("origin", origin)] };
        collector.ask("POST", "/v1/batch", headers, body).await
    };
    for (key, origin, expect) in [
        ("page", "https://shop.example", 200),
        ("page", "https://www.shop.example", 200),
        ("page", "http://localhost:3000", 200),
        ("page", "http://shop.example", 403),
        ("page", "https://shop.example:8443", 403),
        ("page", "https://xshop.example", 403),
        ("page", "https://.shop.example", 403),
        ("page", "https://shop.example.evil.example", 403),
        ("page", "https://evil.example/.shop.example", 403),
        ("page", "null", 403),
        ("page", "", 403),
        ("server", "", 200),
        ("server", "https://shop.example", 403),
        ("other", "https://shop.example", 401),
        ("", "https://shop.example", 401),
    ] {
        let answer = send(key, origin).await;
        assert_eq!(answer.status.as_u16(), expect, "{key} {origin}: {}", answer.text());
        assert_eq!(answer.json().get("parlour").is_some(), expect == 200, "{key} {origin}");
        let may_read =
            matches!(origin, "https://shop.example" | "https://www.shop.example" | "http://localhost:3000");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            if may_read { origin } else { "" },
            "{key} {origin}"
        );
        assert_eq!(answer.header("vary"), "origin");
    }
}

#[tokio::test]
async fn a_key_is_found_where_each_protocol_has_it() {
    let collector = with_keys();
    let basic = format!("Basic {}", BASE64_STANDARD.encode("page:"));
    let origin = ("origin", "https://shop.example");
    let tp2 = "/com.snowplowanalytics.snowplow/tp2";
    for (path, authorization, body) in [
        ("/v1/t", "", json!({ "event": "x", "messageId": "1", "writeKey": "page" })),
        ("/v1/t", basic.as_str(), json!({ "event": "x", "messageId": "2" })),
        ("/e/", "", json!({ "event": "x", "uuid": "3", "properties": { "token": "page" } })),
        ("/batch/", "", json!({ "api_key": "page", "batch": [{ "event": "x", "uuid": "4" }] })),
        (tp2, "", json!({ "data": [{ "e": "pv", "eid": "5", "aid": "page" }] })),
        ("/api/event", "", json!({ "n": "pageview", "d": "page" })),
    ] {
        let answer =
            collector.ask("POST", path, &[origin, ("authorization", authorization)], body.to_string()).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
        let without = body.to_string().replace("page\"", "wrong\"");
        let answer = collector.ask("POST", path, &[origin], without).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_preflight_names_one_origin_and_the_headers_that_clients_send() {
    let collector = with_keys();
    for (path, _) in ROUTES {
        let preflight = collector.ask("OPTIONS", path, &[("origin", "https://shop.example")], "").await;
        assert_eq!(preflight.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), "https://shop.example", "{path}");
        assert_eq!(preflight.header("access-control-allow-methods"), "POST");
        assert!(preflight.header("access-control-allow-headers").contains("authorization"));
        let credentials = if path.contains("snowplow") { "true" } else { "" };
        assert_eq!(preflight.header("access-control-allow-credentials"), credentials, "{path}");
        let other = collector.ask("OPTIONS", path, &[("origin", "https://evil.example")], "").await;
        assert_eq!(other.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(other.header("access-control-allow-headers"), "", "{path}");
    }
}

#[test]
fn a_file_of_keys_says_what_is_wrong_with_it() {
    for (text, expect) in [
        ("{}", "missing field `keys`"),
        (r#"{"keys":{}}"#, "no key in it"),
        (r#"{"keys":{"a":{}}}"#, "used by nobody"),
        (r#"{"keys":{"a":{"origin":["https://a.example"]}}}"#, "unknown field `origin`"),
        (r#"{"keys":{"a":{"origins":["a.example"]}}}"#, "relative URL"),
        (r#"{"keys":{"a":{"origins":["https://a.example/"]}}}"#, "\"https://a.example\""),
        (r#"{"keys":{"a":{"origins":["https://a.example:443"]}}}"#, "\"https://a.example\""),
        (r#"{"keys":{"a":{"origins":["https://*.A.example"]}}}"#, "\"https://*.a.example\""),
        (r#"{"keys":{"a":{"origins":["ftp://a.example"]}}}"#, "https or http"),
        (r#"{"keys":{"a":{"servers":true,"eventsPerSecond":0}}}"#, "nonzero"),
    ] {
        let error = format!("{:#}", WriteKeys::parse(text).unwrap_err());
        assert!(error.contains(expect), "{text}: {error}");
    }
}

#[tokio::test]
async fn a_key_that_sends_too_much_is_told_when_to_come_again() {
    let collector = with_keys();
    let send = async |from: u32, count: u32| {
        let events: Vec<_> = (from..from + count).map(|number| event(&number.to_string())).collect();
        let body = json!({ "writeKey": "server", "batch": events }).to_string();
        collector.ask("POST", "/v1/batch", &[], body).await
    };
    // Ten seconds' worth at once.
    assert_eq!(send(0, 500).await.status, StatusCode::OK);
    let answer = send(500, 500).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((5..=8).contains(&wait), "{wait} s for 400 events at 60 a second");
    assert!(answer.json().get("parlour").is_none());
    assert_eq!(send(1_000, 50).await.status, StatusCode::OK, "what is left of the bucket may be used");
    assert_eq!(collector.rows().len(), 550);
}

#[test]
fn an_address_that_sends_too_much_is_refused_and_its_neighbour_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("events.db");
    let start =
        |rest: &[&str]| Served::start(&[&["--db", db.to_str().unwrap(), "--rate", "50"], rest].concat());
    let send = |server: &Served, from: &str, count: usize, forwarded: &str| {
        let events: Vec<_> = (0..count).map(|index| event(&format!("{from}-{index}"))).collect();
        let body = batch(&events);
        let mut stream = TcpStream::connect(&server.address).unwrap();
        write!(stream, "POST /v1/batch HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: {forwarded}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer[9..12].to_owned()
    };
    let server = start(&["--trusted-proxy", "127.0.0.0/8"]);
    assert_eq!(send(&server, "a", 500, "198.51.100.1"), "200");
    assert_eq!(send(&server, "b", 500, "198.51.100.1"), "429");
    assert_eq!(send(&server, "c", 500, "203.0.113.5, 198.51.100.1"), "429", "what stands before is made up");
    assert_eq!(send(&server, "d", 500, "198.51.100.2"), "200");
    assert_eq!(send(&server, "e", 500, "2001:db8:0:1::1"), "200");
    assert_eq!(send(&server, "f", 500, "2001:db8:0:1::2"), "429", "one household");
    drop(server);
    // Without it nobody is believed, and this machine's own address has no limit.
    let server = start(&[]);
    for from in ["g", "h", "i"] {
        assert_eq!(send(&server, from, 500, "198.51.100.1"), "200");
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_refused_by_how_much_comes_out_of_how_little() {
    let collector = Collector::new();
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = gzip(&vec![b' '; 900_000]);
    assert!(bomb.len() < 4_500);
    let answer = collector.post(bomb).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text());
    assert!(answer.text().contains("200 times"), "{}", answer.text());
    let many: Vec<_> = (0..500).map(|index| event(&format!("same-{index}"))).collect();
    let answer = collector.post(gzip(batch(&many).as_bytes())).await;
    assert_eq!(answer.status, StatusCode::OK, "500 events that differ in their ids alone: {}", answer.text());
}

#[test]
fn a_hundred_megabytes_a_bad_head_and_a_slow_head_harm_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(&["--db", dir.path().join("events.db").to_str().unwrap()]);
    let slow = TcpStream::connect(&server.address).unwrap();
    (&slow).write_all(b"POST /v1/batch HTTP/1.1\r\nhost: x\r\n").unwrap();
    let mut big = TcpStream::connect(&server.address).unwrap();
    write!(big, "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n").unwrap();
    let sending = std::thread::spawn(move || {
        let chunk = vec![b' '; 1 << 20];
        let sent = (0..100).take_while(|_| big.write_all(&chunk).is_ok()).count();
        let mut answer = String::new();
        let _ = big.read_to_string(&mut answer);
        (sent, answer)
    });
    let mut long = TcpStream::connect(&server.address).unwrap();
    write!(long, "GET /{} HTTP/1.1\r\n", "a".repeat(100_000)).unwrap();
    let mut answer = String::new();
    let _ = long.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(server.post(&batch(&[event("a")])).unwrap().0, 200, "others are served meanwhile");
    let (sent, answer) = sending.join().unwrap();
    assert!(
        sent < 100 && (answer.is_empty() || answer.starts_with("HTTP/1.1 413")),
        "{sent} MB taken: {answer}"
    );
    // The head never ends; the server ends it.
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    (&slow).read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&rest));
}

/// Every route there is, by any method: nothing of what is stored is told without the token.
#[tokio::test]
async fn no_route_tells_anything_without_the_token() {
    let collector = Collector::new();
    collector.post(batch(&[event("hidden-id")])).await;
    let admin = [
        "/_parlour",
        "/_parlour/",
        "/_parlour/state",
        "/_parlour/stream",
        "/_parlour/losses",
        "/_parlour/quarantine",
        "/_parlour/results",
        "/_parlour/anything",
        "/metrics",
    ];
    for path in admin {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            let answer = collector.ask(method, path, &[], "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    }
    let open = ROUTES.iter().map(|(path, _)| *path).chain([
        "/",
        "/plan.bin",
        "/healthz",
        "/nothing",
        "/_parlour2",
        "/metrics/",
    ]);
    for path in open {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = collector.ask(method, path, &[], "").await;
            assert!(!answer.text().contains("hidden-id"), "{method} {path}: {}", answer.text());
        }
    }
    assert_eq!(collector.admin("/metrics").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_of_its_own_needs_no_token_and_the_public_one_has_nothing() {
    let collector = Collector::new();
    let files = axum::Router::new().fallback(|| async { parlour_cli::serve::files::not_found() });
    let (public, admin) = (collector.server.router_without_admin(files), collector.server.admin_router());
    let token = format!("Bearer {}", collector.server.app.keys.token);
    for path in ["/_parlour", "/_parlour/state", "/_parlour/losses", "/_parlour/quarantine", "/metrics"] {
        let answer = common::ask(&public, "GET", path, &[("authorization", &token)], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        for (host, expect) in [
            ("127.0.0.1:9000", 200),
            ("localhost:9000", 200),
            ("[::1]:9000", 200),
            ("evil.example", 403),
            ("", 403),
        ] {
            let answer = common::ask(&admin, "GET", path, &[("host", host)], "").await;
            assert_eq!(answer.status.as_u16(), expect, "{path} for {host:?}");
        }
    }
}

#[tokio::test]
async fn the_admin_token_may_be_chosen_but_not_guessed() {
    let token = Some("0123456789abcdef".to_owned());
    let collector = Collector::set_up(Setup { token, ..Setup::default() });
    assert_eq!(
        collector.get("/metrics", &[("authorization", "Bearer 0123456789abcdef")]).await.status,
        StatusCode::OK
    );
    let output = common::parlour()
        .args(["serve", "--port", "0", "--db", collector.db().to_str().unwrap()])
        .env("PARLOUR_ADMIN_TOKEN", "secret")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("at least 16"));
}

#[tokio::test]
async fn metrics_count_what_was_done_and_what_was_refused() {
    let policy = Policy { per_address: NonZeroU32::new(5), ..Policy::default() };
    let collector = Collector::set_up(Setup { policy, ..Setup::default() });
    for _ in 0..2 {
        collector.post(batch(&[event("a"), json!({})])).await;
    }
    collector.post("nonsense").await;
    let text = collector.admin("/metrics").await.text();
    for line in [
        "parlour_events_total{protocol=\"segment\",outcome=\"stored\"} 1",
        "parlour_events_total{protocol=\"segment\",outcome=\"duplicate\"} 1",
        "parlour_events_total{protocol=\"segment\",outcome=\"refused\"} 2",
        "parlour_requests_total{protocol=\"segment\",status=\"200\"} 2",
        "parlour_requests_total{protocol=\"segment\",status=\"400\"} 1",
        "parlour_request_duration_seconds_count 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("parlour_store_size_bytes") && text.ends_with("# EOF\n"));
}

#[test]
fn a_stop_finishes_requests_and_ends_streams() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Served::start(&[
        "--db",
        dir.path().join("events.db").to_str().unwrap(),
        "--admin-addr",
        "127.0.0.1:0",
    ]);
    let admin = server.admin_address.clone();
    let mut stream = TcpStream::connect(&admin).unwrap();
    write!(stream, "GET /_parlour/stream HTTP/1.1\r\nhost: {admin}\r\n\r\n").unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    assert_eq!(request(&server.address, "GET", "/_parlour", "").unwrap().0, 404);
    let begun = std::time::Instant::now();
    assert_eq!(server.terminate(), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "an open stream held the stop for {:?}",
        begun.elapsed()
    );
}
