//! The life of an experiment: plans that follow each other, and what is refused when one takes another's place.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, Moves, compile, compile_after, moves};
use parlour::plan::Plan;

fn file(experiment: &str) -> String {
    format!(r#"{{"site": "a.example", "experiments": {{"one": {{"status": "running", {experiment}}}}}}}"#)
}

fn plan(text: &str) -> Plan {
    let compiled = compile(text, &CompileOptions::default());
    Plan::decode(&compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))).unwrap()
}

fn plan_after(text: &str, before: &Plan) -> Plan {
    let compiled = compile_after(text, &CompileOptions::default(), Some(before));
    Plan::decode(&compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))).unwrap()
}

fn share(before: &Plan, after: &Plan) -> f64 {
    let found = moves(before, after);
    let [Moves { share, .. }] = found.as_slice() else { panic!("{found:?}") };
    (share * 1e6).round() / 1e6
}

#[test]
fn a_plan_that_follows_another_moves_what_arithmetic_demands() {
    let before = plan(&file(r#""variants": {"a": {}, "b": {}}"#));
    for (variants, afresh, following) in [
        (r#"{"a": {}, "b": {}}"#, 0.0, 0.0),
        (r#"{"b": {}, "a": {}}"#, 1.0, 0.0),
        (r#"{"a": {}, "b": {}, "c": {}}"#, 0.5, 0.333333),
        (r#"{"c": {}, "a": {}, "b": {}}"#, 0.5, 0.333333),
        (r#"{"a": {"weight": 3}, "b": {}}"#, 0.25, 0.25),
        (r#"{"b": {}, "c": {}}"#, 1.0, 0.5),
    ] {
        let text = file(&format!(r#""variants": {variants}"#));
        assert_eq!(share(&before, &plan(&text)), afresh, "afresh: {variants}");
        assert_eq!(share(&before, &plan_after(&text, &before)), following, "following: {variants}");
    }
}

#[test]
fn going_back_to_the_old_weights_moves_only_those_that_moved() {
    let first = plan(&file(r#""variants": {"a": {}, "b": {}}"#));
    let second = plan_after(&file(r#""variants": {"a": {}, "b": {}, "c": {}}"#), &first);
    let third = plan_after(&file(r#""variants": {"a": {}, "b": {}}"#), &second);
    assert_eq!(share(&second, &third), 0.333333);
    assert_eq!(share(&first, &third), 0.0);
}

#[test]
fn a_new_version_or_seed_starts_anew() {
    let before = plan(&file(r#""variants": {"a": {}, "b": {}}"#));
    let bumped = plan_after(&file(r#""version": 2, "variants": {"b": {}, "a": {}}"#), &before);
    assert_eq!(share(&before, &bumped), 1.0);
    assert!(moves(&before, &bumped)[0].is_new_version);
    let seeded = plan_after(&file(r#""seed": 7, "variants": {"b": {}, "a": {}}"#), &before);
    assert_eq!(share(&before, &seeded), 0.5, "by chance half of them stay");
}
