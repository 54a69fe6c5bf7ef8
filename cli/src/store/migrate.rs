//! A store of an older parlour is brought up to date in a copy, which takes its place once it is whole: whatever goes wrong
//! on the way, the file is as it was. The older file stays beside it as `NAME.vN`.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, copy, schema};

/// Does nothing where the file is new or up to date.
pub fn up_to_date(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    let mut old = Connection::open(path)?;
    let found = schema::check(&old)?;
    if found == 0 || found == schema::SCHEMA_VERSION {
        return Ok(());
    }
    // Nobody else may have it open: then the log is folded into the file, and who writes waits.
    old.pragma_update(None, "journal_mode", "DELETE").map_err(in_use)?;
    let hold = old.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(in_use)?;
    let next = path.with_added_extension("migrating");
    let kept = path.with_added_extension(format!("v{found}"));
    let migrated = (|| {
        std::fs::copy(path, &next).map_err(StoreError::Copy)?;
        let mut connection = Connection::open(&next)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection)?;
        copy::check(&connection)?;
        connection.close().map_err(|(_, error)| StoreError::from(error))?;
        std::fs::hard_link(path, &kept)
            .or_else(|_| std::fs::copy(path, &kept).map(|_| ()))
            .and_then(|()| std::fs::rename(&next, path))
            .map_err(StoreError::Copy)
    })();
    drop(hold);
    if migrated.is_err() {
        // Best effort: a half-made copy is of no use.
        let _ = std::fs::remove_file(&next);
    }
    migrated
}

fn in_use(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => StoreError::InUse,
        _ => error.into(),
    }
}
