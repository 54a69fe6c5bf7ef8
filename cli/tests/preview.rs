//! Previews as `parlour serve` makes them possible: a key of its own, and drafts for whoever holds a token.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::Router;
use axum::http::StatusCode;
use common::{Answer, ask};
use parlour::authoring::{CompileOptions, Names, compile};
use parlour::plan::Plan;
use parlour_cli::serve::plan::Source;
use parlour_cli::serve::preview::PreviewKey;
use parlour_cli::serve::{Server, Setup, Stores};
use parlour_signing::{PrivateKey, Token, sign};
use tempfile::TempDir;

const CONFIG: &str = r#"{"site": ["shop.example"], "experiments": {
    "live": {"status": "running", "variants": {"a": {}, "b": {}}},
    "secret": {"status": "draft", "variants": {"a": {}, "b": {}}}}}"#;

fn experiments(answer: &Answer) -> Vec<String> {
    let plan = Plan::decode(&answer.body).unwrap();
    Names::read(&plan).experiments.into_iter().map(|named| named.key).collect()
}

fn token(site: &str) -> Token {
    Token { site: site.into(), experiment: "secret".into(), variant: "b".into(), expires_ms: u64::MAX }
}

/// A server with its own key, over CONFIG; and the key.
fn server(dir: &TempDir) -> (Router, PrivateKey) {
    let (db, config) = (dir.path().join("events.db"), dir.path().join("parlour.json"));
    std::fs::write(&config, CONFIG).unwrap();
    let key = PreviewKey::beside(&db).unwrap();
    let options = CompileOptions { preview_key: key.chars(), ..CompileOptions::default() };
    let stores = Stores::open(&db).unwrap();
    let server = Server::start_with(
        stores,
        Setup { source: Some(Source::Config(config)), compile: options, ..Setup::default() },
    )
    .unwrap();
    let private = PrivateKey::parse(&std::fs::read_to_string(key.path).unwrap()).unwrap();
    (server.router(Router::new()), private)
}

async fn get(router: &Router, path: &str) -> Answer {
    ask(router, "GET", path, &[], "").await
}

#[tokio::test]
async fn drafts_are_answered_to_whoever_has_a_token_and_to_nobody_else() {
    let dir = TempDir::new().unwrap();
    let (router, key) = server(&dir);
    assert_eq!(experiments(&get(&router, "/plan.bin").await), ["live"]);
    for site in ["shop.example", "127.0.0.1"] {
        let path = format!("/plan.bin?parlour-preview={}", token(site).sign(&key));
        let answer = get(&router, &path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
        assert_eq!(experiments(&answer), ["live", "secret"]);
    }
    let stranger = PrivateKey::from_seed([9; 32]);
    let over = Token { expires_ms: 1, ..token("shop.example") };
    let mut changed = token("shop.example").sign(&key);
    changed.insert(3, 'x');
    for (token, expect) in [
        (token("shop.example").sign(&stranger), "another key"),
        (token("other.example").sign(&key), "is for other.example"),
        (over.sign(&key), "has expired"),
        (changed, "changed"),
        ("end".into(), "cut short or was changed"),
        (String::new(), "cut short or was changed"),
    ] {
        let answer = get(&router, &format!("/plan.bin?parlour-preview={token}")).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{text}");
        assert!(text.contains(expect), "{text}");
    }
    assert_eq!(experiments(&get(&router, "/plan.bin?v=2").await), ["live"]);
}

#[test]
fn the_preview_key_is_made_once_and_its_owner_alone_may_read_it() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("events.db");
    let first = PreviewKey::beside(&db).unwrap();
    let file = std::fs::read(&first.path).unwrap();
    let again = PreviewKey::beside(&db).unwrap();
    assert_eq!(
        (again.public, again.path.file_name().unwrap()),
        (first.public, "events.preview-key".as_ref())
    );
    assert_eq!(std::fs::read(&first.path).unwrap(), file);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&first.path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&first.path, "no key").unwrap();
    let error = format!("{:#}", PreviewKey::beside(&db).unwrap_err());
    assert!(error.contains("events.preview-key") && error.contains("no private key"), "{error}");
    assert_eq!(std::fs::read(&first.path).unwrap(), b"no key", "what is there is never written over");
}

#[tokio::test]
async fn a_signed_plan_is_served_as_it_is_and_archived_by_its_hash_without_signatures() {
    let dir = TempDir::new().unwrap();
    let (db, path) = (dir.path().join("events.db"), dir.path().join("plan.bin"));
    let plan = compile(CONFIG, &CompileOptions::default()).plan.unwrap();
    let hash = format!("{:016x}", Plan::decode(&plan).unwrap().hash());
    let mut tags = Vec::new();
    for seed in [1, 2] {
        let signed = sign(&plan, &PrivateKey::from_seed([seed; 32])).unwrap();
        std::fs::write(&path, &signed).unwrap();
        let server = Server::start(Stores::open(&db).unwrap(), Some(Source::Built(path.clone()))).unwrap();
        let answer = get(&server.router(Router::new()), "/plan.bin").await;
        assert!(answer.body == signed, "other bytes than the file's");
        tags.push(answer.header("etag").to_owned());
        let known = [("if-none-match", tags[0].as_str())];
        let again = ask(&server.router(Router::new()), "GET", "/plan.bin", &known, "").await;
        let expect = if seed == 1 { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        assert_eq!(again.status, expect, "a plan signed anew is sent anew");
    }
    assert!(tags.iter().all(|tag| tag.starts_with(&format!("W/\"{hash}-"))), "{tags:?}");
    let archived: Vec<(String, Vec<u8>)> = rusqlite::Connection::open(&db)
        .unwrap()
        .prepare("SELECT hash, bytes FROM plans")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(archived, [(hash, plan)]);
}
