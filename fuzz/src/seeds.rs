//! What mutations start from: files of the project, and what the core itself makes of them, so that no seed goes stale.

use parlour::authoring::{CompileOptions, compile};
use parlour::engine::{Entry, State};
use parlour::journey::{TOUCHPOINTS, Touchpoint};
use parlour::plan::bytes::Writer;
use parlour::recommend::model::Model;
use parlour::recommend::row::Row;
use serde_json::Value;

const PAIRS: &str = include_str!("../../tests/vectors/pairs.json");
const SHOP: &str = include_str!("../../www/demo/parlour.json");
const SMALL: &str = r##"{"site": ["a.example", "*.a.example"], "timezone": "Europe/Berlin", "holdouts": {"h": {"share": 0.1}},
 "audiences": {"x": {"plan": {"$in": ["pro", 1, null]}}}, "goals": {"g": {"touchpoint": "purchase", "value": "revenue"}},
 "experiments": {"one": {"status": "running", "audience": "x", "holdout": "h", "layer": {"name": "l", "range": [0, 0.5]},
   "variants": {"a": {"weight": 2}, "b": {"values": {"n": [1]}, "changes": [{"select": "#x", "text": "T"}]}}, "goals": ["g"]},
  "two": {"status": "running", "requires": [{"experiment": "one", "variant": "b"}], "ramp": [{"at": "2026-12-01", "traffic": 0.1}],
   "url": {"path": "/x*"}, "variants": {"a": {}, "b": {}}}},
 "experiences": {"e": {"when": {"stage": "consideration"}, "holdout": 0.1, "cap": {"per": "session", "times": 2},
   "changes": [{"select": "#y", "insert": {"element": {"tag": "p", "text": "T"}}}]}},
 "slots": {"s": {"select": "#s", "cards": "/c.json"}}}"##;

fn plan(config: &str) -> Vec<u8> {
    compile(config, &CompileOptions::default()).plan.expect("the seed compiles")
}

/// The conditions of the pairs, each with facts that it looks at.
fn conditions() -> Vec<Vec<u8>> {
    let vectors: Value = serde_json::from_str(PAIRS).expect("it is JSON");
    let experiments = vectors["config"]["experiments"].as_object().expect("it has experiments");
    let audiences = experiments.values().filter_map(|experiment| experiment.get("audience"));
    let facts = br#"{"plan":"pro","age":30,"country":"de","version":"1.3","user":{"plan":"pro"},"tags":["new","vip"],"a":[{"b":2}]}"#;
    audiences
        .map(ToString::to_string)
        .chain([r#"{"a":{"$elemMatch":{"b":{"$gt":1}}},"$or":[{"age":{"$not":{"$lt":3}}}]}"#.to_owned()])
        .map(|condition| [condition.as_bytes(), b"\0", facts].concat())
        .collect()
}

fn model() -> Vec<u8> {
    let rows = vec![vec![(2, 15), (3, 1)], vec![(2, 7)], Vec::new(), vec![(1, 15), (2, 3)]];
    let keys = ["mug", "cup", "pot"].map(String::from).to_vec();
    Model { model: 7, epoch: 2, keys, rows, again: vec![9, 300], ..Model::default() }.encode()
}

fn rows() -> Vec<Row> {
    let neighbours = (1..=30).map(|place| (place * 100, 1 + (place % 15) as u8)).collect();
    vec![
        Row { model: 1, epoch: 1, own: 0, wide: false, neighbours: vec![(2, 15), (3, 1)] },
        Row { model: 1, epoch: 1, own: 7, wide: false, neighbours },
    ]
}

fn entries() -> Vec<u8> {
    let mut writer = Writer::default();
    for (n, (kind, _)) in (0..).zip(TOUCHPOINTS) {
        let at_ms = 1_796_000_000_000 + n * 1_000_000;
        Entry::Touchpoint(Touchpoint { kind, at_ms, value_minor: 100, items: vec![n, 7] }).write(&mut writer);
    }
    Entry::Alive(1_796_083_000_000).write(&mut writer);
    Entry::Shown(9).write(&mut writer);
    for row in rows() {
        Entry::Row(&row.encode()).write(&mut writer);
    }
    writer.bytes
}

/// Every step of the fold, and the snapshot it comes to.
fn snapshot() -> Vec<u8> {
    let mut state = State::default();
    let bytes = entries();
    let mut reader = parlour::plan::bytes::Reader::new(&bytes);
    while let Some(entry) = Entry::read(&mut reader) {
        state.apply(&entry, b"someone");
    }
    state.encode(true)
}

/// # Panics
/// Where there is no such target.
#[must_use]
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let texts = |list: &[&str]| list.iter().map(|text| text.as_bytes().to_vec()).collect();
    match target {
        "plan" => vec![plan(SMALL), plan(SHOP), plan(r#"{"site": "a"}"#)],
        "config" => texts(&[SMALL, r#"{"site": "a"}"#, "{ // a comment\n}", "[[[[]]]]", "\u{feff}{}"]),
        "condition" => conditions(),
        "pattern" => texts(&[
            "^/shop/.*\0/shop/x",
            "(a|b)+c?\\d{1,3}[^x-z]\0abc12",
            "\\bé|😀$\0é",
            "a{2,}\0aaa",
            "(?i)x\0X",
        ]),
        "value" => texts(&[
            "\u{5}\u{3}\u{4}\u{1}x",
            "\u{6}\u{6}\u{1}b\u{4}\u{1}x\u{0}",
            "\u{7}\u{5}\u{1}X\u{1}x\u{1}",
            "\u{5}\u{4}\u{5}\u{2}\u{5}\u{0}",
        ]),
        "snapshot" => vec![snapshot(), State::default().encode(false)],
        "journal" => vec![entries()],
        "model" => vec![model(), Model::default().encode()],
        "row" => rows().iter().map(Row::encode).collect(),
        _ => panic!("there is no target {target}"),
    }
}
