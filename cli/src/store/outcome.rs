//! What reports are made from: a few columns of every event, its ids as digests.

use parlour::hash::id64;
use parlour_report::seen::{EXPERIENCE, HELD_OUT, Kind, SHOWN, Seen};
use rusqlite::{Connection, Row, types::ValueRef};
use serde::Deserialize;
use serde_json::Value;

use super::{StoreError, columns};

/// Called for each event.
pub type EachSeen<'a> = &'a mut dyn FnMut(&Seen<'_>);

/// Raw texts are opened only where they say what no column does.
const COLUMNS: &str = "type, env IS NOT NULL, anonymous_id, user_id, occurred_ms, received_ms, clock_ms IS NOT NULL, plan_hash, \
    experiment, variant, reason, experiment_version, bucketing IS 'differs', agent, goal, order_id, revenue_minor, currency, \
    iif(type IN ('exposure', 'late', 'experience'), raw, NULL)";

pub fn read(
    connection: &Connection,
    since_ms: i64,
    until_ms: i64,
    each: EachSeen<'_>,
) -> Result<(), StoreError> {
    columns::scan(connection, &mut |seen| {
        if (since_ms..until_ms).contains(&seen.occurred_ms) {
            each(seen);
        }
    })
}

/// From one row to another, both included.
pub(super) fn rows(
    connection: &Connection,
    from: i64,
    to: i64,
    each: EachSeen<'_>,
) -> Result<(), StoreError> {
    some(connection, from, to, u32::MAX, &mut |_, seen| each(seen))
}

/// The first of these rows, in their order.
pub(super) fn some(
    connection: &Connection,
    from: i64,
    to: i64,
    limit: u32,
    each: &mut dyn FnMut(i64, &Seen<'_>),
) -> Result<(), StoreError> {
    if from > to {
        return Ok(());
    }
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, rowid FROM events WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid LIMIT ?3"
    ))?;
    let mut rows = select.query((from, to, limit))?;
    while let Some(row) = rows.next()? {
        let number = row.get(19)?;
        seen_of(&told(row)?, &mut |seen| each(number, seen));
    }
    Ok(())
}

/// The columns of an event that reports read, as texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    pub kind: &'a str,
    pub has_env: bool,
    pub anonymous_id: Option<&'a str>,
    pub user_id: Option<&'a str>,
    pub occurred_ms: i64,
    pub received_ms: i64,
    pub has_moved_clock: bool,
    pub plan: Option<&'a str>,
    pub experiment: Option<&'a str>,
    pub variant: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub version: Option<i64>,
    pub has_wrong_bucket: bool,
    pub agent: Option<&'a str>,
    pub goal: Option<&'a str>,
    pub order: Option<&'a str>,
    pub minor: Option<i64>,
    pub currency: Option<&'a str>,
    /// Of exposures and experiences, at least.
    pub raw: Option<&'a str>,
}

fn told<'a>(row: &'a Row<'_>) -> rusqlite::Result<Told<'a>> {
    Ok(Told {
        kind: text(row, 0)?.unwrap_or_default(),
        has_env: row.get(1)?,
        anonymous_id: text(row, 2)?,
        user_id: text(row, 3)?,
        occurred_ms: row.get(4)?,
        received_ms: row.get(5)?,
        has_moved_clock: row.get(6)?,
        plan: text(row, 7)?,
        experiment: text(row, 8)?,
        variant: text(row, 9)?,
        reason: text(row, 10)?,
        version: row.get(11)?,
        has_wrong_bucket: row.get(12)?,
        agent: text(row, 13)?,
        goal: text(row, 14)?,
        order: text(row, 15)?,
        minor: row.get(16)?,
        currency: text(row, 17)?,
        raw: text(row, 18)?,
    })
}

/// Hands on what an event is to a report.
pub fn seen_of(told: &Told<'_>, each: EachSeen<'_>) {
    let kind = Kind::of(told.kind);
    let raw = match (kind, told.raw) {
        (Kind::Exposure | Kind::Late, Some(raw)) => serde_json::from_str::<Raw>(raw).unwrap_or_default(),
        _ => Raw::default(),
    };
    let page = Page::of(&raw.context.page);
    let is_experience = told.kind == "experience";
    let experience = raw.properties.experience_id.as_str().filter(|_| is_experience);
    let experience = experience.map(|key| format!("{EXPERIENCE}{key}"));
    let shown = if raw.properties.held_out == true { HELD_OUT } else { SHOWN };
    each(&Seen {
        kind,
        has_env: told.has_env,
        visitor: told.anonymous_id.map(visitor),
        user: told.user_id.map(user),
        occurred_ms: told.occurred_ms,
        received_ms: told.received_ms,
        has_moved_clock: told.has_moved_clock,
        plan: told.plan,
        experiment: told.experiment.or(experience.as_deref()),
        variant: told.variant.or(is_experience.then_some(shown)),
        reason: told.reason.or(is_experience.then_some("bucketed")),
        version: told.version,
        has_wrong_bucket: told.has_wrong_bucket,
        agent: told.agent,
        page: page.path.as_deref(),
        source: page.source.as_deref(),
        goal: told.goal,
        order: told.order.map(order),
        minor: told.minor,
        currency: told.currency,
    });
}

/// Any of it may be of any type: what a page sends is its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Raw {
    context: Context,
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    page: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    experience_id: Value,
    held_out: Value,
}

pub(super) fn text<'a>(row: &'a Row<'_>, at: usize) -> rusqlite::Result<Option<&'a str>> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(None),
        value => Ok(value.as_str().ok()),
    }
}

pub fn visitor(id: &str) -> u64 {
    id64(id.as_bytes())
}

/// A user's id may be another visitor's.
pub fn user(id: &str) -> u64 {
    id64(format!("user {id}").as_bytes())
}

/// Never 0, which is none.
pub fn order(id: &str) -> u64 {
    id64(id.as_bytes()).max(1)
}

/// Where something happened, and where who came there was from.
#[derive(Debug, Default)]
pub struct Page {
    pub path: Option<String>,
    /// `utm_source`, or the host before; `direct` where there is neither.
    pub source: Option<String>,
}

impl Page {
    const MOST_CHARS: usize = 200;

    /// Of `context.page`.
    fn of(told: &Value) -> Self {
        let part = |name: &str| told.get(name).and_then(Value::as_str);
        let parsed = |name: &str| part(name).and_then(|text| url::Url::parse(text).ok());
        let (url, referrer) = (parsed("url"), parsed("referrer"));
        let short = |text: &str| text.chars().take(Self::MOST_CHARS).collect::<String>();
        let host = |of: &Option<url::Url>| of.as_ref().and_then(|url| url.host_str().map(short));
        let campaign = url.as_ref().and_then(|url| {
            url.query_pairs().find(|(name, _)| name == "utm_source").map(|(_, value)| short(&value))
        });
        let from = host(&referrer).filter(|from| Some(from) != host(&url).as_ref());
        Self {
            path: part("path").map(short).or_else(|| url.as_ref().map(|url| short(url.path()))),
            source: url.is_some().then(|| campaign.or(from).unwrap_or_else(|| "direct".to_owned())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_its_visitor_came_from() {
        for (json, path, source) in [
            (
                r#"{"path":"/a","url":"https://shop.example/a?utm_source=mail","referrer":"https://x.example/"}"#,
                "/a",
                "mail",
            ),
            (
                r#"{"path":"/a","url":"https://shop.example/a","referrer":"https://x.example/y"}"#,
                "/a",
                "x.example",
            ),
            (r#"{"url":"https://shop.example/b","referrer":"https://shop.example/"}"#, "/b", "direct"),
        ] {
            let page = Page::of(&serde_json::from_str(json).unwrap());
            assert_eq!((page.path.as_deref(), page.source.as_deref()), (Some(path), Some(source)), "{json}");
        }
        let page = Page::of(&serde_json::json!({ "path": 7, "url": "no address" }));
        assert_eq!((page.path, page.source), (None, None));
    }
}
