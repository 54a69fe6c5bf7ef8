//! JSON with the place of every value. Numbers stay text: weights and money are read exactly.

use std::collections::HashSet;

use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, ast, parse_to_ast};

use super::MAX_CONFIG_BYTES;
use super::diagnostic::Diagnostics;

/// Deep enough for any plan, shallow enough for any stack.
pub const MAX_DEPTH: usize = 64;
/// Of a member's name.
pub const MAX_NAME_BYTES: usize = 256;

/// JSON as its specification has it.
pub const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

#[derive(Clone, Debug)]
pub struct Json {
    /// Byte offset in the file.
    pub at: usize,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<Member>),
}

#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    pub name_at: usize,
    pub json: Json,
}

pub fn parse(text: &str, diagnostics: &mut Diagnostics<'_>) -> Option<Json> {
    if text.len() > MAX_CONFIG_BYTES {
        let message = format!("the file has {} bytes, more than {MAX_CONFIG_BYTES}", text.len());
        diagnostics.error(
            "E101",
            ("", 0),
            message,
            "Split it, or move large values to files of their own".into(),
        );
        return None;
    }
    if let Some(at) = too_deep(text) {
        let message = format!("brackets nest more than {MAX_DEPTH} deep");
        diagnostics.error("E101", ("", at), message, "Flatten the value".into());
        return None;
    }
    let without_mark = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shift = text.len() - without_mark.len();
    match parse_to_ast(without_mark, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => match parsed.value {
            Some(value) => convert(value, shift, &Path::Root, diagnostics),
            None => {
                diagnostics.error(
                    "E100",
                    ("", 0),
                    "the file is empty".into(),
                    "Start with {\"site\": [\"your.host\"]}".into(),
                );
                None
            }
        },
        Err(error) => {
            let at = shift + error.range().start;
            let message = format!("not valid JSON: {}", lower_first(&error.kind().to_string()));
            diagnostics.error(
                "E100",
                ("", at),
                message,
                "Look at this place and just before it for a comma, quote or bracket".into(),
            );
            None
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Where the bracket depth first passes the bound, strings left out.
pub fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(at);
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Where a value lies, written out only where there is something to say about it.
enum Path<'a> {
    Root,
    Item(&'a Path<'a>, usize),
    Member(&'a Path<'a>, &'a str),
}

impl Path<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
            Self::Member(parent, name) => below(&parent.pointer(), name),
        }
    }
}

/// `None` where a name is too long to be quoted.
fn convert(
    value: ast::Value<'_>,
    shift: usize,
    path: &Path<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Json> {
    let at = shift + value.start();
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
        ast::Value::NumberLit(literal) => Value::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => Value::Text(literal.value.into_owned()),
        ast::Value::Array(array) => {
            let elements = array.elements.into_iter().enumerate();
            let convert = |(index, element)| convert(element, shift, &Path::Item(path, index), diagnostics);
            Value::List(elements.map(convert).collect::<Option<_>>()?)
        }
        ast::Value::Object(object) => {
            let mut members: Vec<Member> = Vec::with_capacity(object.properties.len());
            let mut names: HashSet<String> = HashSet::new();
            for property in object.properties {
                let name_at = shift + property.name.start();
                let name = property.name.into_string();
                if name.len() > MAX_NAME_BYTES {
                    let message = format!("a name has {} bytes, more than {MAX_NAME_BYTES}", name.len());
                    diagnostics.error("E101", (&path.pointer(), name_at), message, "Shorten it".into());
                    return None;
                }
                let path = Path::Member(path, &name);
                let json = convert(property.value, shift, &path, diagnostics)?;
                if names.insert(name.clone()) {
                    members.push(Member { name, name_at, json });
                } else {
                    let message = format!("`{name}` stands here twice");
                    let cure = "Keep one of the two".to_owned();
                    diagnostics.error("E102", (&path.pointer(), name_at), message, cure);
                }
            }
            Value::Object(members)
        }
    };
    Some(Json { at, value })
}

/// The JSON pointer of a member.
pub fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Json {
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.json)
    }

    pub fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    pub fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            _ => &[],
        }
    }

    /// A list as it is, anything else as a list of one.
    pub fn one_or_many(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            _ => std::slice::from_ref(self),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    pub fn whole(&self) -> Option<u64> {
        self.number()
            .filter(|number| number.fract() == 0.0 && (0.0..=9e15).contains(number))
            .map(|number| number as u64)
    }

    pub fn is_true(&self) -> bool {
        matches!(self.value, Value::Bool(true))
    }

    /// What JavaScript takes for true.
    pub fn is_truthy(&self) -> bool {
        match &self.value {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(_) => self.number() != Some(0.0),
            Value::Text(text) => !text.is_empty(),
            Value::List(_) | Value::Object(_) => true,
        }
    }

    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// Without places, for the page.
    pub fn plain(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(text) => serde_json::from_str(text).unwrap_or(serde_json::Value::Null),
            Value::Text(text) => text.as_str().into(),
            Value::List(list) => list.iter().map(Self::plain).collect(),
            Value::Object(members) => serde_json::Value::Object(
                members.iter().map(|member| (member.name.clone(), member.json.plain())).collect(),
            ),
        }
    }
}
