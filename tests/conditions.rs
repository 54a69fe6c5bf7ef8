//! What conditions mean: GrowthBook's own cases, and ours. `tests/node/conditions.test.mjs` runs theirs through the wasm.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;

use parlour::authoring::{CompileOptions, Compiled, Names, compile, tell};
use parlour::consent::Consent;
use parlour::decision::Reason;
use parlour::engine::{Engine, Input};
use parlour::plan::{Plan, Unit};
use serde_json::{Map, Value, json};

fn compiled(dialect: &str, condition: &Value, groups: &Value) -> Compiled {
    let config = json!({
        "site": "a.example", "dialect": dialect, "groups": groups,
        "experiments": { "one": { "status": "running", "audience": condition, "variants": { "a": {}, "b": {} } } },
    });
    compile(&config.to_string(), &CompileOptions::default())
}

/// Runs what only a browser runs. None of the cases needs it to be true.
fn no_predicate(_: &str, _: &str, _: &str) -> bool {
    false
}

fn is_in(bytes: &[u8], facts: &Map<String, Value>, holds: &dyn Fn(&str, &str, &str) -> bool) -> bool {
    let plan = Plan::decode(bytes).unwrap();
    let names = Names::read(&plan);
    let mut engine = Engine::new(plan);
    engine.handle(Input::Consent(Consent::Measure), 0);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: b"x" }, 0);
    tell(&mut engine, &names, facts, holds);
    match engine.decide(0, 0).reason {
        Reason::Bucketed => true,
        Reason::Audience => false,
        reason => panic!("{reason:?}"),
    }
}

fn growthbook_cases() -> Value {
    let metadata =
        Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked"]).output().unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "growthbook-rust").unwrap();
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let cases = std::fs::read(manifest.with_file_name("tests").join("cases/cases.json")).unwrap();
    serde_json::from_slice(&cases).unwrap()
}

#[test]
fn every_condition_of_growthbooks_corpus_answers_as_theirs() {
    let cases = growthbook_cases();
    let rows = cases["evalCondition"].as_array().unwrap();
    assert_eq!(rows.len(), 583);
    let wrong: Vec<&Value> = rows
        .iter()
        .filter(|row| {
            let groups = row.get(4).cloned().unwrap_or_else(|| json!({}));
            let compiled = compiled("growthbook", &row[1], &groups);
            let plan = compiled.plan.unwrap();
            row[3] != is_in(&plan, row[2].as_object().unwrap(), &no_predicate)
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), rows.len());
}
