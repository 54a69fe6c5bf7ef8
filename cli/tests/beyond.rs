//! `parlour report` on what visitors do, from events as pages send them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::process::Output;

use common::{Collector, run};
use serde_json::{Value, json};

/// Address, referrer, channel: the rows of `tests/conditions.rs` in the form of events.
const VISITS: [(&str, &str, &str); 12] = [
    ("/", "", "direct"),
    ("/?utm_source=google&utm_medium=cpc", "https://www.google.com/", "paid-search"),
    ("/?gclid=x", "", "paid-search"),
    ("/", "https://www.google.de/", "organic-search"),
    ("/?utm_medium=Email&utm_source=letter", "https://mail.example/", "email"),
    ("/", "https://l.facebook.com/l.php?u=1", "organic-social"),
    ("/?utm_source=instagram&utm_medium=paid_social", "", "paid-social"),
    ("/", "https://chatgpt.com/", "assistant"),
    ("/", "https://blog.example/post?utm_medium=email", "referral"),
    ("/?utm_medium=affiliate", "https://partner.example/", "affiliate"),
    ("/", "https://shop.example/other", "direct"),
    ("/", "https://checkout.shop.example/", "direct"),
];

/// `2T10:00:00` is that time of the second day after this day a week ago, UTC: none lies in the future.
fn date(at: &str) -> String {
    let (days, time) = at.split_once('T').unwrap();
    let days = 24 * (days.parse::<i64>().unwrap() - 7);
    let day = jiff::Timestamp::now().checked_add(jiff::Span::new().hours(days)).unwrap();
    format!("{}T{time}Z", &day.to_string()[..10])
}

fn page(visitor: &str, at: &str, url: &str, referrer: &str) -> Value {
    json!({ "messageId": format!("{visitor}-{at}-page"), "type": "page", "anonymousId": visitor, "timestamp": date(at),
            "properties": {}, "context": { "sessionId": format!("{visitor}-{}", &at[..1]),
              "page": { "url": format!("https://shop.example{url}"), "referrer": referrer } } })
}

fn track(visitor: &str, at: &str, event: &str, properties: Value) -> Value {
    json!({ "messageId": format!("{visitor}-{at}-{event}"), "type": "track", "anonymousId": visitor, "timestamp": date(at),
            "event": event, "properties": properties, "context": { "parlour": { "reason": "bucketed" } } })
}

fn order(visitor: &str, at: &str, revenue: &str) -> Value {
    let properties = json!({ "order_id": format!("o-{visitor}"), "revenue": revenue, "currency": "EUR" });
    track(visitor, at, "Order Completed", properties)
}

/// By a clock that is right.
fn sent_now(events: &[Value]) -> String {
    json!({ "batch": events, "sentAt": jiff::Timestamp::now().to_string() }).to_string()
}

async fn keep(collector: &Collector, events: &[Value]) {
    for part in events.chunks(100) {
        assert_eq!(collector.post(sent_now(part)).await.status, 200);
    }
}

fn report(collector: &Collector, more: &[&str]) -> Output {
    let db = collector.db();
    let plan = db.with_file_name("parlour.json");
    std::fs::write(&plan, r#"{ "site": ["*.shop.example", "shop.example"], "currency": "EUR" }"#).unwrap();
    let usual = ["report", "--db", db.to_str().unwrap(), "--plan", plan.to_str().unwrap()];
    run(&[&usual, more].concat(), "")
}

fn beyond(collector: &Collector, more: &[&str]) -> Value {
    let output = report(collector, &[more, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["beyond"].take()
}

fn credit(beyond: &Value, channel: &str, model: &str) -> Value {
    let rows = beyond["attribution"]["channels"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["channel"] == channel)
        .unwrap_or_else(|| panic!("no {channel} in {rows:#?}"));
    row["credits"].as_array().unwrap().iter().find(|credit| credit["model"] == model).unwrap().clone()
}

#[tokio::test]
async fn each_visit_is_credited_to_the_channel_that_audiences_have_it_in() {
    let collector = Collector::new();
    let mut events = Vec::new();
    for (index, (url, referrer, _)) in VISITS.iter().enumerate() {
        let visitor = format!("v{index}");
        events.push(page(&visitor, "2T10:00:00", url, referrer));
        events.push(order(&visitor, "2T10:10:00", "10.00"));
    }
    keep(&collector, &events).await;
    let beyond = beyond(&collector, &[]);
    for (_, _, channel) in VISITS {
        let count = VISITS.iter().filter(|visit| visit.2 == channel).count();
        let found = credit(&beyond, channel, "last");
        assert_eq!(
            (found["conversions"].as_f64(), found["value"].as_f64()),
            (Some(count as f64), Some(10.0 * count as f64)),
            "{channel}"
        );
    }
    assert_eq!(beyond["attribution"]["conversions"], VISITS.len() as f64);
}

#[tokio::test]
async fn a_journey_over_two_channels_is_a_path_with_its_refund_costs_funnel_and_holdout() {
    let collector = Collector::new();
    let shown = json!({ "experience_id": "greeting", "held_out": false });
    let held = json!({ "experience_id": "greeting", "held_out": true });
    let events = [
        page("anna", "2T10:00:00", "/?utm_medium=email", ""),
        page("anna", "4T10:00:00", "/", "https://www.google.com/"),
        track("anna", "4T10:00:01", "Experience Viewed", shown),
        track("anna", "4T10:01:00", "Product Viewed", json!({ "product_id": "mug" })),
        track("anna", "4T10:02:00", "Product Added", json!({ "product_id": "mug" })),
        track("anna", "4T10:03:00", "Checkout Started", json!({})),
        order("anna", "4T10:04:00", "50.00"),
        track(
            "anna",
            "5T10:00:00",
            "Order Refunded",
            json!({ "order_id": "o-anna", "revenue": "20", "currency": "EUR" }),
        ),
        page("bert", "3T10:00:00", "/?utm_medium=email", ""),
        track("bert", "3T10:00:01", "Experience Viewed", held),
    ];
    keep(&collector, &events).await;
    let costs = collector.db().with_file_name("costs.csv");
    let [second, before] = ["2T", "0T"].map(|at| date(at)[..10].to_owned());
    let rows = format!("date,channel,cost,clicks,currency\n{second},email,5,2,EUR\n{before},email,90,,EUR\n");
    std::fs::write(&costs, rows).unwrap();
    let costs = costs.to_str().unwrap();
    let beyond = beyond(&collector, &["--costs", costs, "--since", &date("1T00:00:00")]);
    let email = credit(&beyond, "email", "linear");
    assert_eq!(
        email,
        json!({ "model": "linear", "conversions": 0.5, "value": 15.0, "cost_per_conversion": 10.0, "return_on_spend": 3.0 })
    );
    assert!(beyond["notes"].to_string().contains("1 costs of other days"), "{}", beyond["notes"]);
    assert_eq!(beyond["attribution"]["nulls"], 1.0);
    let funnel: Vec<_> = beyond["all"]["funnels"][0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["visitors"].clone())
        .collect();
    assert_eq!(json!(funnel), json!([2, 1, 1, 1, 1]));
    let stages: Vec<_> = beyond["all"]["journey"]["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["visitors"].clone())
        .collect();
    assert_eq!(json!(stages), json!([2, 1, 1, 1, 1, 0]));
    let sum = |of: &dyn Fn(&Value) -> f64| beyond["cohorts"].as_array().unwrap().iter().map(of).sum::<f64>();
    assert_eq!(sum(&|cohort| cohort["visitors"].as_f64().unwrap()), 2.0);
    assert_eq!(
        sum(&|cohort| cohort["bought"].as_array().unwrap().iter().filter_map(Value::as_f64).sum()),
        1.0
    );
    let experience = &beyond["experiences"][0];
    assert_eq!(
        (&experience["key"], &experience["arms"][0]["units"], &experience["arms"][1]["units"]),
        (&json!("greeting"), &json!(1), &json!(1))
    );
}

#[tokio::test]
async fn the_text_has_a_section_for_each_and_one_experiment_has_none() {
    let collector = Collector::new();
    let events = [page("anna", "2T10:00:00", "/?utm_medium=email", ""), order("anna", "2T10:04:00", "50")];
    keep(&collector, &events).await;
    let text = String::from_utf8(report(&collector, &[]).stdout).unwrap();
    for part in [
        "visitors: 1, with 2 events",
        "funnel purchase",
        "stage  ",
        "first seen in week of",
        "1 conversions worth 50.00 EUR",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let plan = collector.db().with_file_name("parlour.json");
    std::fs::write(&plan, r#"{ "experiments": { "x": { "variants": { "control": {}, "b": {} } } } }"#)
        .unwrap();
    let db = collector.db();
    let one = run(
        &["report", "--db", db.to_str().unwrap(), "--plan", plan.to_str().unwrap(), "--experiment", "x"],
        "",
    );
    assert!(!String::from_utf8(one.stdout).unwrap().contains("funnel"));
}

#[tokio::test]
async fn a_raw_text_that_is_broken_costs_its_channel_and_no_report() {
    let collector = Collector::new();
    let events = [
        page("anna", "2T10:00:00", "/?utm_medium=email", ""),
        page("bert", "2T10:00:00", "/?utm_medium=email", ""),
        order("anna", "2T10:04:00", "50"),
        order("bert", "2T10:04:00", "50"),
    ];
    keep(&collector, &events).await;
    let connection = rusqlite::Connection::open(collector.db()).unwrap();
    let broken = "UPDATE events SET raw = substr(raw, 1, 40) WHERE anonymous_id = 'anna'";
    assert_eq!(connection.execute(broken, []).unwrap(), 2);
    let beyond = beyond(&collector, &[]);
    assert_eq!(credit(&beyond, "email", "last")["conversions"], 1.0);
    assert_eq!(credit(&beyond, "direct", "last")["conversions"], 1.0);
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let collector = Collector::new();
    keep(&collector, &[page("anna", "2T10:00:00", "/", "")]).await;
    let file = collector.db().with_file_name("given");
    for (option, content, says) in [
        ("--funnels", "{", "is no list of funnels: write [{"),
        ("--funnels", "[]", "has 0 funnels: give 1 to 20"),
        ("--funnels", r#"[{"name":"a","steps":["x"]}]"#, "funnel \"a\" has 1 steps"),
        ("--funnels", r#"[{"name":"a","steps":["x","y"],"within":3}]"#, "unknown field `within`"),
        ("--costs", "channel,cost\nemail,-1\n", "line 2: the cost is -1"),
        ("--costs", "channel,cost,currency\nemail,1,USD\n", "costs are in USD, the report is in EUR"),
    ] {
        std::fs::write(&file, content).unwrap();
        let output = report(&collector, &[option, file.to_str().unwrap()]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(says), "{says:?} is not in {told:?}");
    }
    let output = report(&collector, &["--half-life-days", "0"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("the half-life is 0"));
}
