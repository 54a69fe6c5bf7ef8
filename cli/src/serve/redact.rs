//! What an event's text may not keep: network addresses and user agents, wherever the clients of the formats write them. All
//! else of the text stays as it was sent, digit by digit.

use std::borrow::Cow;

use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;

/// Names in lower case without `$`, `_` and `-`.
const REDACTED: [&str; 9] = [
    "ip",
    "ipaddress",
    "clientip",
    "userip",
    "remoteaddr",
    "useragent",
    "rawuseragent",
    "useragentdata",
    "userip6",
];
/// Objects in which those names mean that.
const WITHIN: [&str; 4] = ["context", "properties", "traits", "$set"];
/// How deep those lie in one another.
const MAX_DEPTH: usize = 4;

/// The text of the event without them.
pub fn redact(raw: &RawValue) -> String {
    let text = raw.get();
    if !is_suspicious(text) {
        return text.to_owned();
    }
    object(text, 0).map_or_else(|| text.to_owned(), Cow::into_owned)
}

/// Might one of the names be in it? Nearly all events answer no, and are not read for them.
fn is_suspicious(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["ip\"", "ip6\"", "agent", "addr", "\\u"].iter().any(|part| lower.contains(part))
}

/// The same for a text that may be none.
pub fn text(raw: &str) -> String {
    serde_json::from_str::<&RawValue>(raw).map_or_else(|_| raw.to_owned(), redact)
}

/// `None` for what is no object.
fn object(text: &str, depth: usize) -> Option<Cow<'_, str>> {
    let fields: Members<'_> = serde_json::from_str(text).ok()?;
    let mut is_changed = false;
    let mut kept: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(fields.0.len());
    for (name, value) in &fields.0 {
        if is_redacted(name) {
            is_changed = true;
            continue;
        }
        let inner =
            (depth < MAX_DEPTH && WITHIN.contains(&name.as_str())).then(|| object(value.get(), depth + 1));
        let value = inner.flatten().unwrap_or(Cow::Borrowed(value.get()));
        is_changed |= matches!(value, Cow::Owned(_));
        kept.push((name, value));
    }
    if is_changed { write(&kept).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
}

fn write(members: &[(&str, Cow<'_, str>)]) -> Option<String> {
    let mut out = Vec::new();
    let mut json = serde_json::Serializer::new(&mut out);
    let mut map = json.serialize_map(Some(members.len())).ok()?;
    for (name, value) in members {
        let value: &RawValue = serde_json::from_str(value).ok()?;
        map.serialize_entry(name, value).ok()?;
    }
    SerializeMap::end(map).ok()?;
    String::from_utf8(out).ok()
}

fn is_redacted(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '$' | '_' | '-')).collect();
    REDACTED.contains(&plain.to_ascii_lowercase().as_str())
}

/// In the order they were sent; names may stand twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> serde::de::Visitor<'de> for Each {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_user_agents_go_and_the_rest_stays_as_it_was() {
        for (text, expect) in [
            (r#"{"a": 1.10}"#, r#"{"a": 1.10}"#),
            (r#"{"ip":"10.1.2.3","a":1.10}"#, r#"{"a":1.10}"#),
            (
                r#"{"context":{"ip":"10.1.2.3","userAgent":"x","page":{"url":"u"}},"n":1e400}"#,
                r#"{"context":{"page":{"url":"u"}},"n":1e400}"#,
            ),
            (r#"{"properties":{"$ip":"::1","$raw_user_agent":"x","tip":5}}"#, r#"{"properties":{"tip":5}}"#),
            (r#"{"context":{"\u0069p":"10.1.2.3"}}"#, r#"{"context":{}}"#),
            (r#"{"properties":{"$set":{"ip":"10.1.2.3"}}}"#, r#"{"properties":{"$set":{}}}"#),
            (
                r#"{"properties":{"list":[{"ip":"a fruit"}]}}"#,
                r#"{"properties":{"list":[{"ip":"a fruit"}]}}"#,
            ),
            (r#"{"properties":"ip"}"#, r#"{"properties":"ip"}"#),
        ] {
            let raw: Option<&RawValue> = serde_json::from_str(text).ok();
            assert_eq!(raw.map(redact).as_deref(), Some(expect), "{text}");
        }
    }
}
