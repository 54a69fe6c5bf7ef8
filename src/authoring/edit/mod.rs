//! `parlour promote`, `parlour archive` and `parlour bandit`: the file's own text with an experiment's status or weights changed.

mod text;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::MAX_CONFIG_BYTES;
use super::dates;
use super::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use super::json::{STRICT, below, too_deep};
use super::share;
use text::{Changes, object};

/// What became of the text.
#[derive(Clone, Debug)]
pub struct Edited {
    /// `None` when nothing was changed, for the reasons in `diagnostics`.
    pub text: Option<String>,
    pub diagnostics: Vec<Diagnostic>,
    /// What was done, for people.
    pub done: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promotion {
    /// The experiment ends, and everyone in its audience gets the winner.
    AtOnce,
    /// The next step: the winner's share rises to a half, three quarters, nine tenths; after that as at once.
    NextStep,
}

/// The winner's weight in those of all others together.
const STEPS: [(u128, &str); 3] = [(1, "50 %"), (3, "75 %"), (9, "90 %")];

/// Names a variant the winner.
#[must_use]
pub fn promote(text: &str, key: &str, variant: &str, how: Promotion, now_ms: u64) -> Edited {
    edit(text, key, |found| {
        match found.status {
            "running" | "ended" => {}
            "paused" if how == Promotion::AtOnce => {}
            status => {
                let cure = match status {
                    "draft" => "Set `status` to `running` first: a winner is found by running",
                    "paused" => "Set `status` to `running` first, or promote without --ramp",
                    _ => "Choose another experiment: this one was put away",
                };
                return found.refuse("E502", "status", format!("`{key}` is {status}"), cure.to_owned());
            }
        }
        let variants = object(found.experiment, "variants");
        let Some(winner) = variants.and_then(|variants| object(variants, variant)) else {
            let known: Vec<&str> = variants
                .map(|variants| variants.properties.iter().map(|variant| variant.name.as_str()).collect())
                .unwrap_or_default();
            let cure = did_you_mean(variant, known.iter().copied()).map_or_else(
                || format!("Name one of: {}", known.join(", ")),
                |word| format!("Did you mean `{word}`"),
            );
            return found.refuse("E210", "variants", format!("unknown variant `{variant}`"), cure);
        };
        if how == Promotion::NextStep && found.status == "running" {
            let others = variants.map_or(&[][..], |variants| &variants.properties).iter();
            let others: Option<u128> =
                others.filter(|other| other.name.as_str() != variant).map(|other| weight(&other.value)).sum();
            let own = object_weight(winner);
            let (Some(others), Some(own)) = (others, own) else {
                let cure = "Run `parlour check` first".to_owned();
                return found.refuse("E204", "variants", "a weight cannot be read".into(), cure);
            };
            let next = STEPS.iter().find(|(times, _)| own < others * times);
            if let Some((times, share)) = next {
                let Some(weight) = share::decimal(others * times) else {
                    let cure = "Write smaller weights in the same proportion".to_owned();
                    return found.refuse(
                        "E204",
                        "variants",
                        "the winner's weight would be too large".into(),
                        cure,
                    );
                };
                found.changes.set(winner, &["name"], &[("weight", weight)]);
                found.changes.set(found.experiment, &["status"], &[("rollout", quoted(variant))]);
                return Some(format!(
                    "{key}: {variant} now gets {share}; what is counted from now on is no fair comparison"
                ));
            }
        }
        let day = Timestamp::from_millisecond(i64::try_from(now_ms).unwrap_or(i64::MAX)).unwrap_or_default();
        let day = day.to_zoned(found.zone.clone()).date().to_string();
        let members = [("status", quoted("ended")), ("winner", quoted(variant)), ("ended", quoted(&day))];
        found.changes.set(found.experiment, &["status", "winner"], &members);
        Some(format!("{key}: {variant} is the winner, and everyone in the audience gets it"))
    })
}

/// Puts an experiment away: it is no longer in the plan, and its key stays taken.
#[must_use]
pub fn archive(text: &str, key: &str) -> Edited {
    edit(text, key, |found| {
        if found.status == "running" {
            let cure = format!(
                "`parlour promote {key} VARIANT` ends it with a winner; status `paused` or `ended` without"
            );
            return found.refuse("E502", "status", format!("`{key}` is running"), cure);
        }
        let neighbours = ["name", "hypothesis", "owner", "tags"];
        found.changes.set(found.experiment, &neighbours, &[("status", quoted("archived"))]);
        let winner = text::text(found.experiment, "winner").filter(|_| found.status == "ended");
        Some(match winner {
            Some(winner) => format!("{key}: archived; its winner `{winner}` is no longer served by Parlour"),
            None => format!("{key}: archived"),
        })
    })
}

/// Gives variants these shares as their weights, with four digits.
#[must_use]
pub fn allot(text: &str, key: &str, shares: &[(String, f64)]) -> Edited {
    edit(text, key, |found| {
        let variants = object(found.experiment, "variants");
        let mut told = Vec::new();
        for (name, share) in shares {
            let Some(variant) = variants.and_then(|variants| object(variants, name)) else {
                let cure = "Ask for what the file has".to_owned();
                return found.refuse("E210", "variants", format!("unknown variant `{name}`"), cure);
            };
            let weight = format!("{share:.4}");
            told.push(format!("{name} {weight}"));
            found.changes.set(variant, &["name"], &[("weight", weight)]);
        }
        Some(format!("{key}: {}", told.join(", ")))
    })
}

/// An experiment in the text, and what is changed of it.
struct Found<'a, 't, 'd> {
    experiment: &'a Object<'t>,
    status: &'a str,
    zone: TimeZone,
    pointer: String,
    changes: Changes<'t>,
    diagnostics: &'d mut Diagnostics<'t>,
}

impl Found<'_, '_, '_> {
    fn refuse(&mut self, code: &'static str, field: &str, message: String, cure: String) -> Option<String> {
        let (pointer, at) = match self.experiment.get(field) {
            Some(member) => (below(&self.pointer, field), member.value.start()),
            None => (self.pointer.clone(), self.experiment.start()),
        };
        self.diagnostics.error(code, (&pointer, at), message, cure);
        None
    }
}

fn edit(text: &str, key: &str, change: impl FnOnce(&mut Found<'_, '_, '_>) -> Option<String>) -> Edited {
    // The mark that some editors write first is none of the text.
    let (mark, text) = text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 });
    let mut diagnostics = Diagnostics::new(text);
    let done = changed(text, key, change, &mut diagnostics);
    let (text, done) =
        done.map_or((None, String::new()), |(text, done)| (Some(format!("{mark}{text}")), done));
    Edited { text, diagnostics: diagnostics.in_file_order(), done }
}

fn changed<'t>(
    text: &'t str,
    key: &str,
    change: impl FnOnce(&mut Found<'_, 't, '_>) -> Option<String>,
    diagnostics: &mut Diagnostics<'t>,
) -> Option<(String, String)> {
    let unreadable = "Run `parlour check` first".to_owned();
    if text.len() > MAX_CONFIG_BYTES || too_deep(text).is_some() {
        diagnostics.error("E101", ("", 0), "the file is too large or nests too deep".into(), unreadable);
        return None;
    }
    let lenient = ParseOptions { allow_comments: true, allow_trailing_commas: true, ..STRICT };
    let parsed = match parse_to_ast(text, &CollectOptions::default(), &lenient) {
        Ok(parsed) => parsed.value,
        Err(error) => {
            let message = format!("not valid JSON: {}", error.kind());
            diagnostics.error("E100", ("", error.range().start), message, unreadable);
            return None;
        }
    };
    let Some(Value::Object(file)) = &parsed else {
        diagnostics.error("E104", ("", 0), "the file is no object in { }".into(), unreadable);
        return None;
    };
    let experiments = object(file, "experiments");
    let Some(experiment) = experiments.and_then(|experiments| object(experiments, key)) else {
        let known: Vec<&str> = experiments
            .map(|experiments| experiments.properties.iter().map(|known| known.name.as_str()).collect())
            .unwrap_or_default();
        let cure = match did_you_mean(key, known.iter().copied()) {
            Some(word) => format!("Did you mean `{word}`"),
            None if known.is_empty() => "The file has no experiments".to_owned(),
            None => format!("Name one of: {}", known.join(", ")),
        };
        let at = experiments.map_or(0, Ranged::start);
        diagnostics.error("E501", ("/experiments", at), format!("unknown experiment `{key}`"), cure);
        return None;
    };
    if let Some(name) = twice(file).or_else(|| experiments.and_then(twice)).or_else(|| twice(experiment)) {
        diagnostics.error("E102", ("", 0), format!("`{name}` stands in one object twice"), unreadable);
        return None;
    }
    let zone = text::text(file, "timezone").and_then(dates::zone).unwrap_or(TimeZone::UTC);
    let mut found = Found {
        experiment,
        status: text::text(experiment, "status").unwrap_or("draft"),
        zone,
        pointer: below("/experiments", key),
        changes: Changes::new(text),
        diagnostics,
    };
    let done = change(&mut found)?;
    Some((found.changes.apply(), done))
}

fn twice<'a>(object: &'a Object<'_>) -> Option<&'a str> {
    let mut names: Vec<&str> = object.properties.iter().map(|member| member.name.as_str()).collect();
    names.sort_unstable();
    names.iter().zip(names.iter().skip(1)).find(|(one, other)| one == other).map(|(one, _)| *one)
}

fn weight(variant: &Value<'_>) -> Option<u128> {
    match variant {
        Value::Object(variant) => object_weight(variant),
        _ => None,
    }
}

fn object_weight(variant: &Object<'_>) -> Option<u128> {
    match variant.get("weight").map(|weight| &weight.value) {
        None => share::scaled("1"),
        Some(Value::NumberLit(number)) => share::scaled(number.value),
        Some(_) => None,
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
