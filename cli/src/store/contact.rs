//! Every event with a visitor, visitor by visitor and each one's in time order, a few columns of it.

use parlour_report::beyond::event::Seen;
use rusqlite::{Connection, Row};

use super::StoreError;
use super::outcome::text;

/// What an event says beside what experiments ask of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contacted<'a> {
    pub seen: Seen<'a>,
    pub session: Option<&'a str>,
    pub item: Option<&'a str>,
    /// Of page views: the address, and where the visitor came from.
    pub url: Option<&'a str>,
    pub referrer: Option<&'a str>,
    /// Of lists that were seen, clicks in them, and purchases: their properties, as JSON.
    pub properties: Option<&'a str>,
}

pub type EachContacted<'a> = &'a mut dyn FnMut(&Contacted<'_>);

// The index holds the order of visitors, so that only one visitor's rows are sorted at a time.
const SELECT: &str = "SELECT type, env IS NOT NULL, anonymous_id, occurred_ms, experiment, variant, reason, \
   bucketing IS 'differs', agent IS 'bot', goal, order_id, revenue_minor, currency, session_id, item, \
   iif(type = 'page_view' AND json_valid(raw), json_extract(raw, '$.context.page.url'), NULL), \
   iif(type = 'page_view' AND json_valid(raw), json_extract(raw, '$.context.page.referrer'), NULL), \
   iif(type IN ('slot_view', 'view_list', 'slot_click', 'purchase') AND json_valid(raw), \
     json_extract(raw, '$.properties'), NULL) \
 FROM events INDEXED BY events_by_visitor \
 WHERE anonymous_id IS NOT NULL AND occurred_ms >= ?1 AND occurred_ms < ?2 \
 ORDER BY anonymous_id, occurred_ms, id";

pub fn read(
    connection: &Connection,
    since_ms: i64,
    until_ms: i64,
    each: EachContacted<'_>,
) -> Result<(), StoreError> {
    let mut select = connection.prepare_cached(SELECT)?;
    let mut rows = select.query((since_ms, until_ms))?;
    while let Some(row) = rows.next()? {
        each(&contacted(row)?);
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub order: String,
    pub occurred_ms: i64,
    pub minor: i64,
    pub currency: String,
}

pub fn refunds(connection: &Connection) -> Result<Vec<Refund>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT order_id, occurred_ms, revenue_minor, currency FROM events \
         WHERE type = 'refund' AND env IS NULL AND order_id IS NOT NULL AND revenue_minor > 0 AND currency IS NOT NULL",
    )?;
    let rows = select.query_map((), |row| {
        Ok(Refund { order: row.get(0)?, occurred_ms: row.get(1)?, minor: row.get(2)?, currency: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn contacted<'a>(row: &'a Row<'_>) -> rusqlite::Result<Contacted<'a>> {
    let seen = Seen {
        kind: text(row, 0)?.unwrap_or_default(),
        has_env: row.get(1)?,
        unit: text(row, 2)?,
        occurred_ms: row.get(3)?,
        experiment: text(row, 4)?,
        variant: text(row, 5)?,
        reason: text(row, 6)?,
        has_wrong_bucket: row.get(7)?,
        is_bot: row.get(8)?,
        goal: text(row, 9)?,
        order: text(row, 10)?,
        minor: row.get(11)?,
        currency: text(row, 12)?,
    };
    // A page may say anything there: what is no text is none.
    let said = |at: usize| row.get_ref(at).ok().and_then(|value| value.as_str().ok());
    Ok(Contacted {
        seen,
        session: text(row, 13)?,
        item: text(row, 14)?,
        url: said(15),
        referrer: said(16),
        properties: said(17),
    })
}
