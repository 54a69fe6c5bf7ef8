//! Every code that can be said is in docs/diagnostics.md, and no other.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

const DOCS: &str = include_str!("../docs/diagnostics.md");

fn codes(text: &str, around: &str) -> Vec<String> {
    let pattern = Regex::new(&around.replace('C', "([EW][0-9]{3})")).unwrap();
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

fn said(folder: &Path, all: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            said(&path, all);
        } else {
            all.extend(codes(&std::fs::read_to_string(path).unwrap(), "\"C\""));
        }
    }
}

#[test]
fn every_code_can_be_looked_up() {
    let mut said_somewhere = BTreeSet::new();
    said(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/authoring"), &mut said_somewhere);
    let rows = codes(DOCS, r"(?m)^\| C \|");
    let documented: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(rows.len(), documented.len(), "each once");
    assert!(said_somewhere.len() > 60, "the search finds them: {said_somewhere:?}");
    assert_eq!(documented, said_somewhere);
}

#[test]
fn sabotaged_a_code_without_a_row_is_told_apart() {
    let without = DOCS.replace("| W303 |", "| W999 |");
    let documented: BTreeSet<String> = codes(&without, r"(?m)^\| C \|").into_iter().collect();
    assert!(!documented.contains("W303") && documented.contains("W999"));
}
