//! The plan as it is served: fresh after an edit, the last good one after a bad edit, each kept by its hash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Read as _;
use std::path::Path;

use axum::http::StatusCode;
use common::{CONFIG, Collector, until};
use parlour::plan::Plan;
use parlour_cli::serve::plan::Source;
use parlour_cli::serve::{Server, Stores};
use tempfile::TempDir;

fn config(text: &str) -> (TempDir, Source) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("parlour.json");
    std::fs::write(&path, text).unwrap();
    (dir, Source::Config(path))
}

fn collector(source: &Source) -> Collector {
    Collector::with(Some(source.clone()), |db| Stores::open(db).unwrap())
}

fn archived(db: &Path) -> Vec<(String, i64, Vec<u8>)> {
    let connection = rusqlite::Connection::open(db).unwrap();
    let mut select = connection.prepare("SELECT hash, version, bytes FROM plans ORDER BY version").unwrap();
    select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[tokio::test]
async fn the_plan_is_asked_after_by_its_hash_and_sent_once() {
    let (_dir, source) = config(CONFIG);
    let collector = collector(&source);
    let first = collector.get("/plan.bin", &[]).await;
    assert_eq!(first.status, StatusCode::OK);
    for (name, expect) in [
        ("content-type", "application/octet-stream"),
        ("cache-control", "no-cache"),
        ("vary", "accept-encoding"),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        ("content-encoding", ""),
    ] {
        assert_eq!(first.header(name), expect, "{name}");
    }
    let hash = format!("{:016x}", Plan::decode(&first.body).unwrap().hash());
    let etag = first.header("etag").to_owned();
    assert_eq!(etag, format!("W/\"{hash}\""));
    for known in [etag.clone(), format!("\"{hash}\""), format!("\"x\", {etag}"), "*".into()] {
        let again = collector.get("/plan.bin", &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(again.header("etag"), etag);
    }
    let other = collector.get("/plan.bin", &[("if-none-match", "W/\"0000000000000000\"")]).await;
    assert_eq!(other.status, StatusCode::OK);
    assert_eq!(archived(&collector.db()), [(hash, 1, first.body)]);
}

#[tokio::test]
async fn a_built_plan_is_good_for_a_minute_and_one_of_a_file_being_edited_is_asked_after_each_time() {
    let dir = TempDir::new().unwrap();
    let (json, plan) = (dir.path().join("parlour.json"), dir.path().join("plan.bin"));
    std::fs::write(&json, CONFIG).unwrap();
    let built = common::run(&["build", json.to_str().unwrap(), "-o", plan.to_str().unwrap()], "");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    for (source, expect) in [(Source::Config(json), "no-cache"), (Source::Built(plan), "public, max-age=60")]
    {
        let collector = collector(&source);
        let first = collector.get("/plan.bin", &[]).await;
        let etag = first.header("etag").to_owned();
        let again = collector.get("/plan.bin", &[("if-none-match", &etag)]).await;
        assert_eq!((first.header("cache-control"), again.header("cache-control")), (expect, expect));
    }
}

#[tokio::test]
async fn the_plan_comes_compressed_as_the_browser_likes_it() {
    let (_dir, source) = config(CONFIG);
    let collector = collector(&source);
    let plain = collector.get("/plan.bin", &[]).await.body;
    for (accept, expect) in [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("deflate", ""),
        ("", ""),
    ] {
        let answer = collector.get("/plan.bin", &[("accept-encoding", accept)]).await;
        assert_eq!(answer.header("content-encoding"), expect, "{accept}");
        let mut body = Vec::new();
        match expect {
            "br" => brotli::BrotliDecompress(&mut answer.body.as_slice(), &mut body).unwrap(),
            "gzip" => {
                flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut body).unwrap();
            }
            _ => body = answer.body,
        }
        assert_eq!(body, plain, "{accept}");
    }
}

#[tokio::test]
async fn an_edit_is_served_and_a_broken_one_leaves_the_last_good_plan() {
    let (_dir, source) = config(CONFIG);
    let collector = collector(&source);
    let etag = || async { collector.get("/plan.bin", &[]).await.header("etag").to_owned() };
    let problems = || collector.server.app.live.borrow().problems.clone();
    let first = etag().await;

    std::fs::write(source.path(), CONFIG.replace("Sale", "Summer sale")).unwrap();
    until("the edited plan", || async { etag().await != first }).await;
    let second = etag().await;

    for (broken, expect) in [
        (CONFIG.replace("\"variants\"", "\"varaints\""), "parlour.json:7:"),
        ("{ \"site\": ".to_owned(), "parlour.json:1:"),
        (String::new(), "parlour.json:1:1"),
    ] {
        std::fs::write(source.path(), &broken).unwrap();
        until(expect, || async { problems().iter().any(|line| line.contains(expect)) }).await;
        assert_eq!(etag().await, second, "{broken}");
    }
    std::fs::remove_file(source.path()).unwrap();
    until("the missing file", || async { problems().iter().any(|line| line.contains("parlour.json: ")) })
        .await;
    assert_eq!(etag().await, second);

    std::fs::write(source.path(), CONFIG.replace("Sale", "Winter sale")).unwrap();
    until("the mended plan", || async { etag().await != second }).await;
    assert_eq!(problems(), Vec::<String>::new());
    let plans = archived(&collector.db());
    assert_eq!(plans.iter().map(|(_, version, _)| *version).collect::<Vec<_>>(), [1, 2, 3]);
    for (hash, _, bytes) in plans {
        assert_eq!(hash, format!("{:016x}", Plan::decode(&bytes).unwrap().hash()));
    }
}

#[tokio::test]
async fn a_restart_with_the_same_file_serves_the_same_bytes() {
    let (_dir, source) = config(CONFIG);
    let first = collector(&source);
    let plan = || async { first.get("/plan.bin", &[]).await.body };
    let original = plan().await;
    std::fs::write(source.path(), CONFIG.replace("Sale", "Summer sale")).unwrap();
    until("the edited plan", || async { plan().await != original }).await;
    let served = plan().await;
    let second = Server::start(Stores::open(&first.db()).unwrap(), Some(source)).unwrap();
    let again = common::ask(&second.router(axum::Router::new()), "GET", "/plan.bin", &[], "").await.body;
    assert!(again == served, "other bytes after a restart");
    assert_eq!(archived(&first.db()).len(), 2);
}

#[tokio::test]
async fn events_are_filed_under_the_site_of_the_plan() {
    let (_dir, source) = config(CONFIG);
    let collector = collector(&source);
    collector.post(common::batch(&[common::event("a")])).await;
    assert_eq!(collector.rows()[0]["site"], "shop.example");
}

#[tokio::test]
async fn a_plan_built_before_is_served_as_it_is() {
    let dir = TempDir::new().unwrap();
    let compiled = parlour::authoring::compile(CONFIG, &parlour::authoring::CompileOptions::default());
    let path = dir.path().join("plan.bin");
    std::fs::write(&path, compiled.plan.as_ref().unwrap()).unwrap();
    let collector = collector(&Source::Built(path.clone()));
    assert_eq!(Some(collector.get("/plan.bin", &[]).await.body), compiled.plan);
    std::fs::write(&path, "<!doctype html>").unwrap();
    let problems = || async { !collector.server.app.live.borrow().problems.is_empty() };
    until("the problem", problems).await;
    assert_eq!(Some(collector.get("/plan.bin", &[]).await.body), compiled.plan);
}

#[test]
fn a_file_with_no_plan_in_it_is_refused_at_start() {
    for (name, text) in [("parlour.json", "{"), ("parlour.json", "[]"), ("plan.bin", "<!doctype html>")] {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let source = if name == "plan.bin" { Source::Built(path) } else { Source::Config(path) };
        let stores = Stores::open(&dir.path().join("events.db")).unwrap();
        let error = Server::start(stores, Some(source)).unwrap_err();
        assert!(format!("{error:#}").contains(name), "{error:#}");
    }
}
