use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use parlour::authoring::CompileOptions;
use serde_json::json;

use super::Outcome;
use crate::plan_file;

/// Finds the mistakes in a parlour.json, all in one run.
///
/// Prints one line for each: FILE:line:column severity code pointer: message. cure
///
/// Exits with 1 when there are errors; warnings alone leave it at 0.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The parlour.json to check.
    file: PathBuf,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let text = read_text(&args.file)?;
    let compilation = plan_file::compile(&args.file, &text, &CompileOptions::default())?;
    let ok = !compilation.has_errors;
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Text => {
            for line in &compilation.lines {
                writeln!(out, "{line}")?;
            }
        }
        Format::Json => {
            let found = json!({ "file": args.file, "ok": ok, "diagnostics": compilation.diagnostics });
            writeln!(out, "{found:#}")?;
        }
    }
    Ok(if ok { Outcome::Clean } else { Outcome::FoundProblems })
}

/// The text of a file, or why it has none.
pub fn read_text(path: &std::path::Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))
}
