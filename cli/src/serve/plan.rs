//! The plan visitors fetch: compiled from JSON or read ready-made, archived by hash before anyone gets it, and kept
//! up with its file. A broken edit leaves the last good plan in place.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parlour::authoring::{self, CompileOptions};
use parlour::hash::id64;
use parlour::plan::Plan;
use parlour_signing::Site;
use serde::Deserialize;
use tokio::sync::watch;

use super::{App, Reader, now_ms, preview};
use crate::bandit::allotted;
use crate::store::ArchivedPlan;
use parlour_command::plan_file::{self, Opened};

/// A minute: so soon a kill reaches every new page, and so long the next pages of a visit need not ask.
const BUILT: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// Whoever edits the file looks at the next page view.
const EDITED: HeaderValue = HeaderValue::from_static("no-cache");

/// How often the file is looked at: an edit is live before its author has switched windows.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// How often bandits are weighed anew: each time all that the store has of them is read.
const WEIGH_EVERY: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `parlour.json`.
    Config(PathBuf),
    /// What `parlour build` wrote.
    Built(PathBuf),
}

impl Source {
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Config(path) | Self::Built(path) => path,
        }
    }
}

/// The plan of the moment, and what is wrong with the file it came from.
#[derive(Debug, Clone, Default)]
pub struct Live {
    pub served: Option<Arc<Served>>,
    pub problems: Vec<String>,
}

/// A plan with its answers made ready.
#[derive(Debug)]
pub struct Served {
    pub hash: String,
    pub site: String,
    pub version: u32,
    /// Where it runs, and whose preview tokens it takes.
    pub rules: Site,
    /// The plan with drafts, where it was made from JSON.
    pub drafts: Option<Bytes>,
    tag: String,
    etag: HeaderValue,
    caching: HeaderValue,
    plain: Bytes,
    gzip: Bytes,
    br: Bytes,
}

impl Served {
    /// The plan as it was compiled.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.plain
    }
}

/// Makes the first plan of what the source holds.
///
/// # Errors
/// With everything wrong with the file when no plan can be had from it.
pub fn open(
    source: &Source,
    content: &[u8],
    reader: &Reader,
    options: &CompileOptions,
) -> anyhow::Result<Live> {
    let (prepared, problems) = prepare(source, content, reader, options)?;
    let Some(prepared) = prepared else {
        anyhow::bail!("no plan can be made of it:\n{}", problems.join("\n"))
    };
    let served = publish(source, prepared, reader)?;
    Ok(Live { served: Some(Arc::new(served)), problems })
}

/// Follows the file from the content loaded first until nobody listens. A change counts once two looks saw the same, so that a file being written
/// is not taken for a broken one.
pub fn follow(
    source: &Source,
    first: Vec<u8>,
    live: &watch::Sender<Live>,
    reader: &Reader,
    options: &CompileOptions,
) {
    let look = || std::fs::read(source.path()).map_err(|error| error.to_string());
    let (mut loaded, mut pending) = (Ok(first), None);
    let mut weighed = Instant::now();
    while !live.is_closed() {
        std::thread::sleep(LOOK_EVERY);
        let seen = look();
        if seen == loaded {
            pending = None;
            if let (true, Ok(content)) = (weighed.elapsed() >= WEIGH_EVERY, &loaded) {
                weighed = Instant::now();
                if has_bandit(content) {
                    for problem in reload(source, content, live, reader, options) {
                        eprintln!("parlour: {problem}");
                    }
                }
            }
        } else if pending.as_ref() == Some(&seen) {
            pending = None;
            loaded = seen;
            let problems = match &loaded {
                Ok(content) => reload(source, content, live, reader, options),
                Err(error) => vec![format!("{}: {error}", source.path().display())],
            };
            if !problems.is_empty() {
                eprintln!("parlour: {} changed:\n{}", source.path().display(), problems.join("\n"));
            }
            live.send_modify(|live| live.problems = problems);
        } else {
            pending = Some(seen);
        }
    }
}

/// Serves the new content if it is sound, and says what is not.
fn reload(
    source: &Source,
    content: &[u8],
    live: &watch::Sender<Live>,
    reader: &Reader,
    options: &CompileOptions,
) -> Vec<String> {
    let keeping = || "the plan served before stays in place".to_owned();
    match prepare(source, content, reader, options) {
        Ok((Some(prepared), problems)) if !prepared.has_errors => match publish(source, prepared, reader) {
            // The same plan, for the same bytes and shares.
            Ok(served) if is_served(live, &served) => problems,
            Ok(served) => {
                println!("plan {} version {} from {}", served.hash, served.version, source.path().display());
                live.send_modify(|live| live.served = Some(Arc::new(served)));
                problems
            }
            Err(error) => vec![format!("{error:#}"), keeping()],
        },
        Ok((_, mut problems)) => {
            problems.push(keeping());
            problems
        }
        Err(error) => vec![format!("{error:#}"), keeping()],
    }
}

fn is_served(live: &watch::Sender<Live>, served: &Served) -> bool {
    live.borrow()
        .served
        .as_ref()
        .is_some_and(|known| known.tag == served.tag && known.drafts == served.drafts)
}

fn has_bandit(content: &[u8]) -> bool {
    content.windows(8).any(|bytes| bytes == b"\"bandit\"")
}

struct Prepared {
    opened: Opened,
    drafts: Option<Vec<u8>>,
    has_errors: bool,
}

/// The plan in the file, if there is one, and its diagnostics. The same JSON gives the same bytes as last time.
fn prepare(
    source: &Source,
    content: &[u8],
    reader: &Reader,
    options: &CompileOptions,
) -> anyhow::Result<(Option<Prepared>, Vec<String>)> {
    let path = source.path();
    let Source::Config(_) = source else {
        return Ok((
            Some(Prepared {
                opened: plan_file::open(path, content.to_vec())?,
                drafts: None,
                has_errors: false,
            }),
            Vec::new(),
        ));
    };
    let text = std::str::from_utf8(content).with_context(|| format!("{} is not UTF-8", path.display()))?;
    let weighed = if has_bandit(content) { reader.with(|store| allotted(text, store))? } else { None };
    let text = weighed.as_ref().map_or(text, |weighed| weighed.text.as_str());
    let last = reader.with(|store| store.latest_plan())?.and_then(|last| Plan::decode(&last.bytes).ok());
    let compilation = match last {
        Some(last) => {
            let issued_ms = u64::try_from(now_ms()).unwrap_or_default();
            plan_file::succeed(path, text, &last, &CompileOptions { issued_ms, ..*options })?
        }
        None => plan_file::compile(path, text, options)?,
    };
    let has_errors = compilation.has_errors;
    let prepared = compilation.opened.map(|opened| {
        let (version, issued_ms) = (opened.plan.version(), opened.plan.issued_ms());
        let drafts = CompileOptions { drafts: true, version, issued_ms, ..*options };
        Prepared { drafts: authoring::compile(text, &drafts).plan, opened, has_errors }
    });
    Ok((prepared, compilation.lines))
}

fn publish(source: &Source, prepared: Prepared, reader: &Reader) -> anyhow::Result<Served> {
    let Prepared { opened, drafts, .. } = prepared;
    let (hash, site, version) = (opened.hash(), opened.site(), opened.plan.version());
    let first_served_ms = now_ms();
    let archived = ArchivedPlan {
        hash: hash.clone(),
        site: site.clone(),
        version,
        first_served_ms,
        // Signatures say nothing about what is decided, and may change while the plan does not.
        bytes: Plan::split(&opened.bytes).map_or_else(Vec::new, |(plan, _)| plan.to_vec()),
    };
    reader.with(|store| store.archive_plan(&archived)).context("the plan could not be archived")?;
    let tag = match Plan::split(&opened.bytes) {
        Some((_, signatures)) if !signatures.is_empty() => format!("{hash}-{:016x}", id64(signatures)),
        _ => hash.clone(),
    };
    let etag = HeaderValue::try_from(format!("W/\"{tag}\""))?;
    let (gzip, br) = (gzip(&opened.bytes)?.into(), brotli(&opened.bytes)?.into());
    let rules = Site::read(&opened.plan);
    let caching = match source {
        Source::Built(_) => BUILT,
        Source::Config(_) => EDITED,
    };
    let drafts = drafts.map(Bytes::from);
    Ok(Served {
        hash,
        site,
        version,
        rules,
        drafts,
        tag,
        etag,
        caching,
        plain: opened.bytes.into(),
        gzip,
        br,
    })
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(mut bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut out, &brotli::enc::BrotliEncoderParams::default())?;
    Ok(out)
}

#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(rename = "parlour-preview")]
    preview: Option<String>,
}

/// `GET /plan.bin`.
pub async fn serve(State(app): State<App>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let Some(served) = app.live.borrow().served.clone() else {
        return (StatusCode::NOT_FOUND, "No plan: start parlour serve with --plan or --config.\n")
            .into_response();
    };
    if let Some(token) = asked.preview {
        return preview::answer(&served, &token);
    }
    let mut answer = match headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) {
        Some(known) if known == "*" || known.split(',').any(|tag| same_tag(tag, &served.tag)) => {
            StatusCode::NOT_MODIFIED.into_response()
        }
        _ => {
            let (encoding, bytes) = match accepted(&headers) {
                Encoding::Br => (Some("br"), &served.br),
                Encoding::Gzip => (Some("gzip"), &served.gzip),
                Encoding::Plain => (None, &served.plain),
            };
            let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
            (kind, encoding.map(|name| [(header::CONTENT_ENCODING, name)]), bytes.clone()).into_response()
        }
    };
    let fixed = [
        (header::ETAG, served.etag.clone()),
        (header::CACHE_CONTROL, served.caching.clone()),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    answer.headers_mut().extend(fixed);
    answer
}

fn same_tag(tag: &str, known: &str) -> bool {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == known
}

enum Encoding {
    Br,
    Gzip,
    Plain,
}

fn accepted(headers: &HeaderMap) -> Encoding {
    let value =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |name: &str| {
        value.split(',').any(|one| {
            let (coding, quality) = one.split_once(';').unwrap_or((one, ""));
            let refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0));
            coding.trim().eq_ignore_ascii_case(name) && !refused
        })
    };
    match () {
        () if takes("br") => Encoding::Br,
        () if takes("gzip") => Encoding::Gzip,
        () => Encoding::Plain,
    }
}
