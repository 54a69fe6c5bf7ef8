//! Problems that pages had, by what they are about: how many there were, how often, since when.

use rusqlite::Connection;
use serde::Serialize;

use super::StoreError;

/// Pages may send what they like: this many are shown, those seen last.
const MOST: u32 = 200;
/// No page view stands for more than this many, whatever it says of its share.
const LEAST_SHARE: f64 = 0.001;

/// One kind of problem of one experiment, experience, slot or file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    pub env: Option<String>,
    pub key: String,
    pub code: String,
    /// As it was said last.
    pub detail: String,
    /// How many were sent.
    pub sent: i64,
    /// How many there were, where pages send but a share of them.
    pub estimated: f64,
    /// For each of these: exposures where it is about an experiment that has any, page views otherwise.
    pub per: &'static str,
    pub of: i64,
    pub first_ms: i64,
    pub last_ms: i64,
}

/// Times are those of arrival: a page's clock may be wrong.
pub fn read(connection: &Connection) -> Result<Vec<Problem>, StoreError> {
    let mut select = connection.prepare_cached(
        "WITH sent AS ( \
           SELECT env, received_ms, \
             substr(coalesce(json_extract(raw, '$.properties.key'), ''), 1, 200) AS key, \
             substr(coalesce(json_extract(raw, '$.properties.code'), ''), 1, 40) AS code, \
             substr(coalesce(json_extract(raw, '$.properties.detail'), ''), 1, 200) AS detail, \
             min(max(coalesce(CAST(json_extract(raw, '$.properties.share') AS REAL), 1.0), ?1), 1.0) AS share \
           FROM events WHERE type = 'parlour_problem' AND json_valid(raw)), \
         kinds AS ( \
           SELECT env, key, code, detail, count(*) AS sent, sum(1.0 / share) AS estimated, \
             min(received_ms) AS first_ms, max(received_ms) AS last_ms \
           FROM sent GROUP BY env, key, code ORDER BY last_ms DESC LIMIT ?2) \
         SELECT env, key, code, detail, sent, estimated, first_ms, last_ms, \
           (SELECT count(*) FROM events WHERE experiment = replace(kinds.key, 'experiment ', '') AND env IS kinds.env), \
           (SELECT count(*) FROM events WHERE type = 'page_view' AND env IS kinds.env) \
         FROM kinds ORDER BY key, code, env",
    )?;
    let rows = select.query_map((LEAST_SHARE, MOST), |row| {
        let (exposures, views): (i64, i64) = (row.get(8)?, row.get(9)?);
        let (per, of) = if exposures > 0 { ("exposure", exposures) } else { ("page view", views) };
        Ok(Problem {
            env: row.get(0)?,
            key: row.get(1)?,
            code: row.get(2)?,
            detail: row.get(3)?,
            sent: row.get(4)?,
            estimated: row.get(5)?,
            per,
            of,
            first_ms: row.get(6)?,
            last_ms: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
