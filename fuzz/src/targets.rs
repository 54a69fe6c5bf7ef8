//! Each takes any bytes. Nothing may panic, and what is read must be what was meant.

use std::sync::OnceLock;

use parlour::authoring::{CompileOptions, Compiled, Names, compile, tell};
use parlour::consent::Consent;
use parlour::decision::Decision;
use parlour::engine::{Engine, Input, MAX_SNAPSHOT_BYTES, State};
use parlour::hash::murmur3_32;
use parlour::journey::{TOUCHPOINTS, Touchpoint};
use parlour::plan::{Plan, Unit};
use parlour::recommend::Scratch;
use parlour::recommend::model::Model;
use parlour::recommend::row::Row;
use parlour::recommend::session::{Task, after};
use parlour::targeting::Scalar;
use serde_json::{Map, Value, json};

const NOW: u64 = 1_796_083_200_000;

/// As it is, and once more with the length and the check that its body needs, so that mutations reach what lies behind.
pub fn plan(bytes: &[u8]) {
    let mut mended = bytes.to_vec();
    if let Some((head, body)) = mended.split_at_mut_checked(14) {
        head[..6].copy_from_slice(b"PRLR\x02\x02");
        head[6..10].copy_from_slice(&murmur3_32(body, 0).to_le_bytes());
        head[10..].copy_from_slice(&(body.len() as u32).to_le_bytes());
    }
    for bytes in [bytes, &mended] {
        if let Ok(plan) = Plan::decode(bytes) {
            live(Engine::new(plan));
        }
    }
}

/// A page with a bit of everything.
fn live(mut engine: Engine) {
    engine.handle(Input::Consent(Consent::Personalise), NOW);
    for unit in Unit::ALL {
        engine.handle(Input::Unit { unit, id: b"someone" }, NOW);
    }
    for index in 0..8 {
        let values = [None, Some(Scalar::Number(f64::NAN)), Some(Scalar::Text((*b"de").into()))];
        let value = values[usize::from(index) % 3].clone();
        engine.handle(Input::Fact { index, value }, NOW);
        engine.handle(Input::FactTree { index: index + 8, bytes: &[5, 3, 4, 1, b'a'] }, NOW);
    }
    for (kind, _) in TOUCHPOINTS {
        let items = vec![1, 2];
        engine.handle(Input::Touchpoint(Touchpoint { kind, at_ms: NOW, value_minor: 5, items }), NOW);
    }
    // The first hundred: what is wrong with one is seldom right with all of them.
    for experiment in 0..engine.plan().experiments().len().min(100) as u16 {
        for now in [0, NOW, u64::MAX] {
            let decision = engine.decide(experiment, now);
            let known = &engine.plan().experiments()[usize::from(experiment)];
            assert!(decision.variant.is_none_or(|variant| usize::from(variant) < known.variants.len()));
            assert_eq!(engine.explain(experiment, now).0, decision);
        }
        engine.handle(Input::Met { experiment }, NOW);
    }
    for slot in 0..engine.plan().slots().len().min(8) as u16 {
        let _ = engine.recommend(slot, &[1]);
    }
    let journal = engine.take_journal();
    let folded = engine.fold(&[], &journal, NOW);
    assert!(folded.len() <= MAX_SNAPSHOT_BYTES);
    assert!(State::decode(&folded).is_some(), "a snapshot of ours is refused");
}

fn compiled(text: &str) -> Compiled {
    compile(text, &CompileOptions::default())
}

/// Any text as parlour.json: diagnostics or a plan that is read, and twice the same.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let once = compiled(&text);
    if let Some(plan) = &once.plan {
        let decoded = Plan::decode(plan);
        assert!(decoded.is_ok(), "a plan of ours is refused: {decoded:?}");
        assert_eq!(Some(plan), compiled(&text).plan.as_ref());
        live(Engine::new(decoded.expect("told above")));
    }
    for diagnostic in &once.diagnostics {
        assert!(diagnostic.line >= 1 && diagnostic.column >= 1, "{diagnostic:?}");
    }
}

/// A condition, a NUL, facts, both JSON: in either dialect a condition and its negation are never both true.
pub fn condition(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let Ok(condition) = serde_json::from_slice::<Value>(parts.next().unwrap_or_default()) else { return };
    let facts = parts.next().and_then(|facts| serde_json::from_slice(facts).ok()).unwrap_or_default();
    for dialect in ["parlour", "growthbook"] {
        let yes = is_in(dialect, &condition, &facts);
        let no = is_in(dialect, &json!({ "$not": condition }), &facts);
        assert!(!(yes == Some(true) && no == Some(true)), "{dialect}: both are true");
        if dialect == "parlour" && yes.is_some() && no.is_some() {
            assert_ne!(yes, no, "neither is true");
        }
    }
}

/// `None` where the condition is refused.
fn is_in(dialect: &str, condition: &Value, facts: &Map<String, Value>) -> Option<bool> {
    let config = json!({ "site": "a", "dialect": dialect, "experiments": { "one": {
        "status": "running", "audience": condition, "variants": { "a": {}, "b": {} } } } });
    let plan = Plan::decode(&compiled(&config.to_string()).plan?).expect("a plan of ours is refused");
    let names = Names::read(&plan);
    let mut engine = Engine::new(plan);
    engine.handle(Input::Consent(Consent::Measure), NOW);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: b"someone" }, NOW);
    tell(&mut engine, &names, facts, &|_, _, _| false);
    (!engine.plan().experiments().is_empty()).then(|| decided(&engine).variant.is_some())
}

fn decided(engine: &Engine) -> Decision {
    engine.decide(0, NOW)
}

/// A pattern, a NUL, a text.
pub fn pattern(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, text) = text.split_once('\0').unwrap_or((&text, ""));
    let facts = Map::from_iter([("a".to_owned(), json!(text))]);
    for operator in ["$regex", "$regexi"] {
        let yes = is_in("parlour", &json!({ "a": { operator: pattern } }), &facts);
        let no = is_in(
            "parlour",
            &json!({ "a": { operator.replace('$', "$not").replace("notr", "notR"): pattern } }),
            &facts,
        );
        assert_eq!(yes.map(|yes| !yes), no);
    }
}

/// What a page could push as a list or an object.
pub fn value(bytes: &[u8]) {
    static PLAN: OnceLock<Vec<u8>> = OnceLock::new();
    let plan = PLAN.get_or_init(|| {
        let audiences = [
            json!({ "a": { "$elemMatch": { "b": { "$gt": 1 }, "c.0": "x" } } }),
            json!({ "a": { "$size": { "$gt": 2 } } }),
            json!({ "a": { "$all": ["x", 1] }, "a.b": { "$ini": ["X"] } }),
            json!({ "a": { "$regexi": "x+y" }, "$not": { "a.length": 3 } }),
            json!({ "a": { "$elemMatch": { "$elemMatch": { "$elemMatch": { "$type": "array" } } } } }),
        ];
        let experiments: Map<String, Value> = audiences
            .iter()
            .enumerate()
            .map(|(n, audience)| {
                let experiment =
                    json!({ "status": "running", "audience": audience, "variants": { "a": {}, "b": {} } });
                (format!("e{n}"), experiment)
            })
            .collect();
        let config = json!({ "site": "a", "dialect": "growthbook", "experiments": experiments });
        compiled(&config.to_string()).plan.expect("these conditions are sound")
    });
    let mut engine = Engine::new(Plan::decode(plan).expect("a plan of ours is refused"));
    engine.handle(Input::Consent(Consent::Measure), NOW);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: b"someone" }, NOW);
    for index in 0..8 {
        engine.handle(Input::FactTree { index, bytes }, NOW);
    }
    for experiment in 0..5 {
        assert_eq!(engine.decide(experiment, NOW), engine.decide(experiment, NOW));
    }
}

/// An engine with one slot and one experiment, to be given stored state.
fn visitor() -> Engine {
    static PLAN: OnceLock<Vec<u8>> = OnceLock::new();
    let plan = PLAN.get_or_init(|| {
        let config = json!({ "site": "a", "slots": { "s": { "select": "#s", "cards": "/c.json" } },
            "experiments": { "one": { "status": "running", "variants": { "a": {}, "b": {} } } } });
        compiled(&config.to_string()).plan.expect("this file is sound")
    });
    let mut engine = Engine::new(Plan::decode(plan).expect("a plan of ours is refused"));
    engine.handle(Input::Consent(Consent::Personalise), NOW);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: b"someone" }, NOW);
    engine
}

/// A snapshot: refused, or taken and written again as the same; and once more with the check it needs.
pub fn snapshot(bytes: &[u8]) {
    let mut mended = bytes.to_vec();
    if let Some((head, body)) = mended.split_at_mut_checked(5) {
        let version = State::default().encode(true)[0];
        head[0] = version;
        head[1..].copy_from_slice(&murmur3_32(body, version.into()).to_le_bytes());
    }
    for bytes in [bytes, &mended] {
        let mut engine = visitor();
        let is_taken = engine.restore(bytes, NOW);
        assert_eq!(is_taken, State::decode(bytes).is_some());
        let written = engine.state().encode(true);
        let again = State::decode(&written);
        assert!(
            written.len() > MAX_SNAPSHOT_BYTES || again.is_some_and(|state| state.encode(true) == written)
        );
        live(engine);
    }
}

/// Journal entries: whatever they are, the snapshot they are folded into is one.
pub fn journal(bytes: &[u8]) {
    let mut engine = visitor();
    engine.catch_up(bytes, NOW);
    let folded = engine.fold(&[], bytes, NOW);
    assert!(folded.len() <= MAX_SNAPSHOT_BYTES, "{} bytes", folded.len());
    assert!(State::decode(&folded).is_some(), "a snapshot of ours is refused");
    let _ = engine.fold(bytes, &folded, NOW);
    live(engine);
}

/// A row: refused, or read and written again as the same; and once more with the check it needs.
pub fn row(bytes: &[u8]) {
    let mut mended = bytes.to_vec();
    if let Some(end) = mended.len().checked_sub(2) {
        let check = murmur3_32(&mended[..end], 0) as u16;
        mended[end..].copy_from_slice(&check.to_le_bytes());
    }
    for bytes in [bytes, &mended] {
        if let Some(row) = Row::decode(bytes) {
            assert_eq!(Row::decode(&row.encode()), Some(row));
        }
        let mut engine = visitor();
        engine.handle(Input::Row(bytes), NOW);
        for slot in 0..2 {
            let _ = engine.recommend(slot, &[3]);
        }
    }
}

/// A model: refused, or read and written again as the same, and any session is answered; and once more with the check it needs.
pub fn model(bytes: &[u8]) {
    let mut mended = bytes.to_vec();
    if let Some(end) = mended.len().checked_sub(4) {
        let check = murmur3_32(&mended[..end], 0);
        mended[end..].copy_from_slice(&check.to_le_bytes());
    }
    for bytes in [bytes, &mended] {
        if let Ok(model) = Model::decode(bytes) {
            assert_eq!(Model::decode(&model.encode()).as_ref(), Ok(&model));
            for task in [Task::Next, Task::Discovery] {
                let _ = after(&model, &[1, 0, 3, 2, u32::MAX], task, 20, &mut Scratch::default());
            }
        }
    }
}
