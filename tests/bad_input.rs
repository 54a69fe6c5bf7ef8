//! Files of any shape and size: found mistakes and no panic, in bounded time and memory.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use parlour::authoring::{CompileOptions, Compiled, MAX_CONFIG_BYTES, Names, Severity, compile};
use parlour::plan::Plan;

fn compiled(text: &str) -> Compiled {
    compile(text, &CompileOptions::default())
}

fn codes(text: &str) -> BTreeSet<&'static str> {
    let found = compiled(text).diagnostics;
    assert!(found.iter().all(|found| found.message.len() < 1_000 && found.cure.len() < 1_000), "short texts");
    found.into_iter().map(|found| found.code).collect()
}

fn site(rest: &str) -> String {
    format!(r#"{{"site": "a.example", {rest}}}"#)
}

fn experiment(fields: &str) -> String {
    site(&format!(
        r#""experiments": {{"one": {{"status": "running", "variants": {{"a": {{}}, "b": {{}}}}, {fields}}}}}"#
    ))
}

/// Of large files: enough to show what grows with their square. The largest go through the wasm in `tests/node/`.
const LARGE: usize = 1 << 20;

fn filled(before: &str, part: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_owned();
    for index in 0.. {
        let part = part(index);
        if text.len() + part.len() + after.len() + 1 > LARGE {
            break;
        }
        if index > 0 {
            text.push(',');
        }
        text.push_str(&part);
    }
    text + after
}

#[test]
fn large_files_are_answered() {
    let rows: [(&str, String, &str); 14] = [
        ("a list of numbers", filled("[", |_| "0".into(), "]"), "E104"),
        (
            "numbers where a list is",
            filled(r#"{"site": ["a"], "environments": {"x": ["#, |_| "0".into(), "]}}"),
            "E101",
        ),
        ("unknown fields", filled(r#"{"site": "a", "#, |n| format!(r#""f{n}":0"#), "}"), "W103"),
        (
            "experiments",
            filled(r#"{"site": "a", "experiments": {"#, |n| format!(r#""e{n}":{{}}"#), "}}"),
            "E101",
        ),
        ("the same name", filled(r#"{"site": "a", "#, |_| r#""x":0"#.into(), "}"), "E102"),
        ("one long name", site(&format!(r#""{}": 0"#, "x".repeat(LARGE))), "E101"),
        ("one long text", experiment(&format!(r#""name": "{}""#, "é".repeat(LARGE / 2))), "E101"),
        ("one long word", experiment(&format!(r#""unit": "{}""#, "u".repeat(LARGE))), "E106"),
        ("one long audience name", experiment(&format!(r#""audience": "{}""#, "u".repeat(LARGE))), "E201"),
        (
            "one long pattern",
            experiment(&format!(r#""audience": {{"x": {{"$regex": "{}"}}}}"#, "(a|b)*".repeat(LARGE / 6))),
            "E214",
        ),
        (
            "patterns",
            filled(
                r#"{"site": "a", "audiences": {"x": {"$or": ["#,
                |n| format!(r#"{{"p":{{"$regex":"a{n}.*b"}}}}"#),
                "]}}}",
            ),
            "E214",
        ),
        (
            "values of $in",
            filled(r#"{"site": "a", "audiences": {"x": {"p": {"$in": ["#, |n| n.to_string(), "]}}}}"),
            "E101",
        ),
        ("values of a group", filled(r#"{"site": "a", "groups": {"g": ["#, |n| n.to_string(), "]}}"), "E101"),
        (
            "facts",
            filled(
                r#"{"site": "a", "experiments": {"one": {"status": "running", "variants": {"a": {}, "b": {}}, "audience": {"$and": ["#,
                |n| format!(r#"{{"f{n}":1}}"#),
                "]}}}}",
            ),
            "E101",
        ),
    ];
    for (what, text, code) in rows {
        assert!(text.len() > LARGE * 9 / 10, "{what}: {} bytes", text.len());
        let found = codes(&text);
        assert!(found.contains(code), "{what}: {found:?}");
    }
    assert_eq!(codes(&" ".repeat(MAX_CONFIG_BYTES + 1)), BTreeSet::from(["E101"]));
}

#[test]
fn what_is_used_often_cannot_grow_beyond_a_plan() {
    let large = (0..3_000).map(|n| format!(r#"{{"f{}":{n}}}"#, n % 50)).collect::<Vec<_>>().join(",");
    let experiments: Vec<String> = (0..900)
        .map(|n| format!(r#""e{n}": {{"status": "running", "variants": {{"a": {{}}, "b": {{}}}}, "audience": "large"}}"#))
        .collect();
    let text = site(&format!(
        r#""audiences": {{"large": {{"$or": [{large}]}}}}, "experiments": {{{}}}"#,
        experiments.join(",")
    ));
    let compiled = compiled(&text);
    assert!(
        compiled.diagnostics.iter().any(|found| found.code == "E101" && found.pointer.ends_with("/audience"))
    );
    let plan = compiled.plan.map(|bytes| Plan::decode(&bytes).map(|plan| plan.experiments().len()));
    assert_eq!(plan, Some(Ok(2)), "those that fit run");
}

#[test]
fn nesting_of_any_depth_is_answered() {
    for depth in [10, 60, 63, 64, 65, 100, 1_000, 10_000] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"{"$not":"#, "}"), (r#"[{"a":"#, "}]")] {
            let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for text in [
                value.clone(),
                site(&format!(r#""audiences": {{"x": {value}}}"#)),
                site(&format!(r#""audiences": {{"x": {{"f": {value}}}}}"#)),
                experiment(&format!(r#""audience": {value}"#)),
                experiment(&format!(r#""variants": {value}"#)),
                value.get(..value.len() / 2).unwrap().to_owned(),
            ] {
                let found = codes(&text);
                assert!(
                    depth <= 64 || found.contains("E101") || found.contains("E100"),
                    "{open} {depth}: {found:?}"
                );
            }
        }
        let pattern = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        let _ = compiled(&experiment(&format!(r#""audience": {{"f": {{"$regex": "{pattern}"}}}}"#)));
    }
}

#[test]
fn names_that_mean_something_to_javascript_are_names_like_others() {
    let names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then"];
    for name in names {
        assert_eq!(codes(&site(&format!(r#""{name}": {{}}"#))), BTreeSet::from(["W103"]), "{name}");
        let keyed = site(&format!(r#""goals": {{"{name}": {{"click": "a"}}}}"#));
        let is_key = name.bytes().all(|byte| byte.is_ascii_lowercase());
        assert_eq!(codes(&keyed).contains("E106"), !is_key, "{name}");
        let fact = experiment(&format!(r#""audience": {{"{name}": 1, "own.{name}": 2}}"#));
        assert_eq!(codes(&fact), BTreeSet::new(), "{name}");
        let referred =
            experiment(&format!(r#""audience": "{name}", "goals": ["{name}"], "winner": "{name}""#));
        assert!(codes(&referred).is_superset(&BTreeSet::from(["E201", "E202"])), "{name}");
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    for text in ["NaN", "Infinity", "-Infinity", "+1", "01", "0x10", ".5", "5.", "1e", "1_000", "١"] {
        assert_eq!(codes(&experiment(&format!(r#""traffic": {text}"#))), BTreeSet::from(["E100"]), "{text}");
        let quoted = codes(&experiment(&format!(r#""traffic": "{text}""#)));
        assert_eq!(quoted, BTreeSet::from(["E104"]), "\"{text}\"");
    }
    for text in ["1e999", "-1", "-0.0", "1e-9", "2", "99999999999999999999999999"] {
        assert_eq!(codes(&experiment(&format!(r#""traffic": {text}"#))), BTreeSet::from(["E106"]), "{text}");
    }
}

#[test]
fn texts_that_are_no_text_are_refused_or_kept_apart() {
    for text in [r"\ud800", r"\udc00", r"\ud800\ud800", r"\udc00\ud800", r"a\ud800b"] {
        let found = codes(&experiment(&format!(r#""name": "{text}""#)));
        assert_eq!(found, BTreeSet::from(["E100"]), "{text}");
    }
    for text in [r"\ud83d\ude00", r"\u0000", "\u{fffd}", "\u{202e}", r"\u2028"] {
        let found = codes(&experiment(&format!(r#""name": "{text}""#)));
        assert_eq!(found, BTreeSet::new(), "{text}");
    }
    for text in ["\u{0}", "\u{1}", "\n", "\t"] {
        let found = codes(&experiment(&format!(r#""name": "a{text}b""#)));
        assert!(found.len() <= 1, "{text:?}: {found:?}");
    }
}

#[test]
fn what_is_not_listed_still_breaks_what_it_stands_in() {
    let mut experiments: Vec<String> = (0..300)
        .map(|n| {
            format!(r#""e{n}": {{"status": "running", "traffic": 7, "variants": {{"a": {{}}, "b": {{}}}}}}"#)
        })
        .collect();
    experiments.push(r#""whole": {"status": "running", "variants": {"a": {}, "b": {}}}"#.to_owned());
    let compiled = compiled(&site(&format!(r#""experiments": {{{}}}"#, experiments.join(","))));
    let plan = Plan::decode(&compiled.plan.unwrap()).unwrap();
    let keys: Vec<String> = Names::read(&plan).experiments.into_iter().map(|named| named.key).collect();
    assert_eq!(keys, ["whole"]);
    let last = compiled.diagnostics.last().unwrap();
    assert_eq!((last.code, last.severity), ("E199", Severity::Error));
    assert!(last.message.starts_with("100 more"), "{}", last.message);
}

#[test]
fn many_warnings_hide_no_error() {
    let fields: Vec<String> = (0..500).map(|n| format!(r#""unknown{n}": 0"#)).collect();
    let compiled = compiled(&site(&format!(r#"{}, "currency": "Euro""#, fields.join(","))));
    assert!(compiled.diagnostics.iter().any(|found| found.code == "E106"));
    assert!(compiled.diagnostics.iter().any(|found| found.code == "W199"));
}
