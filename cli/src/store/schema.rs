//! Versions of the store. `PRAGMA user_version` says which one a file has; each step below leads to the next.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

pub const SCHEMA_VERSION: i64 = 4;

/// "PARL": tells our files from other programs'.
const APPLICATION_ID: i64 = 0x5041_524c;

const STEPS: [&str; SCHEMA_VERSION as usize] = ["
CREATE TABLE events (
  id TEXT PRIMARY KEY NOT NULL,
  site TEXT NOT NULL,
  env TEXT,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  anonymous_id TEXT,
  user_id TEXT,
  session_id TEXT,
  occurred_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  plan_hash TEXT,
  experiment TEXT,
  variant TEXT,
  reason TEXT,
  experiment_version INTEGER,
  goal TEXT,
  item TEXT,
  order_id TEXT,
  revenue_minor INTEGER,
  currency TEXT,
  raw TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_arrival ON events (received_ms, id);
CREATE INDEX events_by_type ON events (type, env);
CREATE INDEX exposures ON events (experiment, variant, env, anonymous_id, occurred_ms) WHERE experiment IS NOT NULL;
CREATE INDEX goals ON events (anonymous_id, goal, occurred_ms) WHERE goal IS NOT NULL;
CREATE TABLE plans (
  hash TEXT PRIMARY KEY NOT NULL,
  site TEXT NOT NULL,
  version INTEGER NOT NULL,
  first_served_ms INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
", "
DROP INDEX exposures;
CREATE INDEX exposures ON events (experiment, variant, env, anonymous_id, occurred_ms) WHERE type = 'exposure';
CREATE INDEX lates ON events (experiment, variant, env) WHERE type = 'late';
", "
ALTER TABLE events ADD COLUMN protocol TEXT;
ALTER TABLE events ADD COLUMN tab TEXT;
ALTER TABLE events ADD COLUMN seq INTEGER;
ALTER TABLE events ADD COLUMN agent TEXT;
ALTER TABLE events ADD COLUMN bucketing TEXT;
ALTER TABLE events ADD COLUMN clock_ms INTEGER;
CREATE INDEX events_by_visitor ON events (anonymous_id) WHERE anonymous_id IS NOT NULL;
CREATE INDEX events_by_user ON events (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX events_by_order ON events (order_id) WHERE order_id IS NOT NULL;
CREATE TABLE tabs (
  tab TEXT PRIMARY KEY NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  highest INTEGER NOT NULL,
  received INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  given_up INTEGER NOT NULL,
  drops TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tabs_by_time ON tabs (last_ms);
CREATE TABLE locks (anonymous_id TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE forgotten (id_digest BLOB PRIMARY KEY NOT NULL, forgotten_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
  serial INTEGER PRIMARY KEY AUTOINCREMENT,
  received_ms INTEGER NOT NULL,
  protocol TEXT NOT NULL,
  why TEXT NOT NULL,
  raw TEXT NOT NULL
) STRICT;
CREATE TABLE tallies (
  day_ms INTEGER NOT NULL,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day_ms, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE erasures (serial INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, rows INTEGER NOT NULL) STRICT;
", "
CREATE TABLE columns (first INTEGER PRIMARY KEY NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TRIGGER columns_of_erased AFTER DELETE ON events BEGIN
  DELETE FROM columns WHERE first = (SELECT max(first) FROM columns WHERE first <= old.rowid) AND last >= old.rowid;
END;
"];

/// Takes the steps a file is behind, all or none.
pub fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    // Immediate, so that of two commands opening a new file one waits for the other.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = check(&transaction)?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step)?;
    }
    if found < SCHEMA_VERSION {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

/// The version of a file, refused when it is newer than we are or not ours.
pub fn check(connection: &Connection) -> Result<i64, StoreError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let new = tables == 0 && application == 0 && version == 0;
    if application != APPLICATION_ID && !new {
        return Err(StoreError::Foreign);
    }
    if version > SCHEMA_VERSION {
        return Err(StoreError::Newer { found: version });
    }
    Ok(version)
}
