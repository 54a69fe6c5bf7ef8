//! How many events of each day were stored, doubled, refused, …: what a restart must not forget.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;

use super::{Bucketing, Delivery, Outcome, StoreError};

pub const DAY_MS: i64 = 86_400_000;

/// A day of UTC, as its first millisecond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub day_ms: i64,
    pub name: String,
    pub count: i64,
}

pub fn note(connection: &Connection, delivery: &Delivery, outcomes: &[Outcome]) -> Result<(), StoreError> {
    let mut tallies: BTreeMap<(i64, &str), i64> = BTreeMap::new();
    let day = |ms: i64| ms - ms.rem_euclid(DAY_MS);
    let mut add = |ms, name| *tallies.entry((day(ms), name)).or_default() += 1;
    for (event, outcome) in delivery.events.iter().zip(outcomes) {
        add(
            event.received_ms,
            match outcome {
                Outcome::Stored => "stored",
                Outcome::Duplicate => "duplicate",
                Outcome::Forgotten => "forgotten",
            },
        );
        if *outcome != Outcome::Stored {
            continue;
        }
        match event.bucketing {
            Some(Bucketing::Differs) => add(event.received_ms, "bucket-differs"),
            Some(Bucketing::UnknownPlan) => add(event.received_ms, "unknown-plan"),
            Some(Bucketing::Agrees) => add(event.received_ms, "bucket-agrees"),
            None => {}
        }
        if event.clock_ms.is_some() {
            add(event.received_ms, "clock-corrected");
        }
    }
    for refused in &delivery.quarantined {
        add(refused.received_ms, "refused");
    }
    let mut upsert = connection.prepare_cached(
        "INSERT INTO tallies (day_ms, name, count) VALUES (?1, ?2, ?3) \
         ON CONFLICT (day_ms, name) DO UPDATE SET count = count + excluded.count",
    )?;
    for ((day_ms, name), count) in tallies {
        upsert.execute((day_ms, name, count))?;
    }
    Ok(())
}

pub fn read(connection: &Connection, since_ms: i64) -> Result<Vec<Tally>, StoreError> {
    let mut select = connection
        .prepare_cached("SELECT day_ms, name, count FROM tallies WHERE day_ms >= ?1 ORDER BY day_ms, name")?;
    let rows = select.query_map([since_ms - since_ms.rem_euclid(DAY_MS)], |row| {
        Ok(Tally { day_ms: row.get(0)?, name: row.get(1)?, count: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
