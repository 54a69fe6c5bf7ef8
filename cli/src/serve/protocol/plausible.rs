//! Plausible's events API: one event, `{"n":"pageview","u":URL,"d":DOMAIN,"r":REFERRER,"p":{…},"$":{"amount":…,"currency":…}}`,
//! by its short names or the long ones. There is no id of event or visitor in it: what is sent twice is two.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::{Lenient, Parsed, Segment, fresh_id, page, unreadable};
use crate::serve::refused::Refused;

const CURE: &str = "send {\"n\":\"pageview\",\"u\":\"https://…\",\"d\":\"shop.example\"}";

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(default, alias = "name")]
    n: Lenient,
    #[serde(default, alias = "url")]
    u: Lenient,
    #[serde(default, alias = "domain")]
    d: Lenient,
    #[serde(default, alias = "referrer")]
    r: Lenient,
    #[serde(borrow, alias = "props", alias = "m")]
    p: Option<&'a RawValue>,
    #[serde(borrow, rename = "$", alias = "revenue")]
    revenue: Option<&'a RawValue>,
    /// Milliseconds in view, and how far down in per cent, of an engagement event.
    #[serde(default)]
    e: Lenient,
    #[serde(default)]
    sd: Lenient,
}

#[derive(Deserialize)]
struct Revenue {
    #[serde(default)]
    amount: Lenient,
    #[serde(default)]
    currency: Lenient,
}

pub fn parse(text: &str) -> Result<Parsed<'_>, Refused> {
    let event: Event<'_> =
        serde_json::from_str(text).map_err(|error| unreadable(&error, "Plausible's event", CURE))?;
    let name = event.n.0.ok_or_else(|| Refused::bad("n is missing: the event has no name", CURE))?;
    let mut properties: Map<String, Value> = inner(event.p).unwrap_or_default();
    if let Some(Revenue { amount: Lenient(Some(amount)), currency }) = inner(event.revenue) {
        properties.insert("revenue".into(), amount.into());
        properties.insert("currency".into(), currency.0.into());
    }
    for (name, value) in [("engagement_ms", event.e.0), ("scroll_depth", event.sd.0)] {
        if let Some(value) = value {
            properties.insert(name.into(), value.into());
        }
    }
    let is_page = name == "pageview";
    let segment = Segment {
        r#type: if is_page { "page" } else { "track" },
        event: (!is_page).then_some(name),
        message_id: fresh_id(),
        properties: to_raw_value(&properties).ok().map(std::borrow::Cow::Owned),
        context: json!({ "page": page(event.u.0.as_deref(), event.r.0.as_deref(), None) }),
        ..Segment::default()
    };
    let events = vec![segment.into_sent()];
    Ok(Parsed { key: event.d.0, events, ..Parsed::default() })
}

/// An object, or a text of one, as older trackers send it.
fn inner<T: serde::de::DeserializeOwned>(raw: Option<&RawValue>) -> Option<T> {
    let text = raw?.get();
    serde_json::from_str(text).ok().or_else(|| {
        let inside: String = serde_json::from_str(text).ok()?;
        serde_json::from_str(&inside).ok()
    })
}
