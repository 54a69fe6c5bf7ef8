//! What holds for whatever log is learnt from.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashSet;

use parlour::recommend::model::Model;
use parlour::recommend::session::{Task, after};
use parlour::recommend::{MAX_LIST, Scratch};
use parlour_train::log::{Gathering, Kind, Log};
use parlour_train::{Bits, Card, Choice, Options, train};
use proptest::prelude::*;

type Row = (u8, u8, u16, u8);

fn kind(code: u8) -> Kind {
    [Kind::View, Kind::Cart, Kind::Purchase][usize::from(code) % 3]
}

fn gathered(rows: &[Row], known: &[String]) -> Log {
    let mut gathering = Gathering::default();
    for (session, item, at, code) in rows {
        gathering.add(&format!("s{session}"), &format!("i{item}"), u32::from(*at), kind(*code)).unwrap();
    }
    gathering.end(known)
}

fn options(min_sessions: u32) -> Options {
    Options {
        start: Choice { min_sessions, ..Choice::default() },
        floors: vec![1, 3],
        threads: 1,
        ..Options::default()
    }
}

fn learnt(log: &Log, options: &Options) -> Model {
    train(log, options, &mut |_, _, _| ()).model
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0u8..20, 0u8..30, 0u16..500, 0u8..3), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn neither_the_order_of_lines_nor_the_number_of_threads_changes_a_model(
        rows in rows(),
        order in prop::collection::vec(any::<u32>(), 200),
        threads in 1usize..5,
    ) {
        let mut other: Vec<(u32, Row)> = order.into_iter().zip(rows.iter().copied()).collect();
        other.sort_unstable_by_key(|(order, _)| *order);
        let other: Vec<Row> = other.into_iter().map(|(_, row)| row).collect();
        let model = learnt(&gathered(&rows, &[]), &options(1));
        prop_assert_eq!(&learnt(&gathered(&other, &[]), &Options { threads, ..options(1) }), &model);
    }

    #[test]
    fn a_model_is_read_back(rows in rows(), wide: bool) {
        let bits = if wide { Bits::Eight } else { Bits::Four };
        let start = Choice { bits, ..Choice::default() };
        let model = learnt(&gathered(&rows, &[]), &Options { start, ..options(1) });
        prop_assert_eq!(Model::decode(&model.encode()), Ok(model));
    }

    #[test]
    fn items_keep_their_numbers_when_trained_anew(first in rows(), second in rows()) {
        let old = learnt(&gathered(&first, &[]), &options(1));
        let new = learnt(&gathered(&second, &old.keys), &Options { model: Some(old.model), epoch: 2, ..options(1) });
        prop_assert!(new.keys.starts_with(&old.keys));
        prop_assert_eq!((new.model, new.epoch), (old.model, 2));
        let distinct: HashSet<&String> = new.keys.iter().collect();
        prop_assert_eq!(distinct.len(), new.keys.len());
    }

    /// A pair of items that fewer sessions met is in no row, unless a chain of pairs of enough sessions leads from one to the other.
    #[test]
    fn nothing_that_fewer_sessions_did_than_the_floor_gets_in(rows in rows(), floor in 2u32..5) {
        let log = gathered(&rows, &[]);
        let start = Choice { min_sessions: floor, followed: 0.0, ..Choice::default() };
        let model = learnt(&log, &Options { start, search: false, ..options(floor) });
        let sessions: Vec<HashSet<u32>> =
            log.sessions().map(|session| session.iter().map(|click| click.item + 1).collect()).collect();
        for (own, row) in model.rows.iter().enumerate() {
            for (item, _) in row {
                let met = sessions.iter().filter(|met| met.contains(item) && (own == 0 || met.contains(&(own as u32))));
                prop_assert!(met.count() >= floor as usize, "{own} {item}");
            }
        }
    }

    #[test]
    fn lists_hold_known_items_once_the_best_first_and_nothing_seen_in_discovery(
        rows in rows(),
        seen in prop::collection::vec(0u32..40, 0..60),
    ) {
        let model = learnt(&gathered(&rows, &[]), &options(1));
        for task in [Task::Next, Task::Discovery] {
            let list = after(&model, &seen, task, MAX_LIST, &mut Scratch::default());
            let items: HashSet<u32> = list.iter().map(|answer| answer.item).collect();
            prop_assert!(list.len() <= MAX_LIST && items.len() == list.len());
            prop_assert!(items.iter().all(|item| (1..=model.keys.len() as u32).contains(item)));
            prop_assert!(task == Task::Next || !seen.iter().any(|item| items.contains(item)));
            let learnt: Vec<u32> = list.iter().filter(|answer| answer.because != 0).map(|answer| answer.score).collect();
            prop_assert!(learnt.is_sorted_by(|a, b| a >= b), "{learnt:?}");
        }
    }
}

#[test]
fn one_item_and_one_session_are_learnt_from_without_complaint() {
    let model = learnt(&gathered(&[(1, 1, 1, 0)], &[]), &options(1));
    assert_eq!(model.keys, ["i1"]);
    let list = after(&model, &[], Task::Next, MAX_LIST, &mut Scratch::default());
    assert_eq!(list.iter().map(|answer| answer.item).collect::<Vec<_>>(), [1], "the popular list");
    assert_eq!(learnt(&Log::default(), &options(1)).keys, [""; 0]);
}

#[test]
fn a_session_of_a_hundred_thousand_clicks_is_one_session() {
    let mut gathering = Gathering::default();
    for click in 0..100_000u32 {
        gathering.add("robot", &format!("i{}", click % 5_000), click, Kind::View).unwrap();
    }
    for session in 0..10 {
        for (item, at) in [("i1", 1), ("i77", 2)] {
            gathering.add(&format!("person {session}"), item, at, Kind::View).unwrap();
        }
    }
    let start = Choice { min_sessions: 2, ..Choice::default() };
    let model = learnt(&gathering.end(&[]), &Options { start, ..options(2) });
    let numbers = model.numbers();
    let row = model.row(numbers["i1"]).unwrap();
    assert_eq!(row.neighbours, [(numbers["i77"], 15)], "ten people against one robot");
}

/// Nobody has met the new item: what is alike stands in its row, and it stands in theirs below all that was met together.
#[test]
fn an_item_that_nobody_has_met_is_recommended_by_what_it_is() {
    let mut gathering = Gathering::default();
    for session in 0..5 {
        for (item, at) in [("mug", 1), ("spoon", 2)] {
            gathering.add(&format!("{session}"), item, at, Kind::View).unwrap();
        }
        gathering.add(&format!("other {session}"), "hat", 1, Kind::View).unwrap();
    }
    for item in ["cup", "cap"] {
        gathering.know(item);
    }
    let log = gathering.end(&[]);
    let card = |category: &str, price: f64| {
        Some(Card {
            category: category.into(),
            price: Some(price),
            tags: vec!["new".into()],
            ..Card::default()
        })
    };
    let of = |key: &str| match key {
        "mug" | "cup" => card("kitchen", 5.0),
        "hat" | "cap" => card("clothes", 30.0),
        _ => None,
    };
    let cards = log.items().iter().map(|key| of(key)).collect();
    let model = learnt(&log, &Options { cards, search: false, ..options(1) });
    let numbers = model.numbers();
    let row = |key: &str| {
        let row = model.row(numbers[key]).map(|row| row.neighbours).unwrap_or_default();
        let mut row: Vec<(&str, u8)> =
            row.into_iter().map(|(item, weight)| (model.key(item), weight)).collect();
        row.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        row
    };
    assert_eq!(row("cup")[0].0, "mug");
    assert_eq!(row("cap")[0].0, "hat");
    assert_eq!(row("mug")[..2].iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["spoon", "cup"]);
    assert!(row("mug")[0].1 > row("mug")[1].1, "{:?}", row("mug"));
    assert!(row("spoon").iter().all(|(key, _)| *key != "cup"), "of the spoon the catalogue says nothing");
}

/// Repeats that never happen are not foretold, those that always do come first.
#[test]
fn what_is_seen_again_is_foretold_as_often_as_it_happens() {
    let log = |repeats: bool| {
        let mut gathering = Gathering::default();
        for session in 0..2_000u32 {
            let first = session % 40;
            let path = if repeats {
                [first, first + 40, first, first + 40]
            } else {
                [first, first + 40, first + 80, first + 120]
            };
            for (item, at) in path.into_iter().zip(session * 10..) {
                gathering.add(&format!("{session}"), &format!("i{item:03}"), at, Kind::View).unwrap();
            }
        }
        gathering.end(&[])
    };
    for repeats in [true, false] {
        let model = learnt(&log(repeats), &options(1));
        let numbers = model.numbers();
        let seen = [numbers["i005"], numbers["i045"]];
        let list = after(&model, &seen, Task::Next, MAX_LIST, &mut Scratch::default());
        let expect = if repeats { "i005" } else { "i085" };
        assert_eq!(model.key(list[0].item), expect, "{repeats} {:?}", model.again);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_are_not(bytes: Vec<u8>) {
        let _ = Model::decode(&bytes);
    }

    #[test]
    fn a_changed_byte_is_noticed(rows in rows(), at: prop::sample::Index, flip in 1u8..) {
        let start = Choice::default();
        let log = gathered(&rows, &[]);
        let mut bytes = learnt(&log, &Options { start, search: false, floors: Vec::new(), ..Options::default() }).encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Model::decode(&bytes).is_err());
    }
}
