//! Which pages may send and read the answer. No answer here depends on a cookie, so that nothing is there to be stolen;
//! Snowplow's client asks with credentials all the same and wants to be told that it may.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::keys::WriteKeys;
use super::protocol::Protocol;

/// What the clients of the protocols add of their own.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "anonymousid, authorization, content-encoding, content-type, rsa-recovered, rsa-retry-attempt, rsa-retry-reason, rsa-since-first-attempt, \
     rsa-since-last-attempt, sentat, sp-anonymous, x-retry-count",
);
const READABLE: HeaderValue = HeaderValue::from_static("retry-after");

/// For an answer to a page of the request's origin; nothing where no key is for it.
pub fn headers(keys: &WriteKeys, protocol: Protocol, request: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let with_credentials = protocol == Protocol::Snowplow;
    let any = matches!(keys, WriteKeys::Anyone) && !with_credentials;
    let mut out = Vec::new();
    if any {
        out.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")));
    } else {
        out.push((header::VARY, HeaderValue::from_static("origin")));
        let Some(origin) = request.get(header::ORIGIN).filter(|origin| keys.take_origin(origin)) else {
            return out;
        };
        out.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
        if with_credentials {
            out.push((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
        }
    }
    out.push((header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE));
    out
}

/// The answer to a preflight.
pub fn preflight(keys: &WriteKeys, protocol: Protocol, request: &HeaderMap) -> Response {
    let mut answer = StatusCode::NO_CONTENT.into_response();
    let out = answer.headers_mut();
    out.extend(headers(keys, protocol, request));
    if out.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        out.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    answer
}
