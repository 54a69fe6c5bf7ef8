//! `parlour.json` → plan bytes and diagnostics. All mistakes are found in one run; a broken experiment is left out
//! with its diagnostic and the others run. Holds no evaluator: the runtime decides.

mod condition;
mod config;
mod dates;
mod diagnostic;
mod experience;
mod experiment;
mod facts;
mod growthbook;
mod json;
mod names;
mod page;
mod pattern;
mod plan;
mod schema;
mod shape;
mod share;

pub use condition::Dialect;
pub use diagnostic::{Diagnostic, Severity};
pub use facts::tell;
pub use growthbook::{GrowthBook, Holds, Imported, import as import_growthbook};
pub use names::{Asked, Named, Names};
pub use schema::schema;

use diagnostic::Diagnostics;

/// Larger files are refused before they are read: no marketer writes one.
pub const MAX_CONFIG_BYTES: usize = 10 << 20;

#[derive(Clone, Copy, Debug)]
pub struct CompileOptions {
    /// Rises with every build that replaces another, so that an older plan never wins.
    pub version: u32,
    pub issued_ms: u64,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { version: 1, issued_ms: 0 }
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
    let mut diagnostics = Diagnostics::new(text);
    let plan = json::parse(text, &mut diagnostics).and_then(|file| {
        shape::check(&file, &config::config(), "", &mut diagnostics);
        plan::build(&file, options, &mut diagnostics)
    });
    Compiled {
        plan: plan.map(|plan| crate::plan::encode::encode(&plan)),
        diagnostics: diagnostics.in_file_order(),
    }
}
