//! `parlour serve`: one process that takes events, serves the plan and the files, and shows what arrives.

pub mod admin;
pub mod collect;
pub mod event;
pub mod files;
pub mod plan;
pub mod preview;
mod run;
pub mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::watch;
use tower_http::timeout::TimeoutLayer;

use crate::store::{SqliteStore, Store, StoreError};
use parlour::authoring::CompileOptions;
use plan::{Live, Source};
pub use run::{Options, run};
use writer::Writer;

/// A request that takes longer holds a connection for nothing.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// What every request can reach.
#[derive(Debug, Clone)]
pub struct App {
    pub writer: Writer,
    pub reader: Reader,
    pub live: watch::Receiver<Live>,
    pub keys: Arc<admin::Keys>,
}

impl App {
    /// The site whose events these are: the one the plan is for.
    #[must_use]
    pub fn site(&self) -> String {
        self.live.borrow().served.as_ref().map(|served| served.site.clone()).unwrap_or_default()
    }
}

/// The connection for everything but events, one user at a time.
#[derive(Clone)]
pub struct Reader(Arc<Mutex<Box<dyn Store>>>);

impl Reader {
    #[must_use]
    pub fn new(store: Box<dyn Store>) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut dyn Store) -> T) -> T {
        // A panic while reading leaves SQLite's connection usable.
        act(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut())
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

/// The two connections of a server: one thread writes through the first.
pub struct Stores {
    pub events: Box<dyn Store>,
    pub rest: Box<dyn Store>,
}

impl Stores {
    /// # Errors
    /// When the file is no store we can write to.
    pub fn open(db: &std::path::Path) -> Result<Self, StoreError> {
        Ok(Self { events: Box::new(SqliteStore::open(db)?), rest: Box::new(SqliteStore::open(db)?) })
    }
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stores")
    }
}

/// A server that has everything but its socket.
#[derive(Debug)]
pub struct Server {
    pub app: App,
    pub problems: Vec<String>,
    writing: JoinHandle<()>,
}

impl Server {
    /// Opens the plan, starts the writer and begins to follow the plan's file.
    ///
    /// # Errors
    /// When no plan can be had from the source named.
    pub fn start(stores: Stores, source: Option<Source>) -> anyhow::Result<Self> {
        Self::start_with(stores, source, CompileOptions::default())
    }

    /// The same, with more than defaults for the plan.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        stores: Stores,
        source: Option<Source>,
        options: CompileOptions,
    ) -> anyhow::Result<Self> {
        let reader = Reader::new(stores.rest);
        let (sender, live) = watch::channel(Live::default());
        if let Some(source) = source {
            let path = source.path();
            let content = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            sender.send_replace(plan::open(&source, &content, &reader, &options)?);
            let (name, reader) = ("plan-follower".to_owned(), reader.clone());
            let follow = move || plan::follow(&source, content, &sender, &reader, &options);
            std::thread::Builder::new().name(name).spawn(follow)?;
        }
        let problems = live.borrow().problems.clone();
        let (writer, writing) = Writer::start(stores.events)?;
        let keys = Arc::new(admin::Keys::generate()?);
        Ok(Self { app: App { writer, reader, live, keys }, problems, writing })
    }

    /// Every route, with `rest` answering what is none of ours.
    pub fn router(&self, rest: Router<App>) -> Router {
        Router::new()
            .route("/v1/batch", collect::route())
            .route("/plan.bin", get(plan::serve))
            .route("/healthz", get(healthz))
            .merge(admin::router(&self.app))
            .merge(rest)
            .layer(axum::middleware::map_response(no_sniffing))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
            .with_state(self.app.clone())
    }

    /// Writes out what is queued and closes the store.
    pub async fn stop(self) {
        self.app.writer.stop().await;
        let writing = self.writing;
        // A panicked writer has nothing left to write.
        let _ = tokio::task::spawn_blocking(move || writing.join()).await;
    }
}

async fn no_sniffing(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Goes through the writer and to the database and back.
async fn healthz(State(app): State<App>) -> Response {
    match app.writer.append(Vec::new()).await {
        Ok(_) => Json(json!({ "ok": true })).into_response(),
        Err(refusal) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "ok": false, "error": format!("{refusal:?}") })))
                .into_response()
        }
    }
}

/// Now, in milliseconds since the epoch.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
