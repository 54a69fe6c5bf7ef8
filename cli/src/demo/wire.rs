//! Events as a browser sends them (Segment specification, as `www/beacon.js` writes it).

use parlour::beacon::EVENT_NAMES;
use serde::Serialize;
use serde_json::value::RawValue;

/// Marks everything simulated, so that results leave it out.
pub const ENVIRONMENT: &str = "simulated";

/// What is the same in all events of one page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub visitor: &'a str,
    pub session: &'a str,
    pub plan: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub title: &'a str,
}

/// What an exposure adds to the context.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Exposed {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    message_id: &'a str,
    anonymous_id: &'a str,
    timestamp: String,
    context: Context<'a>,
    properties: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    library: Library,
    page: Location<'a>,
    session_id: &'a str,
    parlour: Parlour<'a>,
}

#[derive(Serialize)]
struct Library {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    referrer: &'a str,
    title: &'a str,
    url: String,
}

#[derive(Serialize)]
struct Parlour<'a> {
    plan: &'a str,
    tab: &'a str,
    seq: u32,
    env: &'static str,
    #[serde(flatten)]
    exposed: Exposed,
}

/// One event, ready for the collector's decoder. `seq` counts the visitor's events and makes the message id.
///
/// # Errors
/// Only for times that have no date.
pub fn event(
    page: &Page<'_>,
    kind: &str,
    properties: &Properties,
    exposed: Exposed,
    (seq, at_ms): (u32, i64),
) -> anyhow::Result<Box<RawValue>> {
    let name = EVENT_NAMES.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, name)| name);
    let (r#type, event) = if kind == "page_view" { ("page", None) } else { ("track", Some(name)) };
    let sent = Sent {
        r#type,
        event,
        message_id: &format!("{}-{seq:04}", page.visitor),
        anonymous_id: page.visitor,
        timestamp: jiff::Timestamp::from_millisecond(at_ms)?.to_string(),
        context: Context {
            library: Library { name: "parlour", version: env!("CARGO_PKG_VERSION") },
            page: Location {
                path: page.path,
                referrer: "",
                title: page.title,
                url: format!("https://{}{}", page.host, page.path),
            },
            session_id: page.session,
            parlour: Parlour { plan: page.plan, tab: page.session, seq, env: ENVIRONMENT, exposed },
        },
        properties: &RawValue::from_string(format!("{{{}}}", properties.0.join(",")))?,
    };
    Ok(serde_json::value::to_raw_value(&sent)?)
}

/// Members of an event's `properties`; amounts keep their two decimals.
#[derive(Debug, Default)]
pub struct Properties(Vec<String>);

impl Properties {
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.0.push(format!("\"{name}\":{}", serde_json::Value::from(value)));
        self
    }

    #[must_use]
    pub fn json(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.0.push(format!("\"{name}\":{value}"));
        self
    }

    #[must_use]
    pub fn money(self, name: &str, minor: i64, currency: &str) -> Self {
        self.json(name, decimal(minor)).text("currency", currency)
    }

    /// (item, quantity, price) of each line.
    #[must_use]
    pub fn products<'a>(self, lines: impl IntoIterator<Item = (&'a str, u32, i64)>) -> Self {
        let line = |(item, quantity, price): (&str, u32, i64)| {
            format!("{{\"product_id\":\"{item}\",\"quantity\":{quantity},\"price\":{}}}", decimal(price))
        };
        let lines: Vec<String> = lines.into_iter().map(line).collect();
        self.json("products", format_args!("[{}]", lines.join(",")))
    }
}

/// The shop's currency has two decimals.
fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
