//! The fuzz targets of `fuzz/` on stable: their seeds and seeded mutations of them. PARLOUR_FUZZ: how many mutations a
//! target gets; `npm run test:long` gives more, and runs libFuzzer where there is nightly.

#![cfg(all(feature = "authoring", feature = "train"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use fuzz::{Body, mutate, seeds};

fn run(target: &str, count: usize) {
    let (_, body) = fuzz::TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    let wanted =
        std::env::var("PARLOUR_FUZZ").ok().map(|count| count.parse().expect("PARLOUR_FUZZ is a number"));
    if let Err((input, said)) = mutate::run(body, &seeds::of(target), wanted.unwrap_or(count)) {
        panic!("{said}\n{target}: {input:?}\n{}", String::from_utf8_lossy(&input));
    }
}

macro_rules! targets {
    ($($claim:ident: $target:literal, $count:literal;)*) => {
        $(#[test] fn $claim() { run($target, $count) })*
        const RUN: &[&str] = &[$($target),*];
    };
}

targets! {
    no_bytes_of_a_plan_break_a_page: "plan", 3_000;
    no_text_breaks_the_compiler: "config", 1_000;
    no_condition_breaks_the_evaluator_or_agrees_with_its_negation: "condition", 1_000;
    no_pattern_breaks_the_matcher: "pattern", 300;
    no_bytes_of_a_value_break_a_condition: "value", 5_000;
    no_bytes_of_a_snapshot_break_a_visit: "snapshot", 3_000;
    no_bytes_of_a_journal_break_the_fold: "journal", 3_000;
    no_bytes_of_a_row_break_a_list: "row", 5_000;
    no_bytes_of_a_model_break_an_answer: "model", 5_000;
}

#[test]
fn every_target_is_run_here() {
    assert_eq!(fuzz::TARGETS.map(|(name, _)| name), RUN);
}

#[test]
fn sabotaged_a_reader_that_trusts_a_length_is_found_out() {
    let trusting: Body = |bytes| {
        if let [len, rest @ ..] = bytes {
            let _ = &rest[..usize::from(*len)];
        }
    };
    let (input, said) = mutate::run(trusting, &[vec![3, 1, 2, 3]], 100).expect_err("it trusts what it reads");
    assert!(usize::from(input[0]) > input.len() - 1, "{input:?}");
    assert!(said.contains("out of range"), "{said}");
}

#[test]
fn mutations_come_again() {
    let draw = || {
        let mut random = mutate::Random(7);
        (0..50).map(|_| mutate::mutated(&mut random, &seeds::of("row"))).collect::<Vec<_>>()
    };
    assert_eq!(draw(), draw());
}
