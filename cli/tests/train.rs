//! `parlour train`: the same events are the same model, however they come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;
use std::path::Path;

use common::{Collector, batch, run};
use parlour::recommend::model::Model;
use serde_json::{Value, json};

/// Thirty visitors look at two or three of ten things; some buy.
fn contacts() -> Vec<(String, String, &'static str, String)> {
    (0..90u32)
        .map(|n| {
            let (visitor, step) = (n / 3, n % 3);
            let item = (visitor * 7 + step * (1 + visitor % 2)) % 10;
            let event = if step == 2 && visitor % 4 == 0 { "Order Completed" } else { "Product Viewed" };
            (
                format!("s-{visitor}"),
                format!("i-{item}"),
                event,
                format!("2026-11-{:02}T10:00:{step:02}Z", 1 + visitor % 20),
            )
        })
        .collect()
}

fn event(n: usize, (session, item, event, at): &(String, String, &str, String)) -> Value {
    let properties = if *event == "Order Completed" {
        json!({ "order_id": format!("o{n}"), "revenue": 9, "currency": "EUR", "products": [{ "product_id": item }] })
    } else {
        json!({ "product_id": item })
    };
    json!({ "type": "track", "event": event, "messageId": format!("m-{n}"), "anonymousId": format!("v-{session}"),
            "timestamp": at, "context": { "sessionId": session }, "properties": properties })
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn train(args: &[&str], out: &Path, input: &str) -> (Option<i32>, String, String) {
    let ran = run(&[&["train"], args, &["-o", out.to_str().unwrap()]].concat(), input);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[tokio::test]
async fn store_export_table_packed_or_not_and_in_two_parts_are_one_model() {
    let collector = Collector::new();
    let contacts = contacts();
    let events: Vec<Value> = contacts.iter().enumerate().map(|(n, contact)| event(n, contact)).collect();
    for part in events.chunks(40) {
        collector.post(batch(part)).await;
    }
    let at = |name: &str| collector.db().with_file_name(name);
    let db = collector.db();
    let ndjson = run(&["export", "--db", db.to_str().unwrap()], "").stdout;
    assert_eq!(ndjson.iter().filter(|byte| **byte == b'\n').count(), 90);
    std::fs::write(at("events.ndjson"), &ndjson).unwrap();
    std::fs::write(at("events.ndjson.gz"), packed(&ndjson)).unwrap();
    let mut table = String::from("SessionId;what;at;ItemId\n");
    for (session, item, event, at) in &contacts {
        table += &format!("{session};{event};{at};{item}\n");
    }
    std::fs::write(at("clicks.csv"), &table).unwrap();
    let (first, second) = ndjson.split_at(ndjson.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    std::fs::write(at("one"), first).unwrap();
    std::fs::write(at("two"), second).unwrap();

    let path = |name: &str| at(name).to_str().unwrap().to_owned();
    let model = |args: &[&str], input: &str| {
        let (code, said, error) = train(args, &at("model.bin"), input);
        assert_eq!(code, Some(0), "{error}");
        assert!(said.contains("90 contacts of 30 sessions with 10 items"), "{said}");
        std::fs::read(at("model.bin")).unwrap()
    };
    let expect = model(&[&path("events.db")], "");
    let columns = ["--time", "at", "--type", "what"];
    assert_eq!(model(&[&path("events.ndjson")], ""), expect);
    assert_eq!(model(&[&path("events.ndjson.gz")], ""), expect);
    assert_eq!(model(&[&path("one"), &path("two")], ""), expect);
    assert_eq!(model(&[&[path("clicks.csv").as_str()], &columns[..]].concat(), ""), expect);
    assert_eq!(model(&[&["-"], &columns[..]].concat(), &table), expect);

    let again = model(&[&path("events.db"), "--previous", &path("model.bin")], "");
    let (old, new) = (Model::decode(&expect).unwrap(), Model::decode(&again).unwrap());
    assert_eq!((new.model, new.epoch, &new.keys), (old.model, 2, &old.keys));
}

#[test]
fn what_cannot_be_learnt_from_is_named_and_no_model_is_written() {
    let dir = tempfile::TempDir::new().unwrap();
    let out = dir.path().join("model.bin");
    for (args, input, expect) in [
        (&["-"][..], "", "standard input is empty"),
        (&["-"], "session_id,item_id\n,\n", "there is nothing to learn from: 1 lines were read"),
        (&["-"], "a,b\n1,2\n", "say which it is with --session"),
        (&["nowhere.csv"], "", "cannot read nowhere.csv"),
        (&["-", "--min-sessions", "0"], "", "--min-sessions is 0: from 1"),
        (&["-", "--neighbours", "31"], "", "--neighbours is 31: from 1 to 30"),
        (&["-", "--bits", "5"], "", "--bits is 5: 4 or 8"),
        (&["-", "--previous", "Cargo.toml"], "", "this is no model"),
    ] {
        let (code, said, error) = train(args, &out, input);
        assert_eq!((code, said.as_str()), (Some(2), ""), "{args:?}");
        assert!(error.contains(expect), "{args:?}: {error}");
        assert!(!out.exists());
    }
}
