//! `POST /v1/batch`: the Segment batch, answered event by event.
//!
//! Body: `{"batch":[…]}` as text/plain (browsers send that without a preflight) or application/json, plain or gzip.
//! Answer: `{"parlour":1,"results":{id:"ok"|"drop"|"warning"|"retry"},"why":{id:text},"now":ms}`, given only once
//! every event called ok or warning is on the disk. `parlour` is the acknowledgement; errors never carry it.

use std::io::Read;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::event::{Arrival, Decoded, decode};
use super::writer::Refusal;
use super::{App, now_ms};

pub const MAX_BODY_BYTES: usize = 1 << 20;
pub const MAX_EVENTS: usize = 500;
/// A body too long is read this far and thrown away, so that the sender gets our answer rather than a broken pipe.
const MAX_DISCARDED_BYTES: usize = 16 << 20;
const RETRY_AFTER_SECONDS: u32 = 2;

pub fn route() -> MethodRouter<App> {
    post(collect).options(preflight).fallback(wrong_method)
}

async fn collect(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let answer = match receive(&app, &headers, body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refused) => refused.into_response(),
    };
    (ANY_ORIGIN, [(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

async fn preflight() -> Response {
    let allow = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, content-encoding"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, ANY_ORIGIN, allow).into_response()
}

async fn wrong_method() -> Response {
    let refused =
        Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this address takes events", "send them by POST");
    (ANY_ORIGIN, [(header::ALLOW, "POST, OPTIONS")], refused).into_response()
}

/// Anyone may send, nobody may read with a visitor's credentials.
const ANY_ORIGIN: [(HeaderName, HeaderValue); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after")),
];

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

async fn receive(app: &App, headers: &HeaderMap, body: Body) -> Result<Value, Refused> {
    content_type(headers)?;
    let body = inflate(headers, read(body).await?)?;
    let text = std::str::from_utf8(&body).map_err(|error| {
        Refused::bad(format!("the body is not UTF-8: {error}"), "send JSON text in UTF-8")
    })?;
    let Batch { batch } = serde_json::from_str(text).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "the body is not a batch",
            _ => "the body is not JSON",
        };
        Refused::bad(format!("{what}: {error}"), "send {\"batch\":[{\"type\":\"track\",\"messageId\":…},…]}")
    })?;
    if batch.len() > MAX_EVENTS {
        let what = format!("the batch has {} events", batch.len());
        return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, what, "send at most 500 at a time"));
    }
    let site = app.site();
    let arrival = Arrival { site: &site, now_ms: now_ms() };
    let decoded: Vec<_> = batch.into_iter().map(|raw| decode(raw, arrival)).collect();
    keep(app, decoded).await
}

/// Commits what can be kept and says of each event what became of it.
async fn keep(app: &App, decoded: Vec<Decoded>) -> Result<Value, Refused> {
    let (mut results, mut why) = (Map::new(), Map::new());
    let (mut events, mut kept) = (Vec::new(), Vec::new());
    for (index, decoded) in decoded.into_iter().enumerate() {
        match decoded {
            Decoded::Keep { event, warnings } => {
                kept.push((event.id.clone(), warnings));
                events.push(*event);
            }
            Decoded::Drop { id, why: reason } => {
                let key = id.unwrap_or_else(|| format!("#{index}"));
                results.insert(key.clone(), "drop".into());
                why.insert(key, reason.into());
            }
        }
    }
    if !events.is_empty() {
        app.writer.append(events).await?;
    }
    // Kept ones last: an id sent twice, once broken, is in the store.
    for (id, warnings) in kept {
        results.insert(id.clone(), if warnings.is_empty() { "ok" } else { "warning" }.into());
        why.remove(&id);
        if !warnings.is_empty() {
            why.insert(id, warnings.join("; ").into());
        }
    }
    let mut answer = json!({ "parlour": 1, "results": results, "now": now_ms() });
    if let (Some(answer), false) = (answer.as_object_mut(), why.is_empty()) {
        answer.insert("why".into(), why.into());
    }
    Ok(answer)
}

fn content_type(headers: &HeaderMap) -> Result<(), Refused> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence =
        value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/plain" | "application/json" | "" => Ok(()),
        other => Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("the content type is {other:?}"),
            "send text/plain or application/json",
        )),
    }
}

async fn read(mut body: Body) -> Result<Bytes, Refused> {
    let (mut bytes, mut seen) = (Vec::new(), 0usize);
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Refused::bad(format!("the body broke off: {error}"), "send it again"))?;
        let Some(data) = frame.data_ref() else { continue };
        seen += data.len();
        if seen <= MAX_BODY_BYTES {
            bytes.extend_from_slice(data);
        } else if seen > MAX_DISCARDED_BYTES {
            break;
        }
    }
    if seen > MAX_BODY_BYTES { Err(Refused::too_large()) } else { Ok(bytes.into()) }
}

/// Takes gzip by its header or by its first bytes: naming the encoding would cost a page a preflight.
fn inflate(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Refused> {
    let named = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    match named.as_deref() {
        Some(b"gzip") => {}
        Some(b"identity") | None if !body.starts_with(&[0x1f, 0x8b]) => return Ok(body),
        Some(b"identity") | None => {}
        Some(other) => {
            let what = format!("the content encoding is {:?}", String::from_utf8_lossy(other));
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what, "send it plain or as gzip"));
        }
    }
    let mut plain = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(body.as_ref()).take(MAX_BODY_BYTES as u64 + 1);
    reader.read_to_end(&mut plain).map_err(|error| {
        Refused::bad(format!("the body is not gzip: {error}"), "send it plain or compress it whole")
    })?;
    if plain.len() > MAX_BODY_BYTES { Err(Refused::too_large()) } else { Ok(plain.into()) }
}

/// A request of which nothing was kept.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    error: String,
    cure: &'static str,
}

impl Refused {
    fn new(status: StatusCode, error: impl Into<String>, cure: &'static str) -> Self {
        Self { status, error: error.into(), cure }
    }

    fn bad(error: String, cure: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, cure)
    }

    fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is longer than 1 MB",
            "send fewer events at a time",
        )
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let error = match refusal {
            Refusal::Full => "too many requests are waiting for the disk".to_owned(),
            Refusal::Stopping => "the server is stopping".to_owned(),
            Refusal::Failed(error) => {
                eprintln!("parlour: events could not be stored: {error}");
                format!("the events could not be stored: {error}")
            }
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error, "keep the events and send them again later")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let retry = (self.status == StatusCode::SERVICE_UNAVAILABLE)
            .then(|| [(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))]);
        let answer = (self.status, Json(json!({ "error": self.error, "cure": self.cure })));
        match retry {
            Some(retry) => (retry, answer).into_response(),
            None => answer.into_response(),
        }
    }
}
