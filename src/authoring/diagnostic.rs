//! Mistakes, each with its place and its cure.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// One finding. The code is stable; texts may improve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub code: &'static str,
    pub severity: Severity,
    /// JSON pointer (RFC 6901) to the value.
    pub pointer: String,
    /// Both counted from 1; the column in characters.
    pub line: u32,
    pub column: u32,
    pub message: String,
    pub cure: String,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let pointer = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(
            formatter,
            "{}:{} {severity} {} {pointer}: {}. {}.",
            self.line, self.column, self.code, self.message, self.cure
        )
    }
}

/// More findings than this help nobody; the rest is counted in a last one.
const MAX_DIAGNOSTICS: usize = 200;

#[derive(Debug)]
pub struct Diagnostics<'a> {
    text: &'a str,
    found: Vec<(usize, Diagnostic)>,
    dropped: usize,
}

impl<'a> Diagnostics<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new(), dropped: 0 }
    }

    pub fn error(&mut self, code: &'static str, at: (&str, usize), message: String, cure: String) {
        self.add(code, Severity::Error, at, message, cure);
    }

    pub fn warning(&mut self, code: &'static str, at: (&str, usize), message: String, cure: String) {
        self.add(code, Severity::Warning, at, message, cure);
    }

    fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        at: (&str, usize),
        message: String,
        cure: String,
    ) {
        if self.found.len() >= MAX_DIAGNOSTICS {
            self.dropped += 1;
            return;
        }
        let (pointer, offset) = at;
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.get(line_start..).map_or(0, |line| line.chars().count()) as u32 + 1;
        self.found.push((
            offset,
            Diagnostic { code, severity, pointer: pointer.to_owned(), line, column, message, cure },
        ));
    }

    /// Is there an error at this place or below it?
    pub fn is_broken(&self, pointer: &str) -> bool {
        self.found.iter().any(|(_, found)| {
            found.severity == Severity::Error
                && found
                    .pointer
                    .strip_prefix(pointer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Is there an error that concerns the whole file: one that lies in none of these parts?
    pub fn is_broken_outside(&self, parts: &[&str]) -> bool {
        self.found.iter().any(|(_, found)| {
            found.severity == Severity::Error
                && !parts.iter().any(|part| {
                    found
                        .pointer
                        .strip_prefix(part)
                        .is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
                })
        })
    }

    pub fn in_file_order(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(offset, _)| *offset);
        let mut list: Vec<Diagnostic> = self.found.into_iter().map(|(_, diagnostic)| diagnostic).collect();
        if let Some(last) = list.last().filter(|_| self.dropped > 0).cloned() {
            list.push(Diagnostic {
                code: "E199",
                severity: Severity::Error,
                message: format!("{} more mistakes are not listed", self.dropped),
                cure: "Mend those above first".to_owned(),
                ..last
            });
        }
        list
    }
}

/// "; did you mean `x`?" where one of the known words is near, else nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
