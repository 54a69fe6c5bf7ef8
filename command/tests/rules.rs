//! `parlour rules`: what is bought together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;
use std::path::Path;

use common::{Memory, Ran};
use parlour_command::rules::{Baskets, Options, mine};
use serde_json::Value;

fn ran(baskets: &[u8], args: &[&str]) -> Ran {
    let host = Memory::with(&[]);
    host.files.borrow_mut().insert("baskets".into(), baskets.to_vec());
    host.run(&[&["rules", "baskets"], args].concat())
}

fn json(baskets: &[u8], args: &[&str]) -> Value {
    let ran = ran(baskets, &[args, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// 9,835 baskets of a grocery (R package arules, GPL-3: read where it lies). The counts are those that arules' `apriori`
/// gives for rules of two items and more.
#[test]
fn groceries_have_the_rules_that_arules_finds() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/baskets/groceries.csv.gz");
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("SKIPPED: {} is not there", file.display());
        return;
    };
    let baskets = Baskets::read(&bytes, None).unwrap();
    assert_eq!((baskets.len(), baskets.names().len()), (9_835, 169));
    for (min_support, min_confidence, expect) in [(0.006, 0.25, 463), (0.001, 0.8, 410), (0.01, 0.5, 15)] {
        let options = Options { min_support, min_confidence, max_items: 10 };
        let rules = mine(&baskets, &options, &mut |_, _| ()).unwrap();
        assert_eq!(rules.len(), expect, "{options:?}");
    }
}

#[test]
fn baskets_come_as_lists_as_a_table_and_packed() {
    let lines = "bread,milk\nbread,milk\nbread\n";
    let tabs = "bread\tmilk, whole\nbread\tmilk, whole\nbread\n";
    let table = "order,line,product\n1,1,bread\n2,1,bread\n1,2,milk\n2,2,milk\n3,1,bread\n";
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(lines.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let columns = ["--basket", "order", "--item", "product"];
    for (bytes, args, milk) in [
        (lines.as_bytes(), &[][..], "milk"),
        (tabs.as_bytes(), &[], "milk, whole"),
        (table.as_bytes(), &columns, "milk"),
        (&packed, &[], "milk"),
        ("\"bread\",\"milk\"\n\"bread\",\"milk\"\nbread\n".as_bytes(), &[], "milk"),
        ("\r\nbread, milk\r\n\r\nbread, milk,,milk\r\nbread".as_bytes(), &[], "milk"),
    ] {
        let found = json(bytes, &[args, &["--min-support", "50%", "--min-confidence", "0.6"]].concat());
        let rules = found["rules"].as_array().unwrap();
        let told: Vec<_> =
            rules.iter().map(|rule| (&rule["antecedent"][0], &rule["consequent"], &rule["count"])).collect();
        assert_eq!(found["baskets"], 3, "{milk}");
        assert_eq!(told.len(), 2, "{found}");
        assert!(told.contains(&(&"bread".into(), &milk.into(), &2.into())), "{found}");
    }
}

#[test]
fn people_are_warned_not_to_rank_by_lift() {
    let ran = ran(b"a,b\na,b\n", &[]);
    assert!(ran.err.contains("Do not rank by lift"), "{}", ran.err);
    assert!(ran.out.lines().nth(1).unwrap().contains("leverage"), "{}", ran.out);
}

#[test]
fn the_largest_leverage_comes_first_and_ties_have_one_order() {
    let baskets = "a,b,x\na,b,y\na,b\nc,d\nc,d\nx\ny\n";
    let first = ran(baskets.as_bytes(), &["--min-support", "0.2"]).out;
    assert!(first.lines().nth(2).unwrap().ends_with("a → b"), "{first}");
    assert_eq!(first, ran(baskets.as_bytes(), &["--min-support", "0.2"]).out);
}

#[test]
fn tables_for_other_programs_hold_no_formulas() {
    let ran = ran(b"=1+1;x\t\"a, \"\"b\"\"\"\n=1+1;x\t\"a, \"\"b\"\"\"\n", &["--format", "csv"]);
    assert!(ran.out.contains("'=1+1;x"), "{}", ran.out);
    assert!(ran.out.contains("\"a, \"\"b\"\"\""), "{}", ran.out);
    assert!(ran.out.lines().skip(1).all(|line| !line.starts_with('=')), "{}", ran.out);
}

#[test]
fn what_cannot_be_used_is_named_with_its_cure() {
    let table = "order,product\n1,bread\n";
    for (bytes, args, expect) in [
        (&b""[..], &[][..], "holds no baskets: give a line for each"),
        (b",,\n\n", &[], "holds no baskets"),
        (b"a,\xff\n", &[], "UTF-8"),
        (b"\x1f\x8bnot gzip", &[], "cannot be read"),
        (
            table.as_bytes(),
            &["--basket", "basket", "--item", "product"],
            "no column \"basket\": they have order, product",
        ),
        (
            b"order,product\n1\n",
            &["--basket", "order", "--item", "product"],
            "line 2 of the baskets ends before",
        ),
        (
            b"order,product\n,bread\n",
            &["--basket", "order", "--item", "product"],
            "line 2 of the baskets names no basket",
        ),
        (b"a,b\n", &["--min-support", "0"], "above 0 and up to 1"),
        (b"a,b\n", &["--min-support", "NaN"], "above 0 and up to 1"),
        (b"a,b\n", &["--min-confidence", "101%"], "above 0 and up to 1"),
        (b"a,b\n", &["--max-items", "1"], "from 2 to 30"),
    ] {
        let ran = ran(bytes, args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(expect), "{expect}: {}", ran.err);
    }
    let missing = Memory::with(&[]).run(&["rules", "none.csv"]);
    assert!(missing.err.contains("there is no such file"), "{}", missing.err);
}

#[test]
fn too_many_sets_end_with_advice_and_not_with_full_memory() {
    let items: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let line = format!("{}\n", items.join(","));
    let ran = ran(line.repeat(2).as_bytes(), &["--min-support", "1"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--min-support") && ran.err.contains("--max-items"), "{}", ran.err);
}

#[test]
fn one_basket_and_one_item_have_no_rules() {
    for baskets in ["a\n", "a\na\n", "a,b\n"] {
        let ran = ran(baskets.as_bytes(), &["--min-support", "1", "--min-confidence", "1"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    assert!(ran(b"a\n", &[]).out.starts_with("0 rules from 1 baskets of 1 items"));
}

#[test]
fn names_of_any_text_are_kept_whole_and_move_no_cursor() {
    let long = "é🙂\u{202e}".repeat(2_000);
    let baskets = format!("{long}\t\u{1b}[2J\n{long}\t\u{1b}[2J\n");
    let found = json(baskets.as_bytes(), &[]);
    assert!(found["rules"].as_array().unwrap().iter().any(|rule| rule["consequent"] == *long));
    assert!(!ran(baskets.as_bytes(), &[]).out.contains('\u{1b}'));
}
