//! A request of which nothing was kept: the status, what is wrong, and what to do about it.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::writer::Refusal;

const RETRY_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub struct Refused {
    pub status: StatusCode,
    pub error: String,
    pub cure: &'static str,
    retry_after: Option<Duration>,
}

impl Refused {
    pub fn new(status: StatusCode, error: impl Into<String>, cure: &'static str) -> Self {
        Self { status, error: error.into(), cure, retry_after: None }
    }

    pub fn bad(error: impl Into<String>, cure: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, cure)
    }

    /// The sender is to come again later.
    pub fn busy(error: impl Into<String>, cure: &'static str) -> Self {
        let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, error, cure);
        Self { retry_after: Some(RETRY_AFTER), ..refused }
    }

    /// The sender sends too much.
    pub fn too_often(what: &str, wait: Duration) -> Self {
        let refused = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            format!("{what} sends more events than it may"),
            "keep the events and send them again after the time in Retry-After",
        );
        Self { retry_after: Some(wait), ..refused }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let error = match refusal {
            Refusal::Full => "too many requests are waiting for the disk".to_owned(),
            Refusal::Stopping => "the server is stopping".to_owned(),
            Refusal::Failed(error) => {
                eprintln!("parlour: events could not be stored: {error}");
                format!("the events could not be stored: {error}")
            }
        };
        Self::busy(error, "keep the events and send them again later")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let answer = (self.status, Json(json!({ "error": self.error, "cure": self.cure })));
        // Whole seconds, and never "at once".
        let seconds = self.retry_after.map(|wait| wait.as_secs_f64().ceil().max(1.0) as u64);
        match seconds {
            Some(seconds) => ([(header::RETRY_AFTER, HeaderValue::from(seconds))], answer).into_response(),
            None => answer.into_response(),
        }
    }
}
