//! `parlour recommend`, `evaluate` and `rows`, on models learnt from logs as they come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::{Path, PathBuf};

use common::Memory;
use parlour::recommend::model::Model;
use parlour_command::log::{CardColumns, Catalogue, Columns, Reading};
use parlour_train::{Choice, Options, train};
use serde_json::Value;

/// A log with its clicks, as a table.
fn read(log: &[u8]) -> Reading {
    let mut reading = Reading::default();
    reading.read("log", log, &Columns::default(), &mut |_| ()).unwrap();
    reading
}

fn learnt(log: &str) -> Model {
    let options = Options { search: false, floors: Vec::new(), ..Options::default() };
    train(&read(log.as_bytes()).gathering.end(&[]), &options, &mut |_, _, _| ()).model
}

const SHOP: &str = "session_id,item_id,time\n\
    a,mug,1\na,cup,2\nb,mug,1\nb,cup,2\nb,pot,3\nc,cup,1\nc,pot,2\nd,mug,5\nd,cup,6\ne,hat,1\n";

fn host(model: &Model, files: &[(&str, &str)]) -> Memory {
    let host = Memory::with(files);
    host.files.borrow_mut().insert("model.bin".into(), model.encode());
    host
}

/// Clicks of a web shop (bolcom/serenade, Apache-2.0).
fn serenade(part: &str) -> Option<Vec<u8>> {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../shared/data/sessions/serenade_toy_{part}.csv.gz"));
    let bytes = std::fs::read(&file).ok();
    if bytes.is_none() {
        eprintln!("SKIPPED: {} is not there", file.display());
    }
    bytes
}

/// On the same task and split VMIS-kNN comes to .663/.341 and STAN to .668/.252 of whatever comes next, VMIS-kNN to .514/.245 of
/// discoveries (HR@20/MRR@20).
#[test]
fn the_next_click_is_among_twenty_as_often_as_promised_at_fifty_bytes_an_item() {
    let (Some(log), Some(test)) = (serenade("train"), serenade("test")) else { return };
    let model = train(&read(&log).gathering.end(&[]), &Options::default(), &mut |_, _, _| ()).model;
    assert!(model.encode().len() <= 50 * model.keys.len(), "{} bytes", model.encode().len());
    let host = host(&model, &[]);
    host.files.borrow_mut().insert("test.csv.gz".into(), test);
    for (protocol, hits, ranks) in [("next", 0.70, 0.38), ("discovery", 0.57, 0.255)] {
        let ran = host.run(&["evaluate", "model.bin", "--sessions", "test.csv.gz", "--protocol", protocol]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        assert!(told["HR@20"].as_f64().unwrap() >= hits, "{protocol}: {told}");
        assert!(told["MRR@20"].as_f64().unwrap() >= ranks, "{protocol}: {told}");
        assert!(
            told["HR@5"].as_f64() < told["HR@10"].as_f64() && told["HR@10"].as_f64() < told["HR@20"].as_f64()
        );
    }
    // The repeat model earns its bytes: without it the next click is found less often.
    let without = Model { again: Vec::new(), ..model };
    host.files.borrow_mut().insert("model.bin".into(), without.encode());
    let ran = host.run(&["evaluate", "model.bin", "--sessions", "test.csv.gz"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert!((0.64..0.67).contains(&told["HR@20"].as_f64().unwrap()), "{told}");
    assert!((0.26..0.30).contains(&told["MRR@20"].as_f64().unwrap()), "{told}");
}

#[test]
fn each_session_is_answered_by_a_line_best_first() {
    let host = host(&learnt(SHOP), &[]);
    host.input.replace("mug\n\nnobody mug\nnobody\nmug cup\n".into());
    let ran = host.run(&["recommend", "model.bin", "--count", "2", "--discovery"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out, "cup\tpot\n\ncup\tpot\ncup\tmug\npot\that\n");
    assert_eq!(ran.err, "2 of 6 ids are not in the model and were passed over\n");
}

#[test]
fn ids_with_spaces_and_tabs_are_asked_and_answered_in_one_line() {
    let log = "session_id\titem_id\n1\t\"a\tb\"\n1\tc d\n2\t\"a\tb\"\n2\tc d\n";
    let host = host(&learnt(log), &[]);
    host.input.replace("a\\tb\n".into());
    let ran = host.run(&["recommend", "model.bin", "--count", "1", "--discovery"]);
    assert_eq!(ran.out, "c\\sd\n", "{}", ran.err);
}

#[test]
fn a_row_is_what_the_page_carries() {
    use base64::Engine as _;
    let model = learnt(SHOP);
    let host = host(&model, &[]);
    let ran = host.run(&["rows", "model.bin", "mug", "--popular"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split('\t').collect()).collect();
    let number = model.numbers()["mug"];
    assert_eq!(lines[0][..2], ["", "0"]);
    assert_eq!(lines[1][..2], ["mug", &number.to_string()]);
    let row = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(lines[1][2]).unwrap();
    assert_eq!(parlour::recommend::row::Row::decode(&row), model.row(number));
    let ran = host.run(&["rows", "model.bin", "mog"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("\"mog\" is not in the model"), "{}", ran.err);
}

#[test]
fn rows_for_pages_that_carry_none_are_spread_over_files() {
    let model = learnt(SHOP);
    let host = host(&model, &[]);
    let ran = host.run(&["rows", "model.bin", "--out", "rows-{shard}.json", "--shards", "3"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut keys = Vec::new();
    for shard in 0..3 {
        let file = host.files.borrow()[Path::new(&format!("rows-{shard}.json"))].clone();
        let json: Value = serde_json::from_slice(&file).unwrap();
        assert_eq!(
            (&json["v"], &json["model"], &json["epoch"]),
            (&1.into(), &format!("{:08x}", model.model).into(), &1.into())
        );
        for (key, row) in json["rows"].as_object().unwrap() {
            let item = if key.is_empty() { "--popular" } else { key };
            let told = host.run(&["rows", "model.bin", item]);
            assert!(told.out.ends_with(&format!("\t{}\n", row.as_str().unwrap())), "{key:?}");
            keys.push(key.clone());
        }
    }
    keys.sort();
    assert_eq!(keys, ["", "cup", "mug", "pot"], "the hat has no neighbours");
    for (args, expect) in [
        (&["--out", "rows.json", "--shards", "3"][..], "several files need {shard} in the path"),
        (&["--out", "rows-{shard}.json"], "one must not have it"),
        (&["--out", "rows-{shard}.json", "--shards", "0"], "--shards is 0: from 1 to 4096"),
        (&["--shards", "2"], "--out"),
    ] {
        let ran = host.run(&[&["rows", "model.bin"], args].concat());
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains(expect), "{}", ran.err);
    }
}

#[test]
fn what_is_no_model_is_refused_with_a_cure() {
    let good = learnt(SHOP).encode();
    let newer = [&good[..4], &[9], &good[5..]].concat();
    let cut = good[..good.len() - 1].to_vec();
    for (bytes, expect) in [
        (b"hello".to_vec(), "this is no model: `parlour train` makes one"),
        (newer, "format 9 is of a newer Parlour"),
        (cut, "the model was cut or changed"),
        (Vec::new(), "this is no model"),
    ] {
        let host = Memory::with(&[]);
        host.files.borrow_mut().insert("model.bin".into(), bytes);
        let ran = host.run(&["recommend", "model.bin"]);
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains(expect), "{}", ran.err);
    }
}

#[test]
fn sessions_come_as_a_table_as_events_and_as_lines() {
    let model = learnt(SHOP);
    let table = "session_id,item_id,time\nx,mug,1\nx,cup,2\n";
    let event = |item: &str, at: &str| {
        format!(
            r#"{{"type":"track","event":"Product Viewed","timestamp":"{at}","context":{{"sessionId":"x"}},"properties":{{"product_id":"{item}"}}}}"#
        )
    };
    let events =
        format!("{}\n{}\n", event("cup", "2026-01-02T00:00:01Z"), event("mug", "2026-01-02T00:00:00Z"));
    let host = host(&model, &[("a.csv", table), ("a.ndjson", &events), ("a.txt", "mug cup\n")]);
    let told = |file: &str| {
        let ran = host.run(&["evaluate", "model.bin", "--sessions", file]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let mut told: Value = serde_json::from_str(&ran.out).unwrap();
        told.as_object_mut().unwrap().remove("microsecondsPerQuery");
        told
    };
    assert_eq!(told("a.csv")["HR@5"], 1.0);
    assert_eq!(told("a.ndjson"), told("a.csv"));
    assert_eq!(told("a.txt"), told("a.csv"));
    let nothing = host.run(&["evaluate", "model.bin", "--sessions", "none.txt"]);
    assert_eq!(nothing.code, 2);
}

#[test]
fn a_log_says_what_was_left_out_and_where_it_stood_first() {
    let long = "x".repeat(10_000);
    let log = format!(
        "session_id,item_id,time\n1,a,1\n1,,2\n,b,3\n1,{long},4\n1,c,yesterday\n1,d\n1,\u{1f600} \"é,5\n1,e,NaN\n"
    );
    let reading = read(log.as_bytes());
    let lines: Vec<String> = reading.trouble.lines().collect();
    for (count, what, at) in [
        (1, "name no session", "log:4"),
        (1, "name no item", "log:3"),
        (1, "have an id of more than 256 bytes", "log:5"),
        (3, "have a time that is neither", "log:6"),
    ] {
        let found = lines.iter().any(|line| {
            line.starts_with(&format!("left out: {count} {what}"))
                && line.ends_with(&format!("the first is {at}"))
        });
        assert!(found, "{count} {what} {at}: {lines:?}");
    }
    assert_eq!(reading.trouble.sum(), 6);
    assert_eq!(reading.gathering.end(&[]).items(), ["a", "\u{1f600} \"é"]);
}

#[test]
fn a_heading_without_the_columns_says_which_there_are() {
    let error = |log: &str, columns: &Columns| {
        format!("{:#}", Reading::default().read("log.csv", log.as_bytes(), columns, &mut |_| ()).unwrap_err())
    };
    let none = error("who,what\n1,2\n", &Columns::default());
    assert!(none.contains("log.csv") && none.contains("--session") && none.contains("who, what"), "{none}");
    let near =
        error("SessionId,ItemId\n1,2\n", &Columns { item: Some("ItemID".into()), ..Columns::default() });
    assert!(near.contains("did you mean \"ItemId\"?"), "{near}");
    assert!(error("", &Columns::default()).contains("is empty"));
    assert!(error("PAR1", &Columns::default()).contains("Parquet"));
}

#[test]
fn a_catalogue_is_read_for_what_it_says_and_its_faults_are_counted() {
    let columns = CardColumns { brand: Some("maker".into()), ..CardColumns::default() };
    let table = "sku;category;maker;price;tags\n\
                 a;kitchen;Acme;12.50;red|round\nb;;;NaN;\nc;x;;-3;one, two\n;y;;1;\nd\n";
    let catalogue = Catalogue::read("cards", table.as_bytes(), &columns).unwrap();
    let card = &catalogue.cards["a"];
    assert_eq!((card.category.as_str(), card.brand.as_str(), card.price), ("kitchen", "Acme", Some(12.5)));
    assert_eq!(card.tags, ["red", "round"]);
    assert_eq!(catalogue.cards["c"].tags, ["one", "two"]);
    assert_eq!((catalogue.cards.len(), catalogue.bad_prices, catalogue.nameless), (4, (2, 3), 1));
    let error = |table: &str, columns: &CardColumns| {
        format!("{:#}", Catalogue::read("cards.csv", table.as_bytes(), columns).unwrap_err())
    };
    assert!(error("sku,title\na,b\n", &CardColumns::default()).contains("--category"));
    assert!(error("sku,makr\na,b\n", &columns).contains("did you mean \"makr\"?"));
    assert!(error("sku,category\n", &CardColumns::default()).contains("names no item"));
    assert!(error("name,category\n", &CardColumns::default()).contains("--catalogue-item"));
}

#[test]
fn what_is_bought_counts_more_than_what_is_seen() {
    let mut log = String::from("session_id,item_id,event\n");
    for session in 0..4 {
        log += &format!("{session},a,view\n{session},seen,view\n");
        log += &format!("x{session},a,view\nx{session},bought,purchase\n");
    }
    let mut reading = Reading::default();
    let columns = Columns { kind: Some("event".into()), ..Columns::default() };
    reading.read("log", log.as_bytes(), &columns, &mut |_| ()).unwrap();
    let options =
        Options { search: false, start: Choice { followed: 0.0, ..Choice::default() }, ..Options::default() };
    let model = train(&reading.gathering.end(&[]), &options, &mut |_, _, _| ()).model;
    let numbers = model.numbers();
    let row = model.row(numbers["a"]).unwrap();
    let weight = |item: &str| row.neighbours.iter().find(|(number, _)| *number == numbers[item]).unwrap().1;
    assert_eq!((weight("bought"), weight("seen")), (15, 3));
}
