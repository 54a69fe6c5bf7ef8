//! 600 simulated visitors of the package retentioneering (Apache-2.0; 31,106 events with planted trouble), counted as
//! `reference/ecom.py` counts them by brute force.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::{asked, event, exposure};
use parlour_report::beyond::Count;
use parlour_report::beyond::model::Group;
use serde_json::{Value, json};

const REFERENCE: &str = include_str!("reference/ecom.json");

struct Row {
    user: String,
    at_ms: i64,
    kind: String,
    channel: String,
}

fn rows() -> Option<Vec<Row>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/attribution/retentioneering_ecom_events.csv.gz");
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("SKIPPED: {} is not there", file.display());
        return None;
    };
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(&*bytes));
    let mut rows: Vec<Row> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let at: jiff::Timestamp = format!("{}Z", &record[3]).parse().unwrap();
            Row {
                user: record[0].to_owned(),
                at_ms: at.as_millisecond(),
                kind: record[2].to_owned(),
                channel: record[5].to_owned(),
            }
        })
        .collect();
    rows.sort_by(|a, b| (&a.user, a.at_ms).cmp(&(&b.user, b.at_ms)));
    Some(rows)
}

fn visitors(group: &Group) -> Value {
    let of = |funnel: &parlour_report::beyond::model::Funnel| {
        funnel.steps.iter().map(|step| step.visitors).collect::<Vec<_>>()
    };
    group.funnels.iter().map(|funnel| (funnel.name.clone(), json!(of(funnel)))).collect()
}

#[test]
fn funnels_and_cohorts_are_those_of_brute_force() {
    let Some(rows) = rows() else { return };
    let reference: Value = serde_json::from_str(REFERENCE).unwrap();
    let mut count = Count::new(asked(serde_json::from_value(reference["funnels"].clone()).unwrap())).unwrap();
    let mut before = "";
    for row in &rows {
        // Their channel stands for a variant, which each of them met at once.
        if before != row.user {
            count.add(&exposure(&row.user, "channel", &row.channel, row.at_ms));
            before = &row.user;
        }
        count.add(&event(&row.user, &row.kind, row.at_ms));
    }
    let found = count.report(&[]);
    assert_eq!(json!(found.visitors), reference["visitors"]);
    assert_eq!(json!(found.events - found.visitors), reference["events"]);
    assert_eq!(visitors(&found.all), reference["all"]);
    let by_channel: serde_json::Map<_, _> =
        found.by_variant.iter().map(|of| (of.variant.clone(), visitors(&of.group))).collect();
    assert_eq!(Value::Object(by_channel), reference["by_channel"]);
    assert_eq!(json!(found.cohorts), reference["cohorts"]);
}
