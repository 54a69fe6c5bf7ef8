//! Content Security Policies: does each let happen what Parlour needs? Report-only ones forbid nothing.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256, Sha384, Sha512};
use url::Url;

use super::files::{File, Kind};
use super::page::Script;
use super::{Findings, Install, Page};

/// One policy. Of a directive that stands there twice, the first counts.
struct Policy(BTreeMap<String, Vec<String>>);

impl Policy {
    fn parse(text: &str) -> Self {
        let mut directives = BTreeMap::new();
        for directive in text.split(';') {
            let mut words = directive.split_ascii_whitespace();
            if let Some(name) = words.next() {
                directives
                    .entry(name.to_ascii_lowercase())
                    .or_insert_with(|| words.map(str::to_owned).collect());
            }
        }
        Self(directives)
    }

    /// The sources of the first of these directives that there is. None: all is allowed.
    fn sources(&self, names: &[&str]) -> Option<Sources<'_>> {
        names.iter().find_map(|name| self.0.get(*name)).map(|words| Sources(words))
    }

    /// For `<script>` and `import()`.
    fn scripts(&self) -> Option<Sources<'_>> {
        self.sources(&["script-src-elem", "script-src", "default-src"])
    }

    fn compilation(&self) -> Option<Sources<'_>> {
        self.sources(&["script-src", "default-src"])
    }

    fn connections(&self) -> Option<Sources<'_>> {
        self.sources(&["connect-src", "default-src"])
    }
}

#[derive(Clone, Copy)]
struct Sources<'a>(&'a [String]);

impl Sources<'_> {
    fn has(self, word: &str) -> bool {
        self.0.iter().any(|one| one.eq_ignore_ascii_case(word))
    }

    fn has_nonce(self, script: &Script) -> bool {
        script.get("nonce").is_some_and(|nonce| {
            !nonce.is_empty() && self.0.iter().any(|one| *one == format!("'nonce-{nonce}'"))
        })
    }

    fn is_strict(self) -> bool {
        self.has("'strict-dynamic'")
    }

    fn allows(self, url: &Url, page: &Page) -> bool {
        self.0.iter().any(|source| fits(source, url, page))
    }

    fn allows_text(self, script: &Script) -> bool {
        let digest = |name: &str, bytes: &[u8]| format!("'{name}-{}'", BASE64_STANDARD.encode(bytes));
        let text = script.text.as_bytes();
        let hashes = [
            digest("sha256", &Sha256::digest(text)),
            digest("sha384", &Sha384::digest(text)),
            digest("sha512", &Sha512::digest(text)),
        ];
        let is_ignored = self.is_strict()
            || self.0.iter().any(|one| one.starts_with("'nonce-") || one.starts_with("'sha"));
        self.has_nonce(script)
            || self.0.iter().any(|one| hashes.contains(one))
            || (self.has("'unsafe-inline'") && !is_ignored)
    }

    fn allows_tag(self, script: &Script, url: &Url, page: &Page) -> bool {
        // Each of the digests of the tag has to be in the policy.
        let named = script.get("integrity").unwrap_or_default();
        let mut digests = named.split_ascii_whitespace().peekable();
        let by_digest = digests.peek().is_some()
            && digests.all(|one| self.0.iter().any(|source| *source == format!("'{one}'")));
        self.has_nonce(script) || by_digest || (!self.is_strict() && self.allows(url, page))
    }
}

/// Does this source expression stand for that address?
fn fits(source: &str, url: &Url, page: &Page) -> bool {
    let scheme = url.scheme();
    match source {
        "*" => return matches!(scheme, "http" | "https" | "ws" | "wss"),
        _ if source.eq_ignore_ascii_case("'self'") => return !page.is_elsewhere(url),
        _ if source.starts_with('\'') => return false,
        _ => {}
    }
    let is_scheme = |named: &str| {
        named.eq_ignore_ascii_case(scheme) || (named.eq_ignore_ascii_case("http") && scheme == "https")
    };
    if let Some(named) = source.strip_suffix(':') {
        return is_scheme(named);
    }
    let (named, rest) = source.split_once("://").map_or((None, source), |(named, rest)| (Some(named), rest));
    if !named.map_or_else(|| is_scheme(page.url.scheme()), is_scheme) {
        return false;
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let found = url.host_str().unwrap_or_default();
    let same_host = match host.strip_prefix('*') {
        Some("") => true,
        Some(end) => found.to_ascii_lowercase().ends_with(&end.to_ascii_lowercase()),
        None => host.eq_ignore_ascii_case(found),
    };
    let same_port = match port {
        "*" => true,
        "" => url.port().is_none(),
        _ => url.port_or_known_default().is_some_and(|found| found.to_string() == port),
    };
    let same_path = path.is_empty()
        || if path.ends_with('/') { url.path().starts_with(path) } else { url.path() == path };
    same_host && same_port && same_path
}

pub fn check(install: &Install<'_>, page: &Page, files: &[File], findings: &mut Findings) {
    if page.policies.is_empty() {
        findings.ok("policy", page.url.as_str(), "there is no Content-Security-Policy");
    }
    for text in &page.policies {
        let policy = Policy::parse(text);
        let mut complaints = Complaints { findings, place: page.url.as_str(), count: 0 };
        scripts(&policy, install, page, &mut complaints);
        core(&policy, install, page, files, &mut complaints);
        connections(&policy, install, page, files, &mut complaints);
        if policy.0.get("sandbox").is_some_and(|words| !words.iter().any(|word| word == "allow-scripts")) {
            complaints.fail("sandbox without allow-scripts: no script runs", "add allow-scripts to it");
        }
        if complaints.count == 0 {
            findings.ok("policy", page.url.as_str(), format!("lets happen all that is needed: {text}"));
        }
    }
}

struct Complaints<'a> {
    findings: &'a mut Findings,
    place: &'a str,
    count: usize,
}

impl Complaints<'_> {
    fn fail(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        self.count += 1;
        self.findings.fail("policy", self.place, what, mend);
    }

    fn warn(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        self.count += 1;
        self.findings.warn("policy", self.place, what, mend);
    }
}

fn scripts(policy: &Policy, install: &Install<'_>, page: &Page, complaints: &mut Complaints<'_>) {
    let Some(sources) = policy.scripts() else { return };
    if !install.is_module && !sources.allows_tag(install.tag, &install.script, page) {
        let what = format!("script-src does not let {} run", install.script);
        complaints
            .fail(what, "give the tag the nonce of the policy, or add the script's address to script-src");
    }
    for script in
        page.scripts.iter().filter(|script| script.get("src").is_none() && script.text.contains("parlour"))
    {
        if !sources.allows_text(script) {
            let hash = BASE64_STANDARD.encode(Sha256::digest(script.text.as_bytes()));
            let what = "script-src does not let the inline script run that sets Parlour up";
            complaints
                .fail(what, format!("give it the nonce of the policy, or add 'sha256-{hash}' to script-src"));
        }
    }
}

/// The wasm, or the same core as JavaScript.
fn core(
    policy: &Policy,
    install: &Install<'_>,
    page: &Page,
    files: &[File],
    complaints: &mut Complaints<'_>,
) {
    let runs_wasm = policy
        .compilation()
        .is_none_or(|sources| sources.has("'wasm-unsafe-eval'") || sources.has("'unsafe-eval'"));
    if runs_wasm {
        return;
    }
    let fallback = files.iter().find(|file| file.kind == Kind::Fallback && file.answer.is_some());
    let Some(fallback) = fallback else {
        let what = "script-src forbids wasm, and the core as JavaScript is not there: nothing runs";
        return complaints.fail(what, "add 'wasm-unsafe-eval' to script-src, or serve parlour-fallback.js");
    };
    let imports = policy.scripts().is_none_or(|sources| {
        let by_address = if install.digests.is_some() {
            sources.has("blob:")
        } else {
            sources.allows(&fallback.url, page)
        };
        // What a script with a nonce imports has it, too.
        sources.is_strict() || sources.has_nonce(install.tag) || by_address
    });
    if imports {
        let what = "script-src forbids wasm: the same core as JavaScript is loaded instead, which is larger and slower";
        complaints.warn(what, "add 'wasm-unsafe-eval' to script-src");
    } else {
        let what = format!("script-src forbids wasm, and {} as well: nothing runs", fallback.url);
        let mend = if install.digests.is_some() {
            "add 'wasm-unsafe-eval', or blob: for what data-integrity checks"
        } else {
            "add 'wasm-unsafe-eval', or that address"
        };
        complaints.fail(what, mend);
    }
}

fn connections(
    policy: &Policy,
    install: &Install<'_>,
    page: &Page,
    files: &[File],
    complaints: &mut Complaints<'_>,
) {
    let Some(sources) = policy.connections() else { return };
    let wasm = files.iter().find(|file| file.kind == Kind::Wasm).map(|file| &file.url);
    for (what, url) in [
        ("the plan", install.plan.as_ref()),
        ("the core", wasm),
        ("the collector", install.endpoint.as_ref()),
    ] {
        let Some(url) = url else { continue };
        if !sources.allows(url, page) {
            complaints.fail(
                format!("connect-src does not let the page reach {what} at {url}"),
                "add its origin to connect-src",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        Page {
            url: Url::parse("https://shop.example/a").expect("an address"),
            scripts: Vec::new(),
            policies: Vec::new(),
        }
    }

    #[test]
    fn sources_stand_for_the_addresses_that_browsers_take_them_for() {
        for (source, address, expect) in [
            ("*", "https://a.example/x", true),
            ("*", "blob:https://a.example/1", false),
            ("'self'", "https://shop.example/x", true),
            ("'self'", "https://shop.example:444/x", false),
            ("'none'", "https://shop.example/x", false),
            ("https:", "https://a.example/x", true),
            ("https:", "http://a.example/x", false),
            ("http:", "https://a.example/x", true),
            ("a.example", "https://a.example/x", true),
            ("a.example", "https://b.a.example/x", false),
            ("a.example", "https://a.example:8443/x", false),
            ("a.example:*", "https://a.example:8443/x", true),
            ("a.example:443", "https://a.example/x", true),
            ("*.a.example", "https://b.a.example/x", true),
            ("*.a.example", "https://a.example/x", false),
            ("https://a.example/js/", "https://a.example/js/x", true),
            ("https://a.example/js", "https://a.example/js/x", false),
            ("http://a.example", "https://a.example/x", true),
            ("blob:", "blob:https://a.example/1", true),
        ] {
            let url = Url::parse(address).expect("an address");
            assert_eq!(fits(source, &url, &page()), expect, "{source} {address}");
        }
    }
}
