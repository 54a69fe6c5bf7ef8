//! The collector: takes a batch without events, and acknowledges it as pages need it.

use serde_json::{Value, json};

use super::files::cors;
use super::{Fetcher, Findings, Install, Page};

pub fn check(install: &Install<'_>, page: &Page, fetcher: &Fetcher, findings: &mut Findings) {
    let Some(url) = &install.endpoint else {
        let what = "no endpoint is named: nothing is sent, and no experiment is ever decided";
        findings.warn("collector", page.url.as_str(), what, "name it in data-endpoint");
        return;
    };
    let place = url.as_str();
    let body = json!({ "batch": [], "context": { "parlour": { "doctor": true } } }).to_string();
    let answer = match fetcher.post(url, &page.origin(), body) {
        Ok(answer) => answer,
        Err(why) => return findings.fail("collector", place, why, "start it, or correct data-endpoint"),
    };
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status == 200
        && (said.get("parlour") == Some(&json!(1)) || said.get("success") == Some(&json!(true)))
    {
        findings.ok("collector", place, "acknowledges a batch");
    } else {
        let what = format!(
            "answers {} without the acknowledgement \"parlour\":1: pages keep their events",
            answer.status
        );
        findings.fail(
            "collector",
            place,
            what,
            "let it reach `parlour serve`; a login or an error page may be in its way",
        );
    }
    if page.is_elsewhere(url) {
        cors(&answer, page, place, findings);
    }
}
