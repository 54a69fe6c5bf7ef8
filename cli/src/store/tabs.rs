//! What is lost on the way, by the tabs' own count: each event says which of its page load it is, and each batch how many
//! there were and how many the page gave up.
//!
//! lost = made − received − given up. Pages give up events of pages before them, too, so that only the sum over all tabs
//! is exact; a single tab's gap is where to look.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde::Serialize;

use super::{Delivery, Outcome, StoreError};

const MAX_GAPS: u32 = 100;
/// A page gives up what it could not send for so long.
const WINDOW_MS: i64 = 30 * 86_400_000;

/// What the envelope of a batch says of the tab that sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabReport {
    pub tab: String,
    pub received_ms: i64,
    /// The last sequence number it gave out.
    pub last: i64,
    /// How many events it gave up so far, by reason.
    pub drops: BTreeMap<String, i64>,
}

/// Sums over the tabs heard of in the 30 days before, and those with a gap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Loss {
    pub tabs: i64,
    /// Tabs heard of too lately to say.
    pub open: i64,
    pub made: i64,
    pub received: i64,
    pub duplicates: i64,
    pub given_up: BTreeMap<String, i64>,
    /// Made, neither received nor given up, in tabs that have been quiet.
    pub unexplained: i64,
    pub gaps: Vec<TabGap>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TabGap {
    pub tab: String,
    pub last_ms: i64,
    pub made: i64,
    pub received: i64,
    pub duplicates: i64,
    pub given_up: i64,
    pub missing: i64,
    pub open: bool,
}

#[derive(Default)]
struct Heard {
    first_ms: i64,
    last_ms: i64,
    highest: i64,
    received: i64,
    duplicates: i64,
    drops: BTreeMap<String, i64>,
}

#[derive(Default)]
struct Tabs<'a>(BTreeMap<&'a str, Heard>);

impl<'a> Tabs<'a> {
    fn heard(&mut self, tab: &'a str, at_ms: i64) -> &mut Heard {
        let heard = self.0.entry(tab).or_insert_with(|| Heard {
            first_ms: at_ms,
            last_ms: at_ms,
            ..Heard::default()
        });
        heard.last_ms = heard.last_ms.max(at_ms);
        heard
    }
}

/// One write a tab, however many of its events are in the transaction.
pub fn note(connection: &Connection, delivery: &Delivery, outcomes: &[Outcome]) -> Result<(), StoreError> {
    let mut tabs = Tabs::default();
    for (event, outcome) in delivery.events.iter().zip(outcomes) {
        let (Some(tab), Some(seq)) = (event.tab.as_deref(), event.seq) else { continue };
        let heard = tabs.heard(tab, event.received_ms);
        heard.highest = heard.highest.max(seq);
        match outcome {
            Outcome::Duplicate => heard.duplicates += 1,
            Outcome::Stored | Outcome::Forgotten => heard.received += 1,
        }
    }
    for report in &delivery.tabs {
        let heard = tabs.heard(&report.tab, report.received_ms);
        heard.highest = heard.highest.max(report.last);
        // Counts only grow, and a later report may have come first.
        for (reason, count) in &report.drops {
            let known = heard.drops.entry(reason.clone()).or_default();
            *known = (*known).max(*count);
        }
    }
    let mut upsert = connection.prepare_cached(
        "INSERT INTO tabs (tab, first_ms, last_ms, highest, received, duplicates, given_up, drops) \
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8) \
         ON CONFLICT (tab) DO UPDATE SET last_ms = max(last_ms, excluded.last_ms), \
           highest = max(highest, excluded.highest), received = received + excluded.received, \
           duplicates = duplicates + excluded.duplicates, given_up = max(given_up, excluded.given_up), \
           drops = iif(excluded.given_up > given_up, excluded.drops, drops)",
    )?;
    for (tab, heard) in tabs.0 {
        let drops = serde_json::to_string(&heard.drops).unwrap_or_else(|_| "{}".into());
        upsert.execute(params![
            tab,
            heard.first_ms,
            heard.last_ms,
            heard.highest,
            heard.received,
            heard.duplicates,
            heard.drops.values().sum::<i64>(),
            drops,
        ])?;
    }
    Ok(())
}

pub fn read(connection: &Connection, quiet_before_ms: i64) -> Result<Loss, StoreError> {
    let since_ms = quiet_before_ms.saturating_sub(WINDOW_MS);
    let mut loss = connection.query_row(
        "SELECT count(*), coalesce(sum(last_ms >= ?1), 0), coalesce(sum(highest), 0), coalesce(sum(received), 0), \
           coalesce(sum(duplicates), 0), \
           max(coalesce(sum(iif(last_ms < ?1, highest - received - given_up, 0)), 0), 0) FROM tabs \
         WHERE last_ms >= ?2",
        (quiet_before_ms, since_ms),
        |row| {
            Ok(Loss {
                tabs: row.get(0)?,
                open: row.get(1)?,
                made: row.get(2)?,
                received: row.get(3)?,
                duplicates: row.get(4)?,
                unexplained: row.get(5)?,
                ..Loss::default()
            })
        },
    )?;
    let mut reasons = connection.prepare_cached(
        "SELECT reason.key, sum(reason.value) FROM tabs, json_each(tabs.drops) AS reason \
         WHERE given_up > 0 AND last_ms >= ?1 GROUP BY 1 ORDER BY 1",
    )?;
    for reason in reasons.query_map([since_ms], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (reason, count) = reason?;
        loss.given_up.insert(reason, count);
    }
    let mut gaps = connection.prepare_cached(
        "SELECT tab, last_ms, highest, received, duplicates, given_up, highest - received - given_up, last_ms >= ?1 \
         FROM tabs WHERE highest - received - given_up > 0 AND last_ms >= ?3 ORDER BY last_ms DESC LIMIT ?2",
    )?;
    let gaps = gaps.query_map((quiet_before_ms, MAX_GAPS, since_ms), |row| {
        Ok(TabGap {
            tab: row.get(0)?,
            last_ms: row.get(1)?,
            made: row.get(2)?,
            received: row.get(3)?,
            duplicates: row.get(4)?,
            given_up: row.get(5)?,
            missing: row.get(6)?,
            open: row.get(7)?,
        })
    })?;
    loss.gaps = gaps.collect::<Result<_, _>>()?;
    Ok(loss)
}
