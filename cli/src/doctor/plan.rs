//! The plan: one that can be read, is for this page, is valid, and is signed by whom the page trusts.

use std::path::Path;

use parlour_command::plan_file::{self, Opened};
use parlour_signing::{Expected, PublicKey, Report, Site, written};

use super::files::{Kind, look};
use super::{Fetcher, Findings, Install, Page};

/// The plan, if it can be read at all.
pub fn check(
    install: &Install<'_>,
    page: &Page,
    fetcher: &Fetcher,
    now_ms: u64,
    findings: &mut Findings,
) -> Option<Opened> {
    let url = install.plan.clone()?;
    let place = url.as_str().to_owned();
    let answer = look(Kind::Plan, url, install, page, fetcher, findings).answer?;
    let opened = match plan_file::open(Path::new("the plan"), answer.body) {
        Ok(opened) => opened,
        Err(error) => {
            findings.fail("plan", &place, format!("{error:#}"), "serve what `parlour build` wrote, as it is");
            return None;
        }
    };
    findings.ok("plan", &place, format!("{} version {}", opened.hash(), opened.plan.version()));
    for_this_page(&opened, page, &place, findings);
    expiry(&opened, now_ms, &place, findings);
    signature(install, &opened, page, now_ms, &place, findings);
    Some(opened)
}

fn for_this_page(opened: &Opened, page: &Page, place: &str, findings: &mut Findings) {
    let (site, host) = (Site::read(&opened.plan), page.host());
    if site.has(&host) {
        findings.ok("plan", place, format!("is for {host}"));
    } else {
        let what = format!("is for {} and this page is on {host}: nothing is run", site.hosts.join(", "));
        findings.fail(
            "plan",
            place,
            what,
            format!("add {host:?} to \"site\" or \"environments\" in parlour.json"),
        );
    }
}

fn expiry(opened: &Opened, now_ms: u64, place: &str, findings: &mut Findings) {
    let Ok(report) = Report::read(&opened.bytes, now_ms) else { return };
    let Some(at) = report.expires_ms.map(written) else { return };
    let mend = "build and sign it anew";
    if report.has_expired() {
        findings.fail("plan", place, format!("has expired ({at})"), mend);
    } else if report.expires_soon() {
        findings.warn("plan", place, format!("expires soon ({at})"), mend);
    } else {
        findings.ok("plan", place, format!("expires {at}"));
    }
}

fn signature(
    install: &Install<'_>,
    opened: &Opened,
    page: &Page,
    now_ms: u64,
    place: &str,
    findings: &mut Findings,
) {
    if install.keys.is_empty() {
        return;
    }
    let mut keys = Vec::new();
    for text in &install.keys {
        match PublicKey::parse(text) {
            Ok(key) => keys.push(key),
            Err(error) => {
                let mend = "put there what `parlour keygen` printed";
                findings.fail("plan", page.url.as_str(), format!("data-key {text:?}: {error}"), mend);
                return;
            }
        }
    }
    let host = page.host();
    let expected = Expected { keys: &keys, site: Some(&host), version: 0, now_ms };
    match parlour_signing::verify(&opened.bytes, &expected) {
        Ok(_) => findings.ok("plan", place, "is signed by a key the page knows"),
        Err(refusal) => findings.fail(
            "plan",
            place,
            format!("is refused by the page: {refusal}"),
            "sign it with `parlour sign`",
        ),
    }
}
