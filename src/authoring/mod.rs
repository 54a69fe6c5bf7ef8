//! `parlour.json` → plan bytes and diagnostics. All mistakes are found in one run; a broken experiment is left out
//! with its diagnostic and the others run. Holds no evaluator: the runtime decides.

mod against;
mod condition;
mod config;
mod dates;
mod diagnostic;
pub mod edit;
mod experience;
mod experiment;
mod explain;
mod facts;
mod flag;
mod follow;
mod growthbook;
mod json;
mod measured;
mod moves;
mod names;
mod page;
mod pattern;
mod plan;
mod redirect;
mod requires;
mod schema;
mod shape;
mod share;
mod slot;
mod url;
mod warnings;

pub use against::Earlier;
pub use condition::{Dialect, channels};
pub use dates::{Bound, to_utc_ms};
pub use diagnostic::{Diagnostic, Severity, did_you_mean};
pub use experiment::{BANDIT_CONTROL, BANDIT_FLOOR};
pub use explain::{Explanation, STEPS, clauses, explain};
pub use facts::tell;
pub use growthbook::{GrowthBook, Holds, Imported, import as import_growthbook};
pub use moves::{Moves, moves};
pub use names::{Asked, FlagRow, FlagTold, Named, NamedFlag, Names};
pub use schema::schema;

use crate::plan::{MAX_PLAN_BYTES, Plan};
use diagnostic::Diagnostics;

/// Larger files are refused before they are read: no marketer writes one.
pub const MAX_CONFIG_BYTES: usize = 10 << 20;

#[derive(Clone, Copy, Debug)]
pub struct CompileOptions {
    /// Rises with every build that replaces another, so that an older plan never wins.
    pub version: u32,
    pub issued_ms: u64,
    /// From then on pages show their original.
    pub expires_ms: u64,
    /// Takes in drafts, which decide nothing unless they are previewed: never for the plan that every visitor loads.
    pub drafts: bool,
    /// The Ed25519 key whose tokens may force a variant, base64url; the file's own `previewKey` comes first.
    pub preview_key: Option<[u8; PREVIEW_KEY_CHARS]>,
    /// For warnings that look at the calendar; without it there are none of these.
    pub now_ms: Option<u64>,
}

/// 32 bytes in base64url without padding.
pub const PREVIEW_KEY_CHARS: usize = 43;

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            version: 1,
            issued_ms: 0,
            expires_ms: u64::MAX,
            drafts: false,
            preview_key: None,
            now_ms: None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Compiled {
    /// `None` when a mistake concerns the whole file.
    pub plan: Option<Vec<u8>>,
    /// In the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

#[must_use]
pub fn compile(text: &str, options: &CompileOptions) -> Compiled {
    compile_after(text, options, None)
}

/// Where the plan before is given, experiments that go on under the same version keep its ranges as far as their
/// weights allow, so that the fewest units move.
#[must_use]
pub fn compile_after(text: &str, options: &CompileOptions, previous: Option<&Plan>) -> Compiled {
    run(text, options, previous, None)
}

/// Also finds what would do harm to experiments that run already. The plan is one that follows nothing.
#[must_use]
pub fn check_against(text: &str, options: &CompileOptions, earlier: &Earlier) -> Compiled {
    run(text, options, None, Some(earlier))
}

fn run(text: &str, options: &CompileOptions, previous: Option<&Plan>, earlier: Option<&Earlier>) -> Compiled {
    let mut diagnostics = Diagnostics::new(text);
    let file = json::parse(text, &mut diagnostics);
    let plan = file.as_ref().and_then(|file| {
        shape::check(file, &config::config(), "", &mut diagnostics);
        measured::check(file, &mut diagnostics);
        plan::build(file, options, previous, &mut diagnostics)
    });
    let bytes = plan.map(|plan| crate::plan::encode::encode(&plan)).filter(|bytes| {
        if bytes.len() > MAX_PLAN_BYTES {
            let message = format!("the plan has {} bytes, more than {MAX_PLAN_BYTES}", bytes.len());
            let cure = "Archive experiments that are over, or move large values to files of their own".into();
            diagnostics.error("E101", ("", 0), message, cure);
        }
        bytes.len() <= MAX_PLAN_BYTES
    });
    if let Some(file) = &file {
        warnings::warn(file, bytes.as_deref(), options, &mut diagnostics);
        let built = bytes.as_deref().and_then(|bytes| Plan::decode(bytes).ok());
        if let (Some(earlier), Some(fresh)) = (earlier, &built) {
            let following = compile_after(text, options, Some(earlier.plan())).plan;
            let following = following.and_then(|bytes| Plan::decode(&bytes).ok());
            let comparison = against::Comparison {
                file,
                fresh,
                following: following.as_ref().unwrap_or(fresh),
                earlier,
                now_ms: options.now_ms,
            };
            against::check(&comparison, &mut diagnostics);
        }
    }
    Compiled { plan: bytes, diagnostics: diagnostics.in_file_order() }
}
