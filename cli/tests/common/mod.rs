//! A collector in this process, or the real command in another.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use parlour_cli::serve::plan::Source;
use parlour_cli::serve::{Server, Setup, Stores, files};
use parlour_cli::store::{Event, SqliteStore, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// A server without a socket over a store of its own.
pub struct Collector {
    pub dir: TempDir,
    pub server: Server,
    pub router: Router,
}

impl Collector {
    pub fn new() -> Self {
        Self::with(None, |db| Stores::open(db).unwrap())
    }

    pub fn with(source: Option<Source>, stores: impl Fn(&Path) -> Stores) -> Self {
        let dir = TempDir::new().unwrap();
        let server = Server::start(stores(&dir.path().join("events.db")), source).unwrap();
        let router = server.router(Router::new().fallback(|| async { files::not_found() }));
        Self { dir, server, router }
    }

    /// With settings, and without a plan.
    pub fn set_up(setup: Setup) -> Self {
        let dir = TempDir::new().unwrap();
        let db = dir.path().join("events.db");
        let setup = Setup { db: Some(db.clone()), ..setup };
        let server = Server::start_with(Stores::open(&db).unwrap(), setup).unwrap();
        let router = server.router(Router::new().fallback(|| async { files::not_found() }));
        Self { dir, server, router }
    }

    pub async fn admin(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.server.app.keys.token);
        self.get(path, &[("authorization", &bearer)]).await
    }

    pub fn db(&self) -> PathBuf {
        self.dir.path().join("events.db")
    }

    pub async fn post(&self, body: impl Into<Body>) -> Answer {
        self.post_with(&[("content-type", "text/plain")], body).await
    }

    pub async fn post_with(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.ask("POST", "/v1/batch", headers, body).await
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers, Body::empty()).await
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        ask(&self.router, method, path, headers, body).await
    }

    /// What the store holds, read back by a connection of its own.
    pub fn rows(&self) -> Vec<Value> {
        rows(&self.db())
    }
}

pub async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn exported(db: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    let store = SqliteStore::open_to_read(db).unwrap();
    store
        .export(&[], &mut |event| {
            events.push(event);
            Ok(())
        })
        .unwrap();
    events
}

/// Every column of every event, in order of arrival.
pub fn rows(db: &Path) -> Vec<Value> {
    let connection = rusqlite::Connection::open(db).unwrap();
    let mut select = connection.prepare("SELECT * FROM events ORDER BY rowid").unwrap();
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    let rows = select.query_map([], |row| {
        let mut event = serde_json::Map::new();
        for (index, name) in names.iter().enumerate() {
            let value = match row.get_ref(index)? {
                rusqlite::types::ValueRef::Null => Value::Null,
                rusqlite::types::ValueRef::Integer(number) => number.into(),
                other => other.as_str().unwrap().into(),
            };
            event.insert(name.clone(), value);
        }
        Ok(Value::Object(event))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// A sound event of that id.
pub fn event(id: &str) -> Value {
    json!({
        "type": "track", "event": "Product Viewed", "messageId": id, "anonymousId": "a-1",
        "timestamp": "2026-11-20T10:00:00.000Z", "properties": { "product_id": "mug-01" },
        "context": { "sessionId": "s-1", "parlour": { "plan": "0123456789abcdef", "tab": "t", "seq": 1 } }
    })
}

pub fn batch(events: &[Value]) -> String {
    json!({ "batch": events, "sentAt": "2026-11-20T10:00:01.000Z" }).to_string()
}

/// The real command, serving on a free port; killed when dropped.
pub struct Served {
    child: Child,
    pub address: String,
    /// Path and query of the admin page, and where it is served.
    pub admin: String,
    pub admin_address: String,
    /// Kept open, so that the command can go on printing.
    output: BufReader<std::process::ChildStdout>,
}

impl Served {
    pub fn start(args: &[&str]) -> Self {
        Self::spawn(parlour().arg("serve").args(["--port", "0"]).args(args))
    }

    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (mut address, mut admin, mut admin_address) = (String::new(), String::new(), String::new());
        while admin.is_empty() {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "parlour serve ended before it was ready");
            let url = line.split_whitespace().nth(1).unwrap_or_default();
            match line.split_whitespace().next() {
                Some("collector") => {
                    address = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
                }
                Some("admin") => {
                    let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
                    (admin, admin_address) = (format!("/{path}"), host.to_owned());
                }
                _ => {}
            }
        }
        Self { child, address, admin, admin_address, output }
    }

    pub fn post(&self, body: &str) -> std::io::Result<(u16, String)> {
        request(&self.address, "POST", "/v1/batch", body)
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        request(&self.address, "GET", path, "").unwrap()
    }

    /// As the power going: no handler runs.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a process manager does, and answers its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own: status and body.
pub fn request(address: &str, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or(std::io::ErrorKind::InvalidData)?, body.to_owned()))
}

pub fn parlour() -> Command {
    Command::new(env!("CARGO_BIN_EXE_parlour"))
}

/// Runs the command with that standard input.
pub fn run(args: &[&str], input: &str) -> Output {
    let mut child = parlour()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A command may refuse before it has read everything.
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writing.join().unwrap();
    output
}

/// A plan's source with one experiment for everyone and one for an audience.
pub const CONFIG: &str = r##"{
  "site": ["shop.example"],
  "currency": "EUR",
  "audiences": { "german": { "shopper.language": "de" } },
  "goals": { "purchase": { "touchpoint": "purchase", "value": "revenue" } },
  "experiments": {
    "banner": {
      "name": "Banner", "status": "running",
      "variants": { "control": { "weight": 1 }, "loud": { "weight": 3, "changes": [{ "select": "#banner", "text": "Sale" }] } },
      "goals": ["purchase"]
    },
    "greeting": {
      "name": "Greeting", "status": "running", "audience": "german", "start": "2026-01-01", "end": "2026-12-31",
      "variants": { "control": {}, "hallo": { "changes": [{ "select": "h1", "text": "Hallo" }] } }
    }
  }
}
"##;

/// Waits until a condition holds that a background task brings about.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{what} never came");
}
