//! `/_parlour/results`: the report, made from the store when somebody asks for it; `?format=json` gives its numbers.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use parlour_report::model::{Note, Report};
use serde::Deserialize;
use serde_json::json;

use super::App;
use crate::host::Machine;
use crate::report::beyond::Visitors;
use crate::report::make::Asking;

/// However many ask, a report is made no oftener; and never before it has rested as long as it took.
const EVERY: Duration = Duration::from_secs(2);
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// A report as it was at one moment.
#[derive(Debug)]
pub struct Made {
    html: String,
    json: String,
    at: Instant,
    took: Duration,
}

#[derive(Debug, Deserialize)]
pub struct Asked {
    format: Option<String>,
}

pub async fn serve(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    let is_json = match asked.format.as_deref() {
        None | Some("html") => false,
        Some("json") => true,
        Some(other) => {
            let text = format!("There is no format {other:?}: ask for html or json.\n");
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
    };
    let made = tokio::task::spawn_blocking(move || latest(&app)).await;
    let error = match made {
        Ok(Ok(made)) if is_json => {
            return ([(header::CONTENT_TYPE, "application/json")], made.json.clone()).into_response();
        }
        Ok(Ok(made)) => {
            return ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(made.html.clone())).into_response();
        }
        Ok(Err(error)) => format!("{error:#}"),
        Err(error) => error.to_string(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error }))).into_response()
}

/// Who asks while one is made waits for that one.
fn latest(app: &App) -> anyhow::Result<Arc<Made>> {
    // A panic while making leaves what was made before.
    let mut kept = app.results.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = kept.as_ref().filter(|made| made.at.elapsed() < EVERY.max(made.took)) {
        return Ok(Arc::clone(made));
    }
    let db = app.db.as_ref().ok_or_else(|| anyhow!("the store is no file: there is nothing to report on"))?;
    let begun = Instant::now();
    let report = report(db, app.config.as_deref().map(std::path::PathBuf::as_path))?;
    let html = parlour_pictures::report(&report).map_err(|error| anyhow!("cannot draw it: {error}"))?;
    let json = serde_json::to_string(&report)?;
    let made = Arc::new(Made { html, json, at: Instant::now(), took: begun.elapsed() });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}

/// By the parlour.json that is served; while that has mistakes, by the plan that was served last.
fn report(db: &Path, config: Option<&Path>) -> anyhow::Result<Report> {
    let visitors = Visitors::default();
    let by = |plan| {
        let asking =
            Asking { db, plan, experiment: None, since: None, until: None, visitors: Some(&visitors) };
        asking.report(&Machine)
    };
    let Some(path) = config else { return by(None) };
    match by(Some(path)) {
        Ok(report) => Ok(report),
        Err(error) => {
            let mut report = by(None)?;
            report.notes.push(Note {
                what: format!("{} cannot be used: {error:#}", path.display()),
                done: "the plan that was served last is, which has no hypotheses and goals".to_owned(),
            });
            Ok(report)
        }
    }
}
