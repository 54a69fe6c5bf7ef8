//! A plan as the command handles it: its bytes, what they decode to, and the names in them.

use std::path::Path;

use anyhow::Context;
use parlour::authoring::{self, CompileOptions, Compiled, Diagnostic, Earlier, Names};
use parlour::plan::Plan;

use crate::host::Host;

#[derive(Debug)]
pub struct Opened {
    pub bytes: Vec<u8>,
    pub plan: Plan,
    pub names: Names,
}

impl Opened {
    /// Sixteen hex digits that name these very bytes.
    #[must_use]
    pub fn hash(&self) -> String {
        format!("{:016x}", self.plan.hash())
    }

    /// The first host the plan is for, which stands for the site.
    #[must_use]
    pub fn site(&self) -> String {
        self.names.site.first().cloned().unwrap_or_default()
    }

    /// An experiment's place in the plan.
    ///
    /// # Errors
    /// Names the experiments there are.
    pub fn experiment(&self, key: &str) -> anyhow::Result<usize> {
        self.plan.experiment_index(key).with_context(|| {
            let keys: Vec<_> = self.names.experiments.iter().map(|named| named.key.as_str()).collect();
            match keys.as_slice() {
                [] => format!("no experiment {key:?}: the plan has none"),
                keys => format!("no experiment {key:?}: the plan has {}", keys.join(", ")),
            }
        })
    }
}

/// Reads and decodes a plan file.
///
/// # Errors
/// When it cannot be read or is no plan this version reads.
pub fn read(path: &Path, host: &dyn Host) -> anyhow::Result<Opened> {
    open(path, host.bytes_of(path)?)
}

/// Decodes plan bytes that came from `path`.
///
/// # Errors
/// When they are no plan this version reads.
pub fn open(path: &Path, bytes: Vec<u8>) -> anyhow::Result<Opened> {
    let plan =
        Plan::decode(&bytes).map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.explain()))?;
    let names = Names::read(&plan);
    Ok(Opened { bytes, plan, names })
}

/// What the compiler made of a `parlour.json`.
#[derive(Debug)]
pub struct Compilation {
    pub opened: Option<Opened>,
    pub diagnostics: Vec<Diagnostic>,
    /// The diagnostics as `FILE:line:col severity code pointer: message. cure`.
    pub lines: Vec<String>,
    pub has_errors: bool,
}

/// Compiles the text of the file at `path`.
///
/// # Errors
/// Only when the compiler's own plan does not decode.
pub fn compile(path: &Path, text: &str, options: &CompileOptions) -> anyhow::Result<Compilation> {
    told(path, authoring::compile(text, options))
}

/// As [`compile`], with the ranges of the plan before as far as weights allow.
///
/// # Errors
/// As [`compile`].
pub fn compile_after(
    path: &Path,
    text: &str,
    options: &CompileOptions,
    previous: Option<&Plan>,
) -> anyhow::Result<Compilation> {
    told(path, authoring::compile_after(text, options, previous))
}

/// As [`compile`], with what would do harm to what was live before.
///
/// # Errors
/// As [`compile`].
pub fn compile_against(
    path: &Path,
    text: &str,
    options: &CompileOptions,
    earlier: &Earlier,
) -> anyhow::Result<Compilation> {
    told(path, authoring::check_against(text, options, earlier))
}

fn told(path: &Path, compiled: Compiled) -> anyhow::Result<Compilation> {
    let has_errors = compiled.has_errors();
    let Compiled { plan, diagnostics } = compiled;
    let lines = diagnostics.iter().map(|diagnostic| format!("{}:{diagnostic}", path.display())).collect();
    let opened = plan.map(|bytes| open(path, bytes)).transpose()?;
    Ok(Compilation { opened, diagnostics, lines, has_errors })
}

/// Compiles what replaces `last`: the very same plan if nothing changed, else the next version, issued when the options
/// say. Their version is not read.
///
/// # Errors
/// As [`compile`].
pub fn succeed(
    path: &Path,
    text: &str,
    last: &Plan,
    options: &CompileOptions,
) -> anyhow::Result<Compilation> {
    succeed_by(last, options, |options| compile(path, text, options))
}

/// As [`succeed`], compiled in the caller's way.
///
/// # Errors
/// Those of the caller's way.
pub fn succeed_by(
    last: &Plan,
    options: &CompileOptions,
    compile: impl Fn(&CompileOptions) -> anyhow::Result<Compilation>,
) -> anyhow::Result<Compilation> {
    let repeat = CompileOptions { version: last.version(), issued_ms: last.issued_ms(), ..*options };
    let same = compile(&repeat)?;
    if same.opened.as_ref().is_none_or(|opened| opened.plan.hash() == last.hash()) {
        return Ok(same);
    }
    compile(&CompileOptions { version: last.version().saturating_add(1), ..*options })
}
