//! What marketers write, what they get wrong, and what they are told.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, Compiled, Names, Severity, compile};
use parlour::plan::{Plan, PlanError, SIGNATURE_BYTES, Status};
use proptest::prelude::*;

fn compiled(text: &str) -> Compiled {
    compile(text, &CompileOptions::default())
}

fn plan(text: &str) -> Plan {
    let compiled = compiled(text);
    Plan::decode(&compiled.plan.unwrap_or_else(|| panic!("no plan: {:?}", compiled.diagnostics))).unwrap()
}

fn experiment(fields: &str) -> String {
    format!(
        r#"{{"site": "a.example", "experiments": {{"one": {{"status": "running", "variants": {{"a": {{}}, "b": {{}}}}{fields}}}}}}}"#
    )
}

/// Says that this file has exactly this finding, at this place, with this cure.
fn check(text: &str, code: &str, pointer: &str, cure: &str) {
    let found = compiled(text).diagnostics;
    assert!(
        found.len() == 1
            && found[0].code == code
            && found[0].pointer == pointer
            && found[0].cure.contains(cure),
        "expected {code} at {pointer} with cure {cure:?}, found {found:#?}"
    );
}

#[test]
fn each_mistake_is_named_with_its_place_and_cure() {
    let rows = [
        (r#"{"site": }"#.to_owned(), "E100", "", "comma, quote or bracket"),
        (r#"{"site": "a", "previewKey": "short"}"#.to_owned(), "E106", "/previewKey", "parlour keygen"),
        (String::new(), "E100", "", "Start with"),
        (r#"{}"#.into(), "E105", "", "host names"),
        (r#"{"site": []}"#.into(), "E105", "/site", "host names"),
        (r#"{"site": "a", "site": "b"}"#.into(), "E102", "/site", "Keep one"),
        (r#"{"site": "a", "experimets": {}}"#.into(), "W103", "/experimets", "`experiments`"),
        (r#"{"site": "a", "experiments": []}"#.into(), "E104", "/experiments", "object"),
        (r#"{"site": "a", "timezone": "Europe/Berlln"}"#.into(), "E106", "/timezone", "IANA"),
        (r#"{"site": "a", "currency": "Euro"}"#.into(), "E106", "/currency", "ISO 4217"),
        (r#"{"site": "a", "goals": {"g": {}}}"#.into(), "E107", "/goals/g", "exactly one of"),
        (
            r#"{"site": "a", "goals": {"Buy it": {"click": "b"}}}"#.into(),
            "E106",
            "/goals/Buy it",
            "lower-case",
        ),
        (
            r#"{"site": "a", "audiences": {"x": {"journey.visit": 2}}}"#.into(),
            "E203",
            "/audiences/x/journey.visit",
            "`journey.visits`",
        ),
        (
            r#"{"site": "a", "audiences": {"x": {"plan": {"$eqq": 2}}}}"#.into(),
            "E208",
            "/audiences/x/plan/$eqq",
            "`$eq`",
        ),
        (
            r#"{"site": "a", "audiences": {"x": {"plan": {"$in": 2}}}}"#.into(),
            "E104",
            "/audiences/x/plan/$in",
            "[ ]",
        ),
        (r#"{"site": "a", "audiences": {"x": {"$adn": []}}}"#.into(), "E208", "/audiences/x/$adn", "`$and`"),
        (
            r#"{"site": "a", "experiences": {"x": {"when": {"stage": "awarness"}}}}"#.into(),
            "E106",
            "/experiences/x/when/stage",
            "`awareness`",
        ),
        (
            experiment(r#", "status": "runing""#).replacen(r#""status": "running", "#, "", 1),
            "E106",
            "/experiments/one/status",
            "`running`",
        ),
        (experiment(r#", "audience": "retuning""#), "E201", "/experiments/one/audience", "audiences"),
        (experiment(r#", "goals": ["buy"]"#), "E202", "/experiments/one/goals/0", "goals"),
        (experiment(r#", "traffic": 1.5"#), "E106", "/experiments/one/traffic", "0 to 1"),
        (
            experiment(r#", "start": "2026-12-24", "end": "2026-12-01""#),
            "E205",
            "/experiments/one/end",
            "after `start`",
        ),
        (experiment(r#", "start": "soon""#), "E106", "/experiments/one/start", "2026-12-01"),
        (
            experiment(r#", "layer": {"name": "l", "range": [0.5, 0.5]}"#),
            "E206",
            "/experiments/one/layer/range",
            "[0, 0.5]",
        ),
        (experiment(r#", "basis": "exempt""#), "E209", "/experiments/one/basis", "exempt"),
        (experiment(r#", "winner": "a""#), "W211", "/experiments/one/winner", "ended"),
        (
            experiment("")
                .replace(r#""a": {}"#, r#""a": {"weight": 0}"#)
                .replace(r#""b": {}"#, r#""b": {"weight": 0}"#),
            "E204",
            "/experiments/one/variants",
            "weight above 0",
        ),
        (experiment("").replace(r#", "b": {}"#, ""), "E107", "/experiments/one/variants", "from 2"),
        (
            experiment("").replace(r#""b": {}"#, r##""b": {"changes": [{"select": "#x"}]}"##),
            "E107",
            "/experiments/one/variants/b/changes/0",
            "text",
        ),
        (
            experiment("").replace(
                r#""b": {}"#,
                r##""b": {"changes": [{"select": "#x", "text": "x", "wait": 600001}]}"##,
            ),
            "E106",
            "/experiments/one/variants/b/changes/0/wait",
            "from 0 to 600000",
        ),
    ];
    for (text, code, pointer, cure) in rows {
        check(&text, code, pointer, cure);
    }
}

#[test]
fn what_is_said_of_measuring_is_checked_and_not_in_the_plan() {
    let goal = |fields: &str| {
        format!(
            r#"{{"site": "a", "goals": {{"g": {{"touchpoint": "purchase", "value": "revenue"{fields}}}, "visit": {{"page": "*"}}}}}}"#
        )
    };
    let judged = |fields: &str| experiment(&format!(r#", "analysis": {{{fields}}}"#));
    for (text, code, pointer, cure) in [
        (goal(r#", "kind": "ratio""#), "E107", "/goals/g", "\"per\""),
        (goal(r#", "kind": "ratio", "per": "visits""#), "E202", "/goals/g/per", "`visit`"),
        (goal(r#", "kind": "count", "per": "visit""#), "E107", "/goals/g/per", "ratio"),
        (goal(r#", "from": 3"#), "E107", "/goals/g/from", "retention"),
        (goal(r#", "winsorise": 3"#), "E107", "/goals/g/winsorise", "revenue"),
        (goal(r#", "window": 0"#), "E107", "/goals/g/window", "more days than 0"),
        (
            goal(r#", "kind": "retention", "from": 7, "window": 7"#),
            "E107",
            "/goals/g/window",
            "more days than 7",
        ),
        (goal(r#", "kind": "retention", "from": 21"#), "E107", "/goals/g", "window"),
        (goal(r#", "kind": "mean""#), "E106", "/goals/g/kind", "conversion"),
        (goal("").replace(r#", "value": "revenue""#, r#", "kind": "revenue""#), "E107", "/goals/g", "value"),
        (judged(r#""looks": [0.5, 1]"#), "E107", "/experiments/one/analysis/looks", "group-sequential"),
        (
            judged(r#""method": "group-sequential", "looks": [0.5, 0.4, 1]"#),
            "E107",
            "/experiments/one/analysis/looks",
            "[0.25",
        ),
        (
            judged(r#""cuped": 14, "stratify": "device""#),
            "E107",
            "/experiments/one/analysis/stratify",
            "one of them",
        ),
        (
            r#"{"site": "a", "rates": [{"from": "soon", "worth": {}}]}"#.into(),
            "E106",
            "/rates/0/from",
            "2026-12-01",
        ),
        (
            r#"{"site": "a", "rates": [{"from": "2026-01-01", "worth": {"dollar": 1}}]}"#.into(),
            "E106",
            "/rates/0/worth/dollar",
            "ISO 4217",
        ),
    ] {
        check(&text, code, pointer, cure);
    }
    let bytes = |text: &str| {
        let compiled = compiled(text);
        assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
        compiled.plan
    };
    let all = r#", "kind": "revenue", "window": 7.5, "winsorise": 500, "harm": 0.02, "better": "higher""#;
    assert_eq!(bytes(&goal(all)), bytes(&goal("")));
    assert_eq!(bytes(&judged(r#""method": "fixed", "units": 1000, "cuped": 14"#)), bytes(&experiment("")));
}

#[test]
fn an_archived_experiment_may_keep_its_winner() {
    let text = experiment(r#", "winner": "a""#).replace("running", "archived");
    let found = compile(&text, &CompileOptions::default()).diagnostics;
    assert!(found.iter().all(|found| found.code != "W211"), "{found:#?}");
}

#[test]
fn each_mistake_in_a_condition_is_named_with_its_place_and_cure() {
    let rows = [
        (r#"{"plan": {"gte": 2}}"#, "E208", "/plan/gte", r"`$gte`"),
        (r#"{"plan": {"$and": []}}"#, "E208", "/plan/$and", r"around names"),
        (r#"{"plan": {"$regex": "^(?=a)"}}"#, "E214", "/plan/$regex", r"$notRegex"),
        (r#"{"plan": {"$notRegexi": "(a)\\1"}}"#, "E214", "/plan/$notRegexi", r"Write out"),
        (r#"{"plan": {"$regex": "a("}}"#, "E214", "/plan/$regex", r"Put a \"),
        (r#"{"plan": {"$regex": "a.{200}b"}}"#, "E214", "/plan/$regex", r"Shorten"),
        (r#"{"plan": {"$inGroup": "stuff"}}"#, "E212", "/plan/$inGroup", r"`staff`"),
        (r#"{"plan": {"$type": "strin"}}"#, "E104", "/plan/$type", r"`string`"),
        (r#"{"plan": {"$vgt": 2}}"#, "E104", "/plan/$vgt", r"2.10.0"),
        (r#"{"plan": {"$lt": true}}"#, "E104", "/plan/$lt", r"number or a text"),
        (r#"{"plan": {"$elemMatch": 2}}"#, "E104", "/plan/$elemMatch", r"$eq"),
        (r#"{"plan": {"$eq": ["a"]}}"#, "E104", "/plan/$eq", r"$in"),
        (r#"{"plan": {}}"#, "E104", "/plan", r"operator"),
        (r#"{"page.path": ["/a"]}"#, "E104", "/page.path", r"$in"),
        (r#"{"plan": ["a"]}"#, "W213", "/plan", r"$in"),
    ];
    for (condition, code, pointer, cure) in rows {
        let text =
            format!(r#"{{"site": "a", "groups": {{"staff": ["ann"]}}, "audiences": {{"x": {condition}}}}}"#);
        check(&text, code, &format!("/audiences/x{pointer}"), cure);
    }
    check(r#"{"site": "a", "groups": {"staff": "ann"}}"#, "E104", "/groups/staff", "[ ]");
}

#[test]
fn what_growthbook_takes_is_no_error_and_what_it_does_not_know_is_said() {
    let file = |condition: &str| {
        format!(r#"{{"site": "a", "dialect": "growthbook", "audiences": {{"x": {condition}}}}}"#)
    };
    for condition in [
        r#"{"$groups": "a", "journey.visit": {"$in": 2, "$lt": null, "$regex": "(?=a)", "$vgt": 2, "$inGroup": "g"}}"#,
        r#"{"$or": null, "$not": 5, "a": {"$type": "any", "$and": [], "$size": "x", "$all": 1, "$eq": [], "b": {}}}"#,
    ] {
        let compiled = compiled(&file(condition));
        assert!(compiled.diagnostics.is_empty(), "{condition}: {:?}", compiled.diagnostics);
    }
    check(&file(r#"{"a": {"$regx": "b"}}"#), "W215", "/audiences/x/a/$regx", "`$regex`");
    check(&file(r#"{"$savedGroup": {"id": "g"}}"#), "W215", "/audiences/x/$savedGroup", "$inGroup");
}

#[test]
fn line_and_column_point_at_the_value() {
    let text = "{\n  \"site\": \"a\",\n  \"currency\": \"Euro\"\n}";
    let found = &compiled(text).diagnostics[0];
    assert_eq!((found.line, found.column), (3, 15));
    assert_eq!(
        found.to_string(),
        "3:15 error E106 /currency: `Euro` is no currency code. Write the ISO 4217 code in capitals, such as \"EUR\"."
    );
}

#[test]
fn all_mistakes_are_found_in_one_run() {
    let text = experiment(r#", "traffic": 2, "goals": ["x", "y"], "start": "soon", "audience": "nobody""#);
    assert_eq!(compiled(&text).diagnostics.len(), 5);
}

#[test]
fn a_broken_experiment_is_left_out_and_the_others_run() {
    let text = r#"{"site": "a", "experiments": {
        "broken": {"status": "running", "audience": {"mine": 1}, "traffic": 7, "variants": {"a": {}, "b": {}}},
        "whole": {"status": "running", "audience": {"yours": 1}, "variants": {"a": {}, "b": {}}}}}"#;
    let plan = plan(text);
    let names = Names::read(&plan);
    assert_eq!(
        names.experiments.iter().map(|experiment| experiment.key.as_str()).collect::<Vec<_>>(),
        ["whole"]
    );
    let facts: Vec<&str> = names.facts.iter().flatten().map(|fact| fact.path.as_str()).collect();
    assert_eq!(facts, ["yours"], "the broken one's facts are gone with it");
}

#[test]
fn what_visitors_need_not_read_is_not_in_the_plan() {
    let text = r#"{"site": "a", "experiments": {
        "draft-thing": {"variants": {"a": {}, "b": {}}},
        "seen": {"status": "running", "hypothesis": "SECRET-ONE", "owner": "SECRET-TWO", "tags": ["SECRET-THREE"], "variants": {"a": {}, "b": {}}}}}"#;
    let bytes = compiled(text).plan.unwrap();
    let readable = String::from_utf8_lossy(&bytes);
    for word in ["SECRET", "draft-thing"] {
        assert!(!readable.contains(word), "{word} is in the plan");
    }
    assert!(readable.contains("seen"), "the canary: keys that run are in the plan");
}

#[test]
fn the_same_file_compiles_to_the_same_bytes() {
    let text = experiment(r#", "audience": {"plan": {"$in": ["a", "b"]}}"#);
    assert_eq!(compiled(&text).plan, compiled(&text).plan);
}

#[test]
fn amounts_of_money_in_audiences_are_exact_in_the_currency() {
    // 19.99 in minor units is 1999; as a float times 100 it would be 1998.9999999999998.
    let bytes = compiled(&experiment(r#", "audience": {"profile.revenue": {"$gte": 19.99}}"#)).plan.unwrap();
    assert!(bytes.windows(8).any(|window| window == 1999f64.to_le_bytes()));
}

#[test]
fn deep_and_wide_files_are_refused_and_not_followed() {
    let deep = format!(
        r#"{{"site": "a", "audiences": {{"x": {}1{}}}}}"#,
        r#"{"$not":"#.repeat(10_000),
        "}".repeat(10_000)
    );
    check(&deep, "E101", "", "Flatten");
    let nested = format!(
        r#"{{"site": "a", "audiences": {{"x": {}{{"p": 1}}{}}}}}"#,
        r#"{"$not":"#.repeat(40),
        "}".repeat(40)
    );
    assert_eq!(compiled(&nested).diagnostics[0].code, "E101");
}

#[test]
fn the_schema_knows_every_field_of_the_sketch() {
    let schema = parlour::authoring::schema();
    for (pointer, what) in [
        ("/properties/experiments/additionalProperties/$ref", "experiments"),
        ("/$defs/experiment/properties/hypothesis/description", "hypothesis"),
        ("/$defs/condition/properties/journey.visits/description", "fact names"),
        ("/$defs/slot/properties/strategies/items/enum", "strategies"),
        ("/$defs/operators/properties/$notRegexi", "operators"),
        ("/properties/groups/additionalProperties", "groups"),
    ] {
        assert!(schema.pointer(pointer).is_some(), "{what}: {pointer} is missing");
    }
}

/// A plan's experiments by key and whether they run.
fn served(text: &str, options: &CompileOptions) -> Vec<(String, bool)> {
    let plan = Plan::decode(&compile(text, options).plan.unwrap()).unwrap();
    let names = Names::read(&plan).experiments;
    let runs = plan.experiments().iter().map(|experiment| experiment.status == Status::Running);
    names.into_iter().map(|named| named.key).zip(runs).collect()
}

#[test]
fn drafts_are_in_plans_for_previews_alone_and_decide_nothing_there() {
    let experiments = ["draft", "running", "archived"].map(|status| {
        format!(r#""{status}": {{"status": "{status}", "variants": {{"a": {{}}, "b": {{}}}}}}"#)
    });
    let unsaid = r#""unsaid": {"variants": {"a": {}, "b": {}}}"#;
    let text = format!(r#"{{"site": "a.example", "experiments": {{{}, {unsaid}}}}}"#, experiments.join(", "));
    let row = |key: &str, runs| (key.to_owned(), runs);
    assert_eq!(served(&text, &CompileOptions::default()), [row("running", true)]);
    let drafts = CompileOptions { drafts: true, ..CompileOptions::default() };
    assert_eq!(served(&text, &drafts), [row("draft", false), row("running", true), row("unsaid", false)]);
}

#[test]
fn a_target_is_waited_for_as_long_as_any_arm_does() {
    let page = |changes: [&str; 2]| {
        let [a, b] = changes;
        let text = format!(
            r#"{{"site": "a.example", "experiments": {{"one": {{"status": "running", "variants": {{"a": {{"changes": [{a}]}}, "b": {{"changes": [{b}]}}}}}}}}}}"#
        );
        let plan = plan(&text);
        let page: serde_json::Value = serde_json::from_slice(plan.page()).unwrap();
        (page["experiments"][0]["targets"].to_string(), page["experiments"][0]["waits"].to_string())
    };
    let rows = [
        (r##"{"select": "#x", "text": "a"}"##, r##"{"select": ["#x", "#y"], "text": "b"}"##, "null"),
        (
            r##"{"select": "#x", "text": "a", "wait": 500}"##,
            r##"{"select": ["#x", "#y"], "text": "b", "wait": 0}"##,
            r##"{"#x":500,"#y":0}"##,
        ),
        (
            r##"{"select": "#x", "text": "a", "wait": 500}"##,
            r##"{"select": ["#x", "#y"], "text": "b"}"##,
            "null",
        ),
        (
            r##"{"select": "#x", "text": "a"}"##,
            r##"{"select": "#y", "text": "b", "wait": 60000}"##,
            r##"{"#y":60000}"##,
        ),
    ];
    for (a, b, waits) in rows {
        assert_eq!(page([a, b]), (r##"["#x","#y"]"##.to_owned(), waits.to_owned()));
    }
}

#[test]
fn a_plan_carries_its_expiry_and_the_key_of_previews() {
    let page = |plan: &Plan| serde_json::from_slice::<serde_json::Value>(plan.page()).unwrap();
    let none = plan(r#"{"site": "a.example"}"#);
    assert_eq!((none.expires_ms(), page(&none)["previewKey"].as_str()), (u64::MAX, None));
    let (ours, theirs) = (["o"; 43].concat(), ["t"; 43].concat());
    let options = CompileOptions {
        expires_ms: 77,
        preview_key: Some(ours.as_bytes().try_into().unwrap()),
        ..CompileOptions::default()
    };
    for (key, expect) in [("", &ours), (&format!(r#", "previewKey": "{theirs}""#), &theirs)] {
        let text = format!(r#"{{"site": "a.example"{key}}}"#);
        let plan = Plan::decode(&compile(&text, &options).plan.unwrap()).unwrap();
        assert_eq!((plan.expires_ms(), page(&plan)["previewKey"].as_str()), (77, Some(expect.as_str())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_the_compiler_panic(text in ".{0,400}") {
        let _ = compiled(&text);
    }

    #[test]
    fn no_json_makes_the_compiler_panic(value in json(), key in "[a-z]{1,12}") {
        let text = format!(r#"{{"site": "a", "experiments": {{"one": {{"status": "running", "variants": {{"a": {{"changes": [{value}]}}, "b": {value}}}, "{key}": {value}}}}}, "audiences": {{"x": {value}}}, "goals": {value}}}"#);
        let compiled = compiled(&text);
        if let Some(bytes) = compiled.plan {
            prop_assert!(Plan::decode(&bytes).is_ok(), "a plan that cannot be read: {}", text);
        }
    }

    #[test]
    fn a_plan_with_any_changed_byte_is_refused(at in 0usize..4_000, flip in 1u8..) {
        let mut bytes = compiled(&experiment(r#", "audience": {"plan": "pro"}"#)).plan.unwrap();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        // An older format or reader than ours is no damage; nothing is of format 0.
        let is_older = matches!((at, bytes[at]), (4, 1..) | (5, 0));
        prop_assert_eq!(Plan::decode(&bytes).is_ok(), is_older, "byte {}", at);
    }

    #[test]
    fn what_follows_a_plan_is_signatures_or_damage(len in 0usize..400, byte: u8) {
        let plan = compiled(&experiment("")).plan.unwrap();
        let hash = Plan::decode(&plan).unwrap().hash();
        let file = [plan.clone(), vec![byte; len]].concat();
        prop_assert_eq!(Plan::split(&file), Some((&plan[..], &file[plan.len()..])));
        let decoded = Plan::decode(&file).map(|plan| plan.hash());
        prop_assert_eq!(decoded, if len % SIGNATURE_BYTES == 0 { Ok(hash) } else { Err(PlanError::Damaged) });
    }

    #[test]
    fn decoding_any_bytes_never_panics(bytes: Vec<u8>) {
        let mut file = b"PRLR\x01\x01\0\0\x01\0\0\0".to_vec();
        file.extend(bytes);
        let _ = (Plan::decode(&file), Plan::split(&file));
    }
}

/// JSON of any shape, a few levels deep.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| number.to_string()),
        Just("1e999".to_owned()),
        Just("-0".to_owned()),
        "[a-z$.#*/~ ]{0,10}".prop_map(|text| format!("{text:?}")),
        Just(r#""\ud800""#.to_owned()),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let name = prop_oneof![
            "[a-z$._]{0,8}".prop_map(String::from),
            prop::sample::select(vec![
                "$and",
                "$or",
                "$not",
                "$in",
                "$exists",
                "select",
                "text",
                "attr",
                "weight",
                "values",
                "changes",
                "__proto__",
                "journey.stage",
                "click",
                "touchpoint"
            ])
            .prop_map(String::from),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((name, inner), 0..5).prop_map(|members| format!(
                "{{{}}}",
                members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect::<Vec<_>>().join(",")
            )),
        ]
    })
}

#[test]
fn warnings_alone_do_not_stop_a_plan() {
    let compiled = compiled(&experiment(r#", "colour": "red""#));
    assert_eq!(compiled.diagnostics[0].severity, Severity::Warning);
    assert!(!compiled.has_errors() && compiled.plan.is_some());
}

/// A file with one slot, and what the page gets of it.
fn slot(fields: &str) -> String {
    format!(r##"{{"site": "a.example", "slots": {{"s": {{"select": "#s", "cards": "/c.json"{fields}}}}}}}"##)
}

#[test]
fn a_slot_has_words_for_its_reasons_unless_it_re_ranks() {
    let default = serde_json::json!({"covisit": "Because you viewed {title}", "popular": "Popular"});
    let half = serde_json::json!({"covisit": "Passt zu {title}", "popular": "Popular"});
    for (fields, words, rerank) in [
        ("", default, serde_json::Value::Null),
        (r#", "text": {"covisit": "Passt zu {title}", "other": "x"}"#, half, serde_json::Value::Null),
        (r#", "rerank": "data-item""#, serde_json::Value::Null, "data-item".into()),
    ] {
        let page: serde_json::Value = serde_json::from_slice(plan(&slot(fields)).page()).unwrap();
        assert_eq!((&page["slots"][0]["text"], &page["slots"][0]["rerank"]), (&words, &rerank), "{fields}");
    }
}

#[test]
fn re_ranking_goes_by_an_attribute() {
    for word in ["", "Data-item", "data item", "[data-item]", "-x", "data\\-item", "data.item", "é"] {
        let text = slot(&format!(r#", "rerank": {}"#, serde_json::json!(word)));
        check(&text, "E106", "/slots/s/rerank", "data-item");
    }
}
