//! The store in one SQLite file: write-ahead log, synced at every commit.

use std::path::Path;
use std::time::Duration;

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior, params, params_from_iter,
};

use super::{
    ArchivedPlan, ArmCount, Counts, Delivery, EachContacted, EachExported, EachSeen, Erased, Filter,
    GoalCount, KindCount, Loss, Problem, Progress, Quarantined, Receipt, RecentEvent, Refund, Store,
    StoreError, Tally, VariantCount, append, arms, columns, contact, copy, erase, migrate, outcome, problems,
    quarantine, rows, schema, tabs, tallies,
};

/// Another process may hold the file this long (an export's first read, a backup) before we call it a failure.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// More than there are.
const STATEMENTS: usize = 64;

#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
}

impl SqliteStore {
    /// Opens a store for writing, and makes it where there is none.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a store, or was written by a newer parlour.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        migrate::up_to_date(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        schema::check(&connection)?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection })
    }

    /// Opens an existing store to read from, beside a running server if there is one.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], and when there is no such file.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        match schema::check(&connection)? {
            0 => Err(StoreError::Foreign),
            schema::SCHEMA_VERSION => Ok(Self { connection }),
            found => Err(StoreError::Older { found }),
        }
    }

    /// Hash and bytes of every plan that was served.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn plans(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT hash, bytes FROM plans ORDER BY hash")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// From here on, everything read is of this moment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hold(&self) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
        Ok(())
    }

    /// Copies what is there now to a new file, beside whoever writes.
    ///
    /// # Errors
    /// When the copy cannot be written, or is not sound.
    pub fn backup(&self, to: &Path, progress: Progress<'_>) -> Result<(), StoreError> {
        copy::backup(&self.connection, to, progress)
    }

    pub(super) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Store for SqliteStore {
    fn append(&mut self, delivery: &Delivery) -> Result<Receipt, StoreError> {
        append::append(&mut self.connection, delivery)
    }

    fn archive_plan(&mut self, plan: &ArchivedPlan) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO plans (hash, site, version, first_served_ms, bytes) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (hash) DO NOTHING",
            params![plan.hash, plan.site, plan.version, plan.first_served_ms, plan.bytes],
        )?;
        Ok(())
    }

    fn latest_plan(&self) -> Result<Option<ArchivedPlan>, StoreError> {
        let sql = "SELECT hash, site, version, first_served_ms, bytes FROM plans \
                   ORDER BY version DESC, first_served_ms DESC LIMIT 1";
        let read = |row: &Row<'_>| {
            Ok(ArchivedPlan {
                hash: row.get(0)?,
                site: row.get(1)?,
                version: row.get(2)?,
                first_served_ms: row.get(3)?,
                bytes: row.get(4)?,
            })
        };
        Ok(self.connection.query_row(sql, [], read).optional()?)
    }

    fn plan_bytes(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT bytes FROM plans WHERE hash = ?1")?;
        Ok(select.query_row([hash], |row| row.get(0)).optional()?)
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        let mut kinds = self.connection.prepare_cached(
            "SELECT env, type, count(*) FROM events GROUP BY type, env ORDER BY count(*) DESC, type",
        )?;
        let kinds = kinds
            .query_map([], |row| Ok(KindCount { env: row.get(0)?, kind: row.get(1)?, events: row.get(2)? }))?
            .collect::<Result<_, _>>()?;
        let mut variants = self.connection.prepare_cached(
            "WITH met AS (SELECT env, experiment, coalesce(variant, '-') AS arm, count(*) AS exposures, \
                                 count(DISTINCT anonymous_id) AS visitors, 0 AS late \
                          FROM events WHERE type = 'exposure' AND experiment IS NOT NULL GROUP BY 1, 2, 3), \
                  missed AS (SELECT env, experiment, coalesce(variant, '-') AS arm, 0, 0, count(*) \
                             FROM events WHERE type = 'late' AND experiment IS NOT NULL GROUP BY 1, 2, 3) \
             SELECT env, experiment, arm, sum(exposures), sum(visitors), sum(late) \
             FROM (SELECT * FROM met UNION ALL SELECT * FROM missed) GROUP BY 1, 2, 3 ORDER BY experiment, env, arm",
        )?;
        let mut variants: Vec<VariantCount> = variants
            .query_map([], |row| {
                Ok(VariantCount {
                    env: row.get(0)?,
                    experiment: row.get(1)?,
                    variant: row.get(2)?,
                    exposures: row.get(3)?,
                    visitors: row.get(4)?,
                    late: row.get(5)?,
                    goals: Vec::new(),
                })
            })?
            .collect::<Result<_, _>>()?;
        for (env, experiment, variant, goal) in self.goals_reached()? {
            let arm = |count: &&mut VariantCount| {
                count.env == env && count.experiment == experiment && count.variant == variant
            };
            if let Some(count) = variants.iter_mut().find(arm) {
                count.goals.push(goal);
            }
        }
        Ok(Counts { kinds, variants })
    }

    fn problems(&self) -> Result<Vec<Problem>, StoreError> {
        problems::read(&self.connection)
    }

    fn recent(&self, cursor: i64, limit: u32, filter: &Filter) -> Result<Vec<RecentEvent>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT rowid, id, env, type, name, anonymous_id, received_ms, experiment, variant, goal, item, \
             revenue_minor, currency, iif(json_valid(raw), json_extract(raw, '$.context.page.path'), NULL), \
             protocol, agent, bucketing, clock_ms \
             FROM events WHERE rowid > ?1 AND (?3 = '' OR type = ?3) AND (?4 = '' OR coalesce(env, 'live') = ?4) \
               AND (?5 = '' OR experiment = ?5) AND (?6 = '' OR coalesce(protocol, '') = ?6) \
               AND (?7 = '' OR substr(anonymous_id, -length(?7)) = ?7 OR substr(user_id, -length(?7)) = ?7) \
             ORDER BY rowid DESC LIMIT ?2",
        )?;
        let asked = params![
            cursor,
            limit,
            filter.kind,
            filter.env,
            filter.experiment,
            filter.protocol,
            filter.visitor
        ];
        let rows = select.query_map(asked, |row| {
            Ok(RecentEvent {
                cursor: row.get(0)?,
                id: row.get(1)?,
                env: row.get(2)?,
                kind: row.get(3)?,
                name: row.get(4)?,
                anonymous_id: row.get(5)?,
                received_ms: row.get(6)?,
                experiment: row.get(7)?,
                variant: row.get(8)?,
                goal: row.get(9)?,
                item: row.get(10)?,
                revenue_minor: row.get(11)?,
                currency: row.get(12)?,
                // What a page sent there may be of any type.
                page: row.get(13).ok(),
                protocol: row.get(14)?,
                agent: row.get(15)?,
                bucketing: row.get(16)?,
                clock_ms: row.get(17)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn loss(&self, quiet_before_ms: i64) -> Result<Loss, StoreError> {
        tabs::read(&self.connection, quiet_before_ms)
    }

    fn arms(&self, now_ms: i64) -> Result<Vec<ArmCount>, StoreError> {
        arms::read(&self.connection, now_ms)
    }

    fn quarantined(&self, limit: u32) -> Result<Vec<Quarantined>, StoreError> {
        quarantine::read(&self.connection, limit)
    }

    fn tallies(&self, since_ms: i64) -> Result<Vec<Tally>, StoreError> {
        tallies::read(&self.connection, since_ms)
    }

    fn export(&self, ids: &[String], each: EachExported<'_>) -> Result<(), StoreError> {
        let marks = vec!["?"; ids.len()].join(",");
        let of_ids = match ids {
            [] => String::new(),
            _ => format!("WHERE anonymous_id IN ({marks}) OR user_id IN ({marks})"),
        };
        let sql = format!("SELECT {} FROM events {of_ids} ORDER BY received_ms, id", rows::COLUMNS);
        let mut select = self.connection.prepare(&sql)?;
        let mut found = select.query(params_from_iter(ids.iter().chain(ids)))?;
        while let Some(row) = found.next()? {
            each(rows::read(row)?).map_err(StoreError::Output)?;
        }
        Ok(())
    }

    fn outcomes(&self, since_ms: i64, until_ms: i64, each: EachSeen<'_>) -> Result<(), StoreError> {
        outcome::read(&self.connection, since_ms, until_ms, each)
    }

    fn contacts(&self, since_ms: i64, until_ms: i64, each: EachContacted<'_>) -> Result<(), StoreError> {
        contact::read(&self.connection, since_ms, until_ms, each)
    }

    fn refunds(&self) -> Result<Vec<Refund>, StoreError> {
        contact::refunds(&self.connection)
    }

    fn condense(&mut self) -> Result<bool, StoreError> {
        columns::condense(&mut self.connection)
    }

    fn linked(&self, id: &str) -> Result<Vec<String>, StoreError> {
        erase::linked(&self.connection, id)
    }

    fn forget(&mut self, ids: &[String], now_ms: i64) -> Result<Erased, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let erased = erase::forget(&transaction, ids, now_ms)?;
        transaction.commit()?;
        // The log still has the pages as they were. A reader may keep it; the server's next checkpoint does it then.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(erased)
    }

    fn retain(&mut self, since_ms: i64, limit: u32) -> Result<u64, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = erase::retain(&transaction, since_ms, limit)?;
        transaction.commit()?;
        Ok(rows)
    }
}

type ReachedGoal = (Option<String>, String, String, GoalCount);

impl SqliteStore {
    fn goals_reached(&self) -> Result<Vec<ReachedGoal>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "WITH met AS (SELECT env, experiment, coalesce(variant, '-') AS variant, anonymous_id, \
                                 min(occurred_ms) AS first_ms \
                          FROM events WHERE type = 'exposure' AND experiment IS NOT NULL AND anonymous_id IS NOT NULL \
                          GROUP BY 1, 2, 3, 4) \
             SELECT met.env, met.experiment, met.variant, reached.goal, count(DISTINCT met.anonymous_id) \
             FROM met JOIN events AS reached ON reached.goal IS NOT NULL \
                  AND reached.anonymous_id = met.anonymous_id AND reached.occurred_ms >= met.first_ms \
             GROUP BY 1, 2, 3, 4 ORDER BY reached.goal",
        )?;
        let rows = select.query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                GoalCount { goal: row.get(3)?, visitors: row.get(4)? },
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
