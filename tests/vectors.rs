//! The published vectors, natively. `tests/node/vectors.test.mjs` runs the same through the wasm.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use parlour::authoring::{CompileOptions, Names, compile};
use parlour::consent::Consent;
use parlour::engine::{Engine, Input};
use parlour::hash::murmur3_32;
use parlour::plan::{Plan, Unit};
use serde_json::Value;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

#[test]
fn every_assignment_vector_holds() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/assignment.json")).unwrap();
    let compiled = compile(&vectors["config"].to_string(), &CompileOptions::default());
    assert!(compiled.diagnostics.is_empty(), "{:#?}", compiled.diagnostics);
    let plan = Plan::decode(&compiled.plan.unwrap()).unwrap();
    let names = Names::read(&plan);
    let rows = vectors["rows"].as_array().unwrap();
    assert!(rows.len() >= 600, "{} rows", rows.len());
    for row in rows {
        let mut engine = Engine::new(plan.clone());
        engine.handle(Input::Consent(Consent::Measure), 0);
        engine.handle(Input::Unit { unit: Unit::Visitor, id: text(row, "unit").as_bytes() }, 0);
        let index = plan.experiment_index(text(row, "experiment")).unwrap();
        let decision = engine.decide(index as u16, row["at"].as_u64().unwrap_or_default());
        let expect = row["expect"]["variant"].as_str().unwrap_or("-");
        assert_eq!(
            (names.variant(index, decision.variant), decision.reason.name()),
            (expect, text(&row["expect"], "reason")),
            "{row}"
        );
    }
}

#[test]
fn every_vector_of_a_flag_holds() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/assignment.json")).unwrap();
    let plan =
        Plan::decode(&compile(&vectors["config"].to_string(), &CompileOptions::default()).plan.unwrap())
            .unwrap();
    let names = Names::read(&plan);
    let rows = vectors["flags"].as_array().unwrap();
    assert!(rows.len() >= 300, "{} rows", rows.len());
    for row in rows {
        let mut engine = Engine::new(plan.clone());
        engine.handle(Input::Consent(Consent::Measure), 0);
        engine.handle(Input::Unit { unit: Unit::Visitor, id: text(row, "unit").as_bytes() }, 0);
        let index = names.flags.iter().position(|flag| flag.key == text(row, "flag")).unwrap();
        let answer = engine.flag(index as u16, 0);
        let told = names.flag(index, answer);
        assert_eq!(
            (told.value.and_then(Value::as_str), answer.decision.reason.name()),
            (row["expect"]["value"].as_str(), text(&row["expect"], "reason")),
            "{row}"
        );
    }
}

/// Two published packages bucket by the same murmur3, one over UTF-8 for every text, one so for ASCII.
#[test]
fn murmur3_agrees_with_two_published_bucketers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/hash-vectors.json");
    let Ok(file) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return;
    };
    let vectors: Value = serde_json::from_str(&file).unwrap();
    let rows = vectors["rows"].as_array().unwrap();
    let mut compared = 0;
    for row in rows {
        let (seed, id) = (text(row, "seed"), text(row, "id"));
        let optimizely = (u64::from(murmur3_32(format!("{id}{seed}").as_bytes(), 1)) * 10_000) >> 32;
        assert_eq!(row["optimizely_0_9999"], optimizely, "{row}");
        compared += 1;
        if row["ascii"] == true {
            let unleash = murmur3_32(format!("{seed}:{id}").as_bytes(), 0) % 100 + 1;
            assert_eq!(row["unleash_rollout_1_100"], unleash, "{row}");
            compared += 1;
        }
    }
    assert!(compared >= 1_300, "{compared} comparisons");
}
