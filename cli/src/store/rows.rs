//! An event as a row, and back: the columns stand here once.

use rusqlite::{Row, Statement, params};

use super::{Bucketing, Event};

pub const COLUMNS: &str = "id, site, env, type, name, anonymous_id, user_id, session_id, occurred_ms, received_ms, \
    plan_hash, experiment, variant, reason, experiment_version, goal, item, order_id, revenue_minor, currency, protocol, \
    tab, seq, agent, bucketing, clock_ms, raw";

/// How many those are.
pub const WIDTH: usize = 27;

/// ON CONFLICT names the id: OR IGNORE would also swallow a broken row and call it a duplicate.
pub fn insert_statement() -> String {
    format!(
        "INSERT INTO events ({COLUMNS}) VALUES \
         (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27) \
         ON CONFLICT (id) DO NOTHING"
    )
}

/// True when the id was new.
pub fn insert(statement: &mut Statement<'_>, event: &Event) -> rusqlite::Result<bool> {
    let rows = statement.execute(params![
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
        event.protocol,
        event.tab,
        event.seq,
        event.agent,
        event.bucketing.map(Bucketing::name),
        event.clock_ms,
        event.raw,
    ])?;
    Ok(rows > 0)
}

/// A row of [`COLUMNS`].
pub fn read(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get(0)?,
        site: row.get(1)?,
        env: row.get(2)?,
        kind: row.get(3)?,
        name: row.get(4)?,
        anonymous_id: row.get(5)?,
        user_id: row.get(6)?,
        session_id: row.get(7)?,
        occurred_ms: row.get(8)?,
        received_ms: row.get(9)?,
        plan_hash: row.get(10)?,
        experiment: row.get(11)?,
        variant: row.get(12)?,
        reason: row.get(13)?,
        experiment_version: row.get(14)?,
        goal: row.get(15)?,
        item: row.get(16)?,
        order_id: row.get(17)?,
        revenue_minor: row.get(18)?,
        currency: row.get(19)?,
        protocol: row.get(20)?,
        tab: row.get(21)?,
        seq: row.get(22)?,
        agent: row.get(23)?,
        bucketing: row.get::<_, Option<String>>(24)?.as_deref().and_then(Bucketing::of),
        clock_ms: row.get(25)?,
        raw: row.get(26)?,
    })
}
