//! `parlour train`: the same events are the same model, however they come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;

use common::{Collector, batch, run};
use parlour::recommend::model::Model;
use parlour::recommend::session::Task;
use parlour_command::log::{Columns, Reading};
use parlour_train::measure::measure;
use parlour_train::{Choice, Options, train_baskets};
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

/// Invoices of a gift shop (UCI Online Retail, CC BY 4.0), the last fifth of them held back.
#[test]
fn an_item_of_a_basket_is_among_twenty_guessed_from_the_others_in_four_of_ten() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/baskets/online_retail_to_2011-08.csv.gz");
    let Ok(packed) = std::fs::read(&file) else {
        eprintln!("SKIPPED: {} is not there", file.display());
        return;
    };
    let name = |text: &str| Some(text.to_owned());
    let columns = Columns {
        session: name("InvoiceNo"),
        item: name("StockCode"),
        time: name("InvoiceDate"),
        kind: None,
    };
    let mut reading = Reading::default();
    reading.read("invoices", packed.as_slice(), &columns, &mut |_| ()).unwrap();
    let (earlier, later) = reading.gathering.end(&[]).split(0.2);
    let options = Options {
        start: Choice { neighbours: 30, ..Choice::default() },
        search: false,
        floors: Vec::new(),
        ..Options::default()
    };
    let model = train_baskets(&earlier, &options, &mut |_, _, _| ()).model;
    let met: HashSet<u32> = earlier.clicks().iter().map(|click| click.item).collect();
    let known = |item: u32| met.contains(&item).then_some(item + 1);
    let baskets: Vec<Vec<Option<u32>>> =
        later.sessions().map(|basket| basket.iter().map(|click| known(click.item)).collect()).collect();
    let measured = measure(&model, baskets.iter().map(Vec::as_slice), Task::Next);
    assert!(measured.hit_rate[2] >= 0.40, "{measured:?}");
    // A table without what a third item explains does worse.
    let popular = Model { rows: vec![model.rows[0].clone()], ..model };
    assert!(measure(&popular, baskets.iter().map(Vec::as_slice), Task::Next).hit_rate[2] < 0.2);
}
