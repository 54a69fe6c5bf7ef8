//! `parlour doctor`: a live page, looked at from outside as a browser would meet it.
//!
//! Every check says what it found, where, and how to mend it. Nothing it reads is trusted: requests end in time, bodies
//! are read to a bound, and what is printed holds no control characters.

mod collector;
mod fetch;
mod files;
mod install;
mod integrity;
mod page;
mod plan;
mod policy;
mod snippet;

use serde::Serialize;
use url::Url;

pub use fetch::{Fetcher, Limits};
use install::Install;
use page::Page;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    Warn,
    Fail,
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub level: Level,
    /// What was looked at: page, install, file, type, compression, caching, cors, integrity, policy, plan, collector, snippet.
    pub check: &'static str,
    pub place: String,
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, check: &'static str, place: &str, what: impl Into<String>) {
        self.add(Level::Ok, check, place, what.into(), None);
    }

    fn warn(&mut self, check: &'static str, place: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Level::Warn, check, place, what.into(), Some(mend.into()));
    }

    fn fail(&mut self, check: &'static str, place: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Level::Fail, check, place, what.into(), Some(mend.into()));
    }

    fn add(&mut self, level: Level, check: &'static str, place: &str, what: String, mend: Option<String>) {
        let place = printable(place);
        self.0.push(Finding {
            level,
            check,
            place,
            what: printable(&what),
            mend: mend.map(|text| printable(&text)),
        });
    }
}

/// What a server sent may say anything to a terminal.
fn printable(text: &str) -> String {
    const MOST_CHARS: usize = 400;
    let plain = |char: char| if char.is_control() { '\u{FFFD}' } else { char };
    let mut short: String = text.chars().take(MOST_CHARS).map(plain).collect();
    if text.chars().nth(MOST_CHARS).is_some() {
        short.push('…');
    }
    short
}

/// Looks at everything, whatever is found on the way. `now_ms` is what expiry is held against.
#[must_use]
pub fn examine(url: &Url, limits: Limits, now_ms: u64) -> Vec<Finding> {
    let mut findings = Findings::default();
    look(url, &Fetcher::new(limits), now_ms, &mut findings);
    findings.0
}

fn look(url: &Url, fetcher: &Fetcher, now_ms: u64, findings: &mut Findings) {
    let Some(page) = Page::fetch(url, fetcher, findings) else { return };
    let Some(install) = Install::find(&page, findings) else { return };
    let files = files::check(&install, &page, fetcher, findings);
    integrity::check(&install, &page, &files, findings);
    policy::check(&install, &page, &files, findings);
    let plan = plan::check(&install, &page, fetcher, now_ms, findings);
    snippet::check(&install, &page, &files, plan.as_ref(), findings);
    collector::check(&install, &page, fetcher, findings);
}
