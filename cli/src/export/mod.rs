//! Events as files that other programs read. The columns of CSV and Parquet stand here once, in the order of the files.

pub mod csv;
pub mod ndjson;
pub mod parquet;

use crate::store::{Bucketing, Event};

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Text(Option<&'a str>),
    Integer(Option<i64>),
    /// Milliseconds since 1970.
    Time(i64),
}

#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub of: fn(&Event) -> Cell<'_>,
}

macro_rules! columns {
    ($($name:literal: $kind:ident $event:ident => $value:expr,)*) => {
        &[$(Column { name: $name, of: |$event| Cell::$kind($value) },)*]
    };
}

pub const COLUMNS: &[Column] = columns! {
    "id": Text event => Some(&event.id),
    "type": Text event => Some(&event.kind),
    "name": Text event => Some(&event.name),
    "occurred_at": Time event => event.occurred_ms,
    "received_at": Time event => event.received_ms,
    "site": Text event => Some(&event.site),
    "env": Text event => event.env.as_deref(),
    "anonymous_id": Text event => event.anonymous_id.as_deref(),
    "user_id": Text event => event.user_id.as_deref(),
    "session_id": Text event => event.session_id.as_deref(),
    "plan_hash": Text event => event.plan_hash.as_deref(),
    "experiment": Text event => event.experiment.as_deref(),
    "variant": Text event => event.variant.as_deref(),
    "reason": Text event => event.reason.as_deref(),
    "experiment_version": Integer event => event.experiment_version,
    "goal": Text event => event.goal.as_deref(),
    "item": Text event => event.item.as_deref(),
    "order_id": Text event => event.order_id.as_deref(),
    "revenue_minor": Integer event => event.revenue_minor,
    "currency": Text event => event.currency.as_deref(),
    "protocol": Text event => event.protocol.as_deref(),
    "tab": Text event => event.tab.as_deref(),
    "seq": Integer event => event.seq,
    "agent": Text event => event.agent.as_deref(),
    "bucketing": Text event => event.bucketing.map(Bucketing::name),
    "clock_ms": Integer event => event.clock_ms,
    "raw": Text event => Some(&event.raw),
};
