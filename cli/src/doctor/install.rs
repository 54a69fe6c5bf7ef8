//! How Parlour came on the page: by its script tag, or as a module that an inline script starts.

use std::collections::BTreeMap;

use url::Url;

use super::page::Script;
use super::{Findings, Page};

pub struct Install<'a> {
    pub script: Url,
    pub tag: &'a Script,
    pub is_module: bool,
    pub plan: Option<Url>,
    pub endpoint: Option<Url>,
    /// Where another one than that beside the script is named.
    pub wasm: Option<Url>,
    pub keys: Vec<String>,
    /// `data-config` or `data-growthbook`: compiled in the page, for trying out.
    pub compiles: bool,
    /// `data-integrity` as it stands there.
    pub digests: Option<&'a str>,
}

impl<'a> Install<'a> {
    pub fn find(page: &'a Page, findings: &mut Findings) -> Option<Self> {
        let tags: Vec<&Script> = page.scripts.iter().filter(|script| is_tag(script)).collect();
        let modules =
            page.scripts.iter().filter(|script| script.is_module() && entry_in(&script.text).is_some());
        let place = page.url.as_str();
        let found = match (tags.as_slice(), modules.into_iter().next()) {
            ([tag, rest @ ..], _) => {
                if !rest.is_empty() {
                    let what = format!("the script tag stands there {} times: the first is used", tags.len());
                    findings.warn("install", place, what, "leave one of them");
                }
                Self::of_tag(page, tag)
            }
            ([], Some(module)) => Self::of_module(page, module),
            ([], None) => {
                findings.fail(
                    "install",
                    place,
                    "no script tag of parlour.iife.js and no inline module that imports parlour.js was found",
                    "add the script tag; where a bundle of your own starts Parlour, nothing can be seen from outside",
                );
                return None;
            }
        };
        let Some(install) = found else {
            findings.fail("install", place, "the script's address cannot be read", "correct its src");
            return None;
        };
        let kind = if install.is_module { "a module" } else { "a script tag" };
        findings.ok("install", place, format!("{kind}: {}", install.script));
        let blocks = ["async", "defer"].iter().all(|name| install.tag.get(name).is_none());
        if blocks && !install.is_module {
            findings.warn(
                "install",
                place,
                "the script tag holds up the page until it is loaded",
                "add async to it",
            );
        }
        if install.compiles {
            let what = "the plan is compiled in the page, which every visitor waits for";
            findings.warn(
                "install",
                place,
                what,
                "build a plan with `parlour build` and name it in data-plan",
            );
        } else if install.plan.is_none() {
            let mend = "name it in data-plan, or in start({ plan })";
            findings.fail("install", place, "no plan is named", mend);
        }
        Some(install)
    }

    fn of_tag(page: &Page, tag: &'a Script) -> Option<Self> {
        let url = |name: &str| tag.get(name).and_then(|text| page.url.join(text).ok());
        Some(Self {
            script: url("src")?,
            tag,
            is_module: false,
            plan: url("data-plan"),
            endpoint: url("data-endpoint"),
            wasm: url("data-wasm"),
            keys: tag.get("data-key").into_iter().flat_map(keys).collect(),
            compiles: tag.get("data-config").is_some() || tag.get("data-growthbook").is_some(),
            digests: tag.get("data-integrity"),
        })
    }

    /// What an inline script says in so many words; what it puts together is not seen.
    fn of_module(page: &Page, tag: &'a Script) -> Option<Self> {
        let url = |name: &str| said(&tag.text, name).and_then(|text| page.url.join(text).ok());
        Some(Self {
            script: page.url.join(entry_in(&tag.text)?).ok()?,
            tag,
            is_module: true,
            plan: url("plan"),
            endpoint: url("endpoint"),
            wasm: url("wasm"),
            keys: said(&tag.text, "keys").into_iter().flat_map(keys).collect(),
            compiles: said(&tag.text, "config").is_some(),
            digests: None,
        })
    }

    /// `data-integrity` as a map.
    pub fn digests(&self) -> Option<serde_json::Result<BTreeMap<String, String>>> {
        self.digests.map(serde_json::from_str)
    }
}

fn is_tag(script: &Script) -> bool {
    let names_plan =
        ["data-plan", "data-config", "data-growthbook"].iter().any(|name| script.get(name).is_some());
    script.get("src").is_some_and(|src| {
        let name = name_of(src);
        names_plan || (name.starts_with("parlour.") && name.ends_with(".iife.js"))
    })
}

/// One or two keys, as the page takes them.
fn keys(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split([',', ' ']).filter(|key| !key.is_empty()).map(str::to_owned)
}

/// The file at an address, without query.
pub fn name_of(address: &str) -> &str {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The first quoted address of parlour.js, hashed or not.
fn entry_in(text: &str) -> Option<&str> {
    let is_entry = |quoted: &&str| {
        let name = name_of(quoted);
        name.starts_with("parlour.") && name.ends_with(".js") && !name.ends_with(".iife.js")
    };
    text.split(['"', '\'', '`']).skip(1).step_by(2).find(is_entry)
}

/// The quoted text behind `name:`.
fn said<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    for (at, _) in text.match_indices(name) {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        if before.is_some_and(|char| char.is_alphanumeric() || char == '_') {
            continue;
        }
        let rest = text.get(at + name.len()..)?.trim_start_matches(['"', '\'']).trim_start();
        let Some(value) = rest.strip_prefix(':').map(str::trim_start) else { continue };
        let quote = value.chars().next().filter(|char| matches!(char, '"' | '\'' | '`'));
        if let (Some(quote), Some(value)) = (quote, value.get(1..)) {
            return value.split(quote).next();
        }
    }
    None
}
