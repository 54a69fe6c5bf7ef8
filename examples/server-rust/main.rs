//! A shop whose server decides, natively: `cargo run --example server-rust --features authoring -- PLAN PORT`. What it
//! answers is to the byte what `examples/server-node` answers, and the page goes on with it in the same way.

mod decide;
mod request;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use decide::{Decisions, Shop};
use request::Request;

const TEMPLATE: &str = include_str!("../page.html");
/// Of a request's head.
const MOST_BYTES: u64 = 64 * 1_024;
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let plan = arguments.next().unwrap_or_else(|| "plan.bin".into());
    let port = arguments.next().unwrap_or_else(|| "8080".into());
    let dist = arguments.next().unwrap_or_else(|| "dist".into());
    let shop = Arc::new(Shop::open(std::fs::read(plan)?)?);
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, shop, dist) = (stream?, Arc::clone(&shop), dist.clone());
        std::thread::spawn(move || {
            // A visitor who goes away is no fault of ours.
            drop(answer(stream, &shop, &dist));
        });
    }
    Ok(())
}

fn answer(mut stream: TcpStream, shop: &Shop, dist: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone()?.take(MOST_BYTES));
    while reader.read_line(&mut head)? > 2 {}
    let Some(request) = Request::parse(&head) else {
        return stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    };
    let (status, headers, body) = match file(&request.path, shop, dist) {
        Some((kind, Some(bytes))) => ("200 OK", format!("content-type: {kind}\r\n"), bytes),
        Some((_, None)) => ("404 Not Found", String::new(), Vec::new()),
        None => page(&request, shop),
    };
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n")?;
    stream.write_all(&body)
}

/// Parlour's own files, and the plan. `None` for a page.
fn file(path: &str, shop: &Shop, dist: &str) -> Option<(&'static str, Option<Vec<u8>>)> {
    let name = path.strip_prefix('/')?;
    let kind = match name.rsplit_once('.')?.1 {
        "js" => "text/javascript",
        "wasm" => "application/wasm",
        "bin" => return (name == "plan.bin").then(|| ("application/octet-stream", Some(shop.bytes.clone()))),
        _ => return None,
    };
    let is_ours = name.starts_with("parlour")
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    is_ours.then(|| (kind, std::fs::read(format!("{dist}/{name}")).ok()))
}

fn page(request: &Request, shop: &Shop) -> (&'static str, String, Vec<u8>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let Decisions { consent, variants, script, set_cookie } = shop.decide(request, now.as_millis() as u64);
    let headline = shop.value(&variants, "headline", "headline").unwrap_or("Mugs of stoneware");
    let is_green = variants.iter().any(|(key, variant)| *key == "colour" && *variant == Some("green"));
    let body = TEMPLATE
        .replace("{{headline}}", &escaped(headline))
        .replace("{{ask}}", if is_green { " class=\"green\"" } else { "" })
        .replace("{{consent}}", consent)
        .replace("{{decisions}}", &script);
    let mut headers =
        "content-type: text/html; charset=utf-8\r\ncache-control: private, no-store\r\n".to_owned();
    if let Some(cookie) = set_cookie {
        headers += &format!("set-cookie: {cookie}\r\n");
    }
    ("200 OK", headers, body.into_bytes())
}

/// For HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;")
}
