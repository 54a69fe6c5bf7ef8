//! The store in one SQLite file: write-ahead log, synced at every commit.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::{
    ArchivedPlan, Counts, EachExported, Event, Exported, GoalCount, KindCount, Outcome, Problem, RecentEvent,
    Store, StoreError, VariantCount, problems, schema,
};

/// Another process may hold the file this long (an export's first read, a backup) before we call it a failure.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

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
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        schema::check(&connection)?;
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
        if schema::check(&connection)? == 0 {
            return Err(StoreError::Foreign);
        }
        Ok(Self { connection })
    }
}

impl Store for SqliteStore {
    fn append(&mut self, events: &[Event]) -> Result<Vec<Outcome>, StoreError> {
        let transaction = self.connection.transaction()?;
        let mut outcomes = Vec::with_capacity(events.len());
        {
            // ON CONFLICT names the id: OR IGNORE would also swallow a broken row and call it a duplicate.
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (id, site, env, type, name, anonymous_id, user_id, session_id, occurred_ms, \
                 received_ms, plan_hash, experiment, variant, reason, experiment_version, goal, item, order_id, \
                 revenue_minor, currency, raw) \
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21) \
                 ON CONFLICT (id) DO NOTHING",
            )?;
            for event in events {
                let inserted = insert.execute(params![
                    event.id,
                    event.site,
                    event.env,
                    event.kind,
                    event.name,
                    event.anonymous_id,
                    event.user_id,
                    event.session_id,
                    event.occurred_ms,
                    event.received_ms,
                    event.plan_hash,
                    event.experiment,
                    event.variant,
                    event.reason,
                    event.experiment_version,
                    event.goal,
                    event.item,
                    event.order_id,
                    event.revenue_minor,
                    event.currency,
                    event.raw,
                ])?;
                outcomes.push(if inserted == 0 { Outcome::Duplicate } else { Outcome::Stored });
            }
        }
        transaction.commit()?;
        Ok(outcomes)
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

    fn recent(&self, cursor: i64, limit: u32) -> Result<Vec<RecentEvent>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT rowid, id, env, type, name, anonymous_id, received_ms, experiment, variant, goal, item, \
             revenue_minor, currency, \
             iif(json_valid(raw), json_extract(raw, '$.context.page.path'), NULL) FROM events WHERE rowid > ?1 ORDER BY rowid DESC LIMIT ?2",
        )?;
        let rows = select.query_map(params![cursor, limit], |row| {
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
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn export(&self, each: EachExported<'_>) -> Result<(), StoreError> {
        let mut select =
            self.connection.prepare("SELECT received_ms, raw FROM events ORDER BY received_ms, id")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            each(Exported { received_ms: row.get(0)?, raw: row.get(1)? }).map_err(StoreError::Output)?;
        }
        Ok(())
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
