//! Shapes that JSON may have: they check files here, and write the JSON Schema in `schema.rs`.

use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, Value, below};
use super::share;

/// Members of a list or object that is no object of known fields: more than any site needs.
pub const MAX_MEMBERS: usize = 1_000;
/// Characters of a text.
pub const MAX_TEXT: usize = 10_000;

#[derive(Clone, Debug)]
pub enum Shape {
    /// JSON of any shape.
    Any,
    Bool,
    /// Any number.
    Number,
    Text,
    /// A text of the page: a CSS selector.
    Selector,
    /// A day, or a time with or without offset.
    Date,
    /// A decimal number not below 0, written without exponent.
    Weight,
    /// A decimal share from 0 to 1.
    Share,
    Whole {
        least: u64,
        most: u64,
    },
    Choice(&'static [&'static str]),
    List(Box<Shape>),
    OneOrMany(Box<Shape>),
    /// Members named by keys: lower-case letters, digits and dashes.
    Keyed(Box<Shape>),
    /// Members of any name.
    Named(Box<Shape>),
    Object(&'static str, fn() -> Vec<Field>),
    /// The name of an audience, or a condition in place.
    Audience,
    Condition,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub is_required: bool,
    pub about: &'static str,
}

pub fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, is_required: false, about }
}

pub fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, is_required: true, about }
}

pub fn list(shape: Shape) -> Shape {
    Shape::List(Box::new(shape))
}

pub fn one_or_many(shape: Shape) -> Shape {
    Shape::OneOrMany(Box::new(shape))
}

pub fn keyed(shape: Shape) -> Shape {
    Shape::Keyed(Box::new(shape))
}

pub fn named(shape: Shape) -> Shape {
    Shape::Named(Box::new(shape))
}

/// Keys match `[a-z0-9][a-z0-9-]{0,63}`.
pub fn is_key(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 64
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || byte == b'-')
}

pub fn check(json: &Json, shape: &Shape, pointer: &str, diagnostics: &mut Diagnostics<'_>) {
    match (shape, &json.value) {
        (Shape::Any | Shape::Audience | Shape::Condition, _)
        | (Shape::Bool, Value::Bool(_))
        | (Shape::Number, Value::Number(_)) => {}
        (Shape::Text | Shape::Selector | Shape::Date, Value::Text(text)) => {
            let characters = if text.len() > MAX_TEXT { text.chars().count() } else { 0 };
            if characters > MAX_TEXT {
                let message = format!("the text has {characters} characters, more than {MAX_TEXT}");
                let cure = "Shorten it, or move it to a file of its own";
                diagnostics.error("E101", (pointer, json.at), message, cure.into());
            } else if !matches!(shape, Shape::Text) && text.trim().is_empty() {
                wrong(
                    diagnostics,
                    pointer,
                    json,
                    "the text is empty".into(),
                    format!("Write {}", expected(shape)),
                );
            }
        }
        (Shape::Weight, Value::Number(text)) => {
            if share::ranges(&[text, "1"]).is_none() {
                let cure = "Write a number not below 0, with at most nine digits after the point";
                wrong(diagnostics, pointer, json, format!("{text} is no weight"), cure.into());
            }
        }
        (Shape::Share, Value::Number(text)) => {
            if share::below(text).is_none() {
                let cure =
                    "Write a number from 0 to 1 with nine decimal places at most, such as 0.5 for half";
                wrong(diagnostics, pointer, json, format!("{text} is no share"), cure.into());
            }
        }
        (Shape::Whole { least, most }, Value::Number(text)) => {
            if !json.whole().is_some_and(|whole| (*least..=*most).contains(&whole)) {
                let cure = format!("Write a whole number from {least} to {most}");
                wrong(diagnostics, pointer, json, format!("{text} does not fit here"), cure);
            }
        }
        (Shape::Choice(words), Value::Text(text)) => {
            if !words.contains(&text.as_str()) {
                let cure = did_you_mean(text, words.iter().copied()).map_or_else(
                    || format!("Write one of: {}", words.join(", ")),
                    |word| format!("Did you mean `{word}`?"),
                );
                wrong(
                    diagnostics,
                    pointer,
                    json,
                    format!("unknown word `{text}`"),
                    cure.trim_end_matches('?').into(),
                );
            }
        }
        (Shape::List(_) | Shape::OneOrMany(_), Value::List(list)) if list.len() > MAX_MEMBERS => {
            too_many(list.len(), json, pointer, diagnostics);
        }
        (Shape::Keyed(_) | Shape::Named(_), Value::Object(members)) if members.len() > MAX_MEMBERS => {
            too_many(members.len(), json, pointer, diagnostics);
        }
        (Shape::List(inner), Value::List(list)) | (Shape::OneOrMany(inner), Value::List(list)) => {
            for (index, element) in list.iter().enumerate() {
                check(element, inner, &format!("{pointer}/{index}"), diagnostics);
            }
        }
        (Shape::OneOrMany(inner), _) => check(json, inner, pointer, diagnostics),
        (Shape::Keyed(inner) | Shape::Named(inner), Value::Object(members)) => {
            for member in members {
                let pointer = below(pointer, &member.name);
                if matches!(shape, Shape::Keyed(_)) && !is_key(&member.name) {
                    let message = format!("`{}` is no key", member.name);
                    let cure = "Keys have lower-case letters, digits and dashes, at most 64, such as `spring-sale`; the text for people is `name`";
                    diagnostics.error("E106", (&pointer, member.name_at), message, cure.into());
                }
                check(&member.json, inner, &pointer, diagnostics);
            }
        }
        (Shape::Object(_, fields), Value::Object(_)) => check_fields(json, &fields(), pointer, diagnostics),
        _ => {
            let message = format!("{} stands where {} is expected", json.kind(), expected(shape));
            diagnostics.error("E104", (pointer, json.at), message, format!("Write {}", expected(shape)));
        }
    }
}

fn too_many(count: usize, json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) {
    let message = format!("{count} stand here, more than {MAX_MEMBERS}");
    diagnostics.error("E101", (pointer, json.at), message, "Remove what is no longer needed".into());
}

fn wrong(diagnostics: &mut Diagnostics<'_>, pointer: &str, json: &Json, message: String, cure: String) {
    diagnostics.error("E106", (pointer, json.at), message, cure);
}

fn check_fields(json: &Json, fields: &[Field], pointer: &str, diagnostics: &mut Diagnostics<'_>) {
    for member in json.members() {
        let pointer = below(pointer, &member.name);
        match fields.iter().find(|field| field.name == member.name) {
            Some(field) => check(&member.json, &field.shape, &pointer, diagnostics),
            None => {
                let known = fields.iter().map(|field| field.name);
                // Of a million only the first are told.
                let near =
                    if diagnostics.lists_warnings() { did_you_mean(&member.name, known) } else { None };
                let cure = near.map_or_else(
                    || "Remove it, or look for its place in the schema".into(),
                    |word| format!("Did you mean `{word}`"),
                );
                diagnostics.warning(
                    "W103",
                    (&pointer, member.name_at),
                    format!("unknown field `{}` is ignored", member.name),
                    cure,
                );
            }
        }
    }
    for field in fields.iter().filter(|field| field.is_required && json.get(field.name).is_none()) {
        let message = format!("`{}` is missing", field.name);
        diagnostics.error("E105", (pointer, json.at), message, format!("Add it: {}", lower(field.about)));
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Any => "a value".into(),
        Shape::Bool => "true or false".into(),
        Shape::Text => "a text in quotes".into(),
        Shape::Selector => "a CSS selector in quotes".into(),
        Shape::Date => "a date such as \"2026-12-01\"".into(),
        Shape::Number | Shape::Weight => "a number".into(),
        Shape::Share => "a number from 0 to 1".into(),
        Shape::Whole { .. } => "a whole number".into(),
        Shape::Choice(words) => format!("one of {}", words.join(", ")),
        Shape::List(_) => "a list in [ ]".into(),
        Shape::OneOrMany(inner) => format!("{}, or a list of them", expected(inner)),
        Shape::Keyed(_) | Shape::Named(_) | Shape::Object(..) => "an object in { }".into(),
        Shape::Audience => "an audience's name or a condition".into(),
        Shape::Condition => "a condition".into(),
    }
}
