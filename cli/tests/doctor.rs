//! `parlour doctor` over pages that are served for real: all well, and then each fault by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "common/site.rs"]
mod site;

use std::time::{Duration, Instant};

use parlour_cli::doctor::{Finding, Level, Limits, examine};
use site::{BATCH, FALLBACK, Fault, PLAN, SCRIPT, SIGNED, Site, WASM, gzipped, now_ms, plan};
use url::Url;

use Level::{Fail, Ok as Fine, Warn};

const LIMITS: Limits =
    Limits { request: Duration::from_millis(1500), all: Duration::from_secs(8), bytes: 1 << 20 };

fn examined(site: &Site, now_ms: u64) -> Vec<Finding> {
    examine(&Url::parse(&site.url()).unwrap(), LIMITS, now_ms)
}

fn listed(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|one| format!("{:?} {} {}: {}\n", one.level, one.check, one.place, one.what))
        .collect()
}

/// Level, check, and part of what is said.
type Expected = (Level, &'static str, &'static str);
/// What is broken in words, what is broken, what is to be found.
type Row = (&'static str, Vec<Fault>, Expected);

fn is_there(findings: &[Finding], (level, check, what): Expected) -> bool {
    findings.iter().any(|one| one.level == level && one.check == check && one.what.contains(what))
}

#[test]
fn a_page_where_all_is_well_has_nothing_to_mend() {
    let site = Site::new();
    let findings = examined(&site, now_ms());
    assert!(findings.iter().all(|one| one.level == Fine && one.mend.is_none()), "{}", listed(&findings));
    for (check, what) in [
        ("page", "HTML"),
        ("install", "a script tag"),
        ("file", "the core as JavaScript"),
        ("file", "a chunk that this page needs"),
        ("type", "application/wasm"),
        ("compression", "gzip"),
        ("caching", "immutable"),
        ("caching", "no-cache"),
        ("integrity", "is what its digest says"),
        ("policy", "lets happen all that is needed"),
        ("plan", "version 7"),
        ("plan", "is for 127.0.0.1"),
        ("plan", "expires 20"),
        ("plan", "signed by a key the page knows"),
        ("collector", "acknowledges a batch"),
    ] {
        assert!(is_there(&findings, (Fine, check, what)), "{check}: {what} in\n{}", listed(&findings));
    }
    let place = |what: &str| findings.iter().filter(|one| one.place.ends_with(what)).count();
    assert!(
        place("/parlour.0123abcd.iife.js") >= 5
            && place("/parlour.0123abcd.wasm") >= 5
            && place("/plan.bin") >= 6
    );
}

#[test]
fn on_another_origin_all_is_well_with_cors() {
    let site = Site::with(&[Fault::Elsewhere]);
    let findings = examined(&site, now_ms());
    assert!(findings.iter().all(|one| one.level == Fine), "{}", listed(&findings));
    assert!(is_there(&findings, (Fine, "cors", "open to *")), "{}", listed(&findings));
}

#[test]
fn the_snippet_of_this_plan_is_well() {
    let findings = examined(&Site::with(&[Fault::SnippetFor("#banner")]), now_ms());
    assert!(findings.iter().all(|one| one.level == Fine), "{}", listed(&findings));
    assert!(
        is_there(&findings, (Fine, "snippet", "hides what the plan changes: #banner")),
        "{}",
        listed(&findings)
    );
}

#[test]
fn a_module_is_found_with_its_plan_and_its_endpoint() {
    let site = Site::with(&[Fault::Page(
        r#"<script type="module" nonce="n">import p from "/parlour.0123abcd.js"; p.start({ plan: "/plan.bin", endpoint: '/v1/batch', keys: "KEY" });</script>"#,
    )]);
    let findings = examined(&site, now_ms());
    assert!(findings.iter().all(|one| one.level == Fine), "{}", listed(&findings));
    assert!(is_there(&findings, (Fine, "install", "a module")), "{}", listed(&findings));
    assert!(is_there(&findings, (Fine, "collector", "acknowledges")), "{}", listed(&findings));
}

/// Every check seen red: what is broken, and what is then said.
#[test]
fn each_fault_is_named_with_its_cure() {
    use Fault::{Attribute, Body, Header, NoAttribute, NoHeader, Policy, Status};
    let rows: Vec<Row> = vec![
        ("the page is not there", vec![Status("/", 404)], (Fail, "page", "answers 404")),
        ("the page is no page", vec![Header("/", "content-type", "text/plain")], (Fail, "page", "not HTML")),
        ("no Parlour", vec![Fault::Page("<p>Nothing</p>")], (Fail, "install", "no script tag")),
        (
            "in a comment",
            vec![Fault::Page("<!-- <script src=/parlour.0123abcd.iife.js></script> -->")],
            (Fail, "install", "no script tag"),
        ),
        ("twice", vec![Fault::Twice], (Warn, "install", "2 times")),
        ("holds up the page", vec![NoAttribute("async")], (Warn, "install", "holds up")),
        ("no plan", vec![NoAttribute("data-plan")], (Fail, "install", "no plan is named")),
        (
            "compiles",
            vec![Attribute("data-config", "/parlour.json"), NoAttribute("data-integrity")],
            (Warn, "install", "compiled in the page"),
        ),
        ("no script", vec![Status(SCRIPT, 404)], (Fail, "file", "answers 404")),
        (
            "another script",
            vec![Body(SCRIPT, b"void 0;".as_slice().into()), NoAttribute("integrity")],
            (Fail, "file", "names no wasm"),
        ),
        ("no wasm", vec![Status(WASM, 503)], (Fail, "file", "answers 503")),
        ("no fallback", vec![Status(FALLBACK, 404)], (Warn, "file", "answers 404")),
        ("no chunk", vec![Status(SIGNED, 404)], (Fail, "file", "answers 404")),
        ("no plan file", vec![Status(PLAN, 404)], (Fail, "file", "answers 404")),
        (
            "wasm of another type",
            vec![Header(WASM, "content-type", "application/octet-stream")],
            (Warn, "type", "octet-stream"),
        ),
        (
            "a chunk of another type",
            vec![Header(FALLBACK, "content-type", "text/plain")],
            (Fail, "type", "which no browser runs"),
        ),
        (
            "a script of another type",
            vec![Header(SCRIPT, "content-type", "text/plain")],
            (Warn, "type", "text/plain"),
        ),
        (
            "a script that must not be guessed",
            vec![
                Header(SCRIPT, "content-type", "text/plain"),
                Header(SCRIPT, "x-content-type-options", "nosniff"),
            ],
            (Fail, "type", "which no browser runs"),
        ),
        ("not packed", vec![Fault::Plain(SCRIPT)], (Warn, "compression", "as they are")),
        (
            "a hashed name is asked for each time",
            vec![Header(WASM, "cache-control", "no-cache")],
            (Warn, "caching", "changes with its content"),
        ),
        (
            "the plan is kept",
            vec![Header(PLAN, "cache-control", "public, max-age=86400")],
            (Fail, "caching", "a kill or a new plan"),
        ),
        (
            "the plan is kept for good",
            vec![Header(PLAN, "cache-control", "immutable")],
            (Fail, "caching", "a kill or a new plan"),
        ),
        ("the plan says nothing", vec![NoHeader(PLAN, "cache-control")], (Warn, "caching", "browsers guess")),
        ("the plan has no tag", vec![NoHeader(PLAN, "etag")], (Warn, "caching", "fetched whole")),
        ("a plain name is kept", vec![Fault::PlainName], (Warn, "caching", "its name stays the same")),
        ("the tag has no nonce", vec![NoAttribute("nonce")], (Fail, "policy", "does not let http")),
        (
            "the stub has no nonce",
            vec![Fault::Inline("<script>window.parlour=1</script>")],
            (Fail, "policy", "the inline script"),
        ),
        (
            "wasm is forbidden",
            vec![Policy("script-src 'nonce-n' 'strict-dynamic'")],
            (Warn, "policy", "forbids wasm: the same core"),
        ),
        (
            "wasm is forbidden, and nothing else there",
            vec![Policy("script-src 'nonce-n' 'strict-dynamic'"), Status(FALLBACK, 404)],
            (Fail, "policy", "is not there: nothing runs"),
        ),
        (
            "wasm and blob are forbidden",
            vec![Policy("script-src 'self' 'sha256-x'"), Fault::NoInline, NoAttribute("nonce")],
            (Fail, "policy", "as well: nothing runs"),
        ),
        ("the plan may not be fetched", vec![Policy("connect-src 'none'")], (Fail, "policy", "the plan at")),
        ("the core may not be fetched", vec![Policy("connect-src 'none'")], (Fail, "policy", "the core at")),
        (
            "the collector may not be reached",
            vec![Policy(
                "default-src 'self'; script-src 'nonce-n' 'wasm-unsafe-eval'; connect-src https://elsewhere.example",
            )],
            (Fail, "policy", "the collector at"),
        ),
        (
            "a policy in the page",
            vec![Fault::Inline("<meta http-equiv=content-security-policy content=\"connect-src 'none'\">")],
            (Fail, "policy", "the collector at"),
        ),
        ("a sandbox", vec![Policy("sandbox allow-same-origin")], (Fail, "policy", "no script runs")),
        (
            "the script's digest is another's",
            vec![Attribute("integrity", "sha384-AAAA")],
            (Fail, "integrity", "is not what its digest says"),
        ),
        (
            "the digest is none",
            vec![Attribute("integrity", "md5-AAAA")],
            (Fail, "integrity", "has a digest that is none"),
        ),
        (
            "the wasm was changed",
            vec![Body(WASM, b"\0asm\x01\0\0\0".as_slice().into())],
            (Fail, "integrity", "is not what its digest says"),
        ),
        (
            "data-integrity is no JSON",
            vec![Attribute("data-integrity", "sha384-AAAA")],
            (Fail, "integrity", "is no JSON"),
        ),
        (
            "data-integrity names nothing",
            vec![Attribute("data-integrity", "{}")],
            (Fail, "integrity", "it is not run"),
        ),
        (
            "elsewhere without CORS",
            vec![Fault::Elsewhere, NoHeader(WASM, "access-control-allow-origin")],
            (Fail, "cors", "does not let"),
        ),
        (
            "elsewhere unchecked",
            vec![Fault::Elsewhere, NoAttribute("integrity")],
            (Warn, "integrity", "unchecked"),
        ),
        (
            "elsewhere checked without CORS",
            vec![Fault::Elsewhere, NoAttribute("crossorigin")],
            (Fail, "integrity", "has no crossorigin"),
        ),
        (
            "a collector elsewhere without CORS",
            vec![Fault::Elsewhere, NoHeader(BATCH, "access-control-allow-origin")],
            (Fail, "cors", "does not let"),
        ),
        (
            "no plan at all",
            vec![Body(PLAN, b"<!doctype html>".as_slice().into())],
            (Fail, "plan", "not a plan file"),
        ),
        ("half a plan", vec![Fault::HalfPlan], (Fail, "plan", "cut short")),
        ("an unsigned plan", vec![Body(PLAN, plan("127.0.0.1"))], (Fail, "plan", "is refused by the page")),
        ("no key", vec![Attribute("data-key", "abc")], (Fail, "plan", "data-key")),
        ("another site's plan", vec![Fault::OtherHost], (Fail, "plan", "this page is on 0.0.0.0")),
        (
            "another plan's snippet",
            vec![Fault::SnippetFor("#hero")],
            (Warn, "snippet", "hides \"#hero\", and the plan changes \"#banner\""),
        ),
        (
            "a snippet cut short",
            vec![Fault::Inline("<script nonce=n>parlour; document.adoptedStyleSheets; (</script>")],
            (Warn, "snippet", "cannot be read"),
        ),
        (
            "a snippet for another address",
            vec![Fault::SnippetFor("#banner"), Attribute("data-plan", "/plan.bin?2")],
            (Warn, "snippet", "fetches \"/plan.bin\", which nothing"),
        ),
        ("no collector named", vec![NoAttribute("data-endpoint")], (Warn, "collector", "no endpoint")),
        ("no collector", vec![Status(BATCH, 404)], (Fail, "collector", "answers 404")),
        (
            "a login instead of the collector",
            vec![Body(BATCH, b"<form>".as_slice().into())],
            (Fail, "collector", "without the acknowledgement"),
        ),
        (
            "another answer than ours",
            vec![Body(BATCH, b"{\"ok\":true}".as_slice().into())],
            (Fail, "collector", "without the acknowledgement"),
        ),
        ("an endless body", vec![Fault::Endless(WASM)], (Fail, "file", "is larger than")),
        (
            "a bomb",
            vec![Body(WASM, gzipped(&vec![0; 4 << 20])), Header(WASM, "content-encoding", "gzip")],
            (Fail, "file", "is larger than"),
        ),
        ("redirected for ever", vec![Fault::Redirect(WASM)], (Fail, "file", "redirects more than")),
        ("silent", vec![Fault::Silent(BATCH)], (Fail, "collector", "did not answer in time")),
        (
            "broken gzip",
            vec![Header(WASM, "content-encoding", "gzip"), Fault::Unpacked(WASM)],
            (Fail, "file", "broke off"),
        ),
    ];
    let mut missed = Vec::new();
    for (fault, faults, expect) in rows {
        let findings = examined(&Site::with(&faults), now_ms());
        if !is_there(&findings, expect) {
            missed.push(format!("{fault}: no {expect:?} in\n{}", listed(&findings)));
        }
        for one in &findings {
            assert_eq!(one.mend.is_some(), one.level != Fine, "{fault}: {one:?}");
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_plan_is_good_then_soon_over_then_over() {
    const DAY_MS: u64 = 86_400_000;
    let site = Site::new();
    for (later, expect) in [
        (0, (Fine, "plan", "expires 20")),
        (80, (Warn, "plan", "expires soon")),
        (91, (Fail, "plan", "has expired")),
    ] {
        let findings = examined(&site, now_ms() + later * DAY_MS);
        assert!(is_there(&findings, expect), "{later} days: {}", listed(&findings));
    }
}

#[test]
fn nothing_hangs_when_everything_does() {
    let faults: Vec<Fault> = [SCRIPT, PLAN, BATCH].into_iter().map(Fault::Silent).collect();
    let site = Site::with(&faults);
    let start = Instant::now();
    let findings = examined(&site, now_ms());
    assert_eq!(
        findings.iter().filter(|one| one.what.contains("in time")).count(),
        3,
        "{}",
        listed(&findings)
    );
    // Each request has its bound; a server that never answers would else hold us for ever.
    assert!(start.elapsed() < Duration::from_secs(60));
    let short = Limits { all: Duration::ZERO, ..LIMITS };
    let findings = examine(&Url::parse(&site.url()).unwrap(), short, now_ms());
    assert!(findings.iter().any(|one| one.level == Fail && one.check == "page"), "{}", listed(&findings));
}

#[test]
fn what_a_page_says_cannot_reach_the_terminal_as_it_is() {
    let site = Site::with(&[Fault::Attribute("data-key", "\u{1b}[2J\u{7}")]);
    let findings = examined(&site, now_ms());
    assert!(findings.iter().any(|one| one.what.contains("data-key")));
    for one in &findings {
        assert!(!format!("{}{}{:?}", one.what, one.place, one.mend).contains('\u{1b}'), "{one:?}");
    }
}

#[test]
fn the_command_says_it_in_lines_or_as_json_and_exits_accordingly() {
    let (well, ill) = (Site::new(), Site::with(&[Fault::Status("/parlour.0123abcd.wasm", 404)]));
    for (site, code) in [(&well, 0), (&ill, 1)] {
        let output = common::run(&["doctor", &site.url(), "--format", "json"], "");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let fails: Vec<_> =
            said["findings"].as_array().unwrap().iter().filter(|one| one["level"] == "fail").collect();
        assert_eq!(fails.len(), code, "{said:#}");
    }
    let output = common::run(&["doctor", &ill.url()], "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.lines().any(|line| line.starts_with("FAIL file") && line.contains("/parlour.0123abcd.wasm: answers 404")), "{text}");
    assert!(text.contains("  → serve it from there"), "{text}");
    for wrong in ["shop.example", "ftp://shop.example/", "https://me:secret@shop.example/"] {
        assert_eq!(common::run(&["doctor", wrong], "").status.code(), Some(2), "{wrong}");
    }
}
