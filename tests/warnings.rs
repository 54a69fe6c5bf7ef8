//! Warnings that save an experiment: each is given where it should be, and not beside it.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, Diagnostic, Names, Severity, compile, tell};
use parlour::consent::Consent;
use parlour::decision::Reason;
use parlour::engine::{Engine, Input};
use parlour::plan::{Plan, Unit};
use proptest::prelude::*;
use serde_json::json;

/// 2026-12-24T00:00Z.
const NOW: u64 = 1_798_070_400_000;

fn found(text: &str) -> Vec<Diagnostic> {
    compile(text, &CompileOptions { now_ms: Some(NOW), ..CompileOptions::default() }).diagnostics
}

/// Says that this file has exactly this warning, at this place, saying this.
fn warns(text: &str, code: &str, pointer: &str, says: &str) {
    let found = found(text);
    let [warning] = found.as_slice() else { panic!("{text}: {found:#?}") };
    assert_eq!((warning.code, warning.severity), (code, Severity::Warning), "{text}: {warning}");
    assert!(warning.pointer == pointer && warning.to_string().contains(says), "{text}: {warning}");
}

fn is_silent(text: &str) {
    let found = found(text);
    assert!(found.is_empty(), "{text}: {found:#?}");
}

fn file(experiment: &str) -> String {
    format!(r#"{{"site": "a.example", "experiments": {{"one": {{"status": "running", {experiment}}}}}}}"#)
}

fn with(fields: &str) -> String {
    file(&format!(r#""variants": {{"a": {{}}, "b": {{}}}}, {fields}"#))
}

#[test]
fn weights_that_sum_oddly() {
    let weights = |list: &[&str]| {
        let variants: Vec<String> = (0..)
            .zip(list)
            .map(|(n, weight)| match *weight {
                "" => format!(r#""v{n}": {{}}"#),
                weight => format!(r#""v{n}": {{"weight": {weight}}}"#),
            })
            .collect();
        file(&format!(r#""variants": {{{}}}"#, variants.join(",")))
    };
    for (odd, says) in [
        (&["33", "33", "33"][..], "sum to 99, not 100"),
        (&["50", "60"], "sum to 110, not 100"),
        (&["0.5", "0.6"], "sum to 1.1, not 1"),
        (&["0.33", "0.33", "0.33"], "sum to 0.99, not 1"),
        (&["50", ""], "counts as 1"),
        (&["0.5", ""], "counts as 1"),
    ] {
        warns(&weights(odd), "W301", "/experiments/one/variants", says);
    }
    for even in
        [&["50", "50"][..], &["1", "1"], &["0.9", "0.1"], &["1", "0"], &["999", "1"], &["2", ""], &["", ""]]
    {
        is_silent(&weights(even));
    }
    let draft = weights(&["33", "33", "33"]).replace("running", "draft");
    warns(&draft, "W301", "/experiments/one/variants", "sum to 99");
    is_silent(&draft.replace("draft", "archived"));
}

#[test]
fn more_variants_than_can_be_told_apart() {
    let variants = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!(r#""v{n}": {{}}"#)).collect();
        file(&format!(r#""variants": {{{}}}"#, list.join(",")))
    };
    warns(&variants(11), "W305", "/experiments/one/variants", "11 variants");
    is_silent(&variants(10));
}

#[test]
fn overlapping_ranges_of_a_layer() {
    let two = |first: &str, second: &str| {
        format!(
            r#"{{"site": "a.example", "experiments": {{
                "one": {{"variants": {{"a": {{}}, "b": {{}}}}, {first}}},
                "two": {{"variants": {{"a": {{}}, "b": {{}}}}, {second}}}}}}}"#
        )
    };
    let layer = |name: &str, range: &str| {
        format!(r#""status": "running", "layer": {{"name": "{name}", "range": {range}}}"#)
    };
    let left = layer("l", "[0, 0.5]");
    warns(&two(&left, &layer("l", "[0.4, 1]")), "W302", "/experiments/two/layer", "`one`");
    is_silent(&two(&left, &layer("l", "[0.5, 1]")));
    is_silent(&two(&left, &layer("other", "[0, 1]")));
    is_silent(&two(&left, &layer("l", "[0, 1]").replace("running", "draft")));
    let autumn = format!(r#"{left}, "end": "2026-12-31""#);
    let winter = format!(r#"{}, "start": "2027-01-01""#, layer("l", "[0, 1]"));
    is_silent(&two(&autumn, &winter));
}

#[test]
fn audiences_that_nobody_fits() {
    for (condition, fact) in [
        (r#"{"age": {"$gt": 5, "$lt": 3}}"#, "age"),
        (r#"{"age": {"$gt": 5, "$lte": 5}}"#, "age"),
        (r#"{"age": {"$gt": "b", "$lt": "a"}}"#, "age"),
        (r#"{"age": {"$gt": 5, "$lt": "a"}}"#, "age"),
        (r#"{"plan": {"$in": []}}"#, "plan"),
        (r#"{"$and": [{"plan": "a"}, {"plan": "b"}]}"#, "plan"),
        (r#"{"plan": {"$eq": "a", "$ne": "a"}}"#, "plan"),
        (r#"{"plan": {"$eq": "a", "$in": ["b", "c"]}}"#, "plan"),
        (r#"{"plan": {"$eq": "ab", "$regex": "^b"}}"#, "plan"),
        (r#"{"plan": {"$exists": false, "$gt": 1}}"#, "plan"),
        (r#"{"plan": {"$exists": false, "$exists": true}}"#.replace("\"$exists\": false, ", "\"$eq\": null, ").leak(), "plan"),
        (r#"{"plan": {"$type": "number", "$regex": "a"}}"#, "plan"),
        (r#"{"plan": {"$veq": "1.0", "$lt": 3}}"#, "plan"),
        (r#"{"$and": [{"plan": "a"}, {"$not": {"plan": "a"}}]}"#, "plan"),
        (r#"{"plan": "a", "$or": [{"plan": "b"}, {"plan": {"$in": ["c"]}}]}"#, "plan"),
        (r#"{"plan": "a", "$nor": [{"plan": {"$in": ["a", "b"]}}]}"#, "plan"),
        (r#"{"journey.visits": {"$gt": 2, "$lt": 3}}"#, "journey.visits"),
        (r#"{"journey.visits": "2"}"#, "journey.visits"),
        (r#"{"journey.stage": "awareness", "$and": [{"journey.stage": {"$ne": "awareness"}}]}"#, "journey.stage"),
        (r#"{"journey.stage": "loyalty"}"#, "journey.stage"),
        (r#"{"device.type": "phone"}"#, "device.type"),
        (r#"{"device.type": {"$nin": ["mobile", "tablet", "desktop"], "$exists": true}}"#, "device.type"),
        (r#"{"page.path": 5}"#, "page.path"),
        (r#"{"page.path": {"$in": ["/a"], "$notRegex": "^/"}}"#, "page.path"),
    ] {
        let says = format!("nobody fits this condition: what is asked of `{fact}`");
        warns(&with(&format!(r#""audience": {condition}"#)), "W303", "/experiments/one/audience", &says);
        let named = format!(r#"{{"site": "a.example", "audiences": {{"x": {condition}}}}}"#);
        warns(&named, "W303", "/audiences/x", &says);
        let growthbook = named.replacen('{', r#"{"dialect": "growthbook", "#, 1);
        is_silent(&growthbook);
    }
    for condition in [
        r#"{"age": {"$gt": 3, "$lt": 5}}"#,
        r#"{"age": {"$gte": 5, "$lte": 5}}"#,
        r#"{"tags": {"$in": ["a"]}, "$and": [{"tags": {"$in": ["b"]}}]}"#,
        r#"{"plan": {"$ne": "a"}, "$and": [{"plan": {"$ne": "b"}}]}"#,
        r#"{"plan": "a", "$or": [{"plan": "b"}, {"age": 3}]}"#,
        r#"{"journey.visits": {"$gt": 2, "$lt": 4}}"#,
        r#"{"journey.stage": {"$exists": false}}"#,
        r#"{"page.query.ref": "a", "page.path": {"$regex": "^/a"}}"#,
        r#"{"plan": {"$ini": ["A"], "$eq": "a"}}"#,
    ] {
        is_silent(&with(&format!(r#""audience": {condition}"#)));
    }
}

#[test]
fn goals_that_are_never_recorded() {
    let goal = |touchpoint: &str, rest: &str| {
        format!(r#"{{"site": "a.example", "goals": {{"g": {{"touchpoint": "{touchpoint}"}}}}{rest}}}"#)
    };
    warns(&goal("purchse", ""), "W304", "/goals/g/touchpoint", "`purchase`");
    warns(
        &goal("page_view", r#", "capture": {"page_view": false}"#),
        "W304",
        "/goals/g/touchpoint",
        "switched off",
    );
    is_silent(&goal("purchase", ""));
    is_silent(&goal("newsletter_signup", ""));
    is_silent(&goal("page_view", r#", "capture": {"click": false}"#));
}

#[test]
fn traffic_too_small_for_the_power_asked() {
    let power = |rest: &str| with(&format!(r#""power": {{"baseline": 0.05, "mde": 0.1, {rest}}}"#));
    // 31,234 a variant: 62,468 in all.
    warns(
        &power(r#""visitorsPerDay": 1000, "days": 62"#),
        "W306",
        "/experiments/one/power",
        "31234 visitors, which takes 63 days, and there are 62",
    );
    is_silent(&power(r#""visitorsPerDay": 1000, "days": 63"#));
    warns(&power(r#""visitorsPerDay": 1000"#), "W306", "/experiments/one/power", "there are 60");
    let half = |rest: &str| {
        power(r#""visitorsPerDay": 1000, "days": 100"#).replacen(
            r#""power": "#,
            &format!(r#"{rest}, "power": "#),
            1,
        )
    };
    is_silent(&half(r#""tags": []"#));
    warns(&half(r#""traffic": 0.5"#), "W306", "/experiments/one/power", "125 days");
    warns(
        &half(r#""layer": {"name": "l", "range": [0.5, 1]}"#),
        "W306",
        "/experiments/one/power",
        "125 days",
    );
    let dated = r#""start": "2026-12-01", "end": "2026-12-10""#;
    let text =
        power(r#""visitorsPerDay": 1000"#).replacen(r#""power": "#, &format!(r#"{dated}, "power": "#), 1);
    let days: Vec<bool> =
        found(&text).iter().map(|found| found.to_string().contains("there are 10")).collect();
    assert!(days.contains(&true));
    warns(&power(r#""power": 1"#), "W306", "/experiments/one/power", "no number of visitors");
    is_silent(&power(r#""power": 0.9"#));
}

#[test]
fn ends_without_a_winner_and_winners_that_stay() {
    warns(&with(r#""end": "2026-12-23""#), "W307", "/experiments/one/end", "promote one VARIANT");
    is_silent(&with(r#""end": "2026-12-24""#));
    let ended = |fields: &str| with(fields).replace("running", "ended");
    warns(&ended(r#""winner": "b", "ended": "2026-11-20""#), "W308", "/experiments/one/winner", "33 days");
    warns(&ended(r#""winner": "b", "end": "2026-11-20""#), "W308", "/experiments/one/winner", "archive one");
    is_silent(&ended(r#""winner": "b", "ended": "2026-12-01""#));
    is_silent(&ended(r#""ended": "2026-01-01""#));
    let timeless = compile(&with(r#""end": "2026-12-23""#), &CompileOptions::default());
    assert!(timeless.diagnostics.is_empty(), "nothing reads a clock by itself");
}

#[test]
fn plans_that_are_heavy() {
    let text = |bytes: usize| with(&format!(r#""name": "{}", "goals": []"#, "x".repeat(bytes)));
    warns(&text(9_999), "W309", "/experiments/one", "`one` takes most");
    is_silent(&text(9_000));
}

#[test]
fn addresses_of_people() {
    for (fields, pointer) in [
        (r#""audience": {"user.email": "jane.doe@mail.example"}"#, "/experiments/one/audience/user.email"),
        (
            r#""audience": {"user.email": {"$in": ["x", "jane.doe@mail.example"]}}"#,
            "/experiments/one/audience/user.email/$in/1",
        ),
        (r#""name": "Ask jane.doe@mail.example for it""#, "/experiments/one/name"),
    ] {
        warns(&with(fields), "W310", pointer, "`jane.doe@mail.example`");
    }
    for fields in [
        r#""owner": "jane.doe@mail.example", "hypothesis": "jane.doe@mail.example", "tags": ["jane.doe@mail.example"]"#,
        r#""name": "mug@2x.png at 5@home, a@b and @import.me""#,
        r#""name": "<a href='mailto:shop@mail.example'>""#,
    ] {
        is_silent(&with(fields));
    }
    is_silent(&with(r#""name": "jane.doe@mail.example""#).replace("running", "draft"));
}

#[test]
fn facts_that_treatment_may_change() {
    let text = |condition: &str| with(&format!(r#""applies": "always", "audience": {condition}"#));
    warns(&text(r#"{"cart.items": {"$gte": 1}}"#), "W311", "/experiments/one/audience", "`cart.items`");
    warns(
        &text(r#"{"$or": [{"plan": "a"}, {"$not": {"journey.visits": 1}}]}"#),
        "W311",
        "/experiments/one/audience",
        "`journey.visits`",
    );
    is_silent(&text(r#"{"device.type": "mobile"}"#));
    is_silent(&with(r#""audience": {"cart.items": {"$gte": 1}}"#));
}

/// Values that tests on one fact may be about.
const VALUES: [&str; 12] =
    ["null", "true", "-1", "0", "1", "1.5", "2", r#""""#, r#""a""#, r#""b""#, r#""ab""#, r#"["a", 1]"#];

fn test() -> impl Strategy<Value = String> {
    let scalar = || prop::sample::select(&VALUES[..11]);
    let orderable = || prop::sample::select(&VALUES[2..11]);
    prop_oneof![
        scalar().prop_map(|value| format!(r#"{{"$eq": {value}}}"#)),
        scalar().prop_map(|value| format!(r#"{{"$ne": {value}}}"#)),
        (prop::sample::select(vec!["$lt", "$lte", "$gt", "$gte"]), orderable())
            .prop_map(|(operator, value)| format!(r#"{{"{operator}": {value}}}"#)),
        (prop::sample::select(vec!["$in", "$nin"]), prop::collection::vec(scalar(), 0..3))
            .prop_map(|(operator, values)| format!(r#"{{"{operator}": [{}]}}"#, values.join(","))),
        prop::sample::select(vec!["$regex", "$notRegex"])
            .prop_map(|operator| format!(r#"{{"{operator}": "^a"}}"#)),
        any::<bool>().prop_map(|exists| format!(r#"{{"$exists": {exists}}}"#)),
        prop::sample::select(vec!["string", "number", "null", "array"])
            .prop_map(|kind| format!(r#"{{"$type": "{kind}"}}"#)),
        Just(r#"{"$elemMatch": {"$eq": "a"}}"#.to_owned()),
        Just(r#"{"$size": 2}"#.to_owned()),
        Just(r#"{"$all": ["a"]}"#.to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = (prop::sample::select(vec!["x", "y"]), test())
        .prop_map(|(fact, test)| format!(r#"{{"{fact}": {test}}}"#));
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            (prop::sample::select(vec!["$and", "$or", "$nor"]), prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(group, list)| format!(r#"{{"{group}": [{}]}}"#, list.join(","))),
            inner.prop_map(|inner| format!(r#"{{"$not": {inner}}}"#)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// What is said to fit nobody is false for all values that its tests are about.
    #[test]
    fn nobody_fits_what_is_said_to_fit_nobody(condition in condition()) {
        let text = with(&format!(r#""audience": {condition}"#));
        let compiled = compile(&text, &CompileOptions::default());
        let is_warned = compiled.diagnostics.iter().any(|found| found.code == "W303");
        let plan = Plan::decode(&compiled.plan.unwrap()).unwrap();
        let names = Names::read(&plan);
        let mut engine = Engine::new(plan);
        engine.handle(Input::Consent(Consent::Measure), 0);
        engine.handle(Input::Unit { unit: Unit::Visitor, id: b"someone" }, 0);
        let mut someone_fits = false;
        for x in VALUES {
            for y in VALUES {
                let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
                let facts = json!({ "x": value(x), "y": value(y) });
                tell(&mut engine, &names, facts.as_object().unwrap(), &|_, _, _| false);
                someone_fits |= engine.decide(0, 0).reason != Reason::Audience;
            }
        }
        prop_assert!(!(is_warned && someone_fits), "{}", condition);
    }
}
