//! The life of an experiment: plans that follow each other, and what is refused when one takes another's place.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::edit::{Promotion, promote};
use parlour::authoring::{CompileOptions, Earlier, Moves, check_against, compile, compile_after, moves};
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

fn against(old: &str, new: &str) -> Vec<(&'static str, String)> {
    let options = CompileOptions::default();
    let bytes = compile(old, &options).plan.unwrap();
    let of = |earlier: &[u8]| {
        let found = check_against(new, &options, &Earlier::read(earlier).unwrap()).diagnostics;
        found.into_iter().map(|found| (found.code, found.pointer)).collect::<Vec<_>>()
    };
    let found = of(old.as_bytes());
    // What was put away is known from the file alone.
    if !old.contains("archived") {
        assert_eq!(of(&bytes), found, "a plan says what its file says");
    }
    found
}

#[test]
fn units_that_would_move_without_a_new_version_are_refused() {
    const TWO: &str = r#""variants": {"a": {}, "b": {}}"#;
    let two = |fields: &str| file(&format!("{TWO}, {fields}"));
    let one = |field: &str| format!("/experiments/one{field}");
    for (old, new, code, pointer) in [
        (file(TWO), file(r#""variants": {"a": {}, "b": {}, "c": {}}"#), "E401", "/variants"),
        (file(TWO), file(r#""variants": {"a": {"weight": 2}, "b": {}}"#), "E401", "/variants"),
        (file(TWO), file(r#""variants": {"a": {}, "blue": {}}"#), "E401", "/variants"),
        (file(TWO), file(r#""variants": {"b": {}, "a": {}}"#), "W401", "/variants"),
        (file(TWO), two(r#""seed": 5"#), "E401", "/seed"),
        (file(TWO), two(r#""unit": "session""#), "E401", "/unit"),
        (file(TWO), two(r#""unit": "user""#), "E401", "/unit"),
        (file(TWO), two(r#""traffic": 0.5"#), "E401", "/traffic"),
        (two(r#""traffic": 0.5"#), two(r#""traffic": 0.4"#), "E401", "/traffic"),
        (
            file(TWO),
            two(r#""ramp": [{"at": "2026-12-01", "traffic": 0.5}, {"at": "2026-12-09", "traffic": 1}]"#),
            "E401",
            "/ramp",
        ),
        (file(TWO), two(r#""layer": {"name": "l", "range": [0, 0.5]}"#), "E401", "/layer"),
        (
            two(r#""layer": {"name": "l", "range": [0, 0.5]}"#),
            two(r#""layer": {"name": "l", "range": [0.5, 1]}"#),
            "E401",
            "/layer",
        ),
        (file(TWO), two(r#""audience": {"plan": "pro"}"#), "W402", "/audience"),
        (two(r#""audience": {"plan": "pro"}"#), two(r#""audience": {"plan": "free"}"#), "W402", "/audience"),
        (two(r#""version": 3"#), two(r#""version": 2"#), "E402", "/version"),
    ] {
        assert_eq!(against(&old, &new), [(code, one(pointer))], "{old} → {new}");
        assert_eq!(against(&new, &new), [], "the same file: {new}");
        let raised = new.replace(r#""version": 2"#, r#""version": 4"#);
        let raised =
            if raised == new { new.replacen("running\"", "running\", \"version\": 2", 1) } else { raised };
        assert_eq!(against(&old, &raised), [], "{raised}");
        let draft = old.replace("running", "draft");
        assert_eq!(against(&draft, &new), [], "nobody was in a draft");
        assert_eq!(against(&old, &new.replace("running", "archived")), [], "nobody is in it any more");
    }
    for (old, new) in [
        (two(r#""traffic": 0.4"#), two(r#""traffic": 0.5"#)),
        (
            two(r#""layer": {"name": "l", "range": [0, 0.5]}"#),
            two(r#""layer": {"name": "l", "range": [0, 0.6]}"#),
        ),
        (two(r#""layer": {"name": "l", "range": [0, 0.5]}"#), file(TWO)),
        (file(TWO), two(r#""name": "Other words""#)),
        (file(TWO), file(TWO).replace("running", "paused")),
        (file(TWO), two(r#""winner": "a""#).replace("running", "ended")),
    ] {
        assert_eq!(against(&old, &new), [], "{old} → {new}");
    }
}

#[test]
fn a_rollout_may_move_units_to_its_winner_alone() {
    let old = file(r#""variants": {"a": {}, "b": {}}"#);
    let step = promote(&old, "one", "b", Promotion::NextStep, 0).text.unwrap();
    assert_eq!(against(&old, &step), [], "{step}");
    let other = step.replace(r#""a": {}"#, r#""a": {"weight": 20}"#);
    assert_eq!(against(&old, &other), [("E401", "/experiments/one/variants".to_owned())]);
}

#[test]
fn a_key_never_comes_to_mean_another_thing() {
    let two = r#""variants": {"a": {}, "b": {}}"#;
    let three = r#""variants": {"a": {}, "b": {}, "c": {}}"#;
    for over in ["ended", "archived"] {
        let old = file(two).replace("running", over);
        assert_eq!(against(&old, &file(three)), [("E403", "/experiments/one".to_owned())], "{over}");
        let raised = file(three).replace("running\"", "running\", \"version\": 2");
        assert_eq!(
            against(&old, &raised),
            [("E403", "/experiments/one".to_owned())],
            "{over}, whatever its version"
        );
        assert_eq!(against(&old, &file(two)), [], "{over}: the same goes on");
    }
    let experience = r#"{"site": "a.example", "experiences": {"one": {"changes": []}}}"#;
    assert_eq!(against(experience, &file(two)), [("E404", "/experiments/one".to_owned())]);
    let goal = |goal: &str| {
        format!(
            r#"{{"site": "a.example", "goals": {{"g": {goal}}}, "experiments": {{"one": {{"status": "running", {two}, "goals": ["g"]}}}}}}"#
        )
    };
    let (bought, clicked) = (goal(r#"{"touchpoint": "purchase"}"#), goal(r##"{"click": "#buy"}"##));
    assert_eq!(against(&bought, &clicked), [("W403", "/experiments/one/goals/0".to_owned())]);
    assert_eq!(
        against(&bought, &goal(r#"{"touchpoint": "refund"}"#)),
        [("W403", "/experiments/one/goals/0".to_owned())]
    );
    assert_eq!(against(&bought, &goal(r#"{"touchpoint": "purchase", "name": "Order"}"#)), []);
}

#[test]
fn a_larger_holdout_takes_units_out_of_all() {
    let held = |share: &str| {
        file(r#""variants": {"a": {}, "b": {}}"#).replacen('{', &format!(r#"{{"holdout": {share}, "#), 1)
    };
    assert_eq!(against(&held("0.05"), &held("0.1")), [("E401", "/holdout".to_owned())]);
    assert_eq!(against(&held("0"), &held("0.1")), [("E401", "/holdout".to_owned())]);
    assert_eq!(against(&held("0.1"), &held("0.05")), []);
}

#[test]
fn what_cannot_be_compared_says_why() {
    for (bytes, says) in
        [(&b"PRLR"[..], "cut short"), (b"\xff\xfe", "UTF-8"), (b"{}", "E105"), (b"<html>", "E100")]
    {
        let why = Earlier::read(bytes).unwrap_err();
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn two_experiments_of_one_seed_are_refused() {
    let two = |second: &str| {
        format!(
            r#"{{"site": "a.example", "experiments": {{
                "one": {{"status": "running", "seed": 5, "variants": {{"a": {{}}, "b": {{}}}}}},
                "two": {{"status": "running", {second}, "variants": {{"a": {{}}, "b": {{}}}}}}}}}}"#
        )
    };
    let compiled = compile(&two(r#""seed": 5"#), &CompileOptions::default());
    let found: Vec<_> =
        compiled.diagnostics.iter().map(|found| (found.code, found.pointer.as_str())).collect();
    assert_eq!(found, [("E301", "/experiments/two/seed")]);
    assert_eq!(Plan::decode(&compiled.plan.unwrap()).unwrap().experiments().len(), 1, "the other runs");
    assert!(!compile(&two(r#""seed": 6"#), &CompileOptions::default()).has_errors());
}
