//! `parlour power`, held against statsmodels (tests/vectors/power.py).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Memory, line};
use parlour_stats::power::Power;
use serde_json::Value;

#[test]
fn sample_sizes_are_those_of_statsmodels() {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/power.json")).unwrap();
    let rows = vectors["rows"].as_array().unwrap();
    assert!(rows.len() > 200);
    for row in rows {
        let number = |field: &str| row[field].as_f64().unwrap();
        let question = Power {
            baseline: number("baseline"),
            mde: number("relative"),
            variants: row["variants"].as_u64().unwrap() as u32,
            alpha: number("alpha"),
            power: number("power"),
        };
        let expected = row["visitorsPerVariant"].as_u64().unwrap();
        // Where the size is a whole number but for the last digits, either way of rounding is right.
        let is_close = (number("unrounded") - number("unrounded").round()).abs() < 1e-4;
        let found = question.visitors_per_variant().unwrap();
        assert!(found == expected || (is_close && found.abs_diff(expected) <= 1), "{found}: {row}");
    }
}

fn json(args: &[&str]) -> Value {
    let ran = Memory::default().run(&[&["power", "--format", "json"], args].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn an_effect_may_be_told_as_a_part_or_in_points_as_a_number_or_in_percent() {
    let wanted = json(&["--baseline", "0.04", "--mde", "0.1"]);
    assert_eq!(wanted["visitorsPerVariant"], 39_475);
    for same in [
        &["--baseline", "4%", "--mde", "10%"][..],
        &["--baseline", "4 %", "--mde", "10%", "--relative"],
        &[
            "--baseline",
            "0.04",
            "--mde",
            "0.4%",
            "--absolute",
            "--variants",
            "2",
            "--alpha",
            "5%",
            "--power",
            "80%",
        ],
    ] {
        assert_eq!(json(same), wanted, "{same:?}");
    }
    assert_ne!(
        json(&["--baseline", "0.04", "--mde", "-0.1"])["visitorsPerVariant"],
        wanted["visitorsPerVariant"]
    );
}

#[test]
fn days_hold_all_variants_and_are_rounded_up() {
    let answer =
        json(&["--baseline", "0.04", "--mde", "0.1", "--variants", "3", "--visitors-per-day", "5000"]);
    let each = answer["visitorsPerVariant"].as_u64().unwrap();
    assert_eq!(answer["visitors"], each * 3);
    assert_eq!(answer["days"], (each * 3).div_ceil(5000));
    assert_eq!(answer["alphaOfEachComparison"], 0.025);
}

#[test]
fn the_answer_names_the_test_it_assumes_and_the_help_its_source() {
    let ran = Memory::default().run(&[
        "power",
        "--baseline",
        "4%",
        "--mde",
        "10%",
        "--variants",
        "4",
        "--visitors-per-day",
        "9000",
    ]);
    assert!(line(&ran.out, "assumed").contains("two-sided z-test of two proportions"), "{}", ran.out);
    assert!(ran.out.contains("Bonferroni; enough for Holm"), "{}", ran.out);
    assert!(line(&ran.out, "time").contains("whole weeks"), "{}", ran.out);
    let help = Memory::default().run(&["power", "--help"]).out;
    assert!(help.contains("Fleiss") && help.contains("Holm"), "{help}");
}

#[test]
fn what_has_no_answer_is_refused_with_the_cure() {
    for (args, expect) in [
        (["--baseline", "0.5", "--mde", "3"], "--absolute for an effect in points"),
        (["--baseline", "0.5", "--mde", "0"], "give one worth finding"),
        (["--baseline", "1.5", "--mde", "0.1"], "between 0 and 1"),
        (["--baseline", "0", "--mde", "0.1"], "between 0 and 1"),
        (["--baseline", "half", "--mde", "0.1"], "0.04 or 4%"),
        (["--baseline", "0.5", "--mde", "NaN"], "0.04 or 4%"),
        (["--baseline", "0.5", "--mde", "inf"], "0.04 or 4%"),
    ] {
        let ran = Memory::default().run(&[&["power"], &args[..]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(expect), "{args:?}: {}", ran.err);
    }
}
