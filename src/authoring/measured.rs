//! What a file says about measuring: how goals count, how experiments are judged, what currencies are worth. None of it is
//! in the plan; reports read it.

use super::dates::{Bound, to_utc_ms};
use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, below};
use super::shape::{Field, Shape, list, may, must, named};
use crate::money;
use jiff::tz::TimeZone;

pub const KINDS: &[&str] = &["conversion", "count", "revenue", "ratio", "time", "retention"];

/// Of a goal.
pub fn goal() -> Vec<Field> {
    vec![
        may(
            "kind",
            Shape::Choice(KINDS),
            "What is told of it: the share that reached it (if not given), how often, money a visitor, how often for one of `per`, hours until it, or the share that reached it again later. Not in the plan",
        ),
        may("per", Shape::Text, "With kind `ratio`: the goal below the line. Not in the plan"),
        may(
            "window",
            Shape::Weight,
            "Days after the first exposure within which it counts; as long as there are events if not given, 14 with kinds `time` and `retention`. Not in the plan",
        ),
        may(
            "from",
            Shape::Weight,
            "With kind `retention`: from that day on; 1 if not given. Not in the plan",
        ),
        may(
            "winsorise",
            Shape::Weight,
            "With kinds `count`, `revenue` and `ratio`: what one visitor counts at most; money in whole units of `currency`. Not in the plan",
        ),
        may(
            "better",
            Shape::Choice(&["higher", "lower"]),
            "Which way is good; `higher` if not given, `lower` with kind `time`. Not in the plan",
        ),
        may(
            "harm",
            Shape::Share,
            "Makes it a guardrail: the part of it that may be lost, such as 0.02. Not in the plan",
        ),
    ]
}

/// Of an experiment.
pub fn analysis() -> Vec<Field> {
    vec![
        may(
            "method",
            Shape::Choice(&["sequential", "fixed", "group-sequential", "bayesian"]),
            "`sequential` (if not given) holds whenever one looks; `fixed` is one look once all `units` are in; `group-sequential` a few planned ones",
        ),
        may(
            "units",
            Shape::Whole { least: 2, most: 1_000_000_000_000 },
            "Units of all variants that are planned; by `power` if not given",
        ),
        may(
            "looks",
            list(Shape::Share),
            "With `group-sequential`: the shares of them at which is looked, up to 1; quarters if not given",
        ),
        may(
            "cuped",
            Shape::Whole { least: 1, most: 400 },
            "Days before the first exposure that explain a part of what came after it, and take that out",
        ),
        may(
            "stratify",
            Shape::Choice(&["device", "source", "page", "returning"]),
            "Weighs the main goal's effect by what visitors differ in",
        ),
    ]
}

/// From a day on.
pub fn rates() -> Vec<Field> {
    vec![
        must("from", Shape::Date, "The first day they hold, in the site's time zone"),
        must(
            "worth",
            named(Shape::Weight),
            "What one of each currency is worth in `currency`: {\"USD\": 0.92}",
        ),
    ]
}

pub fn check(file: &Json, diagnostics: &mut Diagnostics<'_>) {
    let goals = super::warnings::members(file, "goals");
    let known: Vec<&str> = goals.iter().map(|goal| goal.name.as_str()).collect();
    for member in goals {
        one_goal(&member.json, &below("/goals", &member.name), &known, diagnostics);
    }
    for member in super::warnings::members(file, "experiments") {
        if let Some(json) = member.json.get("analysis") {
            one_analysis(json, &below(&below("/experiments", &member.name), "analysis"), diagnostics);
        }
    }
    for (index, json) in file.get("rates").map_or(&[][..], Json::list).iter().enumerate() {
        one_table(json, &format!("/rates/{index}"), diagnostics);
    }
}

fn number(json: &Json, name: &str) -> Option<f64> {
    json.get(name).and_then(|value| value.plain().as_f64())
}

fn one_goal(json: &Json, pointer: &str, known: &[&str], diagnostics: &mut Diagnostics<'_>) {
    let kind = json.get("kind").and_then(Json::text).unwrap_or("conversion");
    let mut misplaced = |name: &str, kinds: &[&str]| {
        if let Some(value) = json.get(name).filter(|_| !kinds.contains(&kind)) {
            let message = format!("`{name}` says nothing with kind `{kind}`");
            let cure = format!("Remove it, or set `kind` to one of: {}", kinds.join(", "));
            diagnostics.error("E107", (&below(pointer, name), value.at), message, cure);
        }
    };
    misplaced("per", &["ratio"]);
    misplaced("from", &["retention"]);
    misplaced("winsorise", &["count", "revenue", "ratio"]);
    let (from, window) = (number(json, "from").unwrap_or(1.0), number(json, "window"));
    match json.get("window") {
        Some(value) if window == Some(0.0) || (kind == "retention" && window.unwrap_or(14.0) <= from) => {
            let message = "the window has no time in it".to_owned();
            let cure = format!("Write more days than {}", if kind == "retention" { from } else { 0.0 });
            diagnostics.error("E107", (&below(pointer, "window"), value.at), message, cure);
        }
        None if kind == "retention" && from >= 14.0 => {
            let message = format!("the window of 14 days ends before day {from}");
            diagnostics.error("E107", (pointer, json.at), message, "Give a longer `window`".into());
        }
        _ => {}
    }
    match (kind, json.get("per")) {
        ("ratio", None) => {
            let message = "a ratio needs a goal below the line".to_owned();
            diagnostics.error("E107", (pointer, json.at), message, "Name it: \"per\": \"visit\"".into());
        }
        ("ratio", Some(per)) => {
            let Some(name) = per.text().filter(|name| !known.contains(name)) else { return };
            let cure = did_you_mean(name, known.iter().copied())
                .map_or_else(|| "Add it to `goals`".into(), |word| format!("Did you mean `{word}`"));
            diagnostics.error(
                "E202",
                (&below(pointer, "per"), per.at),
                format!("unknown goal `{name}`"),
                cure,
            );
        }
        _ => {}
    }
    if kind == "revenue" && json.get("value").is_none() {
        let message = "a goal that is worth nothing brings no revenue".to_owned();
        diagnostics.error("E107", (pointer, json.at), message, "Add \"value\": \"revenue\"".into());
    }
}

fn one_analysis(json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) {
    let method = json.get("method").and_then(Json::text).unwrap_or("sequential");
    if let Some(looks) = json.get("looks") {
        let shares: Vec<f64> = looks.list().iter().filter_map(|look| look.plain().as_f64()).collect();
        let ascends = shares.windows(2).all(|pair| matches!(pair, [one, next] if one + 0.01 <= *next));
        let ends = shares.last() == Some(&1.0) && shares.first().is_some_and(|first| *first >= 0.01);
        let (message, cure) = if method != "group-sequential" {
            (
                format!("looks are not planned with method `{method}`"),
                "Remove `looks`, or set `method` to group-sequential",
            )
        } else if !ascends || !ends {
            (
                "looks must ascend by 0.01 or more and end with 1".to_owned(),
                "Write them like [0.25, 0.5, 0.75, 1]",
            )
        } else {
            return;
        };
        diagnostics.error("E107", (&below(pointer, "looks"), looks.at), message, cure.into());
    }
    if let (Some(strata), Some(_)) = (json.get("stratify"), json.get("cuped")) {
        let message = "an effect is adjusted by `cuped` or by `stratify`, not by both".to_owned();
        diagnostics.error(
            "E107",
            (&below(pointer, "stratify"), strata.at),
            message,
            "Remove one of them".into(),
        );
    }
}

fn one_table(json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) {
    if let Some((from, text)) = json.get("from").and_then(|from| Some((from, from.text()?)))
        && to_utc_ms(text, Bound::Start, &TimeZone::UTC).is_none()
    {
        let message = format!("`{text}` is no date");
        diagnostics.error(
            "E106",
            (&below(pointer, "from"), from.at),
            message,
            "Write it like 2026-12-01".into(),
        );
    }
    for member in json.get("worth").map_or(&[][..], Json::members) {
        if money::exponent(&member.name).is_none() {
            let pointer = below(&below(pointer, "worth"), &member.name);
            let message = format!("`{}` is no currency", member.name);
            diagnostics.error("E106", (&pointer, member.json.at), message, "Write an ISO 4217 code".into());
        }
    }
}
