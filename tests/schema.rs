//! The published JSON Schema and the checks of the compiler are of one mind, and name what the core's types name.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use parlour::authoring::{CompileOptions, compile, schema};
use parlour::journey::Stage;
use parlour::plan::Unit;
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value, json};

/// As JSON Schema 2020-12 has it, for the keywords that our schema uses; another one is a failure.
fn is_valid(value: &Value, schema: &Value, root: &Value) -> bool {
    let Some(schema) = schema.as_object() else { return schema == &json!(true) };
    let all = |each: &dyn Fn(&Value) -> bool| match value {
        Value::Array(list) => list.iter().all(each),
        _ => true,
    };
    let size = |schema: &Value| schema.as_u64().unwrap() as usize;
    schema.iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "title" | "description" | "format" | "$defs" | "default" | "examples" => true,
        "$ref" => is_valid(value, root.pointer(&rule.as_str().unwrap()[1..]).unwrap(), root),
        "type" => {
            let names = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
            names.iter().any(|name| match name.as_str().unwrap() {
                "null" => value.is_null(),
                "boolean" => value.is_boolean(),
                "number" => value.is_number(),
                "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
                "string" => value.is_string(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("type {other}"),
            })
        }
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "anyOf" => rule.as_array().unwrap().iter().any(|one| is_valid(value, one, root)),
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
        "pattern" => {
            value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text))
        }
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= size(rule)),
        "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= size(rule)),
        "items" => all(&|item| is_valid(item, rule, root)),
        "minItems" => value.as_array().is_none_or(|list| list.len() >= size(rule)),
        "maxItems" => value.as_array().is_none_or(|list| list.len() <= size(rule)),
        "minProperties" => value.as_object().is_none_or(|members| members.len() >= size(rule)),
        "maxProperties" => value.as_object().is_none_or(|members| members.len() <= size(rule)),
        "propertyNames" => value
            .as_object()
            .is_none_or(|members| members.keys().all(|name| is_valid(&json!(name), rule, root))),
        "required" => {
            let names = rule.as_array().unwrap();
            value
                .as_object()
                .is_none_or(|members| names.iter().all(|name| members.contains_key(name.as_str().unwrap())))
        }
        "properties" => value.as_object().is_none_or(|members| {
            members.iter().all(|(name, value)| rule.get(name).is_none_or(|rule| is_valid(value, rule, root)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|members| {
            let known = |name: &str| schema.get("properties").is_some_and(|known| known.get(name).is_some());
            members.iter().filter(|(name, _)| !known(name)).all(|(_, value)| match rule {
                Value::Bool(allowed) => *allowed,
                rule => is_valid(value, rule, root),
            })
        }),
        other => panic!("keyword {other}"),
    })
}

static SCHEMA: OnceLock<Value> = OnceLock::new();

fn sample() -> Value {
    json!({
        "site": ["shop.example"], "timezone": "Europe/Berlin", "currency": "EUR", "holdout": 0.05,
        "consent": { "initial": "unknown" }, "capture": { "click": true },
        "audiences": { "returning": { "journey.visits": { "$gte": 2 }, "$or": [{ "plan": "pro" }, { "plan": { "$in": ["a"] } }] } },
        "goals": { "bought": { "touchpoint": "purchase", "value": "revenue" } },
        "experiments": { "one": {
            "name": "One", "status": "running", "unit": "visitor", "traffic": 0.5, "audience": "returning",
            "version": 2, "bump": "block", "applies": "entry", "tags": ["x"], "end": "2027-01-01",
            "layer": { "name": "l", "range": [0, 0.5] }, "power": { "baseline": 0.1, "mde": 0.5, "days": 10 },
            "variants": { "a": { "weight": 1 }, "b": { "weight": 1, "values": { "n": [1] }, "changes": [
                { "select": "#x", "text": "T" }, { "select": ["#y"], "class": { "add": "z" } },
                { "select": "#w", "insert": { "place": "last", "element": { "tag": "p", "text": "t" } } } ] } },
            "goals": ["bought"] } },
        "experiences": { "hello": { "when": { "stage": "awareness" }, "changes": [], "holdout": 0.1, "cap": { "per": "session", "times": 1 } } },
        "slots": { "for-you": { "select": "#f", "cards": "/c.json", "strategies": ["covisit"], "count": 4 } }
    })
}

/// All places in a value, as pointers.
fn places(value: &Value, pointer: &str, all: &mut Vec<String>) {
    all.push(pointer.to_owned());
    match value {
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(index, value)| places(value, &format!("{pointer}/{index}"), all));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| places(value, &format!("{pointer}/{name}"), all));
        }
        _ => {}
    }
}

fn codes(value: &Value) -> BTreeSet<&'static str> {
    let found = compile(&value.to_string(), &CompileOptions::default()).diagnostics;
    found.into_iter().map(|found| found.code).collect()
}

#[test]
fn the_sample_is_valid_and_without_findings() {
    let schema = schema();
    assert!(is_valid(&sample(), &schema, &schema));
    assert_eq!(codes(&sample()), BTreeSet::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is changed, wherever: what the schema refuses the compiler speaks of, and what it lets through has neither
    /// unknown nor missing fields.
    #[test]
    fn what_the_schema_refuses_is_found_by_the_compiler(
        at in any::<prop::sample::Index>(),
        put in prop::sample::select(vec![
            json!(null), json!(true), json!(-1), json!(0.5), json!(2), json!(1e12), json!(""), json!("x"),
            json!("running"), json!("2026-12-01"), json!([]), json!(["x"]), json!([0.5]), json!({}),
            json!({ "x": 1 }), json!({ "no such field": 1 }), json!({ "name": 1 }), json!({ "select": "#x" }),
            json!("x".repeat(10_001)), json!(vec![0; 1_001]),
        ]),
        as_member in any::<bool>(),
    ) {
        let mut value = sample();
        let mut all = Vec::new();
        places(&value, "", &mut all);
        let place = value.pointer_mut(&all[at.index(all.len())]).unwrap();
        match place {
            Value::Object(members) if as_member => drop(members.insert("added".into(), put)),
            place => *place = put,
        }
        let schema = SCHEMA.get_or_init(schema);
        let (is_valid, found) = (is_valid(&value, schema, schema), codes(&value));
        prop_assert!(is_valid || !found.is_empty(), "the schema alone refuses {}", value);
        prop_assert!(!is_valid || !found.contains("W103"), "the compiler alone knows no such field: {}", value);
        let unknown = ["E101", "W103"].iter().any(|code| found.contains(code));
        prop_assert!(!(is_valid && unknown), "the compiler alone refuses {}: {:?}", value, found);
    }
}

#[test]
fn words_of_the_schema_are_those_of_the_types() {
    let schema = schema();
    let words = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}")).as_array().unwrap();
        list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words("/$defs/experiment/properties/unit/enum").len(), Unit::ALL.len());
    for (word, unit) in words("/$defs/experiment/properties/unit/enum").iter().zip(Unit::ALL) {
        let debug = format!("{unit:?}").to_lowercase();
        assert_eq!(word.replace(' ', ""), debug);
    }
    for (_, stage) in Stage::ALL {
        let mut value = sample();
        value["experiences"]["hello"]["when"]["stage"] = json!(stage);
        assert_eq!(codes(&value), BTreeSet::new(), "{stage}");
    }
    // Every word is taken by the compiler, and no other is.
    for (pointer, place) in [
        ("/$defs/experiment/properties/status/enum", "/experiments/one/status"),
        ("/$defs/experiment/properties/unit/enum", "/experiments/one/unit"),
        ("/$defs/experiment/properties/applies/enum", "/experiments/one/applies"),
        ("/$defs/experiment/properties/bump/enum", "/experiments/one/bump"),
        ("/$defs/consent/properties/initial/enum", "/consent/initial"),
        ("/$defs/cap/properties/per/enum", "/experiences/hello/cap/per"),
        ("/$defs/slot/properties/strategies/items/enum", "/slots/for-you/strategies/0"),
    ] {
        for word in words(pointer) {
            let mut value = sample();
            *value.pointer_mut(place).unwrap() = json!(word);
            assert!(!codes(&value).contains("E106"), "{place} {word}");
            *value.pointer_mut(place).unwrap() = json!(format!("{word}x"));
            assert!(codes(&value).contains("E106"), "{place} {word}x");
        }
    }
}

#[test]
fn the_bounds_stand_in_the_schema() {
    let schema = schema();
    for (pointer, bound) in [
        ("/properties/experiments/maxProperties", 1_000),
        ("/$defs/experiment/properties/tags/maxItems", 1_000),
        ("/$defs/experiment/properties/name/maxLength", 10_000),
    ] {
        assert_eq!(schema.pointer(pointer), Some(&json!(bound)), "{pointer}");
    }
}
