//! `/_parlour`: what arrives, live, for whoever holds the admin token.
//!
//! The token is printed at start and asked for once, as `?token=`; from then on a cookie that scripts cannot read and
//! other sites cannot send stands for it. `Authorization: Bearer TOKEN` does for programs. With `--admin-addr` the pages are
//! at an address of their own instead, for whoever can reach that.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::{App, files, inspect, metrics, now_ms, results};
use crate::store::{Counts, Filter, Problem, Store, StoreError};

const PAGE: &str = include_str!("admin.html");
const COOKIE: &str = "parlour_admin";
const MAX_RECENT: u32 = 200;
const MIN_TOKEN_CHARS: usize = 16;

/// The secrets of one run.
#[derive(Clone)]
pub struct Keys {
    pub token: String,
    /// What the cookie holds: knowing it does not reveal the token.
    session: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// # Errors
    /// When the system gives no random bytes, or the token could be guessed.
    pub fn generate(token: Option<String>) -> anyhow::Result<Self> {
        let token = match token {
            Some(token) => {
                anyhow::ensure!(
                    token.len() >= MIN_TOKEN_CHARS,
                    "the admin token has {} characters: take at least {MIN_TOKEN_CHARS}, as `openssl rand -hex 16` makes",
                    token.len()
                );
                token
            }
            None => secret()?,
        };
        Ok(Self { token, session: secret()? })
    }
}

fn secret() -> anyhow::Result<String> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The admin's pages, and the metrics.
fn routes() -> Router<App> {
    Router::new()
        .route("/_parlour", get(page))
        .route("/_parlour/", get(|| async { Redirect::permanent("/_parlour") }))
        .route("/_parlour/state", get(state))
        .route("/_parlour/stream", get(inspect::stream))
        .route("/_parlour/losses", get(inspect::losses))
        .route("/_parlour/quarantine", get(inspect::quarantine))
        .route("/_parlour/results", get(results::serve))
        .route("/_parlour/{*rest}", get(|| async { files::not_found() }))
        .route("/metrics", get(metrics::serve))
}

/// For whoever reaches the address.
pub fn open() -> Router<App> {
    routes().layer(middleware::from_fn(no_rebinding)).layer(middleware::from_fn(dress))
}

/// For whoever has the token.
pub fn guarded(app: &App) -> Router<App> {
    routes().layer(middleware::from_fn_with_state(app.clone(), guard)).layer(middleware::from_fn(dress))
}

async fn dress(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    answer
}

/// A site whose name was made to mean our address is asked for by that name.
async fn no_rebinding(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_ours = url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    });
    if is_ours {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "Ask for this page by its address, or as localhost.\n").into_response()
}

#[derive(Deserialize)]
struct Login {
    token: Option<String>,
}

async fn guard(State(app): State<App>, Query(login): Query<Login>, request: Request, next: Next) -> Response {
    match login.token {
        Some(token) if same(&token, &app.keys.token) => log_in(&app.keys),
        Some(_) => refuse(),
        None if is_known(request.headers(), &app.keys) => next.run(request).await,
        None => refuse(),
    }
}

/// Sets the cookie and takes the token out of the address bar.
fn log_in(keys: &Keys) -> Response {
    let cookie = format!("{COOKIE}={}; Path=/_parlour; HttpOnly; SameSite=Strict", keys.session);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/_parlour")).into_response()
}

fn refuse() -> Response {
    let text = "This page needs the admin token: open the address with ?token= that parlour serve printed at start.\n";
    (StatusCode::UNAUTHORIZED, text).into_response()
}

fn is_known(headers: &HeaderMap, keys: &Keys) -> bool {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|token| same(token, &keys.token));
    let cookie = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .any(|session| same(session, &keys.session));
    bearer || cookie
}

/// Takes as long for a near miss as for a far one.
fn same(given: &str, secret: &str) -> bool {
    given.as_bytes().ct_eq(secret.as_bytes()).into()
}

async fn page() -> Response {
    let Ok(nonce) = secret() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(PAGE.replace("{nonce}", &nonce))).into_response()
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    after: i64,
}

/// What counting all events gave, and what that took.
#[derive(Debug)]
pub struct Glance {
    counts: Counts,
    on_pages: Vec<Problem>,
    at: Instant,
    took: Duration,
}

/// Counting a large store takes long, and pages ask every two seconds: it is counted anew once that is a small part of the
/// time.
const COUNTING_SHARE: u32 = 20;

impl Glance {
    fn take(kept: &mut Option<Self>, store: &dyn Store) -> Result<(Counts, Vec<Problem>), StoreError> {
        let is_fresh = |glance: &&mut Self| glance.at.elapsed() < glance.took * COUNTING_SHARE;
        if let Some(glance) = kept.as_mut().filter(is_fresh) {
            return Ok((glance.counts.clone(), glance.on_pages.clone()));
        }
        let begun = Instant::now();
        let (counts, on_pages) = (store.counts()?, store.problems()?);
        let (at, took) = (Instant::now(), begun.elapsed());
        *kept = Some(Self { counts: counts.clone(), on_pages: on_pages.clone(), at, took });
        Ok((counts, on_pages))
    }
}

/// Counts, and the events after the cursor the page saw last.
async fn state(State(app): State<App>, Query(since): Query<Since>) -> Response {
    let live = app.live.borrow().clone();
    let reader = app.reader.clone();
    let read = tokio::task::spawn_blocking(move || {
        reader.with(|store| {
            // A panic while counting leaves what was counted before.
            let mut glance = app.glance.lock().unwrap_or_else(PoisonError::into_inner);
            let (counts, on_pages) = Glance::take(&mut glance, store)?;
            Ok::<_, StoreError>((
                counts,
                on_pages,
                store.recent(since.after, MAX_RECENT, &Filter::default())?,
            ))
        })
    });
    let error = match read.await {
        Ok(Ok((counts, on_pages, events))) => {
            let plan = live
                .served
                .as_ref()
                .map(|served| json!({ "hash": served.hash, "site": served.site, "version": served.version }));
            let problems = live.problems;
            return Json(json!({
                "now": now_ms(), "plan": plan, "problems": problems, "on_pages": on_pages, "counts": counts,
                "events": events
            }))
            .into_response();
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error }))).into_response()
}
