//! The files a page loads: there, of the right type, packed, kept for as long as is right, and open to other origins.

use std::collections::BTreeSet;

use url::Url;

use super::fetch::Answer;
use super::install::name_of;
use super::{Fetcher, Findings, Install, Page};
use crate::serve::files::is_content_addressed;

/// Smaller than this, packing saves no packet.
const WORTH_PACKING: usize = 1_400;
const LONG_SECONDS: u64 = 30 * 86_400;
/// Longer, a kill would reach visitors too late.
const PLAN_SECONDS: u64 = 300;
/// Longer, new code would meet old plans for days.
const CODE_SECONDS: u64 = 86_400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Script,
    Wasm,
    /// The core as JavaScript.
    Fallback,
    Chunk,
    Plan,
}

#[derive(Debug)]
pub struct File {
    pub kind: Kind,
    pub url: Url,
    /// None where it is not there.
    pub answer: Option<Answer>,
}

impl File {
    pub fn name(&self) -> &str {
        name_of(self.url.as_str())
    }
}

/// All code this page loads, the script first.
pub fn check(install: &Install<'_>, page: &Page, fetcher: &Fetcher, findings: &mut Findings) -> Vec<File> {
    let script = look(Kind::Script, install.script.clone(), install, page, fetcher, findings);
    let names = script.answer.as_ref().map(|answer| names_in(&answer.text())).unwrap_or_default();
    let beside = |start: &str, end: &str| {
        let name = names.iter().find(|name| name.starts_with(start) && name.ends_with(end));
        name.and_then(|name| install.script.join(name).ok())
    };
    let mut wanted = vec![
        (Kind::Wasm, install.wasm.clone().or_else(|| beside("parlour.", ".wasm"))),
        (Kind::Fallback, beside("parlour-fallback", ".js")),
    ];
    if !install.keys.is_empty() {
        wanted.push((Kind::Chunk, beside("parlour-signed", ".js")));
    }
    if install.compiles {
        wanted.push((Kind::Chunk, beside("parlour-authoring", ".js")));
    }
    if script.answer.is_some() && wanted.iter().any(|(_, url)| url.is_none()) {
        let what = "names no wasm and no chunks: this is not parlour.iife.js as it was built";
        findings.fail("file", install.script.as_str(), what, "serve the files of dist/ as they are");
    }
    let mut files = vec![script];
    for (kind, url) in wanted {
        files.extend(url.map(|url| look(kind, url, install, page, fetcher, findings)));
    }
    files
}

/// One file, whatever it is.
pub fn look(
    kind: Kind,
    url: Url,
    install: &Install<'_>,
    page: &Page,
    fetcher: &Fetcher,
    findings: &mut Findings,
) -> File {
    let place = url.as_str().to_owned();
    let answer = match fetcher.get(&url, &page.origin()) {
        Ok(answer) if answer.status == 200 => {
            let named = match kind {
                Kind::Script => "the script",
                Kind::Wasm => "the core",
                Kind::Fallback => "the core as JavaScript",
                Kind::Chunk => "a chunk that this page needs",
                Kind::Plan => "the plan",
            };
            findings.ok("file", &place, format!("{named}, {} bytes", answer.sent));
            Some(answer)
        }
        answered => {
            let what = answered.map_or_else(|why| why, |answer| format!("answers {}", answer.status));
            if kind == Kind::Fallback {
                findings.warn("file", &place, what, "serve it: where wasm is refused, it is all there is");
            } else {
                findings.fail("file", &place, what, "serve it from there, or correct the address");
            }
            None
        }
    };
    let file = File { kind, url, answer };
    if let Some(answer) = &file.answer {
        mime(&file, answer, findings);
        compression(&file, answer, findings);
        caching(&file, answer, findings);
        if page.is_elsewhere(&file.url) && needs_cors(kind, install) {
            cors(answer, page, &place, findings);
        }
    }
    file
}

fn mime(file: &File, answer: &Answer, findings: &mut Findings) {
    const SCRIPTS: &[&str] =
        &["text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript"];
    let (found, place) = (answer.mime(), file.url.as_str());
    let is_script = SCRIPTS.contains(&found.as_str());
    match file.kind {
        Kind::Plan => {}
        Kind::Wasm if found == "application/wasm" => findings.ok("type", place, found),
        Kind::Wasm => findings.warn(
            "type",
            place,
            format!("is {found:?}: it is compiled only once it is all there"),
            "serve it as application/wasm",
        ),
        _ if is_script => findings.ok("type", place, found),
        // A classic script runs whatever its type, unless it is called a picture or must not be guessed.
        Kind::Script
            if answer.header("x-content-type-options").is_empty() && !found.starts_with("image/") =>
        {
            findings.warn("type", place, format!("is {found:?}"), "serve it as text/javascript");
        }
        _ => findings.fail(
            "type",
            place,
            format!("is {found:?}, which no browser runs"),
            "serve it as text/javascript",
        ),
    }
}

fn compression(file: &File, answer: &Answer, findings: &mut Findings) {
    let (coding, place) = (answer.header("content-encoding"), file.url.as_str());
    if !coding.is_empty() {
        findings.ok(
            "compression",
            place,
            format!("{coding}, {} of {} bytes", answer.sent, answer.body.len()),
        );
    } else if answer.body.len() > WORTH_PACKING {
        let what = format!("{} bytes are sent as they are, though br and gzip were offered", answer.sent);
        findings.warn(
            "compression",
            place,
            what,
            "serve the .br or .gz beside it, or let the server pack it",
        );
    }
}

fn caching(file: &File, answer: &Answer, findings: &mut Findings) {
    let (header, place) = (answer.header("cache-control").to_ascii_lowercase(), file.url.as_str());
    let has = |name: &str| header.split(',').any(|one| one.trim() == name);
    let age =
        header.split(',').find_map(|one| one.trim().strip_prefix("max-age=")?.trim().parse::<u64>().ok());
    let fresh = if has("no-cache") || has("no-store") { 0 } else { age.unwrap_or(0) };
    let forever = has("immutable") || fresh >= LONG_SECONDS;
    let said =
        if header.is_empty() { "no cache-control".to_owned() } else { format!("cache-control: {header}") };
    if file.kind == Kind::Plan {
        if forever || fresh > PLAN_SECONDS {
            let what = format!("{said}: a kill or a new plan reaches returning visitors only after that");
            findings.fail("caching", place, what, "serve it with cache-control: no-cache and an etag");
        } else if header.is_empty() {
            let what = "no cache-control: browsers guess how long it stays good";
            findings.warn("caching", place, what, "serve it with cache-control: no-cache and an etag");
        } else if answer.header("etag").is_empty() && answer.header("last-modified").is_empty() {
            let what = format!("{said}, but neither etag nor last-modified: it is fetched whole each time");
            findings.warn("caching", place, what, "serve it with an etag");
        } else {
            findings.ok("caching", place, said);
        }
    } else if is_content_addressed(file.url.path()) {
        if forever {
            findings.ok("caching", place, said);
        } else {
            let what = format!("{said}, though its name changes with its content");
            findings.warn(
                "caching",
                place,
                what,
                "serve it with cache-control: public, max-age=31536000, immutable",
            );
        }
    } else if forever || fresh > CODE_SECONDS {
        let what = format!("{said}, though its name stays the same: new code is not seen for that long");
        findings.warn(
            "caching",
            place,
            what,
            "use the files with a hash in their name, or cache-control: no-cache",
        );
    } else {
        findings.ok("caching", place, said);
    }
}

/// A script tag asks without CORS unless it is to be checked; all else is fetched or imported.
fn needs_cors(kind: Kind, install: &Install<'_>) -> bool {
    kind != Kind::Script
        || install.is_module
        || ["integrity", "crossorigin"].iter().any(|name| install.tag.get(name).is_some())
}

pub fn cors(answer: &Answer, page: &Page, place: &str, findings: &mut Findings) {
    let (allowed, origin) = (answer.header("access-control-allow-origin"), page.origin());
    if allowed == "*" || allowed == origin {
        findings.ok("cors", place, format!("open to {allowed}"));
    } else {
        let what = format!("is on another origin and does not let {origin} read it ({allowed:?})");
        findings.fail("cors", place, what, format!("answer with access-control-allow-origin: {origin}"));
    }
}

/// Names of our files in the script's text: it refers to the others as they are called beside it.
fn names_in(text: &str) -> BTreeSet<String> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '.' || char == '-';
    let names = text
        .match_indices("parlour")
        .filter_map(|(at, _)| text.get(at..)?.split(|char| !is_part(char)).next());
    names.filter(|name| name.ends_with(".wasm") || name.ends_with(".js")).map(str::to_owned).collect()
}
