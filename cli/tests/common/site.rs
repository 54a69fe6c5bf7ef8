//! A page with Parlour on it, served over sockets, and what can be wrong with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use parlour::authoring::{CompileOptions, compile};
use parlour::plan::Plan;
use parlour_command::snippet::{Options, Snippet};
use parlour_signing::{PrivateKey, sign};
use sha2::{Digest, Sha384};

const DAY_MS: u64 = 86_400_000;
const STUB: &str = r#"<script nonce="n">window.parlour=window.parlour||function(){(parlour.q=parlour.q||[]).push(arguments)}</script>"#;
const POLICY: &str = "default-src 'self'; script-src 'nonce-n' 'strict-dynamic' 'wasm-unsafe-eval'; require-trusted-types-for 'script'";

pub const SCRIPT: &str = "/parlour.0123abcd.iife.js";
pub const WASM: &str = "/parlour.0123abcd.wasm";
pub const FALLBACK: &str = "/parlour-fallback.0123abcd.js";
pub const SIGNED: &str = "/parlour-signed.0123abcd.js";
pub const PLAN: &str = "/plan.bin";
pub const BATCH: &str = "/v1/batch";

pub fn now_ms() -> u64 {
    u64::try_from(parlour_cli::serve::now_ms()).unwrap()
}

#[derive(Clone)]
pub enum Fault {
    Status(&'static str, u16),
    Header(&'static str, &'static str, &'static str),
    NoHeader(&'static str, &'static str),
    /// Sent as it is.
    Body(&'static str, Vec<u8>),
    /// Not packed, and says so.
    Plain(&'static str),
    /// Not packed, and says it is.
    Unpacked(&'static str),
    Silent(&'static str),
    Endless(&'static str),
    Redirect(&'static str),
    Attribute(&'static str, &'static str),
    NoAttribute(&'static str),
    Policy(&'static str),
    /// Instead of stub and tag.
    Page(&'static str),
    /// Before them.
    Inline(&'static str),
    NoInline,
    /// The head snippet of a plan that changes this element.
    SnippetFor(&'static str),
    Twice,
    /// Script, plan and collector are on another origin.
    Elsewhere,
    /// The page is on a host that the plan does not know.
    OtherHost,
    PlainName,
    HalfPlan,
}

#[derive(Clone)]
enum Way {
    Answers,
    Silent,
    Endless,
}

#[derive(Clone)]
struct Route {
    status: u16,
    headers: BTreeMap<&'static str, String>,
    body: Vec<u8>,
    way: Way,
}

type Routes = Arc<Mutex<BTreeMap<String, Route>>>;

pub struct Site {
    url: String,
}

pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

/// Unsigned.
pub fn plan(host: &str) -> Vec<u8> {
    plan_for(host, "#banner")
}

fn snippet(selector: &str) -> String {
    let plan = Plan::decode(&plan_for("127.0.0.1", selector)).unwrap();
    let options = Options { src: SCRIPT.into(), ..Options::default() };
    // It names the wasm as it is called without a hash.
    let script = Snippet::of(&plan, &options).unwrap().script.replace("/parlour.wasm", WASM);
    format!("<script nonce=\"n\">{script}</script>")
}

fn plan_for(host: &str, selector: &str) -> Vec<u8> {
    let config = format!(
        r##"{{"site":["{host}"],"experiments":{{"banner":{{"status":"running","variants":{{"control":{{}},"loud":{{"changes":[{{"select":"{selector}","text":"x"}}]}}}}}}}}}}"##
    );
    let options = CompileOptions {
        version: 7,
        issued_ms: now_ms(),
        expires_ms: now_ms() + 90 * DAY_MS,
        ..CompileOptions::default()
    };
    compile(&config, &options).plan.unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::from_seed([7; 32])
}

fn digest(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(bytes)))
}

fn routes() -> BTreeMap<String, Route> {
    let script = format!(
        "\"use strict\";/* {} */near(\"parlour.0123abcd.wasm\");near(\"parlour-fallback.0123abcd.js\");near(\"parlour-signed.0123abcd.js\");near('parlour-authoring.0123abcd.js')",
        "words ".repeat(500)
    );
    let wasm = [b"\0asm\x01\0\0\0".as_slice(), &[0; 3000]].concat();
    let chunk = format!("export const instantiate = () => {{}}; // {}", "words ".repeat(500));
    let hashed = "public, max-age=31536000, immutable";
    let mut routes = BTreeMap::new();
    let mut add = |path: &str, kind: &str, caching: &str, body: &[u8], packs: bool| {
        let mut headers = BTreeMap::from([
            ("content-type", kind.to_owned()),
            ("cache-control", caching.to_owned()),
            ("access-control-allow-origin", "*".to_owned()),
        ]);
        if packs {
            headers.insert("content-encoding", "gzip".into());
        }
        let body = if packs { gzipped(body) } else { body.to_vec() };
        routes.insert(path.to_owned(), Route { status: 200, headers, body, way: Way::Answers });
    };
    for path in [SCRIPT, "/parlour.0123abcd.js"] {
        add(path, "text/javascript; charset=utf-8", hashed, script.as_bytes(), true);
    }
    add("/parlour.iife.js", "text/javascript", hashed, script.as_bytes(), true);
    add(WASM, "application/wasm", hashed, &wasm, true);
    for path in [FALLBACK, SIGNED, "/parlour-authoring.0123abcd.js"] {
        add(path, "text/javascript", hashed, chunk.as_bytes(), true);
    }
    add(PLAN, "application/octet-stream", "no-cache", &sign(&plan("127.0.0.1"), &key()).unwrap(), false);
    add(BATCH, "application/json", "no-store", br#"{"parlour":1,"results":{},"now":1}"#, false);
    routes.get_mut(PLAN).unwrap().headers.insert("etag", "\"1\"".into());
    routes
}

impl Site {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(faults: &[Fault]) -> Self {
        let mut routes = routes();
        let digests: BTreeMap<&str, String> = [WASM, FALLBACK, SIGNED]
            .into_iter()
            .map(|path| (path.trim_start_matches('/'), digest(&unpacked(&routes[path].body))))
            .collect();
        let elsewhere = faults.iter().any(|fault| matches!(fault, Fault::Elsewhere));
        let (shared, there) = (Routes::default(), Routes::default());
        let base =
            if elsewhere { format!("http://127.0.0.1:{}", listen(there.clone())) } else { String::new() };
        let mut tag: BTreeMap<&str, String> = BTreeMap::from([
            ("async", String::new()),
            ("nonce", "n".into()),
            ("src", format!("{base}{SCRIPT}")),
            ("integrity", digest(&unpacked(&routes[SCRIPT].body))),
            ("data-integrity", serde_json::to_string(&digests).unwrap()),
            ("data-plan", format!("{base}{PLAN}")),
            ("data-endpoint", format!("{base}{BATCH}")),
            ("data-key", key().public().to_string()),
        ]);
        let mut policy = POLICY.to_owned();
        if elsewhere {
            tag.insert("crossorigin", String::new());
            policy = format!("{POLICY}; connect-src 'self' {base}");
        }
        let (mut before, mut stub, mut instead, mut twice) = (String::new(), STUB, None, false);
        let mut page = Route {
            status: 200,
            headers: BTreeMap::from([("content-type", "text/html".to_owned())]),
            body: Vec::new(),
            way: Way::Answers,
        };
        for fault in faults {
            let mut at = |path: &str, change: &dyn Fn(&mut Route)| {
                change(if path == "/" { &mut page } else { routes.get_mut(path).unwrap() });
            };
            match fault {
                Fault::Status(path, status) => at(path, &|route| route.status = *status),
                Fault::Header(path, name, value) => at(path, &|route| {
                    route.headers.insert(name, (*value).into());
                }),
                Fault::NoHeader(path, name) => at(path, &|route| {
                    route.headers.remove(name);
                }),
                Fault::Body(path, body) => at(path, &|route| {
                    route.body.clone_from(body);
                    route.headers.remove("content-encoding");
                }),
                Fault::Plain(path) => at(path, &|route| {
                    route.body = unpacked(&route.body);
                    route.headers.remove("content-encoding");
                }),
                Fault::Unpacked(path) => at(path, &|route| route.body = unpacked(&route.body)),
                Fault::Silent(path) => at(path, &|route| route.way = Way::Silent),
                Fault::Endless(path) => at(path, &|route| {
                    route.way = Way::Endless;
                    route.headers.remove("content-encoding");
                }),
                Fault::Redirect(path) => at(path, &|route| {
                    route.status = 302;
                    route.headers.insert("location", (*path).into());
                }),
                Fault::Attribute(name, value) => drop(tag.insert(name, (*value).into())),
                Fault::NoAttribute(name) => drop(tag.remove(name)),
                Fault::Policy(text) => policy = (*text).into(),
                Fault::Page(html) => instead = Some(html.replace("KEY", &key().public().to_string())),
                Fault::Inline(html) => before.push_str(html),
                Fault::NoInline => stub = "",
                Fault::SnippetFor(selector) => before.push_str(&snippet(selector)),
                Fault::Twice => twice = true,
                Fault::PlainName => drop(tag.insert("src", "/parlour.iife.js".into())),
                Fault::HalfPlan => at(PLAN, &|route| route.body.truncate(route.body.len() / 2)),
                Fault::Elsewhere | Fault::OtherHost => {}
            }
        }
        let attributes: String = tag
            .iter()
            .map(|(name, value)| {
                format!(" {name}=\"{}\"", value.replace('&', "&amp;").replace('"', "&quot;"))
            })
            .collect();
        let written = format!("<script{attributes}></script>").repeat(if twice { 2 } else { 1 });
        let content = instead.unwrap_or_else(|| format!("{before}{stub}{written}"));
        page.body = format!("<!doctype html><html><head>{content}</head><body><h1>Page</h1></body></html>")
            .into_bytes();
        page.headers.insert("content-security-policy", policy);
        there.lock().unwrap().clone_from(&routes);
        routes.insert("/".into(), page);
        *shared.lock().unwrap() = routes;
        let host = if faults.iter().any(|fault| matches!(fault, Fault::OtherHost)) {
            "0.0.0.0"
        } else {
            "127.0.0.1"
        };
        Self { url: format!("http://{host}:{}/", listen(shared)) }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }
}

/// A port of its own, until the process ends.
fn listen(routes: Routes) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let routes = routes.clone();
            // A client that goes away is no fault of ours.
            std::thread::spawn(move || stream.and_then(|stream| answer(&stream, &routes)));
        }
    });
    port
}

fn answer(mut stream: &TcpStream, routes: &Routes) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split([' ', '?']).nth(1).unwrap_or("/").to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let route = routes.lock().unwrap().get(&path).cloned();
    let Some(route) = route else {
        return write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    };
    let headers: String = route.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    match route.way {
        // Until the client has had enough.
        Way::Silent => reader.read(&mut [0; 1]).map(|_| ()),
        Way::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\n{headers}connection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[b' '; 65_536])?;
            }
        }
        Way::Answers => {
            let (status, length) = (route.status, route.body.len());
            write!(
                stream,
                "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
            )?;
            stream.write_all(&route.body)
        }
    }
}
