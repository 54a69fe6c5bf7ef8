//! The formats that clients send, each made into events of the Segment specification, which is what the store keeps as the
//! events' own text. `mod NAME` has one `parse` a format: bytes in, events out; what is wrong with the whole is an error,
//! what is wrong with one event is said at that event.

pub mod plausible;
pub mod posthog;
pub mod segment;
pub mod snowplow;

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use uuid::Uuid;

use super::refused::Refused;
use crate::store::{Lock, TabReport};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A batch, of Parlour's own pages, Segment's or RudderStack's clients, or servers.
    Segment,
    /// One event a request; the address says of what type it is.
    SegmentOne(&'static str),
    Posthog,
    Snowplow,
    Plausible,
}

/// Where each is taken.
pub const ROUTES: [(&str, Protocol); 32] = [
    ("/v1/batch", Protocol::Segment),
    ("/v1/b", Protocol::Segment),
    ("/v1/import", Protocol::Segment),
    ("/beacon/v1/batch", Protocol::Segment),
    ("/v1/t", Protocol::SegmentOne("track")),
    ("/v1/track", Protocol::SegmentOne("track")),
    ("/v1/p", Protocol::SegmentOne("page")),
    ("/v1/page", Protocol::SegmentOne("page")),
    ("/v1/s", Protocol::SegmentOne("screen")),
    ("/v1/screen", Protocol::SegmentOne("screen")),
    ("/v1/i", Protocol::SegmentOne("identify")),
    ("/v1/identify", Protocol::SegmentOne("identify")),
    ("/v1/g", Protocol::SegmentOne("group")),
    ("/v1/group", Protocol::SegmentOne("group")),
    ("/v1/a", Protocol::SegmentOne("alias")),
    ("/v1/alias", Protocol::SegmentOne("alias")),
    ("/batch", Protocol::Posthog),
    ("/batch/", Protocol::Posthog),
    ("/e", Protocol::Posthog),
    ("/e/", Protocol::Posthog),
    ("/capture", Protocol::Posthog),
    ("/capture/", Protocol::Posthog),
    ("/track", Protocol::Posthog),
    ("/track/", Protocol::Posthog),
    ("/i/v0/e", Protocol::Posthog),
    ("/i/v0/e/", Protocol::Posthog),
    ("/i/v0/batch", Protocol::Posthog),
    ("/i/v0/batch/", Protocol::Posthog),
    ("/com.snowplowanalytics.snowplow/tp2", Protocol::Snowplow),
    ("/com.snowplowanalytics.snowplow/tp2/", Protocol::Snowplow),
    ("/api/event", Protocol::Plausible),
    ("/api/event/", Protocol::Plausible),
];

/// One event of a request: its text, or why none could be made.
#[derive(Debug)]
pub enum Sent<'a> {
    Event(Cow<'a, RawValue>),
    Broken { raw: String, why: String },
}

/// A request, understood.
#[derive(Debug, Default)]
pub struct Parsed<'a> {
    pub key: Option<String>,
    pub events: Vec<Sent<'a>>,
    pub sent_ms: Option<i64>,
    /// Of Parlour's own pages.
    pub tab: Option<TabReport>,
    /// The digest of the device's secret.
    pub lock: Option<String>,
}

impl Protocol {
    /// Its name in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Segment | Self::SegmentOne(_) => "segment",
            Self::Posthog => "posthog",
            Self::Snowplow => "snowplow",
            Self::Plausible => "plausible",
        }
    }

    pub fn parse<'a>(self, text: &'a str, media: &str, now_ms: i64) -> Result<Parsed<'a>, Refused> {
        match self {
            Self::Segment => segment::parse(text),
            Self::SegmentOne(kind) => segment::parse_one(text, kind),
            Self::Posthog => posthog::parse(text, media, now_ms),
            Self::Snowplow => snowplow::parse(text, now_ms),
            Self::Plausible => plausible::parse(text),
        }
    }

    /// Are forms taken, besides JSON as itself or as plain text?
    #[must_use]
    pub fn takes(self, media: &str) -> bool {
        match media {
            "" | "text/plain" | "application/json" => true,
            "application/x-www-form-urlencoded" => self == Self::Posthog,
            _ => false,
        }
    }

    /// As its clients expect to be answered. `answer` has what became of each event.
    pub fn answer(self, answer: Value) -> Response {
        let refused = |results: &Value| {
            results.as_object().is_some_and(|results| results.values().all(|result| result == "drop"))
        };
        let is_refused = answer.get("results").is_some_and(refused);
        let json = |status, value: Value| (status, axum::Json(value)).into_response();
        match self {
            Self::Segment => json(StatusCode::OK, answer),
            // A client that sends one event at a time has nothing but the status to look at.
            Self::SegmentOne(_) if is_refused => json(StatusCode::BAD_REQUEST, answer),
            Self::SegmentOne(_) => json(StatusCode::OK, with(answer, "success", true.into())),
            Self::Posthog => json(StatusCode::OK, with(answer, "status", 1.into())),
            Self::Snowplow => ([(header::CONTENT_TYPE, "text/plain")], "ok").into_response(),
            Self::Plausible if is_refused => json(StatusCode::BAD_REQUEST, answer),
            Self::Plausible => {
                (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "text/plain")], "ok").into_response()
            }
        }
    }
}

fn with(mut answer: Value, key: &str, value: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
    answer
}

/// An event of the Segment specification, as other formats are written down.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment<'a> {
    pub r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    pub message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Cow<'a, RawValue>>,
    pub context: Value,
}

impl<'a> Segment<'a> {
    #[must_use]
    pub fn into_sent(self) -> Sent<'a> {
        match to_raw_value(&self) {
            Ok(raw) => Sent::Event(Cow::Owned(raw)),
            Err(error) => Sent::Broken { raw: String::new(), why: error.to_string() },
        }
    }
}

/// An id for an event whose format has none. Sent twice, such an event is two.
#[must_use]
pub fn fresh_id() -> String {
    Uuid::now_v7().to_string()
}

/// ISO 8601, or nothing where the number is no time.
#[must_use]
pub fn timestamp(ms: i64) -> Option<String> {
    Some(format!("{:.3}", jiff::Timestamp::from_millisecond(ms).ok()?))
}

/// The page as the Segment specification has it.
#[must_use]
pub fn page(url: Option<&str>, referrer: Option<&str>, title: Option<&str>) -> Value {
    let path = url.and_then(|url| url::Url::parse(url).ok()).map(|url| url.path().to_owned());
    json!({ "url": url, "path": path, "referrer": referrer, "title": title })
}

/// A time in milliseconds from ISO 8601 text.
#[must_use]
pub fn time(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// A text, a number as the digits that were sent, or nothing: no other type costs the whole.
#[derive(Debug, Clone, Default)]
pub struct Lenient(pub Option<String>);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).ok(),
            Some(b'-' | b'0'..=b'9') => Some(raw.to_owned()),
            _ => None,
        }))
    }
}

/// What is wrong with a body that is none of this format's.
fn unreadable(error: &serde_json::Error, what: &str, cure: &'static str) -> Refused {
    Refused::bad(
        match error.classify() {
            serde_json::error::Category::Data => format!("the body is not {what}: {error}"),
            _ => format!("the body is not JSON: {error}"),
        },
        cure,
    )
}

/// Locks of a batch are for every visitor in it.
#[must_use]
pub fn locks(lock: Option<&str>, visitors: impl Iterator<Item = String>) -> Vec<Lock> {
    let Some(digest) = lock else { return Vec::new() };
    let mut locks: Vec<Lock> =
        visitors.map(|anonymous_id| Lock { anonymous_id, digest: digest.to_owned() }).collect();
    locks.sort();
    locks.dedup();
    locks
}
