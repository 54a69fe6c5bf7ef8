//! `parlour diff`: what changes for whom.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Memory;
use serde_json::{Value, json};

fn config() -> Value {
    json!({
        "site": ["shop.example"],
        "audiences": { "german": { "order.lang": "de" }, "big": { "order.total": { "$in": [50, 60] } } },
        "experiments": {
            "plain": { "status": "running", "variants": { "control": {}, "b": { "values": { "limit": 50 } } } },
            "shared": { "status": "running", "traffic": 0.5, "variants": { "control": {}, "b": {} } },
            "german": { "status": "running", "audience": "german", "variants": { "control": {}, "b": {} } },
            "big": { "status": "running", "audience": "big", "variants": { "control": {}, "b": {} } }
        }
    })
}

/// The difference between that configuration and itself after an edit.
fn after(edit: impl FnOnce(&mut Value), more: &[&str]) -> (u8, Value) {
    let mut changed = config();
    edit(&mut changed);
    let host = Memory::with(&[("old.json", &config().to_string()), ("new.json", &changed.to_string())]);
    let ran = host.run(&[&["diff", "old.json", "new.json", "-n", "4000", "--format", "json"], more].concat());
    assert!(ran.code < 2, "{}", ran.err);
    (ran.code, serde_json::from_str(&ran.out).unwrap())
}

fn of<'a>(difference: &'a Value, key: &str) -> &'a Value {
    difference["experiments"].as_array().unwrap().iter().find(|found| found["key"] == key).unwrap()
}

#[test]
fn a_plan_does_not_differ_from_itself_nor_from_its_source() {
    let (code, difference) = after(|_| (), &[]);
    assert_eq!((code, &difference["affected"]), (0, &json!(0)));
    assert!(difference["experiments"].as_array().unwrap().iter().all(|found| found["kind"] == "same"));
    let host = Memory::built(&config().to_string());
    let ran = host.run(&["diff", "plan.bin", "parlour.json", "-n", "500"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("0 of 500 simulated visitors"), "{}", ran.out);
}

/// Facts and lists have other numbers when an audience before them goes; what they say is the same.
#[test]
fn audiences_are_compared_by_what_they_say_not_by_number() {
    let (_, difference) = after(
        |config| {
            config["experiments"].as_object_mut().unwrap().remove("german");
            config["audiences"].as_object_mut().unwrap().remove("german");
        },
        &[],
    );
    assert_eq!(of(&difference, "german")["kind"], "gone");
    assert_eq!(of(&difference, "big")["kind"], "same", "{difference:#}");
    let (_, difference) =
        after(|config| config["audiences"]["big"]["order.total"]["$in"][1] = json!(61), &[]);
    assert_eq!(of(&difference, "big")["written"], json!(["audience"]));
    assert_eq!(of(&difference, "german")["kind"], "same");
}

#[test]
fn raising_traffic_brings_people_in_and_tears_nobody_away() {
    let (code, difference) = after(|config| config["experiments"]["shared"]["traffic"] = json!(0.75), &[]);
    let shared = of(&difference, "shared");
    assert_eq!(code, 1);
    assert_eq!(shared["written"], json!(["traffic: 50 % → 75 %"]));
    assert_eq!((&difference["torn"], &difference["affected"]), (&json!(0), &shared["moved"]));
    // A quarter of 4,000; five standard deviations are 137.
    assert!(shared["moved"].as_u64().unwrap().abs_diff(1000) < 137, "{shared}");
    for flow in shared["flows"].as_array().unwrap() {
        assert_eq!(flow["from"], json!({ "variant": null, "reason": "traffic" }));
        assert_eq!(flow["to"]["reason"], "bucketed");
    }
}

#[test]
fn another_seed_tears_half_of_two_variants_apart() {
    let (_, difference) = after(|config| config["experiments"]["plain"]["seed"] = json!(5), &[]);
    assert_eq!(of(&difference, "plain")["written"], json!(["seed: all are bucketed anew"]));
    let torn = difference["torn"].as_u64().unwrap();
    // Five standard deviations are 158.
    assert!(torn.abs_diff(2000) < 158, "{torn}");
    let (_, other) = after(|config| config["experiments"]["plain"]["seed"] = json!(5), &["--seed", "9"]);
    assert_ne!(other["torn"], difference["torn"]);
}

#[test]
fn other_content_in_the_same_variant_is_told_apart_from_moving() {
    let (code, difference) =
        after(|config| config["experiments"]["plain"]["variants"]["b"]["values"]["limit"] = json!(60), &[]);
    let plain = of(&difference, "plain");
    assert_eq!((code, &plain["moved"]), (1, &json!(0)));
    assert_eq!(plain["written"], json!(["b: changes or values"]));
    assert!(plain["seesOther"].as_u64().unwrap() > 1500 && plain["seesOther"] == difference["affected"]);
}

#[test]
fn an_ended_experiment_moves_the_losers_and_keeps_the_winners() {
    let (_, difference) = after(
        |config| {
            config["experiments"]["plain"]["status"] = json!("ended");
            config["experiments"]["plain"]["winner"] = json!("b");
        },
        &[],
    );
    let plain = of(&difference, "plain");
    let flows = plain["flows"].as_array().unwrap();
    assert_eq!(flows.len(), 2, "{plain:#}");
    assert!(flows.iter().all(|flow| flow["to"] == json!({ "variant": "b", "reason": "winner" })));
    let left = flows.iter().find(|flow| flow["from"]["variant"] == "control").unwrap();
    assert_eq!(left["visitors"], plain["moved"]);
}

#[test]
fn an_audience_that_asks_for_facts_nobody_gave_is_told() {
    let edit = |config: &mut Value| config["experiments"]["german"]["seed"] = json!(5);
    let (code, difference) = after(edit, &[]);
    assert_eq!((code, &of(&difference, "german")["isUntold"]), (0, &json!(true)));
    let (code, difference) = after(edit, &["--facts", "{\"order\":{\"lang\":\"de\"}}"]);
    assert_eq!((code, &of(&difference, "german")["isUntold"]), (1, &json!(false)));
}

#[test]
fn what_is_neither_plan_nor_sound_json_is_refused() {
    let host = Memory::built(&config().to_string());
    let cut = host.files.borrow()[std::path::Path::new("plan.bin")][..40].to_vec();
    host.files.borrow_mut().insert("cut.bin".into(), cut);
    host.files.borrow_mut().insert("noise.bin".into(), vec![0xff, 0xfe, 0]);
    let broken = config().to_string().replace("\"audience\":\"german\"", "\"audience\":\"germann\"");
    host.files.borrow_mut().insert("broken.json".into(), broken.into_bytes());
    for (old, expect) in [
        ("cut.bin", "cut short"),
        ("noise.bin", "neither a plan nor a parlour.json"),
        ("broken.json", "`parlour check broken.json` lists them"),
        ("nowhere", "there is no such file"),
    ] {
        let ran = host.run(&["diff", old, "plan.bin"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{old}");
        assert!(ran.err.contains(expect), "{old}: {}", ran.err);
    }
}
