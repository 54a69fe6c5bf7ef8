//! One event of a Segment batch → one row of the store.
//!
//! What the row cannot hold stays in its raw text; a field of the wrong type costs that field and a warning, never
//! the event. An event is dropped only when nobody could say later what it was: no id, no type, no name.

use std::collections::BTreeMap;

use parlour::{beacon, money};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

use super::clock::Clock;
use super::{agent, redact};
use crate::store::{Event, ForgetMe};

/// A page's own events have at most 24,000.
const MAX_EVENT_BYTES: usize = 128 << 10;
const MAX_ID_CHARS: usize = 128;
const MAX_TEXT_CHARS: usize = 1_024;
/// Deeper nesting would stop the JSON readers of those who export it.
const MAX_DEPTH: usize = 64;

/// What the server knows about every event of a request.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub site: &'a str,
    pub protocol: &'static str,
    /// The class of the program that sent it.
    pub agent: Option<&'static str>,
    pub clock: Clock,
}

impl<'a> Arrival<'a> {
    /// Of an event that says all there is to know.
    #[must_use]
    pub fn at(site: &'a str, now_ms: i64) -> Self {
        Self { site, protocol: "segment", agent: None, clock: Clock::new(now_ms, None) }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    Keep {
        event: Box<Event>,
        warnings: Vec<String>,
    },
    /// `{"type":"forget","messageId":…,"anonymousId":…,"secret":…}`
    Forget {
        id: String,
        wish: ForgetMe,
    },
    Drop {
        id: Option<String>,
        why: String,
    },
}

#[must_use]
pub fn decode(raw: &RawValue, arrival: Arrival<'_>) -> Decoded {
    let text = raw.get();
    let Ok(top) = Fields::parse("", raw) else {
        return Decoded::Drop {
            id: None,
            why: "is not an object: send an event like {\"type\":\"track\",…}".into(),
        };
    };
    let mut warnings = Vec::new();
    let id = match top.id() {
        Ok(id) => id,
        Err(why) => return Decoded::Drop { id: None, why },
    };
    let drop = |why: &str| Decoded::Drop { id: Some(id.clone()), why: why.into() };
    if text.len() > MAX_EVENT_BYTES {
        return drop("is longer than 128 KB: send less with it");
    }
    if depth(text) > MAX_DEPTH {
        return drop("is nested more than 64 levels deep: send flat properties");
    }
    let segment_type = match top.text("type", &mut warnings).as_deref() {
        Some("track") => "track",
        Some("page") => "page",
        Some("screen") => "screen",
        Some("identify") => "identify",
        Some("group") => "group",
        Some("alias") => "alias",
        Some("forget") => return forget(&top, id),
        _ => {
            return drop(
                "type must be \"track\", \"page\", \"screen\", \"identify\", \"group\" or \"alias\"",
            );
        }
    };
    let name = match (segment_type, top.text("event", &mut warnings)) {
        ("track", None) => return drop("event is missing: a track event needs the name of what happened"),
        (_, name) => name.unwrap_or_default(),
    };
    let properties = top.object("properties", &mut warnings);
    let context = top.object("context", &mut warnings);
    let ours = context.object("parlour", &mut warnings);
    let exposure = matches!(&*name, "Experiment Viewed" | "Experiment Late");
    let mut only = |wanted: bool, key: &str| if wanted { properties.text(key, &mut warnings) } else { None };
    let (experiment, variant) = (only(exposure, "experiment_id"), only(exposure, "variation_id"));
    let goal = only(name == "Goal Reached", "goal_id");
    let (item, order_id) = (only(true, "product_id"), only(true, "order_id"));
    let (revenue_minor, currency) = amount(&name, &properties, &mut warnings);
    let said_ms =
        top.time("timestamp", &mut warnings).or_else(|| top.time("originalTimestamp", &mut warnings));
    let (occurred_ms, clock_ms) = arrival.clock.correct(said_ms);
    let user_agent = context.text("userAgent", &mut Vec::new());
    let agent = user_agent.as_deref().map(agent::class).or(arrival.agent);
    let previous = if segment_type == "alias" { top.text("previousId", &mut warnings) } else { None };
    let event = Event {
        kind: beacon::touchpoint_type(segment_type, &name).to_owned(),
        site: arrival.site.to_owned(),
        env: ours.text("env", &mut warnings),
        anonymous_id: top.text("anonymousId", &mut warnings).or(previous),
        user_id: top.text("userId", &mut warnings),
        session_id: context.text("sessionId", &mut warnings),
        occurred_ms,
        received_ms: arrival.clock.now_ms,
        plan_hash: ours.text("plan", &mut warnings),
        reason: ours.text("reason", &mut warnings),
        experiment_version: ours.integer("experiment_version", &mut warnings),
        protocol: Some(arrival.protocol.to_owned()),
        tab: ours.text("tab", &mut warnings),
        seq: ours.integer("seq", &mut warnings).filter(|seq| (1..=1_000_000_000).contains(seq)),
        agent: agent.map(str::to_owned),
        bucketing: None,
        clock_ms,
        raw: redact::redact(raw),
        id,
        name,
        experiment,
        variant,
        goal,
        item,
        order_id,
        revenue_minor,
        currency,
    };
    Decoded::Keep { event: Box::new(event), warnings }
}

fn forget(top: &Fields<'_>, id: String) -> Decoded {
    let mut ignored = Vec::new();
    let (visitor, secret) = (top.text("anonymousId", &mut ignored), top.text("secret", &mut ignored));
    match visitor.zip(secret) {
        Some((anonymous_id, secret)) => Decoded::Forget { id, wish: ForgetMe { anonymous_id, secret } },
        None => Decoded::Drop {
            id: Some(id),
            why: "needs anonymousId, and the secret that its lock was made of".into(),
        },
    }
}

/// What an order, a refund or a goal was worth, exactly: the digits sent, never a float of them.
fn amount(name: &str, properties: &Fields<'_>, warnings: &mut Vec<String>) -> (Option<i64>, Option<String>) {
    let currency = properties.text("currency", warnings);
    let key = match name {
        "Order Completed" | "Order Refunded" => "revenue",
        "Goal Reached" => "value",
        _ => return (None, currency),
    };
    let Some(amount) = properties.text(key, warnings) else { return (None, currency) };
    let Some(code) = currency else {
        warnings.push(format!("properties.{key} has no properties.currency, so the amount was left out"));
        return (None, None);
    };
    let Some(exponent) = money::exponent(&code) else {
        warnings
            .push(format!("properties.currency {code:?} is no ISO 4217 code, so the amount was left out"));
        return (None, Some(code));
    };
    // No amount in use needs more digits, and no power of ten in use has four.
    let power = amount.find(['e', 'E']).and_then(|at| amount.get(at..)).unwrap_or_default();
    let minor =
        if amount.len() <= 40 && power.len() <= 5 { money::parse_minor(&amount, exponent) } else { None };
    if minor.is_none() {
        warnings.push(format!("properties.{key} is no amount of {code} we can hold, so it was left out"));
    }
    (minor, Some(code))
}

/// A JSON object with its values unread. `at` is its place in the event, for messages.
struct Fields<'a> {
    at: &'static str,
    values: BTreeMap<Text, &'a RawValue>,
}

impl<'a> Fields<'a> {
    fn parse(at: &'static str, raw: &'a RawValue) -> serde_json::Result<Self> {
        Ok(Self { at, values: serde_json::from_str(raw.get())? })
    }

    fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.values.get(key).copied().filter(|raw| raw.get() != "null")
    }

    fn id(&self) -> Result<String, String> {
        let cure = "give every event a messageId of its own, at most 128 characters long, and keep it when sending again";
        let Some(raw) = self.get("messageId") else { return Err(format!("messageId is missing: {cure}")) };
        match serde_json::from_str::<Text>(raw.get()) {
            Ok(Text(id)) if !id.is_empty() && id.chars().count() <= MAX_ID_CHARS => Ok(id),
            _ => Err(format!("messageId is not a usable text: {cure}")),
        }
    }

    /// A text, or a number as the digits that were sent.
    fn text(&self, key: &str, warnings: &mut Vec<String>) -> Option<String> {
        let raw = self.get(key)?;
        let text = match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str::<Text>(raw.get()).ok()?.0,
            Some(b'-' | b'0'..=b'9') => raw.get().to_owned(),
            _ => return self.unread(key, "a text", warnings),
        };
        if text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS {
            return self.unread(key, "a text of at most 1024 characters", warnings);
        }
        Some(text).filter(|text| !text.is_empty())
    }

    fn integer(&self, key: &str, warnings: &mut Vec<String>) -> Option<i64> {
        let text = self.text(key, warnings)?;
        text.parse().ok().or_else(|| self.unread(key, "a whole number", warnings))
    }

    fn time(&self, key: &str, warnings: &mut Vec<String>) -> Option<i64> {
        let text = self.text(key, warnings)?;
        let time = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
        time.or_else(|| self.unread(key, "an ISO 8601 time with its zone", warnings))
    }

    /// An object, empty where there is none.
    fn object(&self, key: &'static str, warnings: &mut Vec<String>) -> Fields<'a> {
        let parsed = self.get(key).map(|raw| Fields::parse(key, raw));
        let fields = match parsed {
            Some(Err(_)) => self.unread(key, "an object", warnings),
            Some(Ok(fields)) => Some(fields),
            None => None,
        };
        fields.unwrap_or(Fields { at: key, values: BTreeMap::new() })
    }

    fn unread<T>(&self, key: &str, wanted: &str, warnings: &mut Vec<String>) -> Option<T> {
        let dot = if self.at.is_empty() { "" } else { "." };
        warnings.push(format!("{}{dot}{key} is not {wanted} and was kept only in the raw event", self.at));
        None
    }
}

/// A JSON string. Half a surrogate pair, which JavaScript makes by cutting a text inside an emoji, is replaced.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Text(String);

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Text;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// How deep brackets nest in valid JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
