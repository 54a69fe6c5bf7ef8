//! Snowplow's tracker protocol 2: `{"schema":"iglu:…/payload_data/…","data":[{"e":"pv","eid":…},…]}`, every value a text.
//! A page view is a page, a structured event is named by its action, a self-describing one by its schema, a transaction
//! is an order. Contexts stay as they are in `properties`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::{Lenient, Parsed, Segment, Sent, fresh_id, page, timestamp, unreadable};
use crate::serve::refused::Refused;

const CURE: &str = "send {\"schema\":\"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4\",\"data\":[{\"e\":\"pv\",…}]}";

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

type Fields = BTreeMap<String, Lenient>;

pub fn parse(text: &str, now_ms: i64) -> Result<Parsed<'_>, Refused> {
    let Payload { data } =
        serde_json::from_str(text).map_err(|error| unreadable(&error, "Snowplow's payload_data", CURE))?;
    let mut parsed = Parsed::default();
    for raw in data {
        let broken = |why: &str| Sent::Broken { raw: raw.get().to_owned(), why: why.to_owned() };
        let Ok(fields) = serde_json::from_str::<Fields>(raw.get()) else {
            parsed.events.push(broken("is no event: send an object of texts"));
            continue;
        };
        let fields = Read(fields);
        parsed.key = parsed.key.or_else(|| fields.text("aid"));
        parsed.sent_ms = parsed.sent_ms.or_else(|| fields.text("stm")?.parse().ok());
        parsed.events.push(match convert(&fields, now_ms) {
            Ok(segment) => segment.into_sent(),
            // Here the user agent has a name that elsewhere means something else.
            Err(why) => Sent::Broken { raw: fields.without("ua"), why },
        });
    }
    Ok(parsed)
}

struct Read(Fields);

impl Read {
    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).and_then(|value| value.0.clone()).filter(|text| !text.is_empty())
    }

    fn without(&self, key: &str) -> String {
        let rest = self.0.iter().filter(|(name, _)| *name != key);
        let rest: Map<String, Value> =
            rest.map(|(name, value)| (name.clone(), value.0.clone().into())).collect();
        Value::from(rest).to_string()
    }

    /// A field that is base64 (`…x`) or plain.
    fn json(&self, packed: &str, plain: &str) -> Option<Value> {
        let text = match self.text(packed) {
            Some(packed) => {
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(packed.trim_end_matches('='));
                bytes
                    .or_else(|_| BASE64_URL_SAFE.decode(&packed))
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())?
            }
            None => self.text(plain)?,
        };
        serde_json::from_str(&text).ok()
    }
}

fn convert(fields: &Read, now_ms: i64) -> Result<Segment<'static>, String> {
    let mut properties = Map::new();
    let mut take = |from: &str, to: &str| {
        if let Some(text) = fields.text(from) {
            properties.insert(to.to_owned(), text.into());
        }
    };
    let mut own = None;
    let (r#type, event) = match fields.text("e").as_deref() {
        Some("pv") => ("page", None),
        Some("pp") => ("track", Some("Page Ping".to_owned())),
        Some("se") => {
            for (from, to) in
                [("se_ca", "category"), ("se_la", "label"), ("se_pr", "property"), ("se_va", "value")]
            {
                take(from, to);
            }
            (
                "track",
                Some(fields.text("se_ac").ok_or("se_ac is missing: a structured event needs its action")?),
            )
        }
        Some("ue") => {
            let outer = fields
                .json("ue_px", "ue_pr")
                .ok_or("ue_px is missing or no JSON: a self-describing event needs its data")?;
            let inner = outer.get("data").ok_or("ue_px has no data")?;
            let schema =
                inner.get("schema").and_then(Value::as_str).ok_or("the event's schema is missing")?;
            own = inner.get("data").and_then(Value::as_object).cloned();
            // iglu:vendor/name/jsonschema/version
            let name = schema.split('/').nth(1).unwrap_or(schema);
            ("track", Some(name.to_owned()))
        }
        Some("tr") => {
            for (from, to) in
                [("tr_id", "order_id"), ("tr_tt", "revenue"), ("tr_cu", "currency"), ("tr_af", "affiliation")]
            {
                take(from, to);
            }
            ("track", Some("Order Completed".to_owned()))
        }
        Some("ti") => {
            for (from, to) in [
                ("ti_id", "order_id"),
                ("ti_sk", "product_id"),
                ("ti_nm", "name"),
                ("ti_pr", "price"),
                ("ti_qu", "quantity"),
                ("ti_cu", "currency"),
            ] {
                take(from, to);
            }
            ("track", Some("Product Purchased".to_owned()))
        }
        other => return Err(format!("e is {other:?}: send pv, pp, se, ue, tr or ti")),
    };
    properties.extend(own.unwrap_or_default());
    if let Some(contexts) = fields.json("cx", "co") {
        properties.insert("contexts".to_owned(), contexts);
    }
    let at = fields.text("ttm").or_else(|| fields.text("dtm")).and_then(|ms| ms.parse().ok());
    let [url, referrer, title] = ["url", "refr", "page"].map(|key| fields.text(key));
    Ok(Segment {
        r#type,
        event,
        message_id: fields.text("eid").unwrap_or_else(fresh_id),
        anonymous_id: fields.text("duid").or_else(|| fields.text("nuid")),
        user_id: fields.text("uid"),
        timestamp: timestamp(at.unwrap_or(now_ms)),
        properties: to_raw_value(&properties).ok().map(std::borrow::Cow::Owned),
        context: json!({
            "page": page(url.as_deref(), referrer.as_deref(), title.as_deref()),
            "sessionId": fields.text("sid"),
            "userAgent": fields.text("ua"),
        }),
    })
}
