//! Flags: which rule answers, what authors are told, and that shares move nobody out.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, Names, compile};
use parlour::consent::Consent;
use parlour::decision::Reason;
use parlour::engine::{Effect, Engine, FlagAnswer, Input};
use parlour::plan::{Plan, Unit};
use parlour::targeting::Scalar;
use proptest::prelude::*;
use serde_json::{Value, json};

const EXPERIMENT: &str =
    r#""one": {"status": "running", "variants": {"a": {"values": {"f": "x"}}, "b": {"values": {"f": "y"}}}}"#;

fn file(flag: &str) -> String {
    format!(r#"{{"site": "a.example", "experiments": {{{EXPERIMENT}}}, "flags": {{"f": {flag}}}}}"#)
}

fn plan(text: &str) -> Plan {
    let compiled = compile(text, &CompileOptions::default());
    assert!(!compiled.has_errors(), "{:#?}", compiled.diagnostics);
    Plan::decode(&compiled.plan.unwrap()).unwrap()
}

/// A visitor who allows measuring.
fn visitor(text: &str, id: &str) -> Engine {
    let mut engine = Engine::new(plan(text));
    engine.handle(Input::Consent(Consent::Measure), 0);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: id.as_bytes() }, 0);
    engine
}

fn knows(engine: &mut Engine, text: &str) {
    engine.handle(Input::Fact { index: 0, value: Some(Scalar::Text(text.as_bytes().into())) }, 0);
}

fn answer(rule: u16, reason: Reason) -> (Option<u16>, Reason) {
    (Some(rule), reason)
}

fn told(answer: FlagAnswer) -> (Option<u16>, Reason) {
    (answer.rule, answer.decision.reason)
}

#[test]
fn the_first_rule_that_answers_wins_and_says_why() {
    let rows = [
        (r#"{"default": 1}"#, answer(0, Reason::Static)),
        (r#"{}"#, answer(0, Reason::Static)),
        (r#"{"default": 1, "rules": [{"force": 2}]}"#, answer(0, Reason::Static)),
        (
            r#"{"default": 1, "rules": [{"audience": {"plan": "pro"}, "force": 2}]}"#,
            answer(0, Reason::Targeting),
        ),
        (
            r#"{"default": 1, "rules": [{"audience": {"plan": "team"}, "force": 2}]}"#,
            answer(1, Reason::Default),
        ),
        (
            r#"{"default": 1, "rules": [{"audience": {"plan": "team"}, "force": 2}, {"force": 3}]}"#,
            answer(1, Reason::Default),
        ),
        (r#"{"default": 1, "rules": [{"force": 2, "share": 0.999999999}]}"#, answer(0, Reason::Split)),
        (r#"{"default": 1, "rules": [{"force": 2, "share": 1}]}"#, answer(0, Reason::Static)),
        (r#"{"default": 1, "rules": [{"force": 2, "share": 0}]}"#, answer(1, Reason::Default)),
        (r#"{"default": "x", "rules": [{"experiment": "one"}]}"#, answer(0, Reason::Bucketed)),
        (
            r#"{"default": "x", "rules": [{"audience": {"plan": "team"}, "experiment": "one"}]}"#,
            answer(1, Reason::Default),
        ),
        (r#"{"default": 1, "kill": true}"#, (None, Reason::Killed)),
        (
            r#"{"default": 1, "unit": "user", "rules": [{"force": 2, "share": 0.5}]}"#,
            answer(1, Reason::Default),
        ),
    ];
    for (flag, expect) in rows {
        let mut engine = visitor(&file(flag), "visitor");
        knows(&mut engine, "pro");
        assert_eq!(told(engine.flag(0, 0)), expect, "{flag}");
    }
    assert_eq!(told(visitor(&file("{}"), "visitor").flag(1, 0)), (None, Reason::Unknown));
}

#[test]
fn a_killed_site_serves_no_flag() {
    let text = file(r#"{"default": 1}"#).replacen('{', r#"{"kill": true, "#, 1);
    assert_eq!(told(visitor(&text, "visitor").flag(0, 0)), (None, Reason::Killed));
}

#[test]
fn an_experiment_that_keeps_its_visitor_out_leaves_the_flag_to_the_next_rule() {
    let text = file(r#"{"default": "x", "rules": [{"experiment": "one"}, {"force": "z"}]}"#);
    let paused = text.replace("running", "paused");
    assert_eq!(told(visitor(&text, "visitor").flag(0, 0)), answer(0, Reason::Bucketed));
    assert_eq!(told(visitor(&paused, "visitor").flag(0, 0)), answer(1, Reason::Default));
}

#[test]
fn asking_for_a_flag_exposes_nobody_until_the_host_says_that_it_was_used() {
    let mut engine = visitor(&file(r#"{"rules": [{"experiment": "one"}]}"#), "visitor");
    let variant = engine.flag(0, 0).decision.variant.unwrap();
    assert!(engine.take_effects().is_empty());
    engine.handle(Input::Met { experiment: 0 }, 0);
    let [Effect::Expose { experiment: 0, decision }] = engine.take_effects()[..] else {
        panic!("no exposure");
    };
    assert_eq!(decision.variant, Some(variant));
}

#[test]
fn a_share_of_visitors_needs_their_consent_and_one_of_page_views_does_not() {
    let flag = r#"{"default": 1, "rules": [{"force": 2, "share": 0.999999999}]}"#;
    let mut engine = visitor(&file(flag), "visitor");
    engine.handle(Input::Consent(Consent::Unknown), 0);
    assert_eq!(told(engine.flag(0, 0)), answer(1, Reason::Default));
    let by_page = flag.replacen('{', r#"{"unit": "page view", "#, 1);
    let mut engine = visitor(&file(&by_page), "visitor");
    engine.handle(Input::Consent(Consent::Unknown), 0);
    engine.handle(Input::Unit { unit: Unit::PageView, id: b"page" }, 0);
    assert_eq!(told(engine.flag(0, 0)), answer(0, Reason::Split));
}

#[test]
fn the_page_learns_values_their_names_and_the_experiment() {
    let plan = plan(&file(
        r#"{"default": false, "variants": {"on": true, "off": false}, "metadata": {"owner": "shop", "wave": 2},
            "rules": [{"audience": {"plan": "pro"}, "force": true}, {"experiment": "one"}]}"#,
    ).replace(r#""x""#, "true").replace(r#""y""#, "false"));
    let page: Value = serde_json::from_slice(plan.page()).unwrap();
    assert_eq!(
        page["flags"],
        json!([{
            "key": "f",
            "rows": [{"variant": "on", "value": true}, {"experiment": 0, "by": [{"variant": "a", "value": true}, {"variant": "b", "value": false}]}, {"variant": "off", "value": false}],
            "metadata": {"owner": "shop", "wave": 2}
        }])
    );
}

/// Says that this flag has exactly this finding, at this place, with this cure.
fn check(flag: &str, code: &str, pointer: &str, cure: &str) {
    let found = compile(&file(flag), &CompileOptions::default()).diagnostics;
    assert!(
        found.len() == 1
            && found[0].code == code
            && found[0].pointer == pointer
            && found[0].cure.contains(cure),
        "{flag}: expected {code} at {pointer} with cure {cure:?}, found {found:#?}"
    );
}

#[test]
fn each_mistake_in_a_flag_is_named_with_its_place_and_cure() {
    let rows = [
        (r#"{"defualt": 1}"#, "W103", "/flags/f/defualt", "`default`"),
        (r#"{"default": 1, "rules": {}}"#, "E104", "/flags/f/rules", "list"),
        (r#"{"default": 1, "rules": [{}]}"#, "E107", "/flags/f/rules/0", "exactly one of"),
        (
            r#"{"default": "x", "rules": [{"force": "x", "experiment": "one"}]}"#,
            "E107",
            "/flags/f/rules/0",
            "exactly one of",
        ),
        (
            r#"{"default": "x", "rules": [{"experiment": "onne"}]}"#,
            "E240",
            "/flags/f/rules/0/experiment",
            "`one`",
        ),
        (
            r#"{"default": "x", "rules": [{"audience": "pros", "force": "y"}]}"#,
            "E201",
            "/flags/f/rules/0/audience",
            "audiences",
        ),
        (
            r#"{"default": 1, "rules": [{"force": 2}, {"force": 3, "share": 0.5}]}"#,
            "W241",
            "/flags/f/rules/1",
            "audience or a share",
        ),
        (
            r#"{"default": 1, "rules": [{"force": 2, "share": 0.5}, {"force": 3, "share": 0.4}]}"#,
            "W241",
            "/flags/f/rules/1",
            "raise this one",
        ),
        (
            r#"{"default": 1, "rules": [{"force": 2, "share": 0}]}"#,
            "W242",
            "/flags/f/rules/0/share",
            "Raise it",
        ),
        (
            r#"{"default": 1, "rules": [{"force": 2, "share": 2}]}"#,
            "E106",
            "/flags/f/rules/0/share",
            "0 to 1",
        ),
        (
            r#"{"default": "x", "rules": [{"experiment": "one", "share": 0.5}]}"#,
            "W242",
            "/flags/f/rules/0/share",
            "`traffic`",
        ),
        (
            r#"{"default": 1, "rules": [{"audience": {"plan": "pro"}, "force": "2"}]}"#,
            "W243",
            "/flags/f/default",
            "one type",
        ),
        (r#"{"default": 1, "rules": [{"experiment": "one"}]}"#, "W243", "/flags/f/default", "one type"),
        (r#"{"default": 1, "variants": {"two": 2}}"#, "W246", "/flags/f/default", "`variants`"),
        (r#"{"default": 1, "metadata": {"tags": []}}"#, "E104", "/flags/f/metadata/tags", "a text, a number"),
    ];
    for (flag, code, pointer, cure) in rows {
        check(flag, code, pointer, cure);
    }
}

#[test]
fn a_flag_names_the_variant_that_lacks_its_value() {
    let text = file(r#"{"default": "x", "rules": [{"experiment": "one"}]}"#)
        .replace(r#"{"values": {"f": "y"}}"#, "{}");
    let found = compile(&text, &CompileOptions::default()).diagnostics;
    assert_eq!((found[0].code, found[0].pointer.as_str()), ("W244", "/experiments/one/variants/b"));
    let page: Value = serde_json::from_slice(plan(&text).page()).unwrap();
    assert_eq!(page["flags"][0]["rows"][0]["by"][1], json!({"variant": "b", "value": "x"}));
}

#[test]
fn a_rule_of_a_draft_is_warned_of_and_answers_nobody() {
    let text = file(r#"{"default": "x", "rules": [{"experiment": "one"}]}"#).replace("running", "draft");
    let found = compile(&text, &CompileOptions::default()).diagnostics;
    assert_eq!((found[0].code, found[0].pointer.as_str()), ("W245", "/flags/f/rules/0/experiment"));
    assert_eq!(told(visitor(&text, "visitor").flag(0, 0)), answer(0, Reason::Static));
}

#[test]
fn a_broken_flag_is_left_out_and_the_others_answer() {
    let text = file(r#"{"rules": [{}]}, "g": {"default": 2}"#);
    let compiled = compile(&text, &CompileOptions::default());
    assert!(compiled.has_errors());
    let plan = Plan::decode(&compiled.plan.unwrap()).unwrap();
    assert_eq!(Names::read(&plan).flags.len(), 1);
    assert_eq!(told(Engine::new(plan).flag(0, 0)), answer(0, Reason::Static));
}

fn shared(share: &str) -> String {
    file(&format!(r#"{{"default": 1, "rules": [{{"force": 2, "share": {share}}}]}}"#))
}

proptest! {
    #[test]
    fn raising_a_share_moves_nobody_out(id in "\\PC{1,20}", low in 1u32..999, more in 1u32..999) {
        let high = (low + more).min(999);
        let is_in = |share: u32| visitor(&shared(&format!("0.{share:03}")), &id).flag(0, 0).decision.reason == Reason::Split;
        prop_assert!(!is_in(low) || is_in(high));
    }

    #[test]
    fn another_rule_in_front_redraws_nobody(id in "\\PC{1,20}") {
        let alone = visitor(&shared("0.5"), &id).flag(0, 0).decision.reason;
        let second = file(r#"{"default": 1, "rules": [
            {"audience": {"plan": "pro"}, "force": 3}, {"force": 2, "share": 0.5}]}"#);
        prop_assert_eq!(visitor(&second, &id).flag(0, 0).decision.reason == Reason::Split, alone == Reason::Split);
    }
}

#[test]
fn a_share_is_met_by_its_share_of_visitors_and_is_drawn_apart_from_experiments() {
    let text = file(r#"{"default": "x", "rules": [{"force": "y", "share": 0.3}]}"#);
    let plan = plan(&text);
    let (mut inside, mut both) = (0, 0);
    for number in 0..20_000 {
        let mut engine = Engine::new(plan.clone());
        engine.handle(Input::Consent(Consent::Measure), 0);
        engine.handle(Input::Unit { unit: Unit::Visitor, id: format!("visitor-{number}").as_bytes() }, 0);
        let is_in = engine.flag(0, 0).decision.reason == Reason::Split;
        inside += i32::from(is_in);
        both += i32::from(is_in && engine.decide(0, 0).variant == Some(0));
    }
    // Five standard deviations of a binomial of 20,000: 324 at .3, 253 at .15.
    assert!((inside - 6_000).abs() < 324, "{inside} of 20,000 in a share of .3");
    assert!((both - 3_000).abs() < 253, "{both} of 20,000 in share and variant a");
}
