//! `parlour serve`: one process that takes events, serves the plan and the files, and shows what arrives.

pub mod admin;
mod agent;
pub mod alert;
mod body;
mod bucketing;
pub mod clock;
pub mod collect;
mod cors;
pub mod event;
pub mod files;
mod inspect;
pub mod keys;
mod listen;
pub mod metrics;
mod peer;
pub mod plan;
pub mod preview;
pub mod protocol;
mod rates;
mod redact;
mod refused;
mod results;
mod run;
mod upkeep;
pub mod writer;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ipnet::IpNet;
use serde_json::json;
use tokio::sync::watch;
use tower_http::timeout::TimeoutLayer;

use crate::store::{Delivery, SqliteStore, Store, StoreError};
use body::Memory;
use keys::WriteKeys;
use metrics::Metrics;
use parlour::authoring::CompileOptions;
use plan::{Live, Source};
pub use run::{Admin, Options, run};
use writer::Writer;

/// A request that takes longer holds a connection for nothing.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// A tab that said nothing for so long has gone, or keeps what it has for its site's next page.
const QUIET_MS: i64 = 3_600_000;

/// What every request can reach.
#[derive(Debug, Clone)]
pub struct App {
    pub writer: Writer,
    pub reader: Reader,
    pub live: watch::Receiver<Live>,
    pub keys: Arc<admin::Keys>,
    pub policy: Arc<Policy>,
    pub metrics: Metrics,
    rates: Arc<rates::Rates>,
    memory: Memory,
    glance: Arc<Mutex<Option<admin::Glance>>>,
    results: Arc<Mutex<Option<Arc<results::Made>>>>,
    db: Option<Arc<PathBuf>>,
    /// The parlour.json that is served, for hypotheses and goals.
    config: Option<Arc<PathBuf>>,
    /// True once the server is asked to stop: whatever has no end of its own ends then.
    stopped: watch::Receiver<bool>,
}

/// Who may send, and how much.
#[derive(Debug, Default)]
pub struct Policy {
    pub keys: WriteKeys,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted: Vec<IpNet>,
    /// Events a second; `None` for no limit.
    pub per_address: Option<NonZeroU32>,
}

/// What a server is started with.
#[derive(Debug, Default)]
pub struct Setup {
    pub source: Option<Source>,
    pub compile: CompileOptions,
    pub policy: Policy,
    /// The admin token, where it is to outlast this run.
    pub token: Option<String>,
    /// The store's file, for its size.
    pub db: Option<PathBuf>,
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
    stopping: watch::Sender<bool>,
    writing: JoinHandle<()>,
}

impl Server {
    /// Opens the plan, starts the writer and begins to follow the plan's file.
    ///
    /// # Errors
    /// When no plan can be had from the source named.
    pub fn start(stores: Stores, source: Option<Source>) -> anyhow::Result<Self> {
        Self::start_with(stores, Setup { source, ..Setup::default() })
    }

    /// The same, with more than defaults.
    ///
    /// # Errors
    /// As [`Self::start`], and when the admin token is too short.
    pub fn start_with(stores: Stores, setup: Setup) -> anyhow::Result<Self> {
        let Setup { source, compile, policy, token, db } = setup;
        let reader = Reader::new(stores.rest);
        let config = match &source {
            Some(Source::Config(path)) => Some(Arc::new(path.clone())),
            _ => None,
        };
        let (sender, live) = watch::channel(Live::default());
        if let Some(source) = source {
            let path = source.path();
            let content = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            sender.send_replace(plan::open(&source, &content, &reader, &compile)?);
            let (name, reader) = ("plan-follower".to_owned(), reader.clone());
            let follow = move || plan::follow(&source, content, &sender, &reader, &compile);
            std::thread::Builder::new().name(name).spawn(follow)?;
        }
        let problems = live.borrow().problems.clone();
        let keys = Arc::new(admin::Keys::generate(token)?);
        let (writer, writing) = Writer::start(stores.events)?;
        let (stopping, stopped) = watch::channel(false);
        let app = App {
            writer,
            reader,
            live,
            keys,
            rates: Arc::new(rates::Rates::new(policy.per_address, &policy.keys)),
            policy: Arc::new(policy),
            metrics: Metrics::default(),
            memory: Memory::default(),
            glance: Arc::default(),
            results: Arc::default(),
            db: db.map(Arc::new),
            config,
            stopped,
        };
        Ok(Self { app, problems, stopping, writing })
    }

    /// Every route, with `rest` answering what is none of ours. The admin's pages want the token.
    pub fn router(&self, rest: Router<App>) -> Router {
        self.finish(self.public(rest).merge(admin::guarded(&self.app)))
    }

    /// Every route but the admin's, which have an address of their own.
    pub fn router_without_admin(&self, rest: Router<App>) -> Router {
        let nothing = || async { files::not_found() };
        let hidden = Router::new()
            .route("/_parlour", get(nothing))
            .route("/_parlour/{*rest}", get(nothing))
            .route("/metrics", get(nothing));
        self.finish(self.public(rest).merge(hidden))
    }

    /// The admin's routes for whoever reaches them, which only programs of this machine should.
    pub fn admin_router(&self) -> Router {
        let rest = Router::new().route("/healthz", get(healthz)).fallback(|| async { files::not_found() });
        self.finish(rest.merge(admin::open()))
    }

    fn public(&self, rest: Router<App>) -> Router<App> {
        let routes = protocol::ROUTES
            .into_iter()
            .fold(Router::new(), |router, (path, protocol)| router.route(path, collect::route(protocol)));
        routes.route("/plan.bin", get(plan::serve)).route("/healthz", get(healthz)).merge(rest)
    }

    fn finish(&self, router: Router<App>) -> Router {
        router
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
    match app.writer.append(Delivery::default()).await {
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
