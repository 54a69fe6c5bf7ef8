//! Bodies of every protocol, broken at random: none is answered 5xx, and none makes the collector grow or stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;

use axum::http::StatusCode;
use common::{Collector, batch, event};
use parlour_cli::serve::protocol::ROUTES;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde_json::json;

const AT_ONCE: usize = 64;
/// Caches and pools fill up before this share of all bodies.
const WARM: usize = 5;
/// What the allocator keeps differs from run to run by so much.
const GROWTH_MB: u64 = 32;

/// As many as asked for by `PARLOUR_BODIES`; `npm run test:long` asks for a million.
fn bodies() -> usize {
    std::env::var("PARLOUR_BODIES").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000)
}

fn seeds() -> Vec<Vec<u8>> {
    let whole = json!({ "batch": [event("a"), { "type": "identify", "messageId": "b", "userId": "u", "traits": { "ip": "::1" } }],
        "sentAt": "2026-11-20T10:00:01.000Z", "writeKey": "k",
        "context": { "parlour": { "tab": "t", "first": 1, "last": 4, "drops": { "full": 2 }, "lock": "0".repeat(64) } } });
    let order = json!({ "type": "track", "event": "Order Completed", "messageId": "o", "originalTimestamp": "2026-11-20T10:00:00Z",
        "properties": { "order_id": "7", "revenue": 12.50, "currency": "EUR", "note": "\u{1F600}\u{2028}" } });
    let forget =
        json!({ "batch": [{ "type": "forget", "messageId": "f", "anonymousId": "a-1", "secret": "s" }] });
    let posthog = json!({ "api_key": "k", "batch": [{ "event": "$identify", "uuid": "p", "offset": 12, "distinct_id": "d",
        "properties": { "$anon_distinct_id": "a", "$session_id": "s", "$current_url": "https://a.example/b", "$set": { "x": 1 } } }] });
    let snowplow = json!({ "schema": "iglu:x", "data": [{ "e": "ue", "eid": "s", "dtm": "1795168800000",
        "ue_pr": "{\"data\":{\"schema\":\"iglu:a/b/jsonschema/1-0-0\",\"data\":{\"c\":1}}}" }, { "e": "tr", "tr_id": "7", "tr_tt": "1e3" }] });
    let plausible = json!({ "n": "pageview", "u": "https://a.example/b", "d": "k", "p": { "a": "b" }, "$": { "amount": "5", "currency": "EUR" } });
    let texts =
        [whole, order, forget, posthog, snowplow, plausible].map(|seed| seed.to_string().into_bytes());
    let gzip = |text: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    };
    let packed = gzip(&texts[0]);
    let form = b"data=eyJldmVudCI6IngiLCJ1dWlkIjoicSJ9".to_vec();
    texts.into_iter().chain([packed, form]).collect()
}

const MEDIA: [&str; 6] = [
    "text/plain",
    "application/json",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "",
    "text/html",
];

const PIECES: [&[u8]; 14] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"null",
    b"1e999",
    b"-9223372036854775809",
    b"\\ud800",
    b"\xff",
    b"\0",
    b"\"messageId\":",
    b"\"ip\":\"1.2.3.4\",",
    b"\xf0\x9f\x98\x80",
];

fn mutate(seeds: &[Vec<u8>], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut body = seeds[random.random_range(0..seeds.len())].clone();
    for _ in 0..random.random_range(0..3) {
        let at = random.random_range(0..=body.len());
        let to = random.random_range(at..=body.len().min(at + 40));
        match random.random_range(0..7) {
            0 if at < body.len() => body[at] ^= 1 << random.random_range(0..8),
            1 => drop(body.drain(at..to)),
            2 => {
                let copy = body[at..to].to_vec();
                body.splice(at..at, copy);
            }
            3 => body.truncate(at),
            4 => {
                let other = &seeds[random.random_range(0..seeds.len())];
                let from = random.random_range(0..=other.len());
                body.splice(at..to, other[from..other.len().min(from + 60)].iter().copied());
            }
            5 => body.splice(at..at, random.random::<u64>().to_string().into_bytes()).for_each(drop),
            _ => body
                .splice(at..to, PIECES[random.random_range(0..PIECES.len())].iter().copied())
                .for_each(drop),
        }
    }
    body
}

/// Resident memory of this process, where the system tells.
fn memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1_024)
}

#[tokio::test(flavor = "multi_thread")]
async fn mutated_bodies_are_answered_and_leave_nothing_behind() {
    let collector = Collector::new();
    let seeds = seeds();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(6);
    let (total, mut sent, mut answers) = (bodies(), 0, std::collections::BTreeMap::<u16, usize>::new());
    let mut warm = None;
    while sent < total {
        if warm.is_none() && sent >= total / WARM {
            warm = memory_mb();
        }
        let asking: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let body = mutate(&seeds, &mut random);
                let (path, _) = ROUTES[random.random_range(0..ROUTES.len())];
                let media = MEDIA[random.random_range(0..MEDIA.len())];
                let router = collector.router.clone();
                tokio::spawn(async move {
                    (
                        common::ask(&router, "POST", path, &[("content-type", media)], body.clone()).await,
                        path,
                        body,
                    )
                })
            })
            .collect();
        for asked in asking {
            let (answer, path, body) = asked.await.unwrap();
            assert!(
                answer.status.as_u16() < 500,
                "{} {path}: {:?}",
                answer.status,
                String::from_utf8_lossy(&body)
            );
            if !answer.status.is_success() && answer.json().get("results").is_none() {
                assert!(answer.json()["cure"].is_string(), "{path}: {}", answer.text());
            }
            *answers.entry(answer.status.as_u16()).or_default() += 1;
            sent += 1;
        }
    }
    assert!(
        answers.keys().any(|status| (200..300).contains(status)) && answers.contains_key(&400),
        "{answers:?}"
    );
    let answer = collector.post(batch(&[event("sound")])).await;
    assert_eq!(answer.status, StatusCode::OK);
    let grown = warm.zip(memory_mb()).map(|(warm, now)| now.saturating_sub(warm));
    println!("{sent} bodies: {answers:?}; {} MB more than after a fifth of them", grown.unwrap_or_default());
    assert!(
        grown.is_none_or(|grown| grown < GROWTH_MB),
        "{grown:?} MB more than after a fifth of {sent} bodies"
    );
    let refused: i64 = rusqlite::Connection::open(collector.db())
        .unwrap()
        .query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))
        .unwrap();
    assert!(refused <= 1_000, "{refused}");
}
