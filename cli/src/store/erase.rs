//! Erasing people, and what is too old.
//!
//! Of an erased id its SHA-256 stays, so that what still arrives of it is not kept. Deleted rows are overwritten
//! (`secure_delete`), so that they are not to be found in the file either.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Event, StoreError, tallies::DAY_MS};

/// Nobody has more ids than this; a user id that everyone shares has.
pub const MAX_LINKED: usize = 1_000;

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    pub events: u64,
    pub quarantined: u64,
}

/// Who was erased, asked only where anybody was.
pub struct Forgotten<'a>(Option<&'a Connection>);

impl<'a> Forgotten<'a> {
    pub fn of(connection: &'a Connection) -> Result<Self, StoreError> {
        let any: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM forgotten)")?
            .query_row([], |row| row.get(0))?;
        Ok(Self(any.then_some(connection)))
    }

    pub fn names(&self, event: &Event) -> Result<bool, StoreError> {
        for id in event.anonymous_id.iter().chain(&event.user_id) {
            if self.has(id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub fn has(&self, id: &str) -> Result<bool, StoreError> {
        let Some(connection) = self.0 else { return Ok(false) };
        let mut select = connection.prepare_cached("SELECT 1 FROM forgotten WHERE id_digest = ?1")?;
        Ok(select.exists([&digest(id)[..]])?)
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Is it the secret of this lock?
pub fn opens(secret: &str, lock: &str) -> bool {
    let digest: String = digest(secret).iter().map(|byte| format!("{byte:02x}")).collect();
    digest.as_bytes().ct_eq(lock.as_bytes()).into()
}

pub fn linked(connection: &Connection, id: &str) -> Result<Vec<String>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT user_id FROM events WHERE anonymous_id = ?1 AND user_id IS NOT NULL \
         UNION SELECT anonymous_id FROM events WHERE user_id = ?1 AND anonymous_id IS NOT NULL",
    )?;
    let mut found = BTreeSet::from([id.to_owned()]);
    let mut next = vec![id.to_owned()];
    while let Some(id) = next.pop() {
        for other in select.query_map([&id], |row| row.get::<_, String>(0))? {
            let other = other?;
            if found.insert(other.clone()) {
                next.push(other);
            }
            if found.len() > MAX_LINKED {
                return Err(StoreError::TooManyLinked);
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Within the caller's transaction.
pub fn forget(connection: &Connection, ids: &[String], now_ms: i64) -> Result<Erased, StoreError> {
    let mut erased = Erased::default();
    let mut remember = connection.prepare_cached(
        "INSERT INTO forgotten (id_digest, forgotten_ms) VALUES (?1, ?2) ON CONFLICT (id_digest) DO NOTHING",
    )?;
    let mut orders = connection.prepare_cached(
        "DELETE FROM events WHERE anonymous_id IS NULL AND user_id IS NULL AND order_id IN \
         (SELECT order_id FROM events WHERE (anonymous_id = ?1 OR user_id = ?1) AND order_id IS NOT NULL)",
    )?;
    let mut tabs = connection.prepare_cached(
        "DELETE FROM tabs WHERE tab IN (SELECT tab FROM events WHERE anonymous_id = ?1 OR user_id = ?1)",
    )?;
    let mut events =
        connection.prepare_cached("DELETE FROM events WHERE anonymous_id = ?1 OR user_id = ?1")?;
    let mut locks = connection.prepare_cached("DELETE FROM locks WHERE anonymous_id = ?1")?;
    // As it stands in JSON: quoted, so that no id is found inside another.
    let mut quarantine = connection.prepare_cached("DELETE FROM quarantine WHERE instr(raw, ?1) > 0")?;
    for id in ids {
        remember.execute((&digest(id)[..], now_ms))?;
        erased.events += orders.execute([id])? as u64;
        tabs.execute([id])?;
        erased.events += events.execute([id])? as u64;
        locks.execute([id])?;
        erased.quarantined += quarantine.execute([serde_json::Value::from(id.as_str()).to_string()])? as u64;
    }
    note(connection, erased.events, now_ms)?;
    Ok(erased)
}

/// The oldest first. Within the caller's transaction.
pub fn retain(connection: &Connection, since_ms: i64, limit: u32) -> Result<u64, StoreError> {
    let mut events = connection.prepare_cached(
        "DELETE FROM events WHERE rowid IN \
         (SELECT rowid FROM events WHERE received_ms < ?1 ORDER BY received_ms, id LIMIT ?2)",
    )?;
    let rows = events.execute((since_ms, limit))? as u64;
    for sql in [
        "DELETE FROM tabs WHERE last_ms < ?1",
        "DELETE FROM quarantine WHERE received_ms < ?1",
        "DELETE FROM tallies WHERE day_ms < ?1",
    ] {
        let before_ms = if sql.contains("tallies") { since_ms - DAY_MS } else { since_ms };
        connection.prepare_cached(sql)?.execute([before_ms])?;
    }
    note(connection, rows, since_ms)?;
    Ok(rows)
}

/// Whoever keeps sums of events sees by the last serial that rows are gone.
fn note(connection: &Connection, rows: u64, at_ms: i64) -> Result<(), StoreError> {
    if rows > 0 {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        connection
            .prepare_cached("INSERT INTO erasures (at_ms, rows) VALUES (?1, ?2)")?
            .execute((at_ms, rows))?;
    }
    Ok(())
}
