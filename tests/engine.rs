//! The engine as hosts use it: who is in, what is counted, what is kept, under which consent.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, compile};
use parlour::consent::Consent;
use parlour::decision::{Decision, Reason};
use parlour::engine::{Effect, Engine, Input, State};
use parlour::hash::murmur3_32;
use parlour::journey::{Touchpoint, TouchpointKind as Kind};
use parlour::plan::{Plan, Unit};
use parlour::recommend::row::Row;
use parlour::targeting::Scalar;
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000_000;
const HOUR: u64 = 3_600_000;

fn plan(json: &str) -> Plan {
    let compiled = compile(json, &CompileOptions::default());
    assert!(!compiled.has_errors(), "{:#?}", compiled.diagnostics);
    Plan::decode(&compiled.plan.unwrap()).unwrap()
}

fn one(fields: &str) -> String {
    format!(
        r#"{{"site": "a.example", "experiments": {{"one": {{"status": "running", "variants": {{"a": {{}}, "b": {{}}}}{fields}}}}}}}"#
    )
}

/// A visitor who allowed everything.
fn visitor(json: &str, id: &str) -> Engine {
    let mut engine = Engine::new(plan(json));
    engine.handle(Input::Consent(Consent::Personalise), NOW);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: id.as_bytes() }, NOW);
    engine
}

fn touch(engine: &mut Engine, kind: Kind, at_ms: u64) -> Vec<Effect> {
    engine.handle(Input::Touchpoint(Touchpoint { kind, at_ms, value_minor: 0, items: vec![7] }), at_ms);
    engine.take_effects()
}

fn meet(engine: &mut Engine, now: u64) -> Vec<Effect> {
    engine.handle(Input::Met { experiment: 0 }, now);
    engine.take_effects()
}

/// Says why this file's experiment keeps its visitor out.
fn check_out(json: &str, reason: Reason) {
    let decision = visitor(json, "visitor").decide(0, NOW);
    assert_eq!((decision.variant, decision.reason), (None, reason), "{json}");
}

#[test]
fn every_way_out_has_its_reason() {
    check_out(&one(r#", "kill": true"#), Reason::Killed);
    check_out(&one("").replacen('{', r#"{"kill": true, "#, 1), Reason::Killed);
    check_out(&one("").replacen('{', r#"{"holdout": 1, "#, 1), Reason::Holdout);
    check_out(&one("").replace("running", "paused"), Reason::Paused);
    check_out(&one("").replace("running", "ended"), Reason::Ended);
    check_out(&one(r#", "start": "2100-01-01""#), Reason::NotStarted);
    check_out(&one(r#", "end": "2001-01-01""#), Reason::Ended);
    check_out(&one(r#", "unit": "user""#), Reason::NoUnit);
    check_out(&one(r#", "audience": {"plan": "pro"}"#), Reason::Audience);
    check_out(&one(r#", "traffic": 0"#), Reason::Traffic);
}

#[test]
fn a_schedule_includes_its_start_and_excludes_its_end() {
    let engine =
        visitor(&one(r#", "start": "2027-01-15T08:00:00Z", "end": "2027-01-15T09:00:00Z""#), "visitor");
    let start = 1_800_000_000_000;
    for (now, reason) in [
        (start - 1, Reason::NotStarted),
        (start, Reason::Bucketed),
        (start + HOUR - 1, Reason::Bucketed),
        (start + HOUR, Reason::Ended),
    ] {
        assert_eq!(engine.decide(0, now).reason, reason, "at {now}");
    }
}

#[test]
fn a_winner_goes_to_the_audience_and_is_never_counted() {
    let json = one(r#", "winner": "b", "audience": {"plan": "pro"}"#).replace("running", "ended");
    let mut engine = visitor(&json, "visitor");
    assert_eq!(engine.decide(0, NOW).reason, Reason::Audience);
    engine.handle(Input::Fact { index: 0, value: Some(Scalar::Text(b"pro"[..].into())) }, NOW);
    assert_eq!((engine.decide(0, NOW).variant, engine.decide(0, NOW).reason), (Some(1), Reason::Winner));
    assert_eq!(meet(&mut engine, NOW), []);
}

#[test]
fn a_visitor_is_exposed_once_per_version() {
    let mut engine = visitor(&one(""), "visitor");
    assert!(matches!(meet(&mut engine, NOW)[..], [Effect::Expose { experiment: 0, .. }]));
    assert_eq!(meet(&mut engine, NOW), []);
    let journal = engine.take_journal();
    let snapshot = engine.fold(&[], &journal, NOW);
    for (fields, exposures) in [("", 0), (r#", "version": 2"#, 1)] {
        let mut later = visitor(&one(fields), "visitor");
        assert!(later.restore(&snapshot, NOW));
        assert_eq!(meet(&mut later, NOW).len(), exposures, "version of {fields:?}");
    }
}

#[test]
fn an_exposed_visitor_stays_in_when_traffic_falls_unless_not_sticky() {
    let mut engine = visitor(&one(""), "visitor");
    meet(&mut engine, NOW);
    let journal = engine.take_journal();
    let snapshot = engine.fold(&[], &journal, NOW);
    for (fields, reason) in [
        (r#", "traffic": 0"#, Reason::Sticky),
        (r#", "traffic": 0, "sticky": false"#, Reason::Traffic),
        (r#", "traffic": 0, "version": 2"#, Reason::Traffic),
    ] {
        let mut later = visitor(&one(fields), "visitor");
        later.restore(&snapshot, NOW);
        assert_eq!(later.decide(0, NOW).reason, reason, "{fields}");
    }
    let mut other = visitor(&one(r#", "traffic": 0"#), "another visitor");
    other.restore(&snapshot, NOW);
    assert_eq!(other.decide(0, NOW).reason, Reason::Traffic, "what one unit met keeps no other in");
}

#[test]
fn a_decision_that_was_used_stays_for_the_page_view() {
    let mut engine = visitor(&one(r#", "audience": {"plan": "pro"}"#), "visitor");
    assert_eq!(engine.use_decision(0, NOW).reason, Reason::Audience);
    engine.handle(Input::Fact { index: 0, value: Some(Scalar::Text(b"pro"[..].into())) }, NOW);
    assert_eq!(engine.decide(0, NOW).reason, Reason::Audience);
    touch(&mut engine, Kind::PageView, NOW);
    assert_eq!(engine.decide(0, NOW).reason, Reason::Bucketed);
}

#[test]
fn without_consent_visitors_are_not_tried_on_but_page_views_may_be() {
    for consent in [Consent::Unknown, Consent::Denied] {
        let mut engine = visitor(&one(""), "visitor");
        engine.handle(Input::Consent(consent), NOW);
        assert_eq!(engine.decide(0, NOW).reason, Reason::Consent);

        let mut engine = visitor(&one(r#", "unit": "page view""#), "visitor");
        engine.handle(Input::Consent(consent), NOW);
        engine.handle(Input::Unit { unit: Unit::PageView, id: b"this page" }, NOW);
        assert_eq!(engine.decide(0, NOW).reason, Reason::Bucketed);
    }
}

#[test]
fn an_exempt_experiment_runs_without_consent_and_may_not_target_behaviour() {
    let exempt =
        one(r#", "basis": "exempt""#).replacen('{', r#"{"consent": {"exempt": ["experiments"]}, "#, 1);
    let mut engine = visitor(&exempt, "page-scoped");
    engine.handle(Input::Consent(Consent::Unknown), NOW);
    assert_eq!(engine.decide(0, NOW).reason, Reason::Bucketed);

    let behavioural = exempt.replace(r#""basis""#, r#""audience": {"journey.visits": 2}, "basis""#);
    let found = compile(&behavioural, &CompileOptions::default()).diagnostics;
    assert!(found.iter().any(|diagnostic| diagnostic.code == "E209"), "{found:#?}");
}

#[test]
fn profile_facts_are_known_only_where_they_may_be() {
    let json = one(r#", "audience": {"journey.page_views": {"$gte": 1}}"#);
    for (consent, reason) in [(Consent::Measure, Reason::Audience), (Consent::Personalise, Reason::Bucketed)]
    {
        let mut engine = visitor(&json, "visitor");
        engine.handle(Input::Consent(consent), NOW);
        touch(&mut engine, Kind::PageView, NOW);
        assert_eq!(engine.decide(0, NOW).reason, reason, "{consent:?}");
    }
}

#[test]
fn what_is_journaled_is_what_consent_allows() {
    for (consent, journey_kept, anything_kept) in [
        (Consent::Denied, false, false),
        (Consent::Unknown, false, false),
        (Consent::Measure, false, true),
        (Consent::Personalise, true, true),
    ] {
        let mut engine = visitor(&one(""), "visitor");
        engine.handle(Input::Consent(consent), NOW);
        engine.take_journal();
        touch(&mut engine, Kind::PageView, NOW);
        meet(&mut engine, NOW);
        let journal = engine.take_journal();
        assert_eq!(!journal.is_empty(), anything_kept, "{consent:?}");
        let state = State::decode(&engine.fold(&[], &journal, NOW)).unwrap();
        assert_eq!(state.journey.page_views > 0, journey_kept, "{consent:?}");
        assert_eq!(!state.met.is_empty(), anything_kept, "{consent:?}");
    }
}

#[test]
fn what_was_done_before_consent_is_kept_once_it_is_given() {
    let mut engine = visitor(&one(""), "visitor");
    engine.handle(Input::Consent(Consent::Unknown), NOW);
    touch(&mut engine, Kind::PageView, NOW);
    touch(&mut engine, Kind::ViewItem, NOW + 1);
    assert!(engine.take_journal().is_empty());
    engine.handle(Input::Consent(Consent::Personalise), NOW + 2);
    let journal = engine.take_journal();
    let state = State::decode(&engine.fold(&[], &journal, NOW + 2)).unwrap();
    assert_eq!((state.journey.page_views, state.journey.item_views, state.session.touchpoints), (1, 1, 2));
}

#[test]
fn taking_the_profile_back_leaves_none_of_it_in_memory() {
    let mut engine = visitor(&one(""), "visitor");
    touch(&mut engine, Kind::AddToCart, NOW);
    meet(&mut engine, NOW);
    let row = Row { model: 1, epoch: 1, own: 7, wide: false, neighbours: vec![(8, 9)] };
    engine.handle(Input::Row(&row.encode()), NOW);
    engine.handle(Input::Consent(Consent::Measure), NOW);
    let state = engine.state();
    assert!(state.journey.cart.is_empty() && state.rows.is_empty());
    assert_eq!((state.session.number, state.met.len()), (1, 1), "what measuring needs stays");
    engine.handle(Input::Consent(Consent::Personalise), NOW);
    assert!(engine.state().journey.cart.is_empty(), "nor does it come back");
}

#[test]
fn forgetting_leaves_nothing_of_the_person() {
    let mut engine = visitor(&one(""), "visitor");
    touch(&mut engine, Kind::ViewItem, NOW);
    meet(&mut engine, NOW);
    engine.forget(NOW);
    assert!(engine.take_journal().is_empty());
    assert_eq!(engine.state().encode(true), State::default().encode(true));
    assert_eq!(engine.decide(0, NOW).reason, Reason::NoUnit);
}

#[test]
fn goals_sessions_and_stages_are_told_as_they_happen() {
    let json = r#"{"site": "a", "goals": {"order": {"touchpoint": "purchase"}, "quiz": {"touchpoint": "quiz_done"}}}"#;
    let mut engine = visitor(json, "visitor");
    assert_eq!(touch(&mut engine, Kind::PageView, NOW), [Effect::SessionStarted]);
    assert_eq!(touch(&mut engine, Kind::named("quiz_done"), NOW), [Effect::Goal { goal: 1 }]);
    assert!(matches!(
        touch(&mut engine, Kind::Purchase, NOW)[..],
        [Effect::StageChanged { .. }, Effect::Goal { goal: 0 }]
    ));
    assert_eq!(touch(&mut engine, Kind::PageView, NOW + HOUR)[0], Effect::SessionStarted);
}

#[test]
fn an_experience_waits_for_its_stage_and_keeps_to_its_cap() {
    let json = r#"{"site": "a", "experiences": {"hello": {"when": {"stage": "consideration", "touchpoint": "page_view"}, "cap": {"per": "session", "times": 1}}}}"#;
    let mut engine = visitor(json, "visitor");
    let shows =
        |effects: Vec<Effect>| effects.iter().filter(|effect| matches!(effect, Effect::Show { .. })).count();
    assert_eq!(shows(touch(&mut engine, Kind::PageView, NOW)), 0);
    touch(&mut engine, Kind::ViewItem, NOW);
    assert_eq!(shows(touch(&mut engine, Kind::PageView, NOW)), 1);
    assert_eq!(shows(touch(&mut engine, Kind::PageView, NOW)), 0);
    assert_eq!(shows(touch(&mut engine, Kind::PageView, NOW + HOUR)), 1, "a new session");
}

#[test]
fn an_experience_holds_out_the_share_it_names() {
    let json = r#"{"site": "a", "experiences": {"hello": {"holdout": 0.2}}}"#;
    let held = (0..5_000)
        .filter(|id| {
            touch(&mut visitor(json, &id.to_string()), Kind::PageView, NOW)
                .contains(&Effect::HoldOut { experience: 0 })
        })
        .count();
    // Five standard deviations of a binomial of 5,000 at 0.2.
    assert!((859..=1_141).contains(&held), "{held}");
}

#[test]
fn layers_keep_experiments_apart() {
    let json = r#"{"site": "a", "experiments": {
        "one": {"status": "running", "layer": {"name": "top", "range": [0, 0.5]}, "variants": {"a": {}, "b": {}}},
        "two": {"status": "running", "layer": {"name": "top", "range": [0.5, 1]}, "variants": {"a": {}, "b": {}}}}}"#;
    let mut in_one = 0;
    for id in 0..2_000 {
        let engine = visitor(json, &format!("visitor-{id}"));
        let (one, two) = (engine.decide(0, NOW).variant.is_some(), engine.decide(1, NOW).variant.is_some());
        assert!(one ^ two, "visitor-{id} is in both or neither");
        in_one += usize::from(one);
    }
    assert!((888..=1_112).contains(&in_one), "{in_one}");
}

proptest! {
    #[test]
    fn raising_traffic_moves_nobody_who_was_in(id in ".{0,40}", low in 0u32..=1_000, more in 0u32..=1_000) {
        let high = (low + more).min(1_000);
        let decide = |share: u32| visitor(&one(&format!(r#", "traffic": {}"#, f64::from(share) / 1_000.0)), &id).decide(0, NOW);
        let (before, after) = (decide(low), decide(high));
        prop_assert!(before.variant.is_none() || before.variant == after.variant);
    }

    #[test]
    fn the_same_unit_gets_the_same_variant(id in ".{0,200}") {
        let json = one(r#", "traffic": 0.7"#);
        prop_assert_eq!(visitor(&json, &id).decide(0, NOW), visitor(&json, &id).decide(0, NOW));
    }

    #[test]
    fn a_snapshot_is_read_back_or_refused_but_never_panics(bytes: Vec<u8>, steps in prop::collection::vec((0u8..12, 0u64..HOUR), 0..40)) {
        let _ = State::decode(&bytes);
        let mut engine = visitor(&one(""), "visitor");
        for (code, gap) in steps {
            touch(&mut engine, Kind::from_code(code, 5).unwrap(), NOW + gap);
        }
        let snapshot = engine.state().encode(true);
        prop_assert_eq!(State::decode(&snapshot).unwrap().encode(true), snapshot);
    }

    #[test]
    fn folding_the_journal_comes_to_the_state_that_lived_it(steps in prop::collection::vec((0u8..12, 0u64..4 * HOUR), 0..40), cut in 0usize..40) {
        let mut engine = visitor(&one(""), "visitor");
        let (mut snapshot, mut at) = (Vec::new(), NOW);
        let mut other = visitor(&one(""), "visitor");
        for (step, (code, gap)) in steps.into_iter().enumerate() {
            at += gap;
            touch(&mut engine, Kind::from_code(code, 5).unwrap(), at);
            let journal = engine.take_journal();
            if step < cut {
                snapshot = other.fold(&snapshot, &journal, at);
            } else {
                other.catch_up(&journal, at);
            }
        }
        prop_assert_eq!(other.state().encode(true), engine.state().encode(true));
    }

    #[test]
    fn journal_entries_of_any_bytes_never_panic(entries: Vec<u8>) {
        let mut engine = visitor(&one(""), "visitor");
        engine.catch_up(&entries, NOW);
        let _ = engine.fold(&entries, &entries, NOW);
    }
}

#[test]
fn ten_thousand_pages_fit_the_snapshot() {
    let mut engine = visitor(&one(""), "visitor");
    for n in 0..10_000u32 {
        let items = vec![u64::from(n)];
        engine.handle(
            Input::Touchpoint(Touchpoint {
                kind: Kind::AddToCart,
                at_ms: NOW,
                value_minor: 5,
                items: items.clone(),
            }),
            NOW,
        );
        engine.handle(
            Input::Touchpoint(Touchpoint { kind: Kind::Purchase, at_ms: NOW, value_minor: 5, items }),
            NOW,
        );
        let row = Row {
            model: 1,
            epoch: 1,
            own: n + 1,
            wide: false,
            neighbours: (1..=30).map(|item| (item * 1_000, 9)).collect(),
        };
        engine.handle(Input::Row(&row.encode()), NOW);
        engine.take_journal();
    }
    let bytes = engine.state().encode(true).len();
    assert!(bytes <= parlour::engine::MAX_SNAPSHOT_BYTES, "{bytes}");
}

/// The decisions of all experiments of a plan, by key order of the plan.
fn reasons(json: &str, id: &str) -> Vec<Reason> {
    let engine = visitor(json, id);
    (0..engine.plan().experiments().len() as u16).map(|index| engine.decide(index, NOW).reason).collect()
}

#[test]
fn an_expired_plan_shows_the_original() {
    let options = CompileOptions { expires_ms: NOW, ..CompileOptions::default() };
    let plan = Plan::decode(&compile(&one(""), &options).plan.unwrap()).unwrap();
    let mut engine = Engine::new(plan);
    engine.handle(Input::Consent(Consent::Personalise), NOW);
    engine.handle(Input::Unit { unit: Unit::Visitor, id: b"visitor" }, NOW);
    assert_eq!(engine.decide(0, NOW - 1).reason, Reason::Bucketed);
    assert_eq!(engine.decide(0, NOW).reason, Reason::Expired);
}

#[test]
fn drafts_are_in_a_plan_only_when_asked_for_and_then_only_for_previews() {
    let json = one("").replace("running", "draft");
    assert!(plan(&json).experiments().is_empty());
    let options = CompileOptions { drafts: true, ..CompileOptions::default() };
    let mut engine = Engine::new(Plan::decode(&compile(&json, &options).plan.unwrap()).unwrap());
    engine.handle(Input::Unit { unit: Unit::Visitor, id: b"visitor" }, NOW);
    assert_eq!(engine.decide(0, NOW).reason, Reason::Paused);
    engine.handle(Input::Force { experiment: 0, variant: Some(1) }, NOW);
    let decision = engine.decide(0, NOW);
    assert_eq!((decision.variant, decision.reason), (Some(1), Reason::Preview));
}

#[test]
fn a_forced_variant_is_shown_whatever_the_status_and_never_counted() {
    for fields in ["", r#", "kill": true"#, r#", "traffic": 0"#, r#", "start": "2100-01-01""#] {
        let mut engine = visitor(&one(fields), "visitor");
        engine.use_decision(0, NOW);
        engine.handle(Input::Force { experiment: 0, variant: Some(1) }, NOW);
        assert_eq!(engine.decide(0, NOW), Decision::is_in(1, Reason::Preview), "{fields}");
        assert_eq!(meet(&mut engine, NOW), [], "{fields}");
        assert!(engine.take_journal().is_empty(), "{fields}");
        engine.handle(Input::Force { experiment: 0, variant: None }, NOW);
        assert_ne!(engine.decide(0, NOW).reason, Reason::Preview);
        engine.handle(Input::Force { experiment: 0, variant: Some(9) }, NOW);
        assert_ne!(engine.decide(0, NOW).reason, Reason::Preview, "a variant that is not there");
    }
    let mut engine = visitor(&one("").replacen('{', r#"{"kill": true, "#, 1), "visitor");
    engine.handle(Input::Force { experiment: 0, variant: Some(1) }, NOW);
    assert_eq!(engine.decide(0, NOW).reason, Reason::Killed, "the site's own kill ends previews, too");
}

#[test]
fn a_named_holdout_keeps_its_units_out_of_every_experiment_that_names_it_and_no_other() {
    let json = r#"{"site": "a.example", "holdouts": {"team": {"share": 0.5}}, "experiments": {
        "one": {"status": "running", "holdout": "team", "variants": {"a": {}, "b": {}}},
        "two": {"status": "running", "holdout": ["team"], "variants": {"a": {}, "b": {}}},
        "free": {"status": "running", "variants": {"a": {}, "b": {}}}}}"#;
    let mut held_out = 0;
    for id in 0..1_000 {
        let found = reasons(json, &format!("visitor-{id}"));
        assert_eq!(found[0] == Reason::Holdout, found[1] == Reason::Holdout);
        assert_eq!(found[2], Reason::Bucketed);
        held_out += usize::from(found[0] == Reason::Holdout);
    }
    assert!((430..570).contains(&held_out), "{held_out} of 1000");
}

#[test]
fn a_prerequisite_lets_in_only_who_is_in_the_variant_it_names_wherever_it_stands_in_the_file() {
    let json = r#"{"site": "a.example", "experiments": {
        "child": {"status": "running", "requires": [{"experiment": "parent", "variant": "b"}], "variants": {"x": {}, "y": {}}},
        "any": {"status": "running", "requires": [{"experiment": "parent"}], "variants": {"x": {}, "y": {}}},
        "parent": {"status": "running", "traffic": 0.6, "variants": {"a": {}, "b": {}}}}}"#;
    let plan = plan(json);
    let index = |key| plan.experiment_index(key).unwrap() as u16;
    let mut seen = [0; 3];
    for id in 0..300 {
        let engine = visitor(json, &format!("visitor-{id}"));
        let parent = engine.decide(index("parent"), NOW).variant;
        let child = engine.decide(index("child"), NOW).reason;
        let any = engine.decide(index("any"), NOW).reason;
        assert_eq!(child == Reason::Bucketed, parent == Some(1));
        assert_eq!(any == Reason::Bucketed, parent.is_some());
        assert_eq!(child != Reason::Bucketed, child == Reason::Prerequisite);
        seen[parent.map_or(2, usize::from)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn prerequisites_that_cannot_be_met_are_refused_with_their_place() {
    let check = |requires: &str, code: &str| {
        let json = format!(
            r#"{{"site": "a.example", "experiments": {{
            "one": {{"status": "running", "requires": [{requires}], "variants": {{"a": {{}}, "b": {{}}}}}},
            "two": {{"status": "running", "requires": [{{"experiment": "one"}}], "variants": {{"a": {{}}, "b": {{}}}}}},
            "draft": {{"variants": {{"a": {{}}, "b": {{}}}}}}}}}}"#
        );
        let found = compile(&json, &CompileOptions::default()).diagnostics;
        assert!(found.iter().any(|found| found.code == code), "{requires}: {found:#?}");
    };
    check(r#"{"experiment": "two"}"#, "E217");
    check(r#"{"experiment": "one"}"#, "E217");
    check(r#"{"experiment": "drafts"}"#, "E216");
    check(r#"{"experiment": "draft"}"#, "E216");
    check(r#"{"experiment": "draft", "variant": "c"}"#, "E216");
}

#[test]
fn prerequisites_of_prerequisites_may_not_multiply_without_bound() {
    let row = |n: usize| {
        let requires: Vec<String> =
            (0..n).map(|before| format!(r#"{{"experiment": "e{before}"}}"#)).collect();
        format!(
            r#""e{n}": {{"status": "running", "requires": [{}], "variants": {{"a": {{}}, "b": {{}}}}}}"#,
            requires.join(",")
        )
    };
    let json = |count: usize| {
        let rows: Vec<String> = (0..count).map(row).collect();
        format!(r#"{{"site": "a.example", "experiments": {{{}}}}}"#, rows.join(","))
    };
    assert!(!compile(&json(9), &CompileOptions::default()).has_errors(), "the ninth asks 256 decisions");
    let refused = compile(&json(12), &CompileOptions::default());
    assert!(
        refused.diagnostics.iter().any(|found| found.code == "E217" && found.pointer == "/experiments/e9")
    );
    assert_eq!(Plan::decode(&refused.plan.unwrap()).unwrap().experiments().len(), 9);
}

#[test]
fn a_ramp_grows_in_straight_lines_and_moves_nobody_who_is_in() {
    let json = one(
        r#", "ramp": [{"at": "2027-01-15T08:00:00Z", "traffic": 0.1}, {"at": "2027-01-15T18:00:00Z", "traffic": 0.6}]"#,
    );
    let start = 1_800_000_000_000;
    let mut shares = Vec::new();
    let mut before: Vec<Option<u8>> = vec![None; 2_000];
    for (now, expected) in
        [(start - 1, 0.0), (start, 0.1), (start + 5 * HOUR, 0.35), (start + 10 * HOUR, 0.6)]
    {
        let mut count = 0;
        for (id, known) in before.iter_mut().enumerate() {
            let variant = visitor(&json, &format!("visitor-{id}")).decide(0, now).variant;
            assert!(known.is_none() || *known == variant, "visitor-{id} moved");
            *known = variant;
            count += usize::from(variant.is_some());
        }
        let share = count as f64 / before.len() as f64;
        assert!((share - expected).abs() < 0.035, "{share} at {now}, {expected} expected");
        shares.push(share);
    }
    assert_eq!(shares[0], 0.0);
}

#[test]
fn a_person_keeps_the_variant_they_met_before_logging_in_and_is_counted_once() {
    let json = one(r#", "unit": "user", "fallback": "visitor""#);
    let mut met_other = 0;
    for id in 0..40 {
        let mut engine = visitor(&json, &format!("visitor-{id}"));
        let before = engine.decide(0, NOW);
        assert_eq!(before.reason, Reason::Bucketed);
        assert_eq!(meet(&mut engine, NOW).len(), 1);
        touch(&mut engine, Kind::PageView, NOW);
        engine.handle(Input::Unit { unit: Unit::User, id: format!("user-{id}").as_bytes() }, NOW);
        assert_eq!(engine.decide(0, NOW), Decision { reason: Reason::Sticky, ..before });
        assert_eq!(meet(&mut engine, NOW), []);
        let alone = visitor(&json, &format!("user-{id}")).decide(0, NOW);
        met_other += usize::from(alone.variant != before.variant);
    }
    assert!(met_other > 5, "the user's own id alone would have given another variant");
    check_out(&one(r#", "unit": "user""#), Reason::NoUnit);
}

#[test]
fn a_raised_version_shuffles_again_or_keeps_those_who_met_an_older_one_out() {
    let ids: Vec<String> = (0..400).map(|id| format!("visitor-{id}")).collect();
    let variants = |json: &str| -> Vec<Option<u8>> {
        ids.iter().map(|id| visitor(json, id).decide(0, NOW).variant).collect()
    };
    let first = variants(&one(""));
    let moved = |second: Vec<Option<u8>>| first.iter().zip(second).filter(|(a, b)| *a != b).count();
    assert!((150..250).contains(&moved(variants(&one(r#", "version": 2"#)))), "half of them by chance");
    assert_eq!(moved(variants(&one(r#", "version": 2, "bump": "block""#))), 0);

    let mut engine = visitor(&one(""), "visitor");
    meet(&mut engine, NOW);
    let journal = engine.take_journal();
    let snapshot = engine.fold(&[], &journal, NOW);
    let mut later = visitor(&one(r#", "version": 2, "bump": "block""#), "visitor");
    later.restore(&snapshot, NOW);
    assert_eq!(later.decide(0, NOW), Decision::out(Reason::Version));
}

#[test]
fn the_audience_is_asked_at_entry_or_always() {
    for (applies, reason) in [("entry", Reason::Sticky), ("always", Reason::Audience)] {
        let json = one(&format!(r#", "audience": {{"plan": "pro"}}, "applies": "{applies}""#));
        let mut engine = visitor(&json, "visitor");
        engine.handle(Input::Fact { index: 0, value: Some(Scalar::Text(b"pro"[..].into())) }, NOW);
        meet(&mut engine, NOW);
        touch(&mut engine, Kind::PageView, NOW);
        assert_eq!(engine.decide(0, NOW).reason, Reason::Sticky);
        engine.handle(Input::Fact { index: 0, value: None }, NOW);
        assert_eq!(engine.decide(0, NOW).reason, reason, "{applies}");
    }
}

#[test]
fn an_explanation_names_the_clause_that_failed() {
    let json = one(
        r#", "url": {"path": "/shop/*"}, "audience": {"plan": "pro", "$or": [{"country": "DE"}, {"country": {"$in": ["AT", "CH"]}}]}"#,
    );
    let mut engine = visitor(&json, "visitor");
    let names = parlour::authoring::Names::read(engine.plan());
    let clauses: Vec<String> = serde_json::from_slice(engine.plan().clauses()).unwrap();
    let clause = |engine: &Engine| {
        let (decision, trace) = engine.explain(0, NOW);
        assert_eq!(decision.reason, Reason::Audience);
        clauses[trace.detail as usize].clone()
    };
    let tell = |engine: &mut Engine, path: &str, text: &[u8]| {
        let index = names.facts.iter().position(|fact| fact.as_ref().is_some_and(|fact| fact.path == path));
        engine.handle(
            Input::Fact { index: index.unwrap() as u16, value: Some(Scalar::Text(text.into())) },
            NOW,
        );
    };
    assert!(clause(&engine).starts_with("/experiments/one/url/path/page.path/$regex"), "{}", clause(&engine));
    tell(&mut engine, "page.path", b"/shop/mugs");
    assert_eq!(clause(&engine), r#"/experiments/one/audience/plan "pro""#);
    tell(&mut engine, "plan", b"pro");
    assert_eq!(clause(&engine), "/experiments/one/audience/$or");
    tell(&mut engine, "country", b"CH");
    let (decision, trace) = engine.explain(0, NOW);
    assert_eq!(decision.reason, Reason::Bucketed);
    assert_eq!(trace.bucket, murmur3_32(b"visitor", murmur3_32(b"a.example/one", 0)));
}

#[test]
fn an_address_fits_when_all_its_parts_do() {
    let json =
        one(r#", "url": {"path": ["/shop/*", "/sale"], "host": "*.a.example", "query": {"from": "mail-*"}}"#);
    let names = parlour::authoring::Names::read(&plan(&json));
    for (path, host, from, fits) in [
        ("/shop/mugs", "www.a.example", "mail-7", true),
        ("/sale", "www.a.example", "mail-", true),
        ("/sale/", "www.a.example", "mail-", false),
        ("/shop", "www.a.example", "mail-7", false),
        ("/shop/", "a.example", "mail-7", false),
        ("/shop/", "wwwXa.example", "mail-7", false),
        ("/shop/", "www.a.example", "post", false),
    ] {
        let mut engine = visitor(&json, "visitor");
        for (name, value) in [("page.path", path), ("page.host", host), ("page.query.from", from)] {
            let index =
                names.facts.iter().position(|fact| fact.as_ref().is_some_and(|fact| fact.path == name));
            let value = Some(Scalar::Text(value.as_bytes().into()));
            engine.handle(Input::Fact { index: index.unwrap() as u16, value }, NOW);
        }
        assert_eq!(engine.decide(0, NOW).variant.is_some(), fits, "{host}{path}?from={from}");
    }
}

/// A mask has a bit for each of 64 variants: the last counts like the others.
#[test]
fn the_sixty_fourth_variant_of_a_prerequisite_lets_in() {
    let variants: Vec<String> =
        (1..=64).map(|n| format!(r#""v{n}": {{"weight": {}}}"#, u8::from(n == 64))).collect();
    let json = format!(
        r#"{{"site": "a", "experiments": {{
            "many": {{"status": "running", "variants": {{{}}}}},
            "after": {{"status": "running", "requires": [{{"experiment": "many", "variant": "v64"}}], "variants": {{"a": {{}}, "b": {{}}}}}},
            "other": {{"status": "running", "requires": [{{"experiment": "many", "variant": "v63"}}], "variants": {{"a": {{}}, "b": {{}}}}}}}}}}"#,
        variants.join(", ")
    );
    let engine = visitor(&json, "someone");
    let decided = |key: &str| engine.decide(engine.plan().experiment_index(key).unwrap() as u16, NOW);
    assert_eq!(decided("many").variant, Some(63));
    assert_eq!(decided("after").reason, Reason::Bucketed);
    assert_eq!(decided("other").reason, Reason::Prerequisite);
}

/// A list that holds one text, as a host pushes it: of so many bytes in all.
fn list_of(bytes: usize) -> Vec<u8> {
    let varint =
        |value: usize| [(value & 127 | 128) as u8, (value >> 7 & 127 | 128) as u8, (value >> 14) as u8];
    let text = bytes - 8;
    [&[5][..], &varint(text + 4), &[4], &varint(text), &vec![b'x'; text]].concat()
}

#[test]
fn a_list_is_kept_up_to_its_bound_and_absent_beyond() {
    use parlour::targeting::MAX_TREE_BYTES;
    let json = one(r#", "audience": {"a": {"$size": 1}}"#);
    for (bytes, reason) in [(MAX_TREE_BYTES, Reason::Bucketed), (MAX_TREE_BYTES + 1, Reason::Audience)] {
        let mut engine = visitor(&json, "someone");
        let list = list_of(bytes);
        assert_eq!(list.len(), bytes);
        engine.handle(Input::FactTree { index: 0, bytes: &list }, NOW);
        assert_eq!(engine.decide(0, NOW).reason, reason, "{bytes}");
    }
}

/// A share ends before its bound: the unit in the very next bucket is no longer held out.
#[test]
fn a_holdout_ends_with_the_bucket_before_its_bound() {
    use parlour::hash::murmur3_32;
    let bound = |billionths: u64| billionths * (1 << 32) / 1_000_000_000;
    let reason = |id: &str, billionths: u64| {
        let json = format!(
            r#"{{"site": "a", "holdouts": {{"h": {{"share": 0.{billionths:09}, "seed": 9}}}},
                "experiments": {{"one": {{"status": "running", "holdout": "h", "variants": {{"a": {{}}, "b": {{}}}}}}}}}}"#
        );
        visitor(&json, id).decide(0, NOW).reason
    };
    // Shares have nine places, so that not every bucket can be a bound.
    let (id, billionths) = (0..)
        .find_map(|n| {
            let id = format!("visitor-{n}");
            let bucket = u64::from(murmur3_32(id.as_bytes(), 9));
            let billionths = (bucket * 1_000_000_000).div_ceil(1 << 32);
            (bound(billionths) == bucket && billionths < 999_999_999).then_some((id, billionths))
        })
        .unwrap();
    assert_eq!(reason(&id, billionths), Reason::Bucketed);
    assert_eq!(reason(&id, billionths + 1), Reason::Holdout);
}

#[test]
fn stored_numbers_of_any_size_are_counted_on() {
    let mut state = State::default();
    state.session.number = u64::MAX;
    state.session.page_views = u64::MAX;
    state.session.touchpoints = u64::MAX;
    state.journey.page_views = u64::MAX;
    state.journey.item_views = u64::MAX;
    state.journey.purchases = u64::MAX;
    state.journey.shares = u64::MAX;
    state.journey.revenue_minor = u64::MAX;
    let mut engine = visitor(&one(""), "visitor");
    assert!(engine.restore(&state.encode(true), NOW));
    for kind in [Kind::PageView, Kind::ViewItem, Kind::Purchase, Kind::Share] {
        touch(&mut engine, kind, NOW);
    }
    assert_eq!(engine.state().session.number, u64::MAX);
    assert_eq!(engine.state().journey.purchases, u64::MAX);
}
