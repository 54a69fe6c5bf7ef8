//! `parlour simulate`: shares, other experiments, picture.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::{Memory, line};
use parlour_command::host::Terminal;

const CONFIG: &str = r#"{
  "site": ["shop.example"],
  "audiences": { "german": { "order.lang": "de" } },
  "experiments": {
    "thirds": { "status": "running", "variants": { "control": {}, "loud": { "weight": 2 } } },
    "twin": { "status": "running", "seed": 77, "variants": { "control": {}, "b": {} } },
    "same": { "status": "running", "seed": 78, "variants": { "control": {}, "b": {} } },
    "left": { "status": "running", "layer": { "name": "shelf", "range": [0, 0.5] }, "variants": { "control": {}, "b": {} } },
    "right": { "status": "running", "layer": { "name": "shelf", "range": [0.5, 1] }, "variants": { "control": {}, "b": {} } },
    "across": { "status": "running", "layer": { "name": "shelf", "range": [0.25, 0.75] }, "variants": { "control": {}, "b": {} } },
    "german": { "status": "running", "audience": "german", "variants": { "control": {}, "b": {} } },
    "after": { "status": "running", "requires": [{ "experiment": "thirds", "variant": "loud" }], "variants": { "control": {}, "b": {} } },
    "paused": { "status": "paused", "variants": { "control": {}, "b": {} } }
  }
}"#;

#[test]
fn shares_fit_and_experiments_that_know_nothing_of_each_other_are_independent() {
    let ran = Memory::built(CONFIG).run(&["simulate", "plan.bin", "-e", "thirds", "-n", "30000"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(line(&ran.out, "sample ratio").ends_with(": fits the weights"), "{}", ran.out);
    assert!(line(&ran.out, "loud").contains("66.667%  ████████████████████"), "{}", ran.out);
    assert!(line(&ran.out, "twin").contains("variants are independent"), "{}", ran.out);
    assert!(!ran.out.contains("paused") && !ran.out.contains("german"), "nobody is in those\n{}", ran.out);
}

#[test]
fn layers_are_told_and_nobody_is_in_two_that_lie_apart() {
    let ran = Memory::built(CONFIG).run(&["simulate", "plan.bin", "-e", "left", "-n", "30000"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let right = line(&ran.out, "right");
    assert!(right.contains("  0.000%") && right.ends_with("same layer, apart: nobody is in both"), "{right}");
    assert!(
        line(&ran.out, "across").contains("same layer, ranges overlap: variants are independent"),
        "{}",
        ran.out
    );
}

#[test]
fn an_experiment_that_requires_another_is_told_and_no_cause_for_alarm() {
    let host = Memory::built(CONFIG);
    for (key, other, expect) in
        [("after", "thirds", "required by this one: "), ("thirds", "after", "requires this one: ")]
    {
        let ran = host.run(&["simulate", "plan.bin", "-e", key, "-n", "9000"]);
        assert_eq!(ran.code, 0, "{}", ran.out);
        assert!(line(&ran.out, other).contains(expect), "{}", ran.out);
    }
}

/// The compiler refuses equal seeds, so they are written into the plan's bytes: the mistake that the test is for.
#[test]
fn experiments_that_share_a_seed_are_found_and_fail() {
    const HEADER_BYTES: usize = 14;
    let (mine, yours) = (0x5eed_0001u32, 0x5eed_0002u32);
    let config = CONFIG.replace("\"seed\": 77", &format!("\"seed\": {mine}"));
    let host = Memory::built(&config.replace("\"seed\": 78", &format!("\"seed\": {yours}")));
    let mut plan = host.files.borrow()[Path::new("plan.bin")].clone();
    let at = plan.windows(4).position(|bytes| bytes == yours.to_le_bytes()).unwrap();
    plan[at..at + 4].copy_from_slice(&mine.to_le_bytes());
    let check = parlour::hash::murmur3_32(&plan[HEADER_BYTES..], 0);
    plan[6..10].copy_from_slice(&check.to_le_bytes());
    host.files.borrow_mut().insert("plan.bin".into(), plan);
    let ran = host.run(&["simulate", "plan.bin", "-e", "twin", "-n", "20000"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(line(&ran.out, "same").contains("variants depend on each other"), "{}", ran.out);
    assert!(line(&ran.out, "sample ratio").contains("fits the weights"));
}

#[test]
fn visitors_draw_their_facts_from_a_file_and_keep_none_of_the_one_before() {
    let host = Memory::built(CONFIG);
    let files: [(&str, &str, u32); 4] = [
        ("half.ndjson", "{\"order\":{\"lang\":\"de\"}}\n\n{\"order\":{\"lang\":\"fr\"}}\n", 50),
        (
            "asked.ndjson",
            "{\"unit\":\"a\",\"facts\":{\"order.lang\":\"de\"}}\n{\"unit\":\"b\"}\n{}\n{\"x\":1}\n",
            25,
        ),
        ("all.json", "{\n \"order\": {\n \"lang\": \"de\" } }", 100),
        ("none.json", "{}", 0),
    ];
    for (name, text, percent) in files {
        host.files.borrow_mut().insert(name.into(), text.as_bytes().to_vec());
        let ran = host
            .run(&["simulate", "plan.bin", "-e", "german", "-n", "20000", "--seed", "2", "--facts", name]);
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
        let out: u32 = ran
            .out
            .lines()
            .find(|line| line.ends_with(" audience"))
            .map_or(0, |line| line.split_whitespace().nth(1).unwrap().parse().unwrap());
        let expected = 20_000 * (100 - percent) / 100;
        // Five standard deviations of a fair draw are below 360.
        assert!(out.abs_diff(expected) < 360, "{name}: {out} of {expected}");
    }
}

#[test]
fn facts_that_cannot_be_used_are_named_by_line() {
    let host = Memory::built(CONFIG);
    let files = [("broken.ndjson", "{\"a\":1}\n[1]\n"), ("empty.ndjson", " \n\n")];
    for (name, text) in files {
        host.files.borrow_mut().insert(name.into(), text.as_bytes().to_vec());
    }
    for (facts, expect) in [
        ("{\"a\":", "--facts is not a JSON object"),
        ("[1]", "--facts [1]: give a JSON object, or a file"),
        ("nowhere.ndjson", "there is no such file"),
        ("broken.ndjson", "broken.ndjson:2: write a JSON object of facts"),
        ("empty.ndjson", "empty.ndjson holds no facts"),
    ] {
        let ran = host.run(&["simulate", "plan.bin", "-e", "german", "--facts", facts]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{facts}");
        assert!(ran.err.contains(expect), "{facts}: {}", ran.err);
    }
}

#[test]
fn the_picture_says_all_that_it_shows_and_fetches_nothing() {
    let host = Memory::built(CONFIG);
    let ran = host.run(&["simulate", "plan.bin", "-e", "left", "-n", "9000", "--svg", "left.svg"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let svg = String::from_utf8(host.files.borrow()[Path::new("left.svg")].clone()).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.trim_end().ends_with("</svg>"));
    let part =
        |tag: &str| svg.split(&format!("</{tag}>")).next().unwrap().rsplit('>').next().unwrap().to_owned();
    assert_eq!(part("title"), "left: 9,000 simulated visitors");
    let description = part("desc");
    for expect in [
        "The shares fit the weights",
        "control: ",
        "Not counted, layer",
        "In right, too: 0; same layer, apart",
    ] {
        assert!(description.contains(expect), "{expect} in {description}");
    }
    assert!(svg.contains("prefers-color-scheme:dark") && svg.contains("role=\"img\""));
    for never in ["<script", "href", "url(", "@import", "NaN", "inf"] {
        assert!(!svg.contains(never), "{never}");
    }
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
}

#[test]
fn progress_is_told_only_where_a_person_watches_and_is_wiped_away() {
    let mut host = Memory::built(CONFIG);
    host.tick_ms = 150;
    let args = ["simulate", "plan.bin", "-e", "thirds", "-n", "9000"];
    let unwatched = host.run(&args);
    assert_eq!(unwatched.err, "");
    host.terminal = Some(Terminal { columns: 80, has_colour: false });
    let watched = host.run(&args);
    assert!(
        watched.err.contains("\rsimulating visitors: ") && watched.err.ends_with("\r\u{1b}[K"),
        "{:?}",
        watched.err
    );
    assert_eq!(watched.out, unwatched.out);
}
