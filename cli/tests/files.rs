//! Files of `--www`: types, encodings, caching, and what is never given out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::Router;
use axum::http::StatusCode;
use common::ask;
use parlour_cli::serve::files;
use tempfile::TempDir;

fn site(entries: &[(&str, &[u8])]) -> (TempDir, Router) {
    let dir = TempDir::new().unwrap();
    for (name, content) in entries {
        let path = dir.path().join("www").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    std::fs::write(dir.path().join("secret.txt"), "secret").unwrap();
    let router = files::router(&dir.path().join("www"));
    (dir, router)
}

#[tokio::test]
async fn each_file_has_its_type() {
    let cases = [
        ("index.html", "text/html; charset=utf-8"),
        ("parlour.js", "text/javascript; charset=utf-8"),
        ("engine.mjs", "text/javascript; charset=utf-8"),
        ("parlour.wasm", "application/wasm"),
        ("parlour.json", "application/json"),
        ("shop.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("plan.bin", "application/octet-stream"),
    ];
    let (_dir, router) = site(&cases.map(|(name, _)| (name, b"content".as_slice())));
    for (name, expect) in cases {
        let answer = ask(&router, "GET", &format!("/{name}"), &[], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, expect), "{name}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{name}");
        assert_eq!(answer.body, b"content");
    }
    assert_eq!(ask(&router, "GET", "/", &[], "").await.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn what_was_compressed_beforehand_is_sent_and_the_rest_on_the_way() {
    let long = [b'a'; 4_000];
    let (_dir, router) = site(&[
        ("parlour.wasm", b"plain"),
        ("parlour.wasm.br", b"brotli"),
        ("parlour.wasm.gz", b"gzip"),
        ("long.js", &long),
    ]);
    for (accept, encoding, body) in
        [("gzip, br", "br", &b"brotli"[..]), ("gzip", "gzip", b"gzip"), ("identity", "", b"plain")]
    {
        let answer = ask(&router, "GET", "/parlour.wasm", &[("accept-encoding", accept)], "").await;
        assert_eq!(answer.header("content-encoding"), encoding, "{accept}");
        assert_eq!(answer.header("content-type"), "application/wasm", "{accept}");
        assert_eq!(answer.body, body, "{accept}");
    }
    let answer = ask(&router, "GET", "/long.js", &[("accept-encoding", "br")], "").await;
    assert_eq!(answer.header("content-encoding"), "br");
    assert!(answer.body.len() < long.len() / 10);
    assert!(answer.header("vary").contains("accept-encoding"));
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again_and_a_hashed_name_is_not_asked_after() {
    let (_dir, router) = site(&[("a.js", b"a"), ("a.0123456789abcdef.js", b"a")]);
    let first = ask(&router, "GET", "/a.js", &[], "").await;
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty());
    let again = ask(&router, "GET", "/a.js", &[("if-none-match", &tag)], "").await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let hashed = ask(&router, "GET", "/a.0123456789abcdef.js", &[], "").await;
    assert_eq!(hashed.header("cache-control"), "public, max-age=31536000, immutable");
    let missing = ask(&router, "GET", "/b.0123456789abcdef.js", &[], "").await;
    assert_eq!((missing.status, missing.header("cache-control")), (StatusCode::NOT_FOUND, ""));
}

#[tokio::test]
async fn nothing_outside_the_directory_and_no_dot_file_is_given_out() {
    let (_dir, router) = site(&[(".env", b"secret"), (".git/config", b"secret"), ("a/.hidden/b", b"secret")]);
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/a/../../secret.txt",
        "/..%2fsecret.txt",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/a/.hidden/b",
        "/%2Egit/config",
        "/a%2f.hidden/b",
        "/.%67it/config",
    ] {
        let answer = ask(&router, "GET", path, &[], "").await;
        assert!(
            !answer.text().contains("secret") && answer.status != StatusCode::OK,
            "{path}: {}",
            answer.text()
        );
    }
}
