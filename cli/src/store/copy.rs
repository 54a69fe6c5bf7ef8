//! Backup and restore, while a server writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::erase::Forgotten;
use super::{SqliteStore, StoreError, rows, schema};

/// 4 MB of a store's pages.
const PAGES_A_STEP: i32 = 1_024;
/// Rows in one transaction of a restore: who serves waits so long at most.
const ROWS_A_STEP: i64 = 2_000;

/// Called with what is done and what there is.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Copies what is committed now, as one moment saw it, to a new file.
pub fn backup(source: &Connection, to: &Path, progress: Progress<'_>) -> Result<(), StoreError> {
    // An open read keeps the moment, so that writing beside it does not start the copy anew.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut target = Connection::open(to)?;
    {
        let backup = Backup::new(&moment, &mut target)?;
        loop {
            let step = backup.step(PAGES_A_STEP)?;
            let at = backup.progress();
            let count = |pages: i32| u64::try_from(pages).unwrap_or_default();
            progress(count(at.pagecount - at.remaining), count(at.pagecount));
            match step {
                StepResult::Done => break,
                StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(20)),
                _ => {}
            }
        }
    }
    // One file that can be carried away, without a log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    check(&target)
}

/// Is every page of the file sound?
pub fn check(connection: &Connection) -> Result<(), StoreError> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Copy(std::io::Error::other(said))) }
}

/// What a restore brought back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    pub events: u64,
    pub already: u64,
    pub forgotten: u64,
    pub plans: u64,
}

/// Adds to a store what a backup has and it has not. What came since the backup stays, and who was erased, in either, is
/// not brought back.
///
/// # Errors
/// When either file is no store, or the store cannot be written.
pub fn restore(db: &Path, from: &Path, progress: Progress<'_>) -> Result<Restored, StoreError> {
    let from = Source::of(from, db)?;
    let mut store = SqliteStore::open(db)?;
    let connection = store.connection_mut();
    connection.execute("ATTACH DATABASE ?1 AS backup", [from.path.to_string_lossy()])?;
    let plans = add_small(connection)?;
    let mut restored = Restored { plans, ..Restored::default() };
    let total: i64 = connection.query_row("SELECT count(*) FROM backup.events", [], |row| row.get(0))?;
    let select = format!(
        "SELECT {}, rowid FROM backup.events WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
        rows::COLUMNS
    );
    let (mut after, mut done) = (i64::MIN, 0u64);
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut found = 0;
        {
            let forgotten = Forgotten::of(&transaction)?;
            let mut insert = transaction.prepare_cached(&rows::insert_statement())?;
            let mut select = transaction.prepare_cached(&select)?;
            let mut events = select.query((after, ROWS_A_STEP))?;
            while let Some(row) = events.next()? {
                after = row.get(rows::WIDTH)?;
                found += 1;
                let event = rows::read(row)?;
                if forgotten.names(&event)? {
                    restored.forgotten += 1;
                } else if rows::insert(&mut insert, &event)? {
                    restored.events += 1;
                } else {
                    restored.already += 1;
                }
            }
        }
        transaction.commit()?;
        if found == 0 {
            return Ok(restored);
        }
        done += found;
        progress(done, u64::try_from(total).unwrap_or_default());
    }
}

/// Everything but events, and how many plans there were among it.
fn add_small(connection: &mut Connection) -> Result<u64, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut plans = 0;
    for (table, columns) in [
        ("forgotten", "id_digest, forgotten_ms"),
        ("locks", "anonymous_id, digest"),
        ("tabs", "tab, first_ms, last_ms, highest, received, duplicates, given_up, drops"),
        ("tallies", "day_ms, name, count"),
        ("plans", "hash, site, version, first_served_ms, bytes"),
    ] {
        let sql = format!("INSERT OR IGNORE INTO {table} ({columns}) SELECT {columns} FROM backup.{table}");
        plans = transaction.execute(&sql, [])? as u64;
    }
    transaction.commit()?;
    Ok(plans)
}

/// A backup as this parlour reads it: an older one is brought up to date in a copy that is gone afterwards.
struct Source {
    path: PathBuf,
    is_copy: bool,
}

impl Source {
    fn of(from: &Path, db: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let found = schema::check(&Connection::open_with_flags(from, flags)?)?;
        match found {
            0 => return Err(StoreError::Foreign),
            schema::SCHEMA_VERSION => return Ok(Self { path: from.to_owned(), is_copy: false }),
            _ => {}
        }
        let path = db.with_added_extension("restoring");
        let source = Self { path, is_copy: true };
        std::fs::copy(from, &source.path).map_err(StoreError::Copy)?;
        schema::migrate(&mut Connection::open(&source.path)?)?;
        Ok(source)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if self.is_copy {
            // Nobody reads it any more.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
