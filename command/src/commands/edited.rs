//! What commands that edit a file have in common: the file is written, then checked as `parlour check` does.

use std::io::Write as _;
use std::path::Path;

use parlour::authoring::CompileOptions;
use parlour::authoring::edit::Edited;

use super::Outcome;
use crate::host::Host;
use crate::plan_file;

pub fn write(path: &Path, became: &Edited, now_ms: u64, host: &dyn Host) -> anyhow::Result<Outcome> {
    for found in &became.diagnostics {
        host.tell(&format!("{}:{found}", path.display()));
    }
    let Some(text) = &became.text else {
        host.tell(&format!("parlour: {} was not changed", path.display()));
        return Ok(Outcome::FoundProblems);
    };
    host.replace(path, text.as_bytes())?;
    let options = CompileOptions { now_ms: Some(now_ms), ..CompileOptions::default() };
    let checked = plan_file::compile(path, text, &options)?;
    for line in &checked.lines {
        host.tell(line);
    }
    let mut out = host.stdout();
    writeln!(out, "{}", became.done)?;
    out.flush()?;
    Ok(if checked.has_errors { Outcome::FoundProblems } else { Outcome::Clean })
}
