//! What a page carries in its head so that nobody sees an original that is about to change: the stub, the fetches of
//! script, core and plan side by side, and the targets of what runs kept from view for a moment.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use parlour::journey::TouchpointKind;
use parlour::plan::{Plan, Status};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

/// The inline script, but for the list of selectors and the addresses. It may have 700 bytes (tests/gates/snippet.test.mjs),
/// and works without the library: what it hid it shows again 200 ms after the first paint.
///
/// * `visibility`, because it moves nothing, keeps the original from paint and from assistive technology alike, and ends
///   at once, where `opacity` would run through the site's own transitions and is no candidate for LCP.
/// * A constructed style sheet, because policies let it pass; where there is none nothing is hidden.
/// * `:is()`, because one selector that a browser does not know must not cost the others.
/// * Frames instead of a timer, because Firefox holds timers back while a page loads.
/// * `fetch` instead of preloads, because WebKitGTK 2.50 fetches those again.
/// * What was fetched is kept by address and digest, so that a page with `data-integrity` takes only what was checked.
/// * High priority, because browsers fetch async scripts after pictures, and something is hidden until this one has run.
const CODE: &str = "!function(w,d,c,u,i){var p=w.parlour=w.parlour||function(){(p.q=p.q||[]).push(arguments)},s,t,\
                    h=p.hidden={gone:!1,show:function(){h.gone=!0;\
                    if(s)d.adoptedStyleSheets=d.adoptedStyleSheets.filter(function(x){return x!=s});s=0}};\
                    function f(n){t?n-t>180&&h.show():d.body&&(t=n);h.gone||requestAnimationFrame(f)}\
                    p.ahead={};u.map(function(r,n){r=new Request(r,{integrity:n?'':i});(p.ahead[r.url+r.integrity]=fetch(r)).catch(function(){})});\
                    try{s=new CSSStyleSheet;c=':is('+c+'):not(html,body)';\
                    s.replaceSync(c+','+c+' *{visibility:hidden!important}');\
                    d.adoptedStyleSheets=d.adoptedStyleSheets.concat(s)}catch(e){s=0}f()}(window,document,";

/// Addresses and attributes of the tags.
#[derive(Debug, Clone)]
pub struct Options {
    pub src: String,
    pub plan: String,
    pub endpoint: Option<String>,
    pub consent: Option<String>,
    pub nonce: Option<String>,
    /// Also what applies decisions remembered from the last visit.
    pub first: bool,
    /// By file name, as `dist/integrity.json` has them: nothing else is run then. None checks nothing.
    pub digests: Option<BTreeMap<String, String>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            src: "/parlour.iife.js".into(),
            plan: "/plan.bin".into(),
            endpoint: None,
            consent: None,
            nonce: None,
            first: false,
            digests: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Everything for the head.
    pub html: String,
    /// The inline script in it.
    pub script: String,
    /// What `script-src` names it by: `sha256-…`.
    pub hash: String,
    pub selectors: Vec<String>,
}

impl Snippet {
    /// # Errors
    /// When the plan's page part is not what the compiler writes, or a digest is missing.
    pub fn of(plan: &Plan, options: &Options) -> anyhow::Result<Self> {
        let page: Page = serde_json::from_slice(plan.page())?;
        let checks = Checks::of(plan, &page, options)?;
        let selectors = targets(plan, page);
        let beside = |name: &str| match options.src.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{name}"),
            None => name.to_owned(),
        };
        let [list, wasm, plan] =
            [&selectors.join(","), &beside("parlour.wasm"), &options.plan].map(|value| text(value));
        let digest = checks
            .wasm
            .map_or(Ok(String::new()), |digest| text(&digest).map(|digest| format!(",{digest}")))?;
        let script = format!("{CODE}{},[{},{}]{digest})", list?, wasm?, plan?);
        let hash = format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(&script)));
        let said = |name, value: Option<&String>| value.map_or(String::new(), |value| attribute(name, value));
        let nonce = said("nonce", options.nonce.as_ref());
        let consent = said("data-consent", options.consent.as_ref());
        let first = if options.first {
            let integrity = said("integrity", checks.first.as_ref());
            format!(
                "<script{}{integrity}{consent}{nonce}></script>\n",
                attribute("src", &beside("parlour.first.js"))
            )
        } else {
            String::new()
        };
        let html = format!(
            "<script{nonce}>{script}</script>\n{first}<script{}{}{}{}{}{consent}{nonce} async fetchpriority=\"high\"></script>\n",
            attribute("src", &options.src),
            said("integrity", checks.script.as_ref()),
            said("data-integrity", checks.chunks.as_ref()),
            attribute("data-plan", &options.plan),
            said("data-endpoint", options.endpoint.as_ref()),
        );
        Ok(Self { html, script, hash, selectors })
    }
}

/// The digests that a page of this plan needs; all empty where nothing is checked.
#[derive(Debug, Default)]
struct Checks {
    script: Option<String>,
    first: Option<String>,
    wasm: Option<String>,
    /// What `data-integrity` says.
    chunks: Option<String>,
}

impl Checks {
    fn of(plan: &Plan, page: &Page, options: &Options) -> anyhow::Result<Self> {
        let Some(digests) = &options.digests else { return Ok(Self::default()) };
        let digest = |name: &str| {
            digests.get(name).cloned().with_context(|| {
                format!("no digest of `{name}`: take the integrity.json that lies beside the files you serve")
            })
        };
        let mut names = vec!["parlour.wasm", "parlour-fallback.js"];
        names.extend(options.first.then_some("parlour-handover.js"));
        names.extend(page.redirects.is_some().then_some("parlour-redirect.js"));
        names.extend(page.rows.is_some().then_some("parlour-rows.js"));
        if page.slots.iter().any(|slot| slot.rerank.is_some()) {
            names.push("parlour-rerank.js");
        }
        if page.slots.iter().any(|slot| slot.lists.is_some()) {
            names.extend(["parlour-lists.js", "parlour-lists.wasm"]);
        }
        if plan.growthbook().is_some() {
            names.extend(["parlour-growthbook.js", "parlour-growthbook.wasm"]);
        }
        if page.has_markup() {
            names.extend(["parlour-html.js", "parlour-purify.js"]);
        }
        let chunks: BTreeMap<_, _> =
            names.into_iter().map(|name| Ok((name, digest(name)?))).collect::<anyhow::Result<_>>()?;
        Ok(Self {
            script: Some(digest(options.src.rsplit('/').next().unwrap_or_default())?),
            first: options.first.then(|| digest("parlour.first.js")).transpose()?,
            wasm: Some(digest("parlour.wasm")?),
            chunks: Some(serde_json::to_string(&chunks)?),
        })
    }
}

/// As a text in JavaScript. In a script element `<` may end or open what is none of the script's.
fn text(value: &str) -> serde_json::Result<String> {
    Ok(serde_json::to_string(value)?.replace('<', "\\u003c"))
}

fn attribute(name: &str, value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(" {name}=\"{value}\"")
}

#[derive(Deserialize)]
struct Page {
    experiments: Vec<Row>,
    experiences: Vec<Row>,
    redirects: Option<IgnoredAny>,
    slots: Vec<Slot>,
    rows: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Slot {
    rerank: Option<IgnoredAny>,
    lists: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Row {
    targets: Vec<String>,
    #[serde(default)]
    variants: Vec<Changing>,
    #[serde(flatten)]
    own: Changing,
}

#[derive(Deserialize)]
struct Changing {
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    html: Option<IgnoredAny>,
}

impl Page {
    fn has_markup(&self) -> bool {
        let rows = self.experiments.iter().chain(&self.experiences);
        let mut changes =
            rows.flat_map(|row| row.variants.iter().chain([&row.own])).flat_map(|one| &one.changes);
        changes.any(|change| change.html.is_some())
    }
}

/// Of experiments that give variants and of experiences that a page view sets off; what may be undone is not hidden.
fn targets(plan: &Plan, page: Page) -> Vec<String> {
    let is_given = |status| matches!(status, Status::Running | Status::Ended(Some(_)));
    let experiments = plan.experiments().iter().zip(page.experiments);
    let experiments = experiments.filter(|(experiment, _)| !experiment.killed && is_given(experiment.status));
    let page_view = TouchpointKind::named("page_view");
    let experiences = plan.experiences().iter().zip(page.experiences);
    let experiences = experiences
        .filter(|(experience, _)| experience.trigger.as_ref().is_none_or(|kind| *kind == page_view));
    let mut selectors: Vec<String> = Vec::new();
    for selector in
        experiments.map(|(_, row)| row).chain(experiences.map(|(_, row)| row)).flat_map(|row| row.targets)
    {
        if !selectors.contains(&selector) {
            selectors.push(selector);
        }
    }
    selectors
}
