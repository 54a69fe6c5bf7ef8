//! What was refused, with the reason: the last thousand, cut short, for whoever looks why something is missing.

use rusqlite::{Connection, params};
use serde::Serialize;

use super::StoreError;

const KEPT: i64 = 1_000;
/// A flood of refused events must not keep the disk from those that are taken.
const MOST_AT_ONCE: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    pub received_ms: i64,
    pub protocol: String,
    pub why: String,
    /// The start of what was sent.
    pub raw: String,
}

pub fn add(connection: &Connection, refused: &[Quarantined]) -> Result<(), StoreError> {
    if refused.is_empty() {
        return Ok(());
    }
    let mut insert = connection
        .prepare_cached("INSERT INTO quarantine (received_ms, protocol, why, raw) VALUES (?1, ?2, ?3, ?4)")?;
    for one in refused.iter().take(MOST_AT_ONCE) {
        insert.execute(params![one.received_ms, one.protocol, one.why, one.raw])?;
    }
    connection
        .prepare_cached("DELETE FROM quarantine WHERE serial <= (SELECT max(serial) FROM quarantine) - ?1")?
        .execute([KEPT])?;
    Ok(())
}

pub fn read(connection: &Connection, limit: u32) -> Result<Vec<Quarantined>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT received_ms, protocol, why, raw FROM quarantine ORDER BY serial DESC LIMIT ?1",
    )?;
    let rows = select.query_map([limit], |row| {
        Ok(Quarantined {
            received_ms: row.get(0)?,
            protocol: row.get(1)?,
            why: row.get(2)?,
            raw: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
