//! GrowthBook's corpus (specification 0.12.0), natively: payload → plan bytes → engine.
//! `tests/node/growthbook.test.mjs` runs the same rows, and those of `decrypt`, through the wasm.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use corpus::corpus;
use parlour::authoring::{CompileOptions, GrowthBook, compile, import_growthbook};
use parlour::engine::Engine;
use parlour::growthbook::{Evaluation, Section, Told};
use parlour::plan::{FactSource, Plan};
use parlour::targeting::{ConditionSet, HostFacts, Scalar};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

static ROWS: OnceLock<Value> = OnceLock::new();

/// Runs what only a browser runs. None of the cases needs it to be true.
fn no_predicate(_: &str, _: &str, _: &str) -> bool {
    false
}

/// A visitor of a payload, who is told what the SDK's context holds.
fn visitor(context: &Value, payload: Value) -> GrowthBook {
    let config = json!({ "site": "a.example", "growthbook": payload });
    let compiled = compile(&config.to_string(), &CompileOptions::default());
    assert!(!compiled.has_errors(), "{:#?}\n{config:#}", compiled.diagnostics);
    let mut visitor = GrowthBook::new(Engine::new(Plan::decode(&compiled.plan.unwrap()).unwrap()));
    let attributes = context["attributes"].as_object().cloned().unwrap_or_default();
    let url = context["url"].as_str().unwrap_or_default();
    visitor.tell(attributes, url, &no_predicate);
    for (key, variation) in context["forcedVariations"].as_object().into_iter().flatten() {
        visitor.force(key, variation.as_i64().unwrap());
    }
    visitor
}

const PAYLOAD: [&str; 7] =
    ["features", "experiments", "savedGroups", "contextualBandits", "enabled", "qaMode", "stickyBuckets"];

fn payload(context: &Value) -> Map<String, Value> {
    let parts = PAYLOAD.iter().filter_map(|name| Some(((*name).to_owned(), context.get(name)?.clone())));
    parts.collect()
}

/// As the chunk's function of this name reads the address; in pages it is called only with our token.
fn query_override(key: &str, url: &str, count: usize) -> Option<i64> {
    let search = url.split('?').nth(1)?.split('#').next()?;
    let pairs = search.split('&').filter_map(|pair| pair.split_once('='));
    let (_, text) = pairs.into_iter().find(|(name, _)| *name == key)?;
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok().filter(|variation| (0..count as i64).contains(variation))
}

fn run(context: &Value, experiment: &Value) -> Value {
    let mut payload = payload(context);
    payload.insert("experiments".into(), json!([experiment]));
    let mut visitor = visitor(context, payload.into());
    let key = experiment["key"].as_str().unwrap();
    let count = experiment["variations"].as_array().unwrap().len();
    if let Some(forced) = query_override(key, context["url"].as_str().unwrap_or_default(), count) {
        visitor.force(key, forced);
    }
    visitor.run(0)
}

/// What their SDKs repeat of the rule, put together from the payload.
fn repeated(context: &Value, feature: &str, result: &Value) -> Option<Value> {
    let rules = context["features"][feature]["rules"].as_array()?;
    let variations = |rule: &Value| {
        rule.get("contextualVariations").or_else(|| rule.get("variations")).cloned().unwrap_or_default()
    };
    let rule = rules
        .iter()
        .rev()
        .find(|rule| variations(rule).as_array().is_some_and(|all| all.contains(&result["value"])))?;
    let mut repeated = Map::new();
    repeated.insert("variations".into(), variations(rule));
    repeated.insert("key".into(), rule.get("key").cloned().unwrap_or_else(|| feature.into()));
    for name in [
        "coverage",
        "weights",
        "hashAttribute",
        "fallbackAttribute",
        "disableStickyBucketing",
        "bucketVersion",
        "minBucketVersion",
        "namespace",
        "meta",
        "ranges",
        "name",
        "phase",
        "seed",
        "hashVersion",
        "filters",
        "condition",
    ] {
        if let Some(value) = rule.get(name) {
            repeated.insert(name.into(), value.clone());
        }
    }
    let bandit = context["contextualBandits"].get(rule["contextualBanditRef"].as_str().unwrap_or_default());
    if let Some(bandit) = bandit {
        let contexts = bandit["contexts"].as_array().cloned().unwrap_or_default();
        // Leaves are chosen before a variation is forced.
        let leaf = contexts
            .iter()
            .find(|leaf| Some(&leaf["leafId"]) == result.get("leafId"))
            .or_else(|| contexts.first().filter(|_| result["hashUsed"] == false));
        if let Some(leaf) = leaf {
            repeated.insert("weights".into(), leaf["weights"].clone());
        }
        if result["hashUsed"] == true {
            let parts = ["leafId", "variationWeights", "banditVersion"];
            let parts: Map<String, Value> = parts
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), result.get(name)?.clone())))
                .collect();
            repeated.insert("contextualBandit".into(), parts.into());
        }
    }
    Some(repeated.into())
}

fn feature(context: &Value, key: &str) -> Value {
    let mut visitor = visitor(context, payload(context).into());
    if let Some(url) = context["url"].as_str() {
        for rule in context["features"][key]["rules"].as_array().unwrap() {
            let name = rule["key"].as_str().unwrap();
            if let Some(forced) = query_override(name, url, 2) {
                visitor.force(name, forced);
            }
        }
    }
    let mut answer = visitor.feature(key);
    if let Some(result) = answer.get("experimentResult").cloned() {
        let repeated = repeated(context, key, &result).unwrap();
        answer["experiment"] = repeated;
    }
    answer
}

/// Equal, whether whole numbers are written with a point or not.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The bucket of a value, by an experiment in which everybody is.
fn bucket(seed: &str, value: &str, version: &Value) -> Value {
    let experiment = json!({ "key": seed, "variations": [0, 1], "hashVersion": version });
    run(&json!({ "attributes": { "id": value } }), &experiment).get("bucket").cloned().unwrap_or_default()
}

/// What each of many buckets comes to in an experiment of these weights.
fn variations_by_bucket(experiment: &Value) -> Vec<(f64, Option<usize>)> {
    let payload = json!({ "experiments": [experiment] });
    let mut visitor = visitor(&json!({}), payload);
    (0..1_000)
        .map(|id| {
            visitor.tell(json!({ "id": format!("{id}") }).as_object().cloned().unwrap(), "", &no_predicate);
            let result = visitor.run(0);
            let variation =
                result["inExperiment"].as_bool().unwrap().then(|| result["variationId"].as_u64().unwrap());
            (bucket_of(id, "k"), variation.map(|variation| variation as usize))
        })
        .collect()
}

fn bucket_of(id: u32, seed: &str) -> f64 {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    f64::from(parlour::growthbook::bucket(2, &utf16(seed), &utf16(&id.to_string())).unwrap()) / 10_000.0
}

/// Their ranges are rounded: at an edge, either side will do.
fn is_cut_as(expect: &[[f64; 2]], found: &[(f64, Option<usize>)]) -> bool {
    found.iter().all(|(n, variation)| {
        let is_edge = expect.iter().flatten().any(|edge| (n - edge).abs() < 1e-7);
        let expect = expect.iter().position(|[start, end]| n >= start && n < end);
        is_edge || *variation == expect
    })
}

fn pairs(value: &Value) -> Vec<[f64; 2]> {
    let pairs = value.as_array().unwrap().iter();
    pairs.map(|pair| [pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap()]).collect()
}

fn without_nulls(value: Map<String, Value>) -> Value {
    value.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
}

fn experiment_of(count: &Value, coverage: &Value, weights: &Value) -> Value {
    let variations: Vec<i64> = (0..count.as_i64().unwrap()).collect();
    let experiment = json!({ "key": "k", "hashVersion": 2, "variations": variations, "coverage": coverage, "weights": weights });
    without_nulls(experiment.as_object().cloned().unwrap())
}

/// An id whose bucket is this one.
fn id_in(bucket: f64) -> u32 {
    (0..1_000_000).find(|id| bucket_of(*id, "k") == bucket).unwrap()
}

fn passes(kind: &str, row: &Value) -> bool {
    match kind {
        "evalCondition" => {
            let context = json!({ "attributes": row[2] });
            let payload = json!({
                "features": { "f": { "defaultValue": false, "rules": [{ "condition": row[1], "force": true }] } },
                "savedGroups": row.get(4).cloned().unwrap_or_else(|| json!({})),
            });
            visitor(&context, payload).feature("f")["value"] == row[3]
        }
        "run" => {
            let result = run(&row[1], &row[2]);
            same(&result["value"], &row[3])
                && result["inExperiment"] == row[4]
                && result["hashUsed"] == row[5]
        }
        "feature" | "contextualBandit" => same(&feature(&row[1], row[2].as_str().unwrap()), &row[3]),
        "hash" => {
            let n = bucket(row[0].as_str().unwrap(), row[1].as_str().unwrap(), &row[2]);
            same(&n, &row[3])
        }
        "getBucketRange" => {
            let experiment = experiment_of(&row[1][0], &row[1][1], &row[1][2]);
            is_cut_as(&pairs(&row[2]), &variations_by_bucket(&experiment))
        }
        // A list of weights shows in how it cuts the buckets; of fewer than two variations no experiment is made.
        "getEqualWeights" => {
            let weights: Vec<f64> =
                row[1].as_array().unwrap().iter().map(|weight| weight.as_f64().unwrap()).collect();
            let found = variations_by_bucket(&experiment_of(&row[0], &Value::Null, &Value::Null));
            if weights.len() < 2 {
                return found.iter().all(|(_, variation)| variation.is_none());
            }
            let mut sum = 0.0;
            let ranges: Vec<[f64; 2]> = weights
                .iter()
                .map(|weight| {
                    sum += weight;
                    [sum - weight, sum]
                })
                .collect();
            is_cut_as(&ranges, &found)
        }
        "chooseVariation" => {
            let ranges = &row[2];
            let variations: Vec<usize> = (0..ranges.as_array().unwrap().len()).collect();
            let experiment =
                json!({ "key": "k", "hashVersion": 2, "variations": variations, "ranges": ranges });
            let result = run(
                &json!({ "attributes": { "id": id_in(row[1].as_f64().unwrap()).to_string() } }),
                &experiment,
            );
            let found =
                if result["inExperiment"] == true { result["variationId"].as_i64().unwrap() } else { -1 };
            row[3] == found
        }
        "inNamespace" => {
            let experiment = json!({ "key": "k", "variations": [0, 1], "namespace": row[2] });
            run(&json!({ "attributes": { "id": row[1] } }), &experiment)["inExperiment"] == row[3]
        }
        "getQueryStringOverride" => {
            let count = row[3].as_u64().unwrap() as usize;
            let variations: Vec<usize> = (0..count).collect();
            let experiment = json!({ "key": row[1], "variations": variations });
            let result = run(&json!({ "url": row[2] }), &experiment);
            let found =
                if result["inExperiment"] == true { result["variationId"].clone() } else { Value::Null };
            same(&found, &row[4])
        }
        "stickyBucket" => {
            let mut payload = payload(&row[1]);
            payload.insert("stickyBuckets".into(), true.into());
            let mut visitor = visitor(&row[1], payload.into());
            let name = |document: &Value| {
                format!(
                    "{}||{}",
                    document["attributeName"].as_str().unwrap(),
                    document["attributeValue"].as_str().unwrap()
                )
            };
            let documents =
                row[2].as_array().unwrap().iter().map(|document| (name(document), document.clone()));
            visitor.tell_documents(documents.collect());
            let answer = visitor.feature(row[3].as_str().unwrap());
            let result = answer.get("experimentResult").cloned().unwrap_or_default();
            let kept: Map<String, Value> = visitor
                .documents()
                .iter()
                .filter(|(key, _)| {
                    row[5].get(*key).is_some()
                        || !row[2].as_array().unwrap().iter().any(|known| name(known) == **key)
                })
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            same(&result, &row[4]) && same(&kept.into(), &row[5])
        }
        "urlRedirect" => {
            let context = &row[1];
            let mut visitor = visitor(context, payload(context).into());
            let experiments = context["experiments"].as_array().unwrap();
            let first = (0..experiments.len()).find_map(|index| {
                let result = visitor.run(index);
                let target = result["value"]["urlRedirect"].as_str().map(str::to_owned);
                target.filter(|_| result["inExperiment"] == true).map(|target| (index, target))
            });
            let found: Vec<Value> = first
                .into_iter()
                .map(|(index, target)| {
                    let keeps_query = experiments[index]["persistQueryString"] == true;
                    let whole = if keeps_query {
                        merged(context["url"].as_str().unwrap(), &target)
                    } else {
                        target.clone()
                    };
                    json!({ "inExperiment": true, "urlRedirect": target, "urlWithParams": whole })
                })
                .collect();
            row[2] == Value::from(found)
        }
        _ => panic!("{kind}"),
    }
}

/// Parameters of the old address that the new one lacks.
fn merged(old: &str, new: &str) -> String {
    let query = |url: &str| url.split_once('?').map_or(String::new(), |(_, query)| query.to_owned());
    let known: Vec<String> =
        query(new).split('&').map(|pair| pair.split('=').next().unwrap().to_owned()).collect();
    let mut whole = new.to_owned();
    for pair in
        query(old).split('&').filter(|pair| !known.iter().any(|name| name == pair.split('=').next().unwrap()))
    {
        whole.push(if whole.contains('?') { '&' } else { '?' });
        whole.push_str(pair);
    }
    whole
}

const KINDS: [(&str, usize); 12] = [
    ("evalCondition", 583),
    ("run", 88),
    ("feature", 61),
    ("contextualBandit", 35),
    ("hash", 27),
    ("getQueryStringOverride", 16),
    ("inNamespace", 16),
    ("getBucketRange", 13),
    ("chooseVariation", 13),
    ("stickyBucket", 13),
    ("getEqualWeights", 6),
    ("urlRedirect", 4),
];

#[test]
fn every_row_of_growthbooks_corpus_answers_as_theirs() {
    let corpus = corpus();
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut sum = 0;
    for (kind, count) in KINDS {
        let rows = corpus[kind].as_array().unwrap();
        assert_eq!(rows.len(), count, "{kind}");
        sum += rows.len();
        for row in rows.iter().filter(|row| !passes(kind, row)) {
            wrong.entry(kind).or_default().push(row.to_string());
        }
    }
    // Decryption is the page's: 10 rows more there.
    assert_eq!(sum, 885 - 10);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn references_to_saved_groups_are_resolved_as_theirs() {
    let corpus = &corpus()["savedGroupReferencesV2"];
    let mut wrong = Vec::new();
    for (kind, count) in [("evalCondition", 56), ("feature", 4), ("run", 4)] {
        let rows = corpus[kind].as_array().unwrap();
        assert_eq!(rows.len(), count, "{kind}");
        wrong.extend(rows.iter().filter(|row| !passes(kind, row)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Kind, row, where in it and what stands there instead: each must then fail.
#[test]
fn a_row_fails_when_one_thing_in_it_is_changed() {
    let corpus = corpus();
    for (kind, place, pointer, instead) in [
        ("evalCondition", 0, "/3", json!("neither")),
        ("run", 0, "/2/hashVersion", json!(2)),
        ("run", 18, "/2/coverage", json!(1)),
        ("feature", 4, "/1/features/feature/rules/0/force", json!(3)),
        ("contextualBandit", 1, "/1/contextualBandits/cb-bandit/contexts/0/condition/plan", json!("none")),
        ("hash", 0, "/0", json!("x")),
        ("getBucketRange", 0, "/1/1", json!(0.9)),
        ("chooseVariation", 0, "/2/0", json!([0.3, 0.5])),
        ("getQueryStringOverride", 6, "/1", json!("other")),
        ("inNamespace", 0, "/2/2", json!(1)),
        ("getEqualWeights", 3, "/0", json!(3)),
        ("stickyBucket", 2, "/2/0/assignments/feature-exp__0", json!("1")),
        ("urlRedirect", 0, "/1/experiments/0/urlPatterns/0/include", json!(false)),
    ] {
        let mut row = corpus[kind][place].clone();
        assert!(passes(kind, &row), "{kind} {place}");
        match row.pointer_mut(pointer) {
            Some(part) => *part = instead,
            None => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                row.pointer_mut(parent).unwrap()[name] = instead;
            }
        }
        assert!(!passes(kind, &row), "{kind} {place}, {pointer} changed");
    }
}

#[test]
fn an_imported_payload_answers_as_the_payload_itself() {
    let corpus = corpus();
    for row in corpus["feature"].as_array().unwrap() {
        let payload = Value::from(payload(&row[1]));
        if payload.get("features").is_none() {
            continue;
        }
        let imported = import_growthbook(&payload.to_string(), &["a.example".to_owned()]);
        assert!(!imported.has_errors(), "{:#?}", imported.diagnostics);
        let config: Value = serde_json::from_str(&imported.config.unwrap()).unwrap();
        assert_eq!(config["site"], json!(["a.example"]));
        assert_eq!(config["growthbook"], payload);
    }
}

/// Payload, and the findings: code and pointer.
#[test]
fn what_cannot_work_in_a_payload_is_said_with_its_place() {
    for (payload, expect) in [
        (json!({ "features": {} }), vec![]),
        (json!({ "encryptedFeatures": "a.b" }), vec![("E239", "/encryptedFeatures")]),
        (json!({ "site": "a" }), vec![("E105", "")]),
        (json!({ "features": {}, "dateUpdated": "x", "experimens": [] }), vec![("W103", "/experimens")]),
        (json!({ "features": { "f": { "rules": [{}] } } }), vec![("W232", "/features/f/rules/0")]),
        (
            json!({ "features": { "f": { "rules": [{ "force": 1, "coverage": 0.5, "hashVersion": 3 }] } } }),
            vec![("W230", "/features/f/rules/0/hashVersion")],
        ),
        (
            json!({ "features": { "f": { "rules": [{ "parentConditions": [{ "id": "g" }], "force": 1 }] } } }),
            vec![("W231", "/features/f/rules/0/parentConditions/0/id")],
        ),
        (
            json!({ "features": { "f": { "rules": [{ "variations": [1, 2], "weights": [0.5, 0.2] }] } } }),
            vec![("W234", "/features/f/rules/0/weights")],
        ),
        (
            json!({ "features": { "f": { "rules": [{ "variations": [1, 2], "contextualBanditRef": "b" }] } } }),
            vec![("W235", "/features/f/rules/0/contextualBanditRef")],
        ),
        (
            json!({ "experiments": [{ "key": "k", "variations": [{}, { "css": "a" }] }] }),
            vec![("W236", "/experiments/0")],
        ),
        (json!({ "features": { "f": { "rules": "none" } } }), vec![("E104", "/features/f/rules")]),
    ] {
        let imported = import_growthbook(&payload.to_string(), &["a.example".to_owned()]);
        let found: Vec<_> = imported.diagnostics.iter().map(|one| (one.code, one.pointer.as_str())).collect();
        assert_eq!(found, expect, "{payload}");
    }
}

#[test]
fn a_broken_feature_is_left_out_and_the_others_answer() {
    let config = json!({ "site": "a.example", "growthbook": { "features": {
        "broken": { "defaultValue": 1, "rules": [{ "coverage": "half", "force": 2 }] },
        "sound": { "defaultValue": 1, "rules": [{ "parentConditions": [{ "id": "broken", "condition": { "value": null } }], "force": 3 }] },
    } } });
    let compiled = compile(&config.to_string(), &CompileOptions::default());
    assert!(compiled.has_errors());
    let mut visitor = GrowthBook::new(Engine::new(Plan::decode(&compiled.plan.unwrap()).unwrap()));
    assert_eq!(visitor.feature("broken")["source"], "unknownFeature");
    assert_eq!(visitor.feature("sound")["value"], 3);
}

#[test]
fn prerequisites_without_end_are_given_up() {
    // Each looks twice at the next, which were 2^40 looks.
    let parents = |next: u32| json!([{ "id": format!("f{next}") }, { "id": format!("f{next}") }]);
    let features: Map<String, Value> = (0..40)
        .map(|place| {
            (
                format!("f{place}"),
                json!({ "rules": [{ "parentConditions": parents(place + 1), "force": 1 }] }),
            )
        })
        .collect();
    let mut visitor = visitor(&json!({}), json!({ "features": features }));
    assert_eq!(visitor.feature("f0")["source"], "cyclicPrerequisite");
    assert_eq!(visitor.feature("f30")["value"], 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Our bytes with some of them changed, so that they are read far in.
    #[test]
    fn no_bytes_of_a_section_make_us_panic(
        row in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let corpus = ROWS.get_or_init(corpus);
        let row = row.get(corpus["feature"].as_array().unwrap());
        let config = json!({ "site": "a.example", "growthbook": payload(&row[1]) });
        let bytes = compile(&config.to_string(), &CompileOptions::default()).plan.unwrap();
        let plan = Plan::decode(&bytes).unwrap();
        let mut section = parlour::growthbook::encode::encode(plan.growthbook().unwrap());
        for (at, byte) in changes {
            *at.get_mut(&mut section) = byte;
        }
        let Some(section) = Section::read(&section) else { return Ok(()) };
        let mut facts = HostFacts::new(&[FactSource::Host; 4]);
        for fact in 0..4 {
            facts.set(fact, Some(Scalar::Text(b"1\0"[..].into())));
        }
        let (conditions, told) = (ConditionSet::default(), Told::default());
        let mut evaluation = Evaluation::new(&section, &conditions, &facts, &told, false);
        for index in 0..4 {
            let answer = evaluation.feature(index);
            let outcome = evaluation.run(index);
            // What is answered exists, so that hosts find its name.
            prop_assert!(answer.outcome.is_none_or(|it| usize::from(it.experiment) < section.experiments.len()));
            let count = section.experiments.get(usize::from(index)).map_or(0, |it| it.values.len());
            prop_assert!(outcome.variation.is_none_or(|variation| usize::from(variation) < count));
        }
    }
}
