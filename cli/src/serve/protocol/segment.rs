//! The HTTP API of Segment, which RudderStack shares: `{"batch":[…],"sentAt":…,"writeKey":…}`, or one event alone.
//!
//! Parlour's pages add `context.parlour` to the batch: `tab`, `last` (the sequence number given out last), `drops` (events
//! given up, by reason) and `lock` (SHA-256 of the device's secret, in hexadecimal).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Lenient, Parsed, Sent, time, unreadable};
use crate::serve::refused::Refused;
use crate::store::TabReport;

const CURE: &str = "send {\"batch\":[{\"type\":\"track\",\"messageId\":…},…]}";
const MAX_TAB_CHARS: usize = 64;
/// Reasons are a page's own words; so many are there, with room.
const MAX_REASONS: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
    #[serde(default)]
    sent_at: Lenient,
    #[serde(default)]
    write_key: Lenient,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Context {
    parlour: Option<Ours>,
}

#[derive(Deserialize)]
struct Ours {
    tab: Option<String>,
    last: Option<i64>,
    drops: Option<BTreeMap<String, i64>>,
    lock: Option<String>,
}

pub fn parse(text: &str) -> Result<Parsed<'_>, Refused> {
    let Batch { batch, sent_at, write_key, context } =
        serde_json::from_str(text).map_err(|error| unreadable(&error, "a batch", CURE))?;
    // Whoever writes another context is no page of ours.
    let ours = context.and_then(|raw| serde_json::from_str::<Context>(raw.get()).ok()?.parlour);
    let lock = ours.as_ref().and_then(|ours| ours.lock.clone()).filter(|lock| is_digest(lock));
    Ok(Parsed {
        key: write_key.0,
        events: batch.into_iter().map(|raw| Sent::Event(Cow::Borrowed(raw))).collect(),
        sent_ms: sent_at.0.as_deref().and_then(time),
        tab: ours.and_then(report),
        lock,
    })
}

fn report(ours: Ours) -> Option<TabReport> {
    let tab = ours.tab.filter(|tab| !tab.is_empty() && tab.chars().count() <= MAX_TAB_CHARS)?;
    let count = |count: &i64| (0..=1_000_000_000).contains(count);
    let drops = ours.drops.unwrap_or_default().into_iter().filter(|(_, number)| count(number));
    let last = ours.last.filter(count)?;
    Some(TabReport { tab, received_ms: 0, last, drops: drops.take(MAX_REASONS).collect() })
}

fn is_digest(lock: &str) -> bool {
    lock.len() == 64 && lock.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(default)]
    sent_at: Lenient,
    #[serde(default)]
    write_key: Lenient,
}

pub fn parse_one<'a>(text: &'a str, kind: &str) -> Result<Parsed<'a>, Refused> {
    let cure = "send one event: {\"messageId\":…,\"event\":…,\"properties\":{…}}";
    let text = text.trim();
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| unreadable(&error, "an event", cure))?;
    let One { r#type, sent_at, write_key } =
        serde_json::from_str(text).map_err(|error| unreadable(&error, "an event", cure))?;
    // The address says what the body may leave out.
    let event = match (r#type, text.strip_prefix('{')) {
        (None, Some(rest)) => {
            let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
            let typed = RawValue::from_string(format!("{{\"type\":\"{kind}\"{comma}{rest}"));
            Cow::Owned(typed.map_err(|error| unreadable(&error, "an event", cure))?)
        }
        _ => Cow::Borrowed(raw),
    };
    Ok(Parsed {
        key: write_key.0,
        events: vec![Sent::Event(event)],
        sent_ms: sent_at.0.as_deref().and_then(time),
        ..Parsed::default()
    })
}
