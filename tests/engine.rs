//! The engine as hosts use it: who is in, what is counted, what is kept, under which consent.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, compile};
use parlour::consent::Consent;
use parlour::decision::Reason;
use parlour::engine::{Effect, Engine, Input, State};
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
    let row = Row { model: 1, epoch: 1, own: 7, neighbours: vec![(8, 9)] };
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
            neighbours: (1..=30).map(|item| (item * 1_000, 9)).collect(),
        };
        engine.handle(Input::Row(&row.encode()), NOW);
        engine.take_journal();
    }
    let bytes = engine.state().encode(true).len();
    assert!(bytes <= parlour::engine::MAX_SNAPSHOT_BYTES, "{bytes}");
}
