//! Mistakes, each with its place and its cure.

use std::collections::BTreeSet;

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

/// Of each severity; more help nobody, and are counted in a last one.
const MAX_FOUND: usize = 200;
/// Bytes of a text for people: what it quotes may be of any length.
const MAX_TEXT_BYTES: usize = 500;
/// Characters of a word that may be a misspelt one.
const MAX_WORD: usize = 40;
/// Words that it is compared with.
const MAX_KNOWN: usize = 500;

#[derive(Debug)]
pub struct Diagnostics<'a> {
    text: &'a str,
    found: Vec<(usize, Diagnostic)>,
    errors: Dropped,
    warnings: Dropped,
}

/// Findings beyond the bound: how many there are, and of errors, which members of which parts they lie in.
#[derive(Debug, Default)]
struct Dropped {
    kept: usize,
    count: usize,
    places: BTreeSet<String>,
}

impl<'a> Diagnostics<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new(), errors: Dropped::default(), warnings: Dropped::default() }
    }

    /// Is there room for another warning, so that a cure is worth the search?
    pub fn lists_warnings(&self) -> bool {
        self.warnings.kept < MAX_FOUND
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
        (pointer, offset): (&str, usize),
        message: String,
        cure: String,
    ) {
        let bound = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if bound.kept >= MAX_FOUND {
            bound.count += 1;
            if severity == Severity::Error {
                bound.places.insert(member_of(pointer).to_owned());
            }
            return;
        }
        bound.kept += 1;
        let (pointer, message, cure) = (pointer.to_owned(), shortened(message), shortened(cure));
        // Lines are counted at the end, once for all.
        self.found.push((offset, Diagnostic { code, severity, pointer, line: 0, column: 0, message, cure }));
    }

    fn errors(&self) -> impl Iterator<Item = &str> {
        let errors = self.found.iter().filter(|(_, found)| found.severity == Severity::Error);
        errors.map(|(_, found)| found.pointer.as_str())
    }

    /// Is there an error at this place or below it? Of errors that are only counted it is known in which member they lie.
    pub fn is_broken(&self, pointer: &str) -> bool {
        self.errors.places.contains(member_of(pointer))
            || self.errors().any(|found| is_within(found, pointer))
    }

    /// Is there an error that concerns the whole file: one that lies in none of these parts?
    pub fn is_broken_outside(&self, parts: &[&str]) -> bool {
        let is_inside =
            |found: &str| parts.iter().any(|part| is_within(found, part) && found.len() > part.len() + 1);
        self.errors().any(|found| !is_inside(found))
            || self.errors.places.iter().any(|place| !is_inside(place))
    }

    pub fn in_file_order(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(offset, _)| *offset);
        let mut place = Place { text: self.text, offset: 0, line: 1, line_start: 0 };
        let mut list: Vec<Diagnostic> = Vec::with_capacity(self.found.len() + 1);
        for (offset, mut diagnostic) in self.found {
            (diagnostic.line, diagnostic.column) = place.of(offset);
            list.push(diagnostic);
        }
        let dropped =
            [("E199", Severity::Error, self.errors.count), ("W199", Severity::Warning, self.warnings.count)];
        for (code, severity, count) in dropped {
            if let Some(last) = list.last().filter(|_| count > 0).cloned() {
                let message = format!("{count} more of its kind are not listed");
                let cure = "Mend those above first".to_owned();
                list.push(Diagnostic { code, severity, message, cure, ..last });
            }
        }
        list
    }
}

/// Line and column, counted from 1, of offsets that only grow.
struct Place<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    line_start: usize,
}

impl Place<'_> {
    fn of(&mut self, offset: usize) -> (u32, u32) {
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        self.line += passed.matches('\n').count() as u32;
        if let Some(newline) = passed.rfind('\n') {
            self.line_start = self.offset + newline + 1;
        }
        self.offset += passed.len();
        let column = self.text.get(self.line_start..self.offset).map_or(0, |line| line.chars().count());
        (self.line, column as u32 + 1)
    }
}

/// `/experiments/one` of `/experiments/one/variants/a`.
fn member_of(pointer: &str) -> &str {
    pointer.match_indices('/').nth(2).and_then(|(at, _)| pointer.get(..at)).unwrap_or(pointer)
}

fn is_within(pointer: &str, place: &str) -> bool {
    pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn shortened(text: String) -> String {
    if text.len() <= MAX_TEXT_BYTES {
        return text;
    }
    let part = |from: usize, to: usize| text.get(text.ceil_char_boundary(from)..text.floor_char_boundary(to));
    let head = part(0, MAX_TEXT_BYTES / 2).unwrap_or_default();
    let tail = part(text.len() - MAX_TEXT_BYTES / 2, text.len()).unwrap_or_default();
    format!("{head} … {tail}")
}

/// The known word that was probably meant.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().take(MAX_WORD + 1).count();
    let limit = (letters / 3).max(1);
    if letters > MAX_WORD {
        return None;
    }
    known
        .into_iter()
        .take(MAX_KNOWN)
        .filter(|candidate| candidate.chars().take(MAX_WORD + limit).count().abs_diff(letters) <= limit)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
