//! What reports are made from: a few columns of exposures, purchases, goals and refunds.

use parlour_report::tally::Seen;
use rusqlite::{Connection, Row, types::ValueRef};

use super::StoreError;

/// Called for each of those events.
pub type EachSeen<'a> = &'a mut dyn FnMut(&Seen<'_>);

/// One after the other: what a visitor did counts from the first exposure on, and a refund needs its order.
const ROUNDS: [&str; 3] = ["type IN ('exposure', 'late')", "type IN ('purchase', 'goal')", "type = 'refund'"];

pub fn read(
    connection: &Connection,
    since_ms: i64,
    until_ms: i64,
    each: EachSeen<'_>,
) -> Result<(), StoreError> {
    // All rounds see one state of the file.
    let transaction = connection.unchecked_transaction()?;
    for round in ROUNDS {
        let mut select = transaction.prepare_cached(&format!(
            "SELECT type, env IS NOT NULL, anonymous_id, occurred_ms, experiment, variant, reason, \
               bucketing IS 'differs', agent IS 'bot', goal, order_id, revenue_minor, currency \
             FROM events WHERE {round} AND occurred_ms >= ?1 AND occurred_ms < ?2"
        ))?;
        let mut rows = select.query((since_ms, until_ms))?;
        while let Some(row) = rows.next()? {
            each(&seen(row)?);
        }
    }
    Ok(())
}

pub(super) fn seen<'a>(row: &'a Row<'_>) -> rusqlite::Result<Seen<'a>> {
    Ok(Seen {
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
    })
}

pub(super) fn text<'a>(row: &'a Row<'_>, at: usize) -> rusqlite::Result<Option<&'a str>> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(None),
        value => Ok(Some(value.as_str()?)),
    }
}
