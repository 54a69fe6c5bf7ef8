//! Promoting and archiving change what they must in the file, and no other byte.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::edit::{Edited, Promotion, archive, promote};
use parlour::authoring::{CompileOptions, compile};
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2026-12-24T23:30Z, which is Christmas Day in Berlin.
const NOW: u64 = 1_798_155_000_000;

fn winner(text: &str) -> Edited {
    promote(text, "one", "b", Promotion::AtOnce, NOW)
}

/// What became of the text, which must be of these exact bytes.
fn becomes(edited: &Edited, expect: &str) {
    assert_eq!(edited.text.as_deref(), Some(expect), "{:?}", edited.diagnostics);
}

fn refused(edited: &Edited, code: &str, pointer: &str, cure: &str) {
    let [found] = edited.diagnostics.as_slice() else { panic!("{edited:?}") };
    assert!(edited.text.is_none() && found.code == code && found.pointer == pointer, "{found}");
    assert!(found.cure.contains(cure), "{found}");
}

#[test]
fn order_comments_and_white_space_stay() {
    let text = r#"{
  // ours
  "timezone": "Europe/Berlin",   "site": ["a.example"],
  "experiments": {
    "zero": {"status": "running", "variants": {"a": {}, "b": {}}},
    "one": {
      "name": "Ümläuts 😀", /* kept */
      "status":   "running", // since autumn
      "variants": { "a": {}, "b": { "values": { "n": 1.50 } }, },
	"tags":[ "x" ,"y"]
    }
  }
}
"#;
    let expect = text.replace(
        r#""status":   "running", // since"#,
        "\"status\":   \"ended\",\n      \"winner\":   \"b\",\n      \"ended\":   \"2026-12-25\", // since",
    );
    becomes(&winner(text), &expect);
    let paused = text.replace(r#""status":   "running""#, r#""status":   "paused""#);
    becomes(
        &archive(&paused, "one"),
        &paused.replace(r#""status":   "paused""#, r#""status":   "archived""#),
    );
}

#[test]
fn what_is_added_is_written_as_its_neighbours_are() {
    for (text, expect) in [
        (
            r#"{"experiments":{"one":{"variants":{"a":{},"b":{}},"status":"running"}}}"#,
            r#"{"experiments":{"one":{"variants":{"a":{},"b":{}},"status":"ended","winner":"b","ended":"2026-12-24"}}}"#,
        ),
        (
            r#"{"experiments": {"one": {"status": "running", "variants": {"a": {}, "b": {}}}}}"#,
            r#"{"experiments": {"one": {"status": "ended", "winner": "b", "ended": "2026-12-24", "variants": {"a": {}, "b": {}}}}}"#,
        ),
        (
            r#"{"experiments": {"one": {"status": "ended", "winner": "a", "ended": "x", "variants": {"a": {}, "b": {}}}}}"#,
            r#"{"experiments": {"one": {"status": "ended", "winner": "b", "ended": "2026-12-24", "variants": {"a": {}, "b": {}}}}}"#,
        ),
        (
            "{\r\n\t\"experiments\": {\r\n\t\t\"one\": {\r\n\t\t\t\"status\": \"running\",\r\n\t\t\t\"variants\": {\"a\": {}, \"b\": {}}\r\n}}}",
            "{\r\n\t\"experiments\": {\r\n\t\t\"one\": {\r\n\t\t\t\"status\": \"ended\",\r\n\t\t\t\"winner\": \"b\",\r\n\t\t\t\"ended\": \"2026-12-24\",\r\n\t\t\t\"variants\": {\"a\": {}, \"b\": {}}\r\n}}}",
        ),
    ] {
        becomes(&winner(text), expect);
        becomes(&winner(&format!("\u{feff}{text}")), &format!("\u{feff}{expect}"));
    }
    let draft = r#"{"experiments": {"one": {"variants": {"a": {}, "b": {}}}}}"#;
    let expect = r#"{"experiments": {"one": {"status": "archived", "variants": {"a": {}, "b": {}}}}}"#;
    becomes(&archive(draft, "one"), expect);
    becomes(
        &archive(r#"{"experiments": {"one": {}}}"#, "one"),
        r#"{"experiments": {"one": {"status": "archived"}}}"#,
    );
}

#[test]
fn a_winner_takes_over_in_steps() {
    let text = |weights: (&str, &str), rest: &str| {
        format!(
            r#"{{"site": "a.example", "experiments": {{"one": {{"status": "running"{rest}, "variants": {{"a": {{"weight": {}}}, "b": {{"name": "B"{}}}, "c": {{"weight": 0.5}}}}}}}}}}"#,
            weights.0, weights.1
        )
    };
    let step = |text: &str| promote(text, "one", "b", Promotion::NextStep, NOW);
    let first = text(("1", ""), "");
    let rollout = r#", "rollout": "b""#;
    let half = text(("1", r#", "weight": 1.5"#), rollout);
    becomes(&step(&first), &half);
    let most = text(("1", r#", "weight": 4.5"#), rollout);
    becomes(&step(&half), &most);
    let nearly = text(("1", r#", "weight": 13.5"#), rollout);
    becomes(&step(&most), &nearly);
    let last = step(&nearly).text.unwrap();
    assert!(
        last.contains(r#""status": "ended", "winner": "b", "ended": "2026-12-24", "rollout": "b""#),
        "{last}"
    );
    for text in [first, half, most, nearly, last] {
        let compiled = compile(&text, &CompileOptions::default());
        assert!(!compiled.has_errors(), "{text}: {:?}", compiled.diagnostics);
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_cure() {
    let text = |status: &str| {
        format!(
            r#"{{"experiments": {{"one": {{"status": "{status}", "variants": {{"a": {{}}, "blue": {{}}}}}}}}}}"#
        )
    };
    let running = text("running");
    let at_once = |text: &str, key: &str, variant: &str| promote(text, key, variant, Promotion::AtOnce, NOW);
    refused(&at_once(&running, "onne", "a"), "E501", "/experiments", "`one`");
    refused(&at_once(&running, "other", "a"), "E501", "/experiments", "one of: one");
    refused(&at_once(&running, "one", "bleu"), "E210", "/experiments/one/variants", "`blue`");
    refused(&at_once(&text("draft"), "one", "a"), "E502", "/experiments/one/status", "running");
    refused(&at_once(&text("archived"), "one", "a"), "E502", "/experiments/one/status", "put away");
    refused(
        &promote(&text("paused"), "one", "a", Promotion::NextStep, NOW),
        "E502",
        "/experiments/one/status",
        "--ramp",
    );
    refused(&archive(&running, "one"), "E502", "/experiments/one/status", "promote one");
    refused(&archive("{", "one"), "E100", "", "check");
    refused(&archive("[]", "one"), "E104", "", "check");
    refused(&archive("{}", "one"), "E501", "/experiments", "no experiments");
    refused(&archive(&"[".repeat(10_000), "one"), "E101", "", "check");
    refused(
        &at_once(
            &running
                .replace("\"a\"", "\"status\": 1, \"a\"")
                .replace("\"variants\"", "\"status\": 1, \"variants\""),
            "one",
            "a",
        ),
        "E102",
        "",
        "check",
    );
    let huge = running.replace("{}", r#"{"weight": 9999999999}"#);
    refused(
        &promote(&huge, "one", "blue", Promotion::NextStep, NOW),
        "E204",
        "/experiments/one/variants",
        "smaller",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_edited_or_refused(text in ".{0,200}", key in ".{0,5}") {
        for edited in [winner(&text), archive(&text, &key)] {
            prop_assert!(edited.text.is_some() || !edited.diagnostics.is_empty());
        }
    }

    /// However it is laid out: the same JSON but for three members, and every other byte in its place.
    #[test]
    fn layout_does_not_matter(
        gaps in prop::collection::vec("[ \\n\\t]{0,3}", 40),
        at in 0usize..4,
        variant in prop::sample::select(vec!["a", "b"]),
    ) {
        let mut members = vec![
            r#""name":"N""#.to_owned(),
            r#""variants":{"a":{"weight":1},"b":{}}"#.to_owned(),
            r#""goals":[]"#.to_owned(),
        ];
        members.insert(at, r#""status":"running""#.to_owned());
        let compact = format!(r#"{{"site":"x","experiments":{{"zero":{{}},"one":{{{}}}}},"goals":{{}}}}"#, members.join(","));
        let mut gaps = gaps.iter().cycle();
        let mut text = String::new();
        for character in compact.chars() {
            let is_open = matches!(character, '{' | '[' | ',' | ':');
            let is_close = matches!(character, '}' | ']');
            if is_close {
                text.push_str(gaps.next().unwrap());
            }
            text.push(character);
            if is_open {
                text.push_str(gaps.next().unwrap());
            }
        }
        let edited = promote(&text, "one", variant, Promotion::AtOnce, NOW).text.unwrap();
        let mut expect: Value = serde_json::from_str(&text).unwrap();
        let one = expect["experiments"]["one"].as_object_mut().unwrap();
        one.insert("status".into(), json!("ended"));
        one.insert("winner".into(), json!(variant));
        one.insert("ended".into(), json!("2026-12-24"));
        prop_assert_eq!(serde_json::from_str::<Value>(&edited).unwrap(), expect);
        let (before, after) = text.split_once(r#""running""#).unwrap();
        prop_assert!(edited.starts_with(before) && edited.ends_with(after), "{}", edited);
    }
}
