//! Who met which variant, by version of the experiment: what alerts look at. Environments are left out.

use rusqlite::Connection;

use super::StoreError;

const HOUR_MS: i64 = 3_600_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmCount {
    pub experiment: String,
    pub version: i64,
    pub variant: String,
    /// Different visitors whom their bucket put there.
    pub bucketed: i64,
    /// Exposures of the last hour, and of the day before it.
    pub last_hour: i64,
    pub day_before: i64,
}

pub fn read(connection: &Connection, now_ms: i64) -> Result<Vec<ArmCount>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT experiment, coalesce(experiment_version, 0), coalesce(variant, '-'), \
           count(DISTINCT iif(reason = 'bucketed', anonymous_id, NULL)), \
           sum(received_ms >= ?1), sum(received_ms >= ?2 AND received_ms < ?1) \
         FROM events WHERE type = 'exposure' AND env IS NULL AND experiment IS NOT NULL GROUP BY 1, 2, 3",
    )?;
    let rows = select.query_map((now_ms - HOUR_MS, now_ms - 25 * HOUR_MS), |row| {
        Ok(ArmCount {
            experiment: row.get(0)?,
            version: row.get(1)?,
            variant: row.get(2)?,
            bucketed: row.get(3)?,
            last_hour: row.get(4)?,
            day_before: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
