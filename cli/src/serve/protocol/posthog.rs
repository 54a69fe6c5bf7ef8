//! PostHog's capture API, as posthog-js and its server libraries send it: one event, a list, or
//! `{"api_key":…,"batch":[…],"sent_at":…}`; as JSON, as gzip (known by its first bytes), or in a form's `data` field as
//! JSON or base64 of it.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Lenient, Parsed, Segment, Sent, fresh_id, page, time, timestamp, unreadable};
use crate::serve::refused::Refused;

const CURE: &str =
    "send {\"api_key\":…,\"batch\":[{\"event\":…,\"distinct_id\":…,\"uuid\":…},…]}, one event, or a list";

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    batch: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    api_key: Lenient,
    #[serde(default)]
    token: Lenient,
    #[serde(default)]
    sent_at: Lenient,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(default)]
    event: Lenient,
    #[serde(default)]
    uuid: Lenient,
    #[serde(default)]
    distinct_id: Lenient,
    #[serde(default)]
    timestamp: Lenient,
    /// Milliseconds between what happened and when it was sent.
    #[serde(default)]
    offset: Lenient,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Properties {
    token: Lenient,
    distinct_id: Lenient,
    #[serde(rename = "$insert_id")]
    insert_id: Lenient,
    #[serde(rename = "$anon_distinct_id")]
    anonymous_id: Lenient,
    #[serde(rename = "$user_id")]
    user_id: Lenient,
    #[serde(rename = "$device_id")]
    device_id: Lenient,
    #[serde(rename = "$session_id")]
    session_id: Lenient,
    #[serde(rename = "$current_url")]
    url: Lenient,
    #[serde(rename = "$referrer")]
    referrer: Lenient,
    title: Lenient,
    #[serde(rename = "$raw_user_agent")]
    user_agent: Lenient,
}

pub fn parse<'a>(text: &'a str, media: &str, now_ms: i64) -> Result<Parsed<'a>, Refused> {
    if media == "application/x-www-form-urlencoded" || text.starts_with("data=") {
        let unpacked = form(text)?;
        // Owned text: what is made of it must not borrow from it.
        let parsed = parse_json(&unpacked, now_ms)?;
        let events = parsed.events.into_iter().map(|sent| match sent {
            Sent::Event(raw) => Sent::Event(Cow::Owned(raw.into_owned())),
            Sent::Broken { raw, why } => Sent::Broken { raw, why },
        });
        return Ok(Parsed {
            key: parsed.key,
            events: events.collect(),
            sent_ms: parsed.sent_ms,
            ..Parsed::default()
        });
    }
    parse_json(text, now_ms)
}

fn form(text: &str) -> Result<String, Refused> {
    let cure = "put JSON, or base64 of it, into the form's data field";
    let data = url::form_urlencoded::parse(text.trim().as_bytes())
        .find_map(|(name, value)| (name == "data").then(|| value.into_owned()))
        .ok_or_else(|| Refused::bad("the form has no data field", cure))?;
    if data.trim_start().starts_with(['{', '[']) {
        return Ok(data);
    }
    // In a form, + is a space; who forgot to escape it meant +.
    let packed = data.replace(' ', "+");
    let bytes = BASE64_STANDARD.decode(&packed).or_else(|_| BASE64_URL_SAFE.decode(&packed));
    let bytes = bytes.map_err(|error| Refused::bad(format!("data is not base64: {error}"), cure))?;
    String::from_utf8(bytes).map_err(|error| Refused::bad(format!("data is not UTF-8: {error}"), cure))
}

fn parse_json(text: &str, now_ms: i64) -> Result<Parsed<'_>, Refused> {
    let wrong = |error| unreadable(&error, "PostHog events", CURE);
    let mut parsed = Parsed::default();
    let events: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(wrong)?
    } else {
        let envelope: Envelope<'_> = serde_json::from_str(text).map_err(wrong)?;
        parsed.key = envelope.api_key.0.or(envelope.token.0);
        parsed.sent_ms = envelope.sent_at.0.as_deref().and_then(time);
        match envelope.batch {
            Some(batch) => batch,
            None => vec![serde_json::from_str(text).map_err(wrong)?],
        }
    };
    for raw in events {
        let (sent, key) = convert(raw, now_ms);
        parsed.events.push(sent);
        parsed.key = parsed.key.or(key);
    }
    Ok(parsed)
}

fn convert(raw: &RawValue, now_ms: i64) -> (Sent<'_>, Option<String>) {
    let broken = |why: &str| (Sent::Broken { raw: raw.get().to_owned(), why: why.to_owned() }, None);
    let Ok(event) = serde_json::from_str::<Event<'_>>(raw.get()) else {
        return broken("is no event: send {\"event\":…,\"distinct_id\":…,\"properties\":{…}}");
    };
    let properties = event.properties.and_then(|raw| serde_json::from_str::<Properties>(raw.get()).ok());
    let properties = properties.unwrap_or_default();
    let Some(name) = event.event.0 else { return broken("event is missing: say what happened") };
    let (r#type, name) = match name.as_str() {
        "$pageview" => ("page", None),
        "$screen" => ("screen", None),
        "$identify" => ("identify", None),
        _ => ("track", Some(name)),
    };
    let distinct = event.distinct_id.0.or(properties.distinct_id.0);
    // Once somebody is known, distinct_id is who, and the device keeps its own.
    let (anonymous_id, user_id) = match (properties.anonymous_id.0, properties.user_id.0) {
        (Some(anonymous), user) => (Some(anonymous), distinct.or(user)),
        (None, Some(user)) => (properties.device_id.0.or(distinct), Some(user)),
        (None, None) => (distinct, None),
    };
    let offset = event.offset.0.and_then(|offset| offset.parse::<i64>().ok());
    let at = offset.and_then(|offset| timestamp(now_ms.saturating_sub(offset)));
    let segment = Segment {
        r#type,
        event: name,
        message_id: event.uuid.0.or(properties.insert_id.0).unwrap_or_else(fresh_id),
        anonymous_id,
        user_id,
        timestamp: event.timestamp.0.or(at),
        properties: event.properties.map(Cow::Borrowed),
        context: json!({
            "page": page(properties.url.0.as_deref(), properties.referrer.0.as_deref(), properties.title.0.as_deref()),
            "sessionId": properties.session_id.0,
            "userAgent": properties.user_agent.0,
        }),
    };
    (segment.into_sent(), properties.token.0)
}
