//! Digests in the page against the bytes that are served.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::files::{File, Kind};
use super::{Findings, Install, Page};

const REMAKE: &str =
    "take the digest of dist/integrity.json of the version you serve, and serve the files as they are";

pub fn check(install: &Install<'_>, page: &Page, files: &[File], findings: &mut Findings) {
    if let Some(file) = files.first() {
        tag(install, page, file, findings);
    }
    match install.digests() {
        None => {}
        Some(Err(error)) => {
            let what = format!("data-integrity is no JSON: {error}. Parlour does not start");
            findings.fail(
                "integrity",
                page.url.as_str(),
                what,
                "write an object: {\"parlour.wasm\":\"sha384-…\"}",
            );
        }
        Some(Ok(digests)) => {
            for file in files.iter().filter(|file| file.kind != Kind::Script) {
                match digests.get(file.name()) {
                    Some(digest) => compare(digest, file, findings),
                    None if file.kind == Kind::Fallback => {
                        let what = "is not in data-integrity: where wasm is refused, nothing runs";
                        findings.warn("integrity", file.url.as_str(), what, "add its digest");
                    }
                    None => {
                        let what = "is not in data-integrity: it is not run";
                        findings.fail("integrity", file.url.as_str(), what, "add its digest");
                    }
                }
            }
        }
    }
}

fn tag(install: &Install<'_>, page: &Page, file: &File, findings: &mut Findings) {
    let place = file.url.as_str();
    let elsewhere = page.is_elsewhere(&file.url);
    match install.tag.get("integrity").filter(|_| !install.is_module) {
        Some(_) if elsewhere && install.tag.get("crossorigin").is_none() => {
            let what = "has an integrity attribute and is on another origin, but the tag has no crossorigin: browsers refuse it";
            findings.fail("integrity", place, what, "add crossorigin to the script tag");
        }
        Some(digest) => compare(digest, file, findings),
        None if elsewhere => {
            let what =
                "comes from another origin unchecked: whoever may write there, may run code on this page";
            findings.warn(
                "integrity",
                place,
                what,
                "add integrity and crossorigin to the script tag, and data-integrity",
            );
        }
        None => {}
    }
}

fn compare(digest: &str, file: &File, findings: &mut Findings) {
    let Some(answer) = &file.answer else { return };
    let place = file.url.as_str();
    match matches(digest, &answer.body) {
        Some(true) => findings.ok("integrity", place, "is what its digest says"),
        Some(false) => {
            findings.fail("integrity", place, "is not what its digest says: browsers refuse it", REMAKE)
        }
        None => findings.fail("integrity", place, format!("has a digest that is none: {digest:?}"), REMAKE),
    }
}

/// As browsers do: the strongest algorithm named decides, any of its digests will do. None where there is none.
pub fn matches(integrity: &str, body: &[u8]) -> Option<bool> {
    for (name, digest) in [
        ("sha512-", Sha512::digest(body).to_vec()),
        ("sha384-", Sha384::digest(body).to_vec()),
        ("sha256-", Sha256::digest(body).to_vec()),
    ] {
        let encoded = BASE64_STANDARD.encode(digest);
        let mut named =
            integrity.split_ascii_whitespace().filter_map(|one| one.strip_prefix(name)).peekable();
        if named.peek().is_some() {
            return Some(named.any(|one| one.split('?').next() == Some(encoded.as_str())));
        }
    }
    None
}
