//! What holds for every experiment, condition, file and history: the cases are drawn.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::assignment::Kept;
use parlour::authoring::{CompileOptions, Names, compile, tell};
use parlour::consent::Consent;
use parlour::decision::{Decision, Reason};
use parlour::engine::{Engine, Entry, Input, Met, State};
use parlour::journey::{TOUCHPOINTS, Touchpoint};
use parlour::plan::bytes::{Reader, Writer};
use parlour::plan::{FULL, Plan, Unit, encode::encode};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const NOW: u64 = 1_796_083_200_000;
const DAY: u64 = 86_400_000;

fn bytes_of(config: &Value) -> Vec<u8> {
    let compiled = compile(&config.to_string(), &CompileOptions::default());
    assert!(!compiled.has_errors(), "{config}: {:#?}", compiled.diagnostics);
    compiled.plan.unwrap()
}

fn plan(experiments: Value) -> Plan {
    let config =
        json!({ "site": "a.example", "holdouts": { "h": { "share": 0.3 } }, "experiments": experiments });
    Plan::decode(&bytes_of(&config)).unwrap()
}

fn running(fields: Value) -> Value {
    let mut experiment = json!({ "status": "running", "variants": { "a": {}, "b": {} } });
    experiment.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    experiment
}

fn visitor(plan: &Plan, id: &str) -> Engine {
    let mut engine = Engine::new(plan.clone());
    engine.handle(Input::Consent(Consent::Personalise), NOW);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: id.as_bytes() }, NOW);
    engine
}

fn knowing(plan: &Plan, facts: &Map<String, Value>) -> Engine {
    let mut engine = visitor(plan, "someone");
    tell(&mut engine, &Names::read(plan), facts, &|_, _, _| false);
    engine
}

fn holds(condition: &Value, facts: &Map<String, Value>) -> bool {
    let plan = plan(json!({ "one": running(json!({ "audience": condition })) }));
    knowing(&plan, facts).decide(0, NOW).reason == Reason::Bucketed
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9-]{1,40}", ".{1,60}"]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i32..3).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ]
}

fn facts() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[ab]", scalar(), 0..3).prop_map(|facts| facts.into_iter().collect())
}

fn clause() -> impl Strategy<Value = Value> {
    let test = prop_oneof![
        scalar().prop_map(|value| json!({ "$eq": value })),
        scalar().prop_map(|value| json!({ "$ne": value })),
        prop::collection::vec(scalar(), 0..4).prop_map(|list| json!({ "$in": list })),
        (-2i32..2).prop_map(|value| json!({ "$gte": value })),
        any::<bool>().prop_map(|is_there| json!({ "$exists": is_there })),
    ];
    ("[ab]", test).prop_map(|(fact, test)| json!({ fact: test }))
}

fn history() -> impl Strategy<Value = Vec<(usize, u64)>> {
    prop::collection::vec((0..TOUCHPOINTS.len(), 0..DAY), 0..30)
}

fn touch(engine: &mut Engine, (kind, gap): (usize, u64)) {
    let touchpoint =
        Touchpoint { kind: TOUCHPOINTS[kind].0, at_ms: NOW + gap, value_minor: 100, items: vec![gap % 5] };
    engine.handle(Input::Touchpoint(touchpoint), NOW + gap);
}

proptest! {
    #[test]
    fn weights_share_out_every_bucket_once(weights in prop::collection::vec(0u32..1_000, 2..8)) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let variants: Map<String, Value> =
            weights.iter().enumerate().map(|(n, weight)| (format!("v{n}"), json!({ "weight": weight }))).collect();
        let plan = plan(json!({ "one": { "status": "running", "variants": variants } }));
        let experiment = &plan.experiments()[0];
        let mut ranges: Vec<_> = experiment.splits.iter().map(|split| (split.range.start, split.range.end)).collect();
        ranges.sort_unstable();
        ranges.retain(|(start, end)| start < end);
        prop_assert_eq!(ranges[0].0, 0);
        prop_assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0));
        prop_assert_eq!(ranges.last().unwrap().1, FULL);
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        for (variant, weight) in (0u8..).zip(&weights) {
            let fair = FULL as f64 * f64::from(*weight) / total as f64;
            prop_assert!((experiment.buckets(variant) as f64 - fair).abs() <= 1.0);
        }
    }

    #[test]
    fn weights_in_the_same_proportion_are_the_same(weights in prop::collection::vec(1u32..100, 2..6), times in 2u32..50) {
        let of = |times: u32| {
            let variants: Map<String, Value> =
                weights.iter().enumerate().map(|(n, weight)| (format!("v{n}"), json!({ "weight": weight * times }))).collect();
            plan(json!({ "one": { "status": "running", "variants": variants } })).experiments()[0].splits.clone()
        };
        prop_assert_eq!(of(1), of(times));
    }

    #[test]
    fn who_is_held_out_of_one_is_held_out_of_all_that_share_the_holdout(id in id()) {
        let plan = plan(json!({
            "one": running(json!({ "holdout": "h" })), "two": running(json!({ "holdout": ["h"], "seed": 7 })), "free": running(json!({})) }));
        let engine = visitor(&plan, &id);
        let reasons = [0, 1].map(|experiment| engine.decide(experiment, NOW).reason == Reason::Holdout);
        prop_assert_eq!(reasons[0], reasons[1]);
        prop_assert_eq!(engine.decide(2, NOW).reason, Reason::Bucketed);
    }

    #[test]
    fn ranges_of_a_layer_that_lie_apart_never_share_a_unit(id in id(), cut in 1u32..1_000, seeds in any::<[u32; 2]>()) {
        let cut = f64::from(cut) / 1_000.0;
        let layer = |from: f64, to: f64| json!({ "name": "l", "range": [from, to] });
        let plan = plan(json!({
            "one": running(json!({ "layer": layer(0.0, cut), "seed": seeds[0] })), "two": running(json!({ "layer": layer(cut, 1.0), "seed": seeds[1] })) }));
        let engine = visitor(&plan, &id);
        let is_in = [0, 1].map(|experiment| engine.decide(experiment, NOW).variant.is_some());
        prop_assert!(is_in[0] ^ is_in[1], "in the whole layer each unit is in one of two halves");
    }

    #[test]
    fn a_ramp_that_rises_lets_nobody_out_again(id in id(), shares in prop::collection::vec(0u32..=100, 2..5), times in any::<[u32; 2]>()) {
        let mut shares = shares;
        shares.sort_unstable();
        let steps: Vec<Value> = shares
            .iter()
            .enumerate()
            .map(|(n, share)| json!({ "at": format!("2026-12-{:02}", n * 3 + 1), "traffic": f64::from(*share) / 100.0 }))
            .collect();
        let plan = plan(json!({ "one": running(json!({ "ramp": steps })) }));
        let engine = visitor(&plan, &id);
        let mut moments = times.map(|time| NOW - DAY + u64::from(time) % (20 * DAY));
        moments.sort_unstable();
        let [before, after] = moments.map(|now| engine.decide(0, now).variant);
        prop_assert!(before.is_none() || before == after, "{:?} then {:?}", before, after);
        prop_assert!(engine.decide(0, NOW - 1).variant.is_none(), "nobody before the first step");
    }

    #[test]
    fn a_ramp_lies_between_its_steps(shares in prop::array::uniform2(0u32..=10_000), now in 0..10 * DAY) {
        let [from, to] = shares.map(|share| f64::from(share) / 10_000.0);
        let plan = plan(json!({ "one": running(json!({ "ramp": [
            { "at": "2026-12-01", "traffic": from }, { "at": "2026-12-11", "traffic": to } ] })) }));
        let traffic = &plan.experiments()[0].traffic;
        let (first, last) = (traffic.below(NOW), traffic.below(NOW + 10 * DAY));
        let between = traffic.below(NOW + now);
        prop_assert!((first.min(last)..=first.max(last)).contains(&between));
        let line = first as f64 + (last as f64 - first as f64) * now as f64 / (10 * DAY) as f64;
        prop_assert!((between as f64 - line).abs() <= FULL as f64 / 864_000.0 + 1.0, "within a second of the line");
    }

    #[test]
    fn what_a_link_forces_is_shown_and_never_counted(id in id(), variant in 0u8..2, is_bot: bool, status in prop::sample::select(&["running", "paused", "ended"][..])) {
        let plan = plan(json!({ "one": running(json!({ "status": status, "traffic": 0 })) }));
        let mut engine = visitor(&plan, &id);
        engine.handle(Input::Bot(is_bot), NOW);
        engine.handle(Input::Force { experiment: 0, variant: Some(variant) }, NOW);
        prop_assert_eq!(engine.decide(0, NOW), Decision::is_in(variant, Reason::Preview));
        engine.handle(Input::Met { experiment: 0 }, NOW);
        prop_assert!(engine.take_effects().is_empty() && engine.take_journal().is_empty());
        engine.handle(Input::Force { experiment: 0, variant: None }, NOW);
        prop_assert!(engine.decide(0, NOW).variant.is_none());
    }

    #[test]
    fn nobody_is_in_what_requires_more_than_they_are_in(id in id(), traffic in 0u32..=100) {
        let plan = plan(json!({
            "first": running(json!({ "traffic": f64::from(traffic) / 100.0 })),
            "any": running(json!({ "requires": [{ "experiment": "first" }] })),
            "b": running(json!({ "requires": [{ "experiment": "first", "variant": "b" }] })) }));
        let engine = visitor(&plan, &id);
        let [first, any, b] = [0, 1, 2].map(|experiment| engine.decide(experiment, NOW));
        prop_assert_eq!(any.variant.is_some(), first.variant.is_some());
        prop_assert_eq!(b.variant.is_some(), first.variant == Some(1));
        prop_assert!(any.variant.is_some() || any.reason == Reason::Prerequisite);
    }

    #[test]
    fn an_explanation_says_what_was_decided(id in id(), facts in facts(), clause in clause(), traffic in 0u32..=100) {
        let plan = plan(json!({ "one": running(json!({ "audience": clause, "traffic": f64::from(traffic) / 100.0 })) }));
        let mut engine = knowing(&plan, &facts);
        engine.handle(Input::Unit { unit: Unit::Visitor, id: id.as_bytes() }, NOW);
        prop_assert_eq!(engine.explain(0, NOW).0, engine.decide(0, NOW));
    }

    #[test]
    fn the_order_in_which_facts_are_told_does_not_matter(facts in facts(), clauses in prop::collection::vec(clause(), 1..4)) {
        let plan = plan(json!({ "one": running(json!({ "audience": { "$or": clauses } })) }));
        let mut other = visitor(&plan, "someone");
        for (name, value) in facts.iter().rev() {
            tell(&mut other, &Names::read(&plan), &Map::from_iter([(name.clone(), value.clone())]), &|_, _, _| false);
        }
        prop_assert_eq!(knowing(&plan, &facts).decide(0, NOW), other.decide(0, NOW));
    }

    #[test]
    fn facts_nobody_asks_for_change_nothing(facts in facts(), clause in clause(), more in prop::collection::btree_map("[c-z]{1,8}", scalar(), 0..4)) {
        let mut all = facts.clone();
        all.extend(more);
        prop_assert_eq!(holds(&clause, &facts), holds(&clause, &all));
    }

    #[test]
    fn groups_are_read_as_logic_reads_them(facts in facts(), clauses in prop::collection::vec(clause(), 1..4)) {
        let each: Vec<bool> = clauses.iter().map(|clause| holds(clause, &facts)).collect();
        let turned: Vec<&Value> = clauses.iter().rev().collect();
        prop_assert_eq!(holds(&json!({ "$and": clauses }), &facts), each.iter().all(|holds| *holds));
        prop_assert_eq!(holds(&json!({ "$or": clauses }), &facts), each.iter().any(|holds| *holds));
        prop_assert_eq!(holds(&json!({ "$nor": clauses }), &facts), !each.iter().any(|holds| *holds));
        prop_assert_eq!(holds(&json!({ "$and": turned }), &facts), each.iter().all(|holds| *holds));
        prop_assert_eq!(holds(&json!({ "$not": clauses[0] }), &facts), !each[0]);
    }

    #[test]
    fn a_list_means_one_of_its_members(facts in facts(), list in prop::collection::vec(scalar(), 1..16)) {
        let one_of: Vec<Value> = list.iter().map(|value| json!({ "a": value })).collect();
        prop_assert_eq!(holds(&json!({ "a": { "$in": list } }), &facts), holds(&json!({ "$or": one_of }), &facts));
        prop_assert_eq!(holds(&json!({ "a": { "$nin": list } }), &facts), !holds(&json!({ "$or": one_of }), &facts));
    }

    #[test]
    fn a_number_is_less_equal_or_greater(value in -1e9..1e9f64, bound in prop_oneof![-1e9..1e9f64, Just(0.0), Just(-0.0)], is_same: bool) {
        let value = if is_same { bound } else { value };
        let facts = Map::from_iter([("a".to_owned(), json!(value))]);
        let [less, equal, greater, at_most, at_least] =
            ["$lt", "$eq", "$gt", "$lte", "$gte"].map(|operator| holds(&json!({ "a": { operator: bound } }), &facts));
        prop_assert_eq!([less, equal, greater].iter().filter(|holds| **holds).count(), 1);
        prop_assert_eq!((at_most, at_least), (less || equal, greater || equal));
        prop_assert_eq!((less, equal), (value < bound, value == bound));
    }

    #[test]
    fn versions_are_in_one_order(numbers in any::<[[u16; 3]; 2]>(), is_near: bool) {
        let [mut one, two] = numbers;
        if is_near {
            one[..2].copy_from_slice(&two[..2]);
        }
        let text = |[a, b, c]: [u16; 3]| format!("{a}.{b}.{c}");
        let facts = Map::from_iter([("a".to_owned(), json!(text(one)))]);
        let [less, equal, greater] = ["$vlt", "$veq", "$vgt"].map(|operator| holds(&json!({ "a": { operator: text(two) } }), &facts));
        prop_assert_eq!([less, equal, greater], [one < two, one == two, one > two]);
    }

    #[test]
    fn a_plan_is_read_back_byte_for_byte(clauses in prop::collection::vec(clause(), 1..5), traffic in 0u32..=100, version in 1u32..9, id in id()) {
        let experiments = json!({
            "one": running(json!({ "audience": { "$and": clauses }, "traffic": f64::from(traffic) / 100.0, "version": version, "holdout": "h" })),
            "two": running(json!({ "requires": [{ "experiment": "one" }], "layer": { "name": "l", "range": [0.1, 0.7] } })) });
        let config = json!({ "site": id, "holdouts": { "h": { "share": 0.3 } }, "experiments": experiments });
        let bytes = bytes_of(&config);
        prop_assert_eq!(encode(&Plan::decode(&bytes).unwrap()), bytes);
    }

    #[test]
    fn white_space_changes_no_byte(clause in clause(), gaps in prop::collection::vec("[ \n\t]{0,3}", 1..8)) {
        let config = json!({ "site": "a", "experiments": { "one": running(json!({ "audience": clause })) } });
        let text = config.to_string();
        let mut gaps = gaps.iter().cycle();
        let mut is_text = false;
        let spaced: String = text
            .chars()
            .map(|character| {
                is_text ^= character == '"';
                match character {
                    '{' | '}' | '[' | ']' | ':' | ',' if !is_text => format!("{character}{}", gaps.next().unwrap()),
                    _ => character.to_string(),
                }
            })
            .collect();
        let options = CompileOptions::default();
        prop_assert_eq!(compile(&spaced, &options).plan, compile(&text, &options).plan, "{}", spaced);
    }

    #[test]
    fn a_broken_experiment_and_a_draft_leave_the_others_as_they_are(id in id(), traffic in prop_oneof![Just(json!(7)), Just(json!("all")), Just(json!(null))]) {
        let good = running(json!({ "traffic": 0.5 }));
        let alone = json!({ "site": "a", "experiments": { "good": good } });
        let beside = json!({ "site": "a", "experiments": {
            "broken": running(json!({ "traffic": traffic })), "good": good, "draft": running(json!({ "status": "draft" })) } });
        let compiled = compile(&beside.to_string(), &CompileOptions::default());
        prop_assert!(compiled.has_errors());
        let plans = [bytes_of(&alone), compiled.plan.unwrap()].map(|bytes| Plan::decode(&bytes).unwrap());
        prop_assert_eq!(plans[1].experiments().len(), 1);
        let [one, other] = plans.map(|plan| visitor(&plan, &id).decide(0, NOW));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn the_first_exposure_decides(met in prop::collection::vec((0u32..3, 0usize..2), 1..20)) {
        let plan = plan(json!({ "one": running(json!({})) }));
        let experiment = &plan.experiments()[0];
        let mut state = State::default();
        for (unit, variant) in &met {
            let met = Met { experiment: experiment.id, version: experiment.version, unit: *unit, variant: experiment.variants[*variant], lasts: true };
            state.apply(&Entry::Met(met), &[]);
        }
        let again = State::decode(&state.encode(true)).unwrap();
        for (unit, _) in &met {
            let first = met.iter().find(|(whose, _)| whose == unit).unwrap().1 as u8;
            for state in [&state, &again] {
                prop_assert_eq!(state.kept(experiment, *unit), Kept::Variant(first));
            }
        }
    }

    #[test]
    fn a_unit_stays_with_the_variant_it_met(id in id(), history in history()) {
        let before = plan(json!({ "one": running(json!({})) }));
        let mut engine = visitor(&before, &id);
        engine.handle(Input::Met { experiment: 0 }, NOW);
        let met = engine.decide(0, NOW).variant;
        for step in history {
            touch(&mut engine, step);
        }
        let snapshot = engine.state().encode(true);
        // Nobody new gets in, and all that do get the other variant.
        let weights = if met == Some(0) { [0, 1] } else { [1, 0] };
        let after = plan(json!({ "one": { "status": "running", "traffic": 0.001,
            "variants": { "a": { "weight": weights[0] }, "b": { "weight": weights[1] } } } }));
        let mut later = visitor(&after, &id);
        prop_assert!(later.restore(&snapshot, NOW));
        prop_assert_eq!(later.decide(0, NOW), Decision::is_in(met.unwrap(), Reason::Sticky));
    }

    #[test]
    fn who_forgets_is_as_new(id in id(), history in history()) {
        let plan = plan(json!({ "one": running(json!({})) }));
        let mut engine = visitor(&plan, &id);
        for step in history {
            touch(&mut engine, step);
        }
        engine.handle(Input::Met { experiment: 0 }, NOW);
        engine.forget(NOW);
        prop_assert_eq!(engine.state().encode(true), State::default().encode(true));
        prop_assert!(engine.take_journal().is_empty() && engine.take_effects().is_empty());
        prop_assert_eq!(engine.decide(0, NOW), Decision::out(Reason::NoUnit));
    }

    #[test]
    fn a_profile_taken_back_is_in_no_snapshot(history in history()) {
        let plan = plan(json!({ "one": running(json!({})) }));
        let mut engine = visitor(&plan, "someone");
        for step in history {
            touch(&mut engine, step);
        }
        engine.handle(Input::Consent(Consent::Measure), NOW);
        let state = State::decode(&engine.state().encode(true)).unwrap();
        prop_assert_eq!(format!("{:?}", state.journey), format!("{:?}", State::default().journey));
        prop_assert!(state.rows.is_empty() && state.shown.is_empty());
    }

    #[test]
    fn numbers_and_texts_are_read_back_and_never_beyond_their_end(numbers: Vec<u64>, text: Vec<u8>, cut: prop::sample::Index) {
        let mut writer = Writer::default();
        for number in &numbers {
            writer.varint(*number);
        }
        writer.text(&text);
        let mut reader = Reader::new(&writer.bytes);
        for number in &numbers {
            prop_assert_eq!(reader.varint(), *number);
        }
        prop_assert_eq!(reader.text(), &text[..]);
        prop_assert!(reader.has_ended());
        prop_assert!(reader.u8() == 0 && !reader.is_whole());
        let short = &writer.bytes[..cut.index(writer.bytes.len())];
        let mut reader = Reader::new(short);
        let whole = numbers.iter().all(|number| reader.varint() == *number) && reader.text() == &text[..] && reader.is_whole();
        prop_assert!(!whole, "what is cut short is not read as whole");
    }
}
