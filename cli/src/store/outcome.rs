//! What reports are made from: a few columns of every event, its ids as digests.

use parlour::hash::id64;
use parlour_report::seen::{EXPERIENCE, HELD_OUT, Kind, SHOWN, Seen};
use rusqlite::{Connection, Row, types::ValueRef};

use super::{StoreError, columns};

/// Called for each event.
pub type EachSeen<'a> = &'a mut dyn FnMut(&Seen<'_>);

/// What an exposure's page was is only in its raw text.
const COLUMNS: &str = "type, env IS NOT NULL, anonymous_id, user_id, occurred_ms, received_ms, clock_ms IS NOT NULL, plan_hash, \
    experiment, variant, reason, experiment_version, bucketing IS 'differs', agent, goal, order_id, revenue_minor, currency, \
    iif(type IN ('exposure', 'late') AND json_valid(raw), json_extract(raw, '$.context.page'), NULL), \
    iif(type = 'experience' AND json_valid(raw), json_extract(raw, '$.properties.experience_id'), NULL), \
    iif(type = 'experience' AND json_valid(raw), json_extract(raw, '$.properties.held_out') IS 1, 0)";

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
        let number = row.get(21)?;
        seen(row, &mut |seen| each(number, seen))?;
    }
    Ok(())
}

fn seen(row: &Row<'_>, each: EachSeen<'_>) -> rusqlite::Result<()> {
    let page = Page::of(text(row, 18)?);
    let experience = text(row, 19)?.map(|key| format!("{EXPERIENCE}{key}"));
    let shown = if row.get(20)? { HELD_OUT } else { SHOWN };
    let is_experience = experience.is_some();
    each(&Seen {
        kind: Kind::of(text(row, 0)?.unwrap_or_default()),
        has_env: row.get(1)?,
        visitor: text(row, 2)?.map(visitor),
        user: text(row, 3)?.map(user),
        occurred_ms: row.get(4)?,
        received_ms: row.get(5)?,
        has_moved_clock: row.get(6)?,
        plan: text(row, 7)?,
        experiment: text(row, 8)?.or(experience.as_deref()),
        variant: text(row, 9)?.or(is_experience.then_some(shown)),
        reason: text(row, 10)?.or(is_experience.then_some("bucketed")),
        version: row.get(11)?,
        has_wrong_bucket: row.get(12)?,
        agent: text(row, 13)?,
        goal: text(row, 14)?,
        order: text(row, 15)?.map(order),
        minor: row.get(16)?,
        currency: text(row, 17)?,
        page: page.path.as_deref(),
        source: page.source.as_deref(),
    });
    Ok(())
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
    pub fn of(json: Option<&str>) -> Self {
        #[derive(Default, serde::Deserialize)]
        #[serde(default)]
        struct Told {
            path: serde_json::Value,
            url: serde_json::Value,
            referrer: serde_json::Value,
        }
        let Some(json) = json else { return Self::default() };
        let Ok(told) = serde_json::from_str::<Told>(json) else { return Self::default() };
        let parsed = |value: &serde_json::Value| value.as_str().and_then(|text| url::Url::parse(text).ok());
        let (url, referrer) = (parsed(&told.url), parsed(&told.referrer));
        let short = |text: &str| text.chars().take(Self::MOST_CHARS).collect::<String>();
        let host = |of: &Option<url::Url>| of.as_ref().and_then(|url| url.host_str().map(short));
        let campaign = url.as_ref().and_then(|url| {
            url.query_pairs().find(|(name, _)| name == "utm_source").map(|(_, value)| short(&value))
        });
        let from = host(&referrer).filter(|from| Some(from) != host(&url).as_ref());
        Self {
            path: told.path.as_str().map(short).or_else(|| url.as_ref().map(|url| short(url.path()))),
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
            let page = Page::of(Some(json));
            assert_eq!((page.path.as_deref(), page.source.as_deref()), (Some(path), Some(source)), "{json}");
        }
        let page = Page::of(Some(r#"{"path":7,"url":"no address"}"#));
        assert_eq!((page.path, page.source), (None, None));
    }
}
