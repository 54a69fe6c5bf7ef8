//! Files of `--www`: the right type for each, the `.br` or `.gz` beside it where the browser takes it, compressed on
//! the way otherwise. A name that carries a content hash is kept for good, everything else is asked after each time.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;

/// A router that answers every path from `www`.
pub fn router<S: Clone + Send + Sync + 'static>(www: &Path) -> Router<S> {
    let files = ServeDir::new(www).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(files).layer(CompressionLayer::new()).layer(middleware::from_fn(dress))
}

async fn dress(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if is_hidden(&path) {
        return not_found();
    }
    let mut answer = next.run(request).await;
    if answer.status() == StatusCode::NOT_FOUND {
        return not_found();
    }
    let caching =
        if is_content_addressed(&path) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    // A module is UTF-8 by rule, a page or a script by what we say here.
    let charset = match headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) {
        Some(b"text/html") => "text/html; charset=utf-8",
        Some(b"text/css") => "text/css; charset=utf-8",
        Some(b"text/javascript" | b"application/javascript") => "text/javascript; charset=utf-8",
        Some(b"text/plain") => "text/plain; charset=utf-8",
        _ => return answer,
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(charset));
    answer
}

pub fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Nothing at this address.\n").into_response()
}

/// Dot files are settings and repositories, never part of a site; `.well-known` is.
fn is_hidden(path: &str) -> bool {
    let decoded = percent_decoded(path);
    let mut segments = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    segments.any(|segment| segment.starts_with(b".") && segment != b".well-known")
}

fn percent_decoded(path: &str) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let escape = if *first == b'%' { after.get(..2) } else { None };
        let byte = escape.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    decoded
}

/// `name.<16 or more hex digits>.ext`; 8 do for our own, as the build names its copies.
#[must_use]
pub fn is_content_addressed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let least = if name.starts_with("parlour") { 8 } else { 16 };
    let is_hash = |part: &str| part.len() >= least && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split(['.', '-']).skip(1).any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_good() {
        for (path, expect) in [
            ("/parlour.0123456789abcdef.js", true),
            ("/a/parlour-0123456789abcdef0123.wasm", true),
            ("/parlour.js", false),
            ("/0123456789abcdef", false),
            ("/parlour.01234567.iife.js", true),
            ("/parlour-fallback.01234567.js", true),
            ("/parlour.0123456.js", false),
            ("/report.20261201.js", false),
            ("/0123456789abcdef.x/parlour.js", false),
        ] {
            assert_eq!(is_content_addressed(path), expect, "{path}");
        }
    }

    #[test]
    fn dot_files_are_hidden() {
        for (path, expect) in [
            ("/.git/config", true),
            ("/%2egit/config", true),
            ("/a/.env", true),
            ("/a%2f.env", true),
            ("/a%5C%2Eenv", true),
            ("/100%", false),
            ("/%zz.a", false),
            ("/.well-known/x", false),
            ("/a.b/c.js", false),
        ] {
            assert_eq!(is_hidden(path), expect, "{path}");
        }
    }
}
