//! What becomes of a request: read, understood, decoded event by event, kept in one transaction, answered event by event.
//!
//! Body of Parlour's own pages: `{"batch":[…]}` as text/plain (browsers send that without a preflight) or application/json,
//! plain or gzip. Answer: `{"parlour":1,"results":{id:"ok"|"drop"|"warning"|"retry"},"why":{id:text},"now":ms}`, given only
//! once every event called ok or warning is on the disk. `parlour` is the acknowledgement; errors never carry it.

use std::time::Instant;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, post};
use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::event::{Arrival, Decoded, decode};
use super::peer::{self, Peer};
use super::protocol::{Parsed, Protocol, Sent, locks, time};
use super::refused::Refused;
use super::{App, agent, cors, keys, now_ms, redact};
use crate::store::{Delivery, Forgetting, Outcome, Quarantined};

pub const MAX_EVENTS: usize = 500;
const MAX_QUARANTINED_CHARS: usize = 2_000;

pub fn route(protocol: Protocol) -> MethodRouter<App> {
    let collect = move |State(app): State<App>,
                        peer: Option<Extension<Peer>>,
                        headers: HeaderMap,
                        body: Body| async move {
        let begun = Instant::now();
        let cors = cors::headers(&app.policy.keys, protocol, &headers);
        let request =
            Request { app: &app, protocol, headers: &headers, peer: peer.map(|Extension(peer)| peer) };
        let mut answer = match request.receive(body).await {
            Ok(answer) => protocol.answer(answer),
            Err(refused) => refused.into_response(),
        };
        app.metrics.answered(protocol, answer.status(), begun.elapsed());
        let out = answer.headers_mut();
        out.extend(cors);
        out.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        answer
    };
    let preflight = move |State(app): State<App>, headers: HeaderMap| async move {
        cors::preflight(&app.policy.keys, protocol, &headers)
    };
    let wrong = move |State(app): State<App>, headers: HeaderMap| async move {
        let refused =
            Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this address takes events", "send them by POST");
        let mut answer = ([(header::ALLOW, "POST, OPTIONS")], refused).into_response();
        answer.headers_mut().extend(cors::headers(&app.policy.keys, protocol, &headers));
        answer
    };
    post(collect).options(preflight).fallback(wrong)
}

struct Request<'a> {
    app: &'a App,
    protocol: Protocol,
    headers: &'a HeaderMap,
    peer: Option<Peer>,
}

impl Request<'_> {
    async fn receive(&self, body: Body) -> Result<Value, Refused> {
        let (app, protocol) = (self.app, self.protocol);
        let media = self.media()?;
        let held = app.memory.receive(self.headers, body).await?;
        let text = std::str::from_utf8(&held.bytes).map_err(|error| {
            Refused::bad(format!("the body is not UTF-8: {error}"), "send JSON text in UTF-8")
        })?;
        let now_ms = now_ms();
        let parsed = protocol.parse(text, &media, now_ms)?;
        if parsed.events.len() > MAX_EVENTS {
            let what = format!("the batch has {} events", parsed.events.len());
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, what, "send at most 500 at a time"));
        }
        let key = parsed.key.clone().or_else(|| keys::basic(self.headers));
        app.policy.keys.admit(key.as_deref(), self.headers.get(header::ORIGIN))?;
        let address = self.peer.map(|Peer(peer)| peer::address(peer.ip(), self.headers, &app.policy.trusted));
        app.rates.take(address, key.as_deref(), parsed.events.len())?;
        self.keep(parsed, now_ms).await
    }

    /// The media type without its parameters.
    fn media(&self) -> Result<String, Refused> {
        let value =
            self.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
        let media =
            value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if self.protocol.takes(&media) {
            return Ok(media);
        }
        Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("the content type is {media:?}"),
            "send text/plain or application/json",
        ))
    }

    /// Where RudderStack's clients say it.
    fn sent_ms(&self) -> Option<i64> {
        time(self.headers.get("sentat")?.to_str().ok()?)
    }

    /// Commits what can be kept and says of each event what became of it.
    async fn keep(&self, parsed: Parsed<'_>, now_ms: i64) -> Result<Value, Refused> {
        let (app, protocol) = (self.app, self.protocol);
        let site = app.site();
        let user_agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let arrival = Arrival {
            site: &site,
            protocol: protocol.name(),
            agent: Some(agent::class(user_agent.unwrap_or_default())),
            clock: Clock::new(now_ms, parsed.sent_ms.or_else(|| self.sent_ms())),
        };
        let mut answer = Answer::default();
        let mut delivery = Delivery::default();
        delivery.tabs.extend(parsed.tab.map(|tab| crate::store::TabReport { received_ms: now_ms, ..tab }));
        let (mut kept, mut wishes) = (Vec::new(), Vec::new());
        for (index, sent) in parsed.events.into_iter().enumerate() {
            let (raw, decoded) = match &sent {
                Sent::Event(raw) => (raw.get(), decode(raw, arrival)),
                Sent::Broken { raw, why } => (raw.as_str(), Decoded::Drop { id: None, why: why.clone() }),
            };
            match decoded {
                Decoded::Keep { event, warnings } => {
                    kept.push((event.id.clone(), warnings));
                    delivery.events.push(*event);
                }
                Decoded::Forget { id, wish } => {
                    wishes.push(id);
                    delivery.forget.push(wish);
                }
                Decoded::Drop { id, why } => {
                    delivery.quarantined.push(Quarantined {
                        received_ms: now_ms,
                        protocol: protocol.name().to_owned(),
                        why: why.clone(),
                        raw: redact::text(raw).chars().take(MAX_QUARANTINED_CHARS).collect(),
                    });
                    answer.say(id.unwrap_or_else(|| format!("#{index}")), "drop", why);
                }
            }
        }
        let visitors = delivery.events.iter().filter_map(|event| event.anonymous_id.clone());
        delivery.locks = locks(parsed.lock.as_deref(), visitors);
        let receipt = app.writer.append(delivery).await?;
        app.metrics.kept(protocol, &receipt, answer.dropped());
        // Kept ones last: an id sent twice, once broken, is in the store.
        for ((id, warnings), outcome) in kept.into_iter().zip(receipt.events) {
            match outcome {
                Outcome::Forgotten => answer.say(id, "drop", "is of somebody who was erased".into()),
                _ if warnings.is_empty() => answer.ok(id),
                _ => answer.say(id, "warning", warnings.join("; ")),
            }
        }
        for (id, forgetting) in wishes.into_iter().zip(receipt.forgotten) {
            match forgetting {
                Forgetting::Done { .. } => answer.ok(id),
                Forgetting::Unlocked => answer.say(
                    id,
                    "drop",
                    "has no lock: the site's operator can erase this id with parlour forget".into(),
                ),
                Forgetting::WrongSecret => answer.say(id, "drop", "is not the secret of this id".into()),
            }
        }
        Ok(answer.json())
    }
}

#[derive(Default)]
struct Answer {
    results: Map<String, Value>,
    why: Map<String, Value>,
}

impl Answer {
    fn say(&mut self, id: String, result: &str, why: String) {
        self.results.insert(id.clone(), result.into());
        self.why.insert(id, why.into());
    }

    fn ok(&mut self, id: String) {
        self.why.remove(&id);
        self.results.insert(id, "ok".into());
    }

    fn dropped(&self) -> usize {
        self.results.values().filter(|result| *result == "drop").count()
    }

    fn json(self) -> Value {
        let mut answer = json!({ "parlour": 1, "results": self.results, "now": now_ms() });
        if let (Some(answer), false) = (answer.as_object_mut(), self.why.is_empty()) {
            answer.insert("why".into(), self.why.into());
        }
        answer
    }
}
