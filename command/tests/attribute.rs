//! `parlour attribute`: which channels conversions are owed to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "../../fuzz/src/mutate.rs"]
mod mutate;

use std::path::Path;

use common::{Memory, Ran};
use serde_json::Value;

type Body = fn(&[u8]);

const PATHS: &str = "path,total_conversions,total_conversion_value,total_null\n\
                     email > search > email,2,40,6\n\
                     search,1,10,9\n\
                     display > search,0,0,5\n";

fn ran(paths: &[u8], costs: Option<&str>, args: &[&str]) -> Ran {
    let host = Memory::with(&[("costs.csv", costs.unwrap_or_default())]);
    host.files.borrow_mut().insert("paths.csv".into(), paths.to_vec());
    let costs: &[&str] = if costs.is_some() { &["--costs", "costs.csv"] } else { &[] };
    host.run(&[&["attribute", "paths.csv"], costs, args].concat())
}

fn json(paths: &[u8], costs: Option<&str>) -> Value {
    let ran = ran(paths, costs, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn row<'a>(table: &'a Value, channel: &str) -> &'a Value {
    table["channels"].as_array().unwrap().iter().find(|row| row["channel"] == channel).unwrap()
}

fn credit<'a>(table: &'a Value, channel: &str, model: &str) -> &'a Value {
    let credits = row(table, channel)["credits"].as_array().unwrap();
    credits.iter().find(|credit| credit["model"] == model).unwrap()
}

/// The figures published with the paths of the R package ChannelAttribution (GPL-3: read where they lie).
#[test]
fn alpha_is_credited_with_what_is_published() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/attribution/channelattribution_pathdata.csv.gz");
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("SKIPPED: {} is not there", file.display());
        return;
    };
    let table = json(&bytes, None);
    for (model, expect) in
        [("first", 6308.0), ("last", 8447.0), ("linear", 7574.7), ("markov", 5344.9), ("shapley", 7627.9)]
    {
        let found = credit(&table, "alpha", model)["conversions"].as_f64().unwrap();
        assert!((found - expect).abs() < 0.05, "{model}: {found}");
    }
}

#[test]
fn costs_become_cost_per_click_per_conversion_and_return_on_spend() {
    let costs = "date,channel,cost,clicks,currency\n\
                 2026-11-01,email,5,10,EUR\n2026-11-02,email,5,,EUR\n2026-11-01,radio,7,,EUR\n";
    let table = json(PATHS.as_bytes(), Some(costs));
    assert_eq!(table["currency"], "EUR");
    assert_eq!(
        row(&table, "email")["spent"],
        serde_json::json!({ "cost": 10.0, "clicks": 10.0, "cost_per_click": 1.0 })
    );
    let email = credit(&table, "email", "shapley");
    assert_eq!(email["conversions"], 1.0);
    assert_eq!(email["value"], 20.0);
    assert_eq!((&email["cost_per_conversion"], &email["return_on_spend"]), (&10.0.into(), &2.0.into()));
    // Nobody is known to have come by it: its cost is shown, and nothing is divided by 0.
    let radio = credit(&table, "radio", "shapley");
    assert_eq!((&radio["cost_per_conversion"], &radio["return_on_spend"]), (&Value::Null, &0.0.into()));
    assert!(
        table["notes"].to_string().contains("radio cost something and is in no path"),
        "{}",
        table["notes"]
    );
}

/// By hand: without search 2 of 3 conversions are lost, without email 18 of 23, without display 10 of 57; of 3 conversions
/// the share of the first in their sum is 1.23.
#[test]
fn text_shows_what_json_does() {
    let ran = ran(PATHS.as_bytes(), Some("channel;cost\nemail;10\n"), &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.starts_with("3 paths of 3 channels: 3 conversions worth 50.00, 20 without"),
        "{}",
        ran.out
    );
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(
        rows.contains(&vec!["search", "1.00", "1.00", "1.67", "1.40", "1.66", "1.23", "2.00"]),
        "{}",
        ran.out
    );
    assert!(rows.contains(&vec!["email", "10.00", "–", "–"]), "{}", ran.out);
    assert!(ran.out.contains("arXiv:1804.05327"), "{}", ran.out);
}

#[test]
fn paths_without_nulls_or_value_are_attributed_and_what_that_means_is_said() {
    let table = json("\u{feff}Path\tConversions\na>b\t1\n\"b\"\t2\n".as_bytes(), None);
    assert_eq!((&table["paths"], &table["value"]), (&2.into(), &0.0.into()));
    assert!(
        table["notes"].to_string().contains("no path without a conversion is known"),
        "{}",
        table["notes"]
    );
    let table = json(b"path,conversions,nulls\na,0,3\n", None);
    assert!(table["notes"].to_string().contains("nobody converted"), "{}", table["notes"]);
    assert_eq!(credit(&table, "a", "markov")["conversions"], 0.0);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line_and_its_cure() {
    let many: String = (0..1001).map(|at| format!("c{at},1\n")).collect();
    for (paths, costs, says) in [
        ("", None, "no column is called path"),
        (
            "way,conversions\na,1\n",
            None,
            "no column is called path or channel_path: the heading has way, conversions",
        ),
        ("path,conversions\n", None, "there is no path"),
        ("path,conversions\na > b,1\n,1\n", None, "paths.csv: line 3: the path is empty"),
        ("path,conversions\na > > b,1\n", None, "line 2: a channel has no name"),
        ("path,conversions\na,\n", None, "line 2 says no number of conversions"),
        ("path,conversions\na,two\n", None, "line 2: the number of conversions is \"two\""),
        ("path,conversions\na,-2\n", None, "line 2: the number of conversions is -2"),
        ("path,conversions\na,NaN\n", None, "line 2: the number of conversions is NaN"),
        ("path,conversions,value\na,1,1e300\n", None, "line 2: the value is 1000"),
        ("path,conversions,value\na,0,3\n", None, "line 2: the value is 3 where nobody converted"),
        (&format!("path,conversions\n{many}"), None, "line 1002: more than 1000 channels"),
        (PATHS, Some("cost\n1\n"), "costs.csv: no column is called channel"),
        (PATHS, Some("channel,cost\n"), "there is no cost"),
        (PATHS, Some("channel,cost\nemail,\n"), "line 2 says no cost"),
        (PATHS, Some("channel,cost\n,1\n"), "line 2 names no channel"),
        (PATHS, Some("channel,cost\nemail,-1\n"), "line 2: the cost is -1"),
        (PATHS, Some("channel,cost,date\nemail,1,1.11.2026\n"), "line 2: the date is \"1.11.2026\""),
        (PATHS, Some("channel,cost,currency\nemail,1,EUR\nemail,1,USD\n"), "line 3: the cost is in USD"),
    ] {
        let ran = ran(paths.as_bytes(), costs, &[]);
        assert_eq!(ran.code, 2, "{says}: {}", ran.out);
        assert!(ran.err.contains(says), "{says:?} is not in {:?}", ran.err);
    }
    let ran = ran(PATHS.as_bytes(), None, &["--half-life", "0"]);
    assert!(ran.err.contains("the half-life is 0: it must be above 0"), "{}", ran.err);
}

/// Mutations of tables that can be read: each is answered, by what it comes to or by what is wrong with it.
#[test]
fn no_bytes_of_a_table_break_the_command() {
    let body: Body = |bytes| {
        let host = Memory::with(&[("good.csv", PATHS)]);
        host.files.borrow_mut().insert("any.csv".into(), bytes.to_vec());
        for args in [&["attribute", "any.csv"][..], &["attribute", "good.csv", "--costs", "any.csv"]] {
            let ran = host.run(args);
            assert!(
                ran.code == 0 && !ran.out.is_empty() || ran.code == 2 && ran.err.starts_with("parlour: "),
                "{}",
                ran.err
            );
        }
    };
    let costs = "date,channel,cost,clicks,currency\n2026-11-01,email,5,10,EUR\n2026-11-02,search,5,,EUR\n";
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, PATHS.as_bytes()).unwrap();
    let seeds = [PATHS.as_bytes().to_vec(), costs.as_bytes().to_vec(), packer.finish().unwrap()];
    if let Err((input, said)) = mutate::run(body, &seeds, 500) {
        panic!("{said}\n{}", String::from_utf8_lossy(&input));
    }
}
