//! `/_parlour/stream`: events as they are committed, filtered; `/_parlour/losses` and `/_parlour/quarantine`: what is missing,
//! what was doubled, and what was refused and why.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;

use super::{App, QUIET_MS, now_ms};
use crate::store::{Filter, Store, StoreError};

/// Of what comes between two looks, so many are shown: no eye follows more.
const MAX_AT_ONCE: u32 = 200;
/// However fast events come, the page is told no oftener.
const EVERY: Duration = Duration::from_millis(250);
const MAX_QUARANTINED: u32 = 200;

#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    after: i64,
    #[serde(flatten)]
    filter: Filter,
}

struct Watcher {
    app: App,
    after: i64,
    filter: Filter,
    committed: watch::Receiver<u64>,
    is_first: bool,
}

/// One message a look: the events that came since the last, oldest first.
pub async fn stream(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let committed = app.writer.committed();
    let Asked { after, filter } = asked;
    let watcher = Watcher { app, after, filter, committed, is_first: true };
    Sse::new(unfold(watcher, |watcher| watcher.next())).keep_alive(KeepAlive::default())
}

impl Watcher {
    /// `None` once the server stops.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if !self.is_first {
                tokio::select! {
                    changed = self.committed.changed() => changed.ok()?,
                    _ = self.app.stopped.wait_for(|stopped| *stopped) => return None,
                }
                tokio::time::sleep(EVERY).await;
            }
            self.is_first = false;
            self.committed.borrow_and_update();
            let (reader, after, filter) = (self.app.reader.clone(), self.after, self.filter.clone());
            let found = tokio::task::spawn_blocking(move || {
                reader.with(|store| store.recent(after, MAX_AT_ONCE, &filter))
            });
            let mut events = match found.await {
                Ok(Ok(events)) => events,
                // Said by the state of the page; the next commit tries again.
                _ => continue,
            };
            events.reverse();
            let Some(last) = events.last() else { continue };
            self.after = last.cursor;
            if let Ok(event) = Event::default().json_data(&events) {
                return Some((Ok(event), self));
            }
        }
    }
}

pub async fn losses(State(app): State<App>) -> Response {
    let now_ms = now_ms();
    answer(app, move |store| {
        Ok(json!({
            "now": now_ms,
            "loss": store.loss(now_ms - QUIET_MS)?,
            "tallies": store.tallies(now_ms - 30 * 86_400_000)?,
        }))
    })
    .await
}

pub async fn quarantine(State(app): State<App>) -> Response {
    answer(app, |store| Ok(json!({ "quarantine": store.quarantined(MAX_QUARANTINED)? }))).await
}

async fn answer(
    app: App,
    read: impl FnOnce(&mut dyn Store) -> Result<serde_json::Value, StoreError> + Send + 'static,
) -> Response {
    let error = match tokio::task::spawn_blocking(move || app.reader.with(read)).await {
        Ok(Ok(found)) => return Json(found).into_response(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error }))).into_response()
}
