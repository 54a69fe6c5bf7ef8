//! What conditions mean: GrowthBook's own cases, and ours. `tests/node/conditions.test.mjs` runs theirs through the wasm.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;

use corpus::corpus;
use parlour::authoring::{CompileOptions, Compiled, Names, compile, tell};
use parlour::consent::Consent;
use parlour::decision::Reason;
use parlour::engine::{Engine, Input};
use parlour::plan::{Plan, Unit};
use proptest::prelude::*;
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

#[test]
fn every_condition_of_growthbooks_corpus_answers_as_theirs() {
    let cases = corpus();
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

/// Of our own dialect, where none of these is a mistake.
fn check(condition: &Value, value: &Value, expect: bool) {
    let groups = json!({ "staff": ["ann", 7, null] });
    let compiled = compiled("parlour", &json!({ "x": condition }), &groups);
    let is_mistake = compiled.diagnostics.iter().any(|found| match found.code {
        // Nobody fits: then none of the values may.
        "W303" => expect,
        code => code != "W213",
    });
    assert!(!is_mistake, "{condition}: {:?}", compiled.diagnostics);
    let mut facts = Map::new();
    if *value != json!("<missing>") {
        facts.insert("x".to_owned(), value.clone());
    }
    assert_eq!(is_in(&compiled.plan.unwrap(), &facts, &no_predicate), expect, "{condition} of {value}");
}

/// Against null, a missing fact, both booleans, 0, 2, "", "2", "b", an empty list, [2, "b"], {} and {"a": 2}.
const VALUES: [&str; 13] = [
    "null",
    r#""<missing>""#,
    "false",
    "true",
    "0",
    "2",
    r#""""#,
    r#""2""#,
    r#""b""#,
    "[]",
    r#"[2, "b"]"#,
    "{}",
    r#"{"a": 2}"#,
];

/// A condition, and for which of these values it holds.
const ROWS: [(&str, &str); 51] = [
    // Types are never converted; null and missing are one.
    ("2", "-----+-------"),
    (r#""2""#, "-------+-----"),
    ("null", "++-----------"),
    ("false", "--+----------"),
    (r#"[2, "b"]"#, "----------+--"),
    (r#"["b", 2]"#, "-------------"),
    ("[]", "---------+---"),
    (r#"{"a": 2}"#, "------------+"),
    (r#"{"a": "2"}"#, "-------------"),
    (r#"{"$eq": 2}"#, "-----+-------"),
    (r#"{"$eq": null}"#, "++-----------"),
    (r#"{"$ne": 2}"#, "+++++-+++++++"),
    (r#"{"$ne": null}"#, "--+++++++++++"),
    // Only two numbers or two texts have an order.
    (r#"{"$lt": 2}"#, "----+--------"),
    (r#"{"$lte": 2}"#, "----++-------"),
    (r#"{"$gt": 0}"#, "-----+-------"),
    (r#"{"$gte": 0}"#, "----++-------"),
    (r#"{"$lt": "b"}"#, "------++-----"),
    (r#"{"$lte": "b"}"#, "------+++----"),
    (r#"{"$gt": "2"}"#, "--------+----"),
    (r#"{"$gte": ""}"#, "------+++----"),
    // Of a list one value need be in.
    (r#"{"$in": [2, null]}"#, "++---+----+--"),
    (r#"{"$in": []}"#, "-------------"),
    (r#"{"$nin": [2, null]}"#, "--+++-++++-++"),
    (r#"{"$nin": []}"#, "+++++++++++++"),
    (r#"{"$ini": ["B", 0]}"#, "----+---+-+--"),
    (r#"{"$nini": ["B", 0]}"#, "++++-+++-+-++"),
    (r#"{"$inGroup": "staff"}"#, "++-----------"),
    (r#"{"$notInGroup": "staff"}"#, "--+++++++++++"),
    // Only lists have elements.
    (r#"{"$all": [2]}"#, "----------+--"),
    (r#"{"$all": []}"#, "---------++--"),
    (r#"{"$all": [{"$gt": 1}, {"$regex": "b"}]}"#, "----------+--"),
    (r#"{"$alli": ["B", 2]}"#, "----------+--"),
    (r#"{"$elemMatch": {"$eq": 2}}"#, "----------+--"),
    (r#"{"$elemMatch": {"a": null}}"#, "----------+--"),
    (r#"{"$elemMatch": {"length": {"$exists": false}}}"#, "----------+--"),
    (r#"{"$size": 0}"#, "---------+---"),
    (r#"{"$size": {"$ne": 2}}"#, "---------+---"),
    (r#"{"$exists": true}"#, "--+++++++++++"),
    (r#"{"$exists": false}"#, "++-----------"),
    (r#"{"$type": "null"}"#, "++-----------"),
    (r#"{"$type": "number"}"#, "----++-------"),
    (r#"{"$type": "object"}"#, "-----------++"),
    // Only texts are searched.
    (r#"{"$regex": "^$|2"}"#, "------++-----"),
    (r#"{"$regexi": "B"}"#, "--------+----"),
    (r#"{"$notRegex": "2"}"#, "+++++++-+++++"),
    (r#"{"$notRegexi": "B"}"#, "++++++++-++++"),
    (r#"{"$not": {"$gt": 1}}"#, "+++++-+++++++"),
    // Only texts are versions, of which an empty one is 0.
    (r#"{"$veq": "0"}"#, "------+------"),
    (r#"{"$vne": "2"}"#, "+++++++-+++++"),
    (r#"{"$vgte": "1", "$vlt": "10", "$vgt": "0", "$vlte": "2"}"#, "-------+-----"),
];

#[test]
fn every_operator_says_what_it_says_of_every_type() {
    for (condition, expect) in ROWS {
        let condition: Value = serde_json::from_str(condition).unwrap();
        for (value, expect) in VALUES.iter().zip(expect.chars()) {
            check(&condition, &serde_json::from_str(value).unwrap(), expect == '+');
        }
    }
}

#[test]
fn groups_hold_or_not_when_they_are_empty() {
    for (condition, expect) in [
        (json!({}), true),
        (json!({ "$and": [] }), true),
        (json!({ "$or": [] }), true),
        (json!({ "$nor": [] }), false),
        (json!({ "$not": {} }), false),
        (json!({ "$or": [{ "x": 1 }, { "y": null }], "$nor": [{ "x": 2 }] }), true),
        (json!({ "$and": [{ "x": null }, { "x": 1 }] }), false),
    ] {
        let plan = compiled("parlour", &condition, &json!({})).plan.unwrap();
        assert_eq!(is_in(&plan, &Map::new(), &no_predicate), expect, "{condition}");
    }
}

#[test]
fn a_path_leads_into_what_the_host_knows() {
    let plan =
        compiled("parlour", &json!({ "user.tags.1": "b", "user.tags.length": 2 }), &json!({})).plan.unwrap();
    for (facts, expect) in [
        (json!({ "user": { "tags": ["a", "b"] } }), true),
        (json!({ "user.tags": ["a", "b"] }), true),
        (json!({ "user.tags.1": "b", "user.tags.length": 2 }), true),
        (json!({ "user": { "tags": ["a", "b", "c"] } }), false),
        (json!({ "user": { "tags": "ab" } }), false),
        (json!({ "user": null }), false),
    ] {
        assert_eq!(is_in(&plan, facts.as_object().unwrap(), &no_predicate), expect, "{facts}");
    }
}

#[test]
fn a_path_leads_into_elements() {
    let condition = json!({ "x": { "$elemMatch": { "a.length": 2, "a.1.b": "c", "a.01": null } } });
    let plan = compiled("parlour", &condition, &json!({})).plan.unwrap();
    for (element, expect) in [
        (json!({ "a": [0, { "b": "c" }] }), true),
        (json!({ "a": [{ "b": "c" }, 0] }), false),
        (json!({ "a": [0, { "b": "c" }, 0] }), false),
        (json!({ "a": { "length": 2, "1": { "b": "c" } } }), true),
        (json!({ "a": { "length": 2, "1": { "b": "c" }, "01": 1 } }), false),
        (json!({ "a": "xy" }), false),
    ] {
        let facts = json!({ "x": [element] });
        assert_eq!(is_in(&plan, facts.as_object().unwrap(), &no_predicate), expect, "{facts}");
    }
}

#[test]
fn what_our_matcher_cannot_run_is_asked_of_the_host() {
    let condition = json!({ "tags": { "$elemMatch": { "name": { "$regexi": "(x)\\1" }, "n": 1 } } });
    let plan = compiled("growthbook", &condition, &json!({})).plan.unwrap();
    let holds = |source: &str, flags: &str, text: &str| {
        assert_eq!((source, flags), ("(x)\\1", "i"));
        text.contains("XX")
    };
    for (name, expect) in [("aXX", true), ("aX", false)] {
        let facts =
            json!({ "tags": [{ "name": "", "n": 1 }, { "name": name, "n": 1 }, { "name": "XX", "n": 2 }] });
        assert_eq!(is_in(&plan, facts.as_object().unwrap(), &holds), expect, "{name}");
    }
}

#[test]
fn a_list_of_ten_thousand_is_searched_to_its_ends() {
    let members: Vec<String> = (0..10_000).map(|number| format!("visitor-{number}")).collect();
    let plan = compiled("parlour", &json!({ "id": { "$inGroup": "all" } }), &json!({ "all": members }))
        .plan
        .unwrap();
    for (id, expect) in [("visitor-0", true), ("visitor-9999", true), ("visitor-10000", false), ("", false)] {
        let facts = json!({ "id": id });
        assert_eq!(is_in(&plan, facts.as_object().unwrap(), &no_predicate), expect, "{id}");
    }
}

/// JSON values as facts and operands have them.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i32..4).prop_map(Value::from),
        "[abAB1.é-]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[ab]|length|0", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const OPERATORS: [&str; 33] = [
    "$eq",
    "$ne",
    "$lt",
    "$lte",
    "$gt",
    "$gte",
    "$in",
    "$nin",
    "$ini",
    "$nini",
    "$all",
    "$alli",
    "$exists",
    "$type",
    "$regex",
    "$regexi",
    "$notRegex",
    "$notRegexi",
    "$size",
    "$elemMatch",
    "$not",
    "$inGroup",
    "$notInGroup",
    "$vgt",
    "$vgte",
    "$vlt",
    "$vlte",
    "$veq",
    "$vne",
    "$and",
    "$or",
    "$nor",
    "$what",
];

/// Conditions that are mostly well formed.
fn condition() -> impl Strategy<Value = Value> {
    let tests = value().prop_recursive(3, 16, 3, |inner| {
        let operator = prop::sample::select(&OPERATORS[..]);
        let operand = prop_oneof![inner.clone(), prop::collection::vec(inner, 0..3).prop_map(Value::from)];
        prop::collection::vec((operator, operand), 1..3)
            .prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>()
            })
            .prop_map(Value::Object)
    });
    prop::collection::vec(("[ab]|a[.]b|[$]and|[$]or|[$]nor|[$]not", tests), 1..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn single() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1i32..3).prop_map(Value::from),
        "[aAé1]{0,2}".prop_map(Value::from),
    ]
}

/// What stands right of a name and is no mistake in either dialect.
fn sound_test() -> impl Strategy<Value = Value> {
    let named = |names: &'static [&'static str], operand: BoxedStrategy<Value>| {
        (prop::sample::select(names), operand).prop_map(|(name, operand)| json!({ name: operand })).boxed()
    };
    let list = || prop::collection::vec(single(), 0..4).prop_map(Value::from).boxed();
    let ordered = prop_oneof![(-1i32..3).prop_map(Value::from), "[aé1]{0,2}".prop_map(Value::from)];
    let texts = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(Value::from).boxed();
    let leaf = prop_oneof![
        single(),
        named(&["$eq", "$ne"], single().boxed()),
        named(&["$in", "$nin", "$ini", "$nini", "$all", "$alli"], list()),
        named(&["$lt", "$lte", "$gt", "$gte"], ordered.boxed()),
        named(&["$exists"], any::<bool>().prop_map(Value::from).boxed()),
        named(&["$type"], texts(&["null", "boolean", "number", "string", "array", "object"])),
        named(&["$regex", "$regexi", "$notRegex", "$notRegexi"], texts(&["a", "^A", "é$", "^$", r"\d"])),
        named(&["$vgt", "$vgte", "$vlt", "$vlte", "$veq", "$vne"], texts(&["1", "a", "1.0.0"])),
        list(),
    ];
    leaf.prop_recursive(2, 8, 2, move |inner| {
        let field = inner.clone().prop_map(|test| json!({ "$elemMatch": { "a": test } }));
        prop_oneof![
            inner.clone().prop_map(|test| json!({ "$not": test })),
            field,
            inner.prop_map(|test| json!({ "$size": test }))
        ]
    })
}

fn sound_condition() -> impl Strategy<Value = Value> {
    let named = prop::collection::btree_map("[ab]|a[.]b", sound_test(), 0..3)
        .prop_map(|members| Value::Object(members.into_iter().collect()));
    named.prop_recursive(2, 8, 3, |inner| {
        let group = prop::sample::select(&["$and", "$or", "$nor"][..]);
        prop_oneof![
            (group, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(name, list)| json!({ name: list })),
            inner.prop_map(|inner| json!({ "$not": inner })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// `$not` around what is known turns it round; around what is not, both are false.
    #[test]
    fn a_condition_and_its_negation_are_never_both_true(
        condition in condition(),
        facts in prop::collection::btree_map("[ab]", value(), 0..3),
    ) {
        let facts: Map<String, Value> = facts.into_iter().collect();
        let answer = |condition: &Value| {
            compiled("growthbook", condition, &json!({ "a": ["a", 1] })).plan.map(|plan| {
                let is_whole = !Names::read(&Plan::decode(&plan).unwrap()).experiments.is_empty();
                is_whole && is_in(&plan, &facts, &no_predicate)
            })
        };
        let (yes, no) = (answer(&condition), answer(&json!({ "$not": condition })));
        prop_assert!(!(yes == Some(true) && no == Some(true)), "{}", condition);
        let knows_all = !condition.to_string().contains("$what") && !condition.to_string().contains("null");
        if knows_all && yes.is_some() {
            prop_assert_ne!(yes, no, "{}", condition);
        }
    }

    #[test]
    fn both_dialects_mean_the_same_where_both_take_it(
        condition in sound_condition(),
        facts in prop::collection::btree_map("[ab]", value(), 0..3),
    ) {
        let facts: Map<String, Value> = facts.into_iter().collect();
        let answer = |dialect: &str, condition: &Value| {
            let compiled = compiled(dialect, condition, &json!({}));
            assert!(!compiled.has_errors(), "{condition}: {:?}", compiled.diagnostics);
            is_in(&compiled.plan.unwrap(), &facts, &no_predicate)
        };
        let ours = answer("parlour", &condition);
        prop_assert_eq!(ours, answer("growthbook", &condition));
        prop_assert_ne!(ours, answer("parlour", &json!({ "$not": condition })));
    }

    /// Our bytes with some of them changed, so that they are read far in, and any bytes as a value.
    #[test]
    fn no_bytes_of_conditions_or_values_make_us_panic(
        condition in condition(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        value in prop::collection::vec(prop_oneof![3 => 0u8..9, 1 => any::<u8>()], 0..60),
    ) {
        let mut bytes = compiled("growthbook", &condition, &json!({})).plan.unwrap();
        for (at, byte) in changes {
            *at.get_mut(&mut bytes[10..]) = byte;
        }
        let check = parlour::hash::murmur3_32(&bytes[10..], 0);
        bytes[6..10].copy_from_slice(&check.to_le_bytes());
        if let Ok(plan) = Plan::decode(&bytes) {
            let mut engine = Engine::new(plan);
            for index in 0..4 {
                engine.handle(Input::FactTree { index, bytes: &value }, 0);
            }
            engine.handle(Input::Consent(Consent::Measure), 0);
            engine.handle(Input::Unit { unit: Unit::Visitor, id: b"x" }, 0);
            let _ = engine.decide(0, 0);
        }
    }
}

/// Which channels a visit is in: one experiment a channel, one visitor.
fn channels_of(referrer: Option<&str>, query: &[(&str, &str)]) -> Vec<&'static str> {
    const CHANNELS: [&str; 16] = [
        "assistant",
        "display",
        "paid-search",
        "paid-social",
        "paid-video",
        "paid-other",
        "email",
        "sms",
        "push",
        "affiliate",
        "organic-social",
        "organic-video",
        "organic-search",
        "referral",
        "direct",
        "internal",
    ];
    static PLAN: std::sync::LazyLock<Plan> = std::sync::LazyLock::new(|| {
        let rows: Vec<String> = CHANNELS
            .iter()
            .map(|channel| {
                format!(
                    r#""{channel}": {{"status": "running", "audience": {{"page.channel": "{channel}"}}, "variants": {{"a": {{}}, "b": {{}}}}}}"#
                )
            })
            .collect();
        let json = format!(
            r#"{{"site": ["shop.example", "*.shop.example"], "experiments": {{{}}}}}"#,
            rows.join(",")
        );
        let compiled = compile(&json, &CompileOptions::default());
        assert!(!compiled.has_errors(), "{:#?}", compiled.diagnostics);
        Plan::decode(&compiled.plan.unwrap()).unwrap()
    });
    let names = Names::read(&PLAN);
    let mut engine = Engine::new(PLAN.clone());
    engine.handle(Input::Consent(Consent::Measure), 0);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: b"visitor" }, 0);
    let mut facts = serde_json::Map::new();
    facts.extend(referrer.map(|host| ("page.referrer".to_owned(), host.into())));
    facts.extend(query.iter().map(|(name, value)| (format!("page.query.{name}"), (*value).into())));
    tell(&mut engine, &names, &facts, &|_, _, _| false);
    let is_in = |channel: &&str| {
        let index = PLAN.experiment_index(channel).unwrap();
        engine.decide(index as u16, 0).variant.is_some()
    };
    CHANNELS.into_iter().filter(|channel| is_in(channel)).collect()
}

#[test]
fn visits_come_by_the_channel_their_address_and_referrer_say() {
    let utm = |source, medium| vec![("utm_source", source), ("utm_medium", medium)];
    for (referrer, query, channel) in [
        (None, vec![], "direct"),
        (Some("www.shop.example"), vec![], "internal"),
        (Some("shop.example"), utm("news", "email"), "email"),
        (Some("www.google.com"), vec![], "organic-search"),
        (Some("www.google.co.uk"), vec![("gclid", "x1")], "paid-search"),
        (Some("duckduckgo.com"), vec![], "organic-search"),
        (None, utm("google", "cpc"), "paid-search"),
        (None, utm("bing", "ppc"), "paid-search"),
        (None, vec![("msclkid", "7")], "paid-search"),
        (None, utm("somewhere", "organic"), "organic-search"),
        (Some("l.facebook.com"), vec![], "organic-social"),
        (Some("t.co"), vec![], "organic-social"),
        (None, utm("instagram", "paid_social"), "paid-social"),
        (None, utm("Facebook", "cpc"), "paid-social"),
        (None, vec![("ttclid", "9")], "paid-social"),
        (None, utm("partner", "Social-Media"), "organic-social"),
        (Some("www.youtube.com"), vec![], "organic-video"),
        (None, utm("youtube", "cpv-paid"), "paid-video"),
        (None, utm("somewhere", "cpc"), "paid-other"),
        (None, utm("somewhere", "retargeting"), "paid-other"),
        (None, utm("somewhere", "banner"), "display"),
        (None, utm("google", "cpm"), "display"),
        (Some("mail.example"), utm("newsletter", ""), "email"),
        (None, utm("may", "E-Mail"), "email"),
        (None, utm("sms", "text"), "sms"),
        (None, utm("app", "mobile-push"), "push"),
        (None, utm("blog", "affiliate"), "affiliate"),
        (Some("chatgpt.com"), vec![], "assistant"),
        (Some("gemini.google.com"), vec![], "assistant"),
        (None, utm("chatgpt.com", "referral"), "assistant"),
        (Some("blog.example"), vec![], "referral"),
        (None, utm("blog", "link"), "referral"),
        (Some("notshop.example"), vec![], "referral"),
        (Some("googleplus.example"), vec![], "referral"),
    ] {
        assert_eq!(channels_of(referrer, &query), [channel], "{referrer:?} {query:?}");
    }
}

proptest! {
    #[test]
    fn every_visit_comes_by_exactly_one_channel(
        referrer in proptest::option::of("(www\\.)?(google|bing|facebook|youtube|chatgpt|shop|blog|t)\\.(com|co|example)"),
        source in proptest::option::of("(google|facebook|youtube|chatgpt|email|sms|x|[a-z]{0,6})"),
        medium in proptest::option::of("(cpc|paid|email|social|organic|display|cpm|affiliate|push|sms|video|[a-z]{0,6})"),
        click in proptest::option::of("(gclid|gbraid|msclkid|ttclid|twclid|dclid|li_fat_id)"),
    ) {
        let mut query = Vec::new();
        query.extend(source.as_deref().map(|source| ("utm_source", source)));
        query.extend(medium.as_deref().map(|medium| ("utm_medium", medium)));
        query.extend(click.as_deref().map(|click| (click, "1")));
        let found = channels_of(referrer.as_deref(), &query);
        prop_assert_eq!(found.len(), 1, "{:?} {:?}: {:?}", referrer, query, found);
    }
}
