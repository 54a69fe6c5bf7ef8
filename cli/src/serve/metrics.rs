//! `GET /metrics`: what this process has done, in the text format of Prometheus.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::protocol::Protocol;
use super::{App, now_ms};
use crate::store::{Outcome, Receipt};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    protocol: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Event {
    protocol: &'static str,
    outcome: &'static str,
}

/// Answers by protocol and status, events by what became of them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Request, Counter>,
    events: Family<Event, Counter>,
    seconds: Histogram,
    pub connections: Gauge<i64, AtomicI64>,
    pub refused_connections: Counter,
    lost: Gauge<i64, AtomicI64>,
    tab_events: Gauge<i64, AtomicI64>,
    store_bytes: Gauge<u64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("parlour");
        let requests = Family::default();
        registry.register("requests", "Answers to requests that bring events", requests.clone());
        let events = Family::default();
        registry.register("events", "Events, by what became of them", events.clone());
        // From a fast disk's sync to the time-out.
        let seconds =
            Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0]);
        registry.register_with_unit(
            "request_duration",
            "From the first byte of the head to the answer",
            Unit::Seconds,
            seconds.clone(),
        );
        let connections = Gauge::default();
        registry.register("connections", "Connections open now", connections.clone());
        let refused_connections = Counter::default();
        registry.register(
            "connections_refused",
            "Connections closed at once because there were too many",
            refused_connections.clone(),
        );
        let lost = Gauge::default();
        registry.register(
            "lost_events",
            "Events that tabs say they made, neither received nor given up, in tabs quiet for an hour",
            lost.clone(),
        );
        let tab_events = Gauge::default();
        registry.register("tab_events", "Events that tabs say they made", tab_events.clone());
        let store_bytes = Gauge::default();
        registry.register_with_unit(
            "store_size",
            "The store's file and its log",
            Unit::Bytes,
            store_bytes.clone(),
        );
        Self {
            registry: Arc::new(registry),
            requests,
            events,
            seconds,
            connections,
            refused_connections,
            lost,
            tab_events,
            store_bytes,
        }
    }
}

impl Metrics {
    pub fn answered(&self, protocol: Protocol, status: StatusCode, took: Duration) {
        self.requests.get_or_create(&Request { protocol: protocol.name(), status: status.as_u16() }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub fn kept(&self, protocol: Protocol, receipt: &Receipt, dropped: usize) {
        for (outcome, name) in [
            (Outcome::Stored, "stored"),
            (Outcome::Duplicate, "duplicate"),
            (Outcome::Forgotten, "forgotten"),
        ] {
            let count = receipt.events.iter().filter(|one| **one == outcome).count();
            self.add(protocol, name, count);
        }
        self.add(protocol, "refused", dropped);
    }

    fn add(&self, protocol: Protocol, outcome: &'static str, count: usize) {
        if count > 0 {
            self.events.get_or_create(&Event { protocol: protocol.name(), outcome }).inc_by(count as u64);
        }
    }
}

pub async fn serve(State(app): State<App>) -> Response {
    let metrics = app.metrics.clone();
    let reader = app.reader.clone();
    let quiet_before_ms = now_ms() - super::QUIET_MS;
    let loss = tokio::task::spawn_blocking(move || reader.with(|store| store.loss(quiet_before_ms))).await;
    if let Ok(Ok(loss)) = loss {
        metrics.lost.set(loss.unexplained);
        metrics.tab_events.set(loss.made);
    }
    if let Some(db) = &app.db {
        let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let mut log = db.as_os_str().to_owned();
        log.push("-wal");
        metrics.store_bytes.set(size(db) + size(log.as_ref()));
    }
    let mut out = String::new();
    match text::encode(&mut out, &metrics.registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], out).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
