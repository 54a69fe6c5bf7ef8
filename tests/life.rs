//! The life of an experiment: plans that follow each other, and what is refused when one takes another's place.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, Moves, compile, compile_after, moves};
use parlour::consent::Consent;
use parlour::decision::Reason;
use parlour::engine::{Engine, Input, State};
use parlour::plan::{Plan, Unit};

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
    assert_eq!(share(&before, &bumped), 0.5, "shuffled: by chance half of them stay");
    let blocked =
        plan_after(&file(r#""version": 2, "bump": "block", "variants": {"b": {}, "a": {}}"#), &before);
    assert_eq!(share(&before, &blocked), 1.0, "the same seed, new ranges");
    assert!(moves(&before, &bumped)[0].is_new_version);
    let seeded = plan_after(&file(r#""seed": 7, "variants": {"b": {}, "a": {}}"#), &before);
    assert_eq!(share(&before, &seeded), 0.5, "another seed");
}

/// Same unit, another plan: what it met is known by the variant's key, not by its place.
#[test]
fn a_kept_variant_outlives_the_order_of_variants_and_a_removed_one_is_forgotten() {
    let met = |plan: Plan, state: State| {
        let mut engine = Engine::new(plan);
        engine.handle(Input::Consent(Consent::Measure), 0);
        engine.handle(Input::Unit { unit: Unit::Visitor, id: b"someone" }, 0);
        engine.restore(&state.encode(false), 0);
        engine.handle(Input::Met { experiment: 0 }, 0);
        (engine.decide(0, 0), engine.state().clone())
    };
    let both = plan(&file(r#""variants": {"a": {"weight": 0}, "b": {}}"#));
    let (first, state) = met(both, State::default());
    assert_eq!((first.variant, first.reason), (Some(1), Reason::Bucketed));
    let (turned, _) =
        met(plan(&file(r#""variants": {"b": {"weight": 0}, "c": {}, "a": {}}"#)), state.clone());
    assert_eq!((turned.variant, turned.reason), (Some(0), Reason::Sticky));
    let (gone, state) = met(plan(&file(r#""variants": {"a": {"weight": 0}, "c": {}}"#)), state);
    assert_eq!((gone.variant, gone.reason), (Some(1), Reason::Bucketed));
    let (again, _) = met(plan(&file(r#""variants": {"a": {}, "c": {"weight": 0}}"#)), state);
    assert_eq!((again.variant, again.reason), (Some(1), Reason::Sticky));
}
