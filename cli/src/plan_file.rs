//! A plan as the command handles it: its bytes, what they decode to, and the names in its page section.

use std::path::Path;

use anyhow::Context;
use parlour::authoring::{self, CompileOptions, Diagnostic, Severity};
use parlour::plan::Plan;
use serde::Deserialize;

#[derive(Debug)]
pub struct Opened {
    pub bytes: Vec<u8>,
    pub plan: Plan,
    pub page: Page,
}

impl Opened {
    /// Sixteen hex digits that name these very bytes.
    #[must_use]
    pub fn hash(&self) -> String {
        format!("{:016x}", self.plan.hash())
    }

    /// An experiment's place in the plan and its names.
    ///
    /// # Errors
    /// Names the experiments there are.
    pub fn experiment(&self, key: &str) -> anyhow::Result<(usize, &Named)> {
        let named = self.page.experiments.iter().find(|named| named.key == key);
        self.plan.experiment_index(key).zip(named).with_context(|| {
            let keys: Vec<_> = self.page.experiments.iter().map(|named| named.key.as_str()).collect();
            match keys.as_slice() {
                [] => format!("no experiment {key:?}: the plan has none"),
                keys => format!("no experiment {key:?}: the plan has {}", keys.join(", ")),
            }
        })
    }
}

/// The part of the page section that gives numbers their names.
#[derive(Debug, Default, Deserialize)]
pub struct Page {
    #[serde(default)]
    site: Vec<String>,
    /// Names of the plan's facts, in its order.
    #[serde(default)]
    facts: Vec<String>,
    #[serde(default)]
    pub experiments: Vec<Named>,
}

impl Page {
    /// The first host the plan is for, which stands for the site.
    #[must_use]
    pub fn site(&self) -> String {
        self.site.first().cloned().unwrap_or_default()
    }

    #[must_use]
    pub fn fact(&self, name: &str) -> Option<u16> {
        self.facts.iter().position(|fact| fact == name).and_then(|index| u16::try_from(index).ok())
    }
}

#[derive(Debug, Deserialize)]
pub struct Named {
    pub key: String,
    #[serde(default)]
    pub variants: Vec<NamedVariant>,
}

impl Named {
    #[must_use]
    pub fn variant(&self, index: Option<u8>) -> Option<&str> {
        self.variants.get(usize::from(index?)).map(|variant| variant.key.as_str())
    }
}

#[derive(Debug, Deserialize)]
pub struct NamedVariant {
    pub key: String,
}

/// Reads and decodes a plan file.
///
/// # Errors
/// When it cannot be read or is no plan this version reads.
pub fn read(path: &Path) -> anyhow::Result<Opened> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    open(path, bytes)
}

/// Decodes plan bytes that came from `path`.
///
/// # Errors
/// When they are no plan this version reads.
pub fn open(path: &Path, bytes: Vec<u8>) -> anyhow::Result<Opened> {
    let plan = Plan::decode(&bytes).map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.explain()))?;
    let page = match plan.page() {
        [] => Page::default(),
        json => serde_json::from_slice(json).with_context(|| format!("{}: its page section", path.display()))?,
    };
    Ok(Opened { bytes, plan, page })
}

/// What the compiler made of a `parlour.json`.
#[derive(Debug)]
pub struct Compilation {
    pub opened: Option<Opened>,
    pub diagnostics: Vec<Diagnostic>,
    /// The diagnostics as `FILE:line:col severity code pointer: message. cure`.
    pub lines: Vec<String>,
}

impl Compilation {
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Compiles the text of the file at `path`.
///
/// # Errors
/// Only when the compiler's own plan does not decode.
pub fn compile(path: &Path, text: &str, options: &CompileOptions) -> anyhow::Result<Compilation> {
    let authoring::Compiled { plan, diagnostics } = authoring::compile(text, options);
    let lines = diagnostics.iter().map(|diagnostic| format!("{}:{diagnostic}", path.display())).collect();
    let opened = plan.map(|bytes| open(path, bytes)).transpose()?;
    Ok(Compilation { opened, diagnostics, lines })
}
