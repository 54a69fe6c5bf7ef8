//! What a host knows as JSON → facts of an engine: the native twin of `www/facts.js`, bound for bound.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::names::{Asked, Names};
use crate::engine::{Engine, Input};
use crate::plan::bytes::Writer;
use crate::targeting::{MAX_TEXT_BYTES, MAX_TREE_BYTES, Scalar};

/// Lists within lists.
const MAX_DEPTH: usize = 8;
/// Values of one fact, those inside it counted.
const MAX_VALUES: usize = 1_000;

/// Tells the engine what the plan asks for; a path into an object leads there. What is not in `facts` stays as it is,
/// and facts the plan does not ask for change nothing. `holds` runs what our own matcher cannot: source, flags, text.
pub fn tell(
    engine: &mut Engine,
    names: &Names,
    facts: &Map<String, Value>,
    holds: &dyn Fn(&str, &str, &str) -> bool,
) {
    for (index, asked) in (0u16..).zip(&names.facts) {
        let Some(asked) = asked else { continue };
        let Some(value) = find(&asked.path, facts) else { continue };
        let mut telling = Telling { asked, holds, left: MAX_VALUES, writer: Writer::default() };
        let value = value.as_deref();
        let is_told = value.is_some_and(|value| telling.value(value, MAX_DEPTH).is_some());
        let bytes = telling.writer.bytes;
        let is_plain = !asked.is_folded && asked.predicates.is_empty();
        let input = match value.and_then(plain).filter(|_| is_plain) {
            Some(scalar) => Input::Fact { index, value: Some(scalar) },
            None if is_told && bytes.len() <= MAX_TREE_BYTES => Input::FactTree { index, bytes: &bytes },
            None => Input::Fact { index, value: None },
        };
        engine.handle(input, 0);
    }
}

/// `None`: nothing was said about it. `Some(None)`: what was said has no such part.
fn find<'a>(path: &'a str, facts: &'a Map<String, Value>) -> Option<Option<Cow<'a, Value>>> {
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    let (end, said) = ends.filter_map(|end| Some((end, facts.get(path.get(..end)?)?))).next_back()?;
    Some(follow(said, path.get(end..).unwrap_or_default().split('.').skip(1)))
}

/// JavaScript's `a.b.0`, own properties only.
fn follow<'a>(value: &'a Value, path: impl Iterator<Item = &'a str>) -> Option<Cow<'a, Value>> {
    let mut path = path.peekable();
    let mut value = value;
    while let Some(part) = path.next() {
        value = match value {
            Value::Object(members) => members.get(part)?,
            Value::Array(list) if part == "length" && path.peek().is_none() => {
                return Some(Cow::Owned(list.len().into()));
            }
            Value::Array(list) => {
                list.get(part.parse::<usize>().ok().filter(|place| place.to_string() == part)?)?
            }
            _ => return None,
        };
    }
    Some(Cow::Borrowed(value))
}

fn cut(text: &str) -> &[u8] {
    text.as_bytes().get(..MAX_TEXT_BYTES).unwrap_or(text.as_bytes())
}

fn plain(value: &Value) -> Option<Scalar> {
    Some(match value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Number(number) => Scalar::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Scalar::Text(cut(text).into()),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

struct Telling<'a> {
    asked: &'a Asked,
    holds: &'a dyn Fn(&str, &str, &str) -> bool,
    left: usize,
    writer: Writer,
}

impl Telling<'_> {
    /// `None` beyond the bounds.
    fn value(&mut self, value: &Value, depth: usize) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        match value {
            Value::Null => self.writer.u8(0),
            Value::Bool(value) => self.writer.u8(1 + u8::from(*value)),
            Value::Number(number) => {
                self.writer.u8(3);
                self.writer.f64(number.as_f64().unwrap_or(f64::NAN));
            }
            Value::String(text) => self.text(text),
            Value::Array(list) => {
                let depth = depth.checked_sub(1)?;
                self.within(5, |telling| list.iter().try_for_each(|value| telling.value(value, depth)))?;
            }
            Value::Object(members) => {
                let depth = depth.checked_sub(1)?;
                self.within(6, |telling| {
                    members.iter().try_for_each(|(key, value)| {
                        telling.writer.text(cut(key));
                        telling.value(value, depth)
                    })
                })?;
            }
        }
        Some(())
    }

    fn within(&mut self, tag: u8, write: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let outer = std::mem::take(&mut self.writer);
        write(self)?;
        let inner = std::mem::replace(&mut self.writer, outer);
        self.writer.u8(tag);
        self.writer.text(&inner.bytes);
        Some(())
    }

    fn text(&mut self, text: &str) {
        if !self.asked.is_folded && self.asked.predicates.is_empty() {
            self.writer.u8(4);
            return self.writer.text(cut(text));
        }
        let mut inner = Writer::default();
        inner.text(cut(text));
        inner.text(cut(&if self.asked.is_folded { text.to_lowercase() } else { text.to_owned() }));
        let bits = self.asked.predicates.iter().enumerate();
        inner.varint(bits.fold(0, |bits, (bit, (source, flags))| {
            bits | u64::from((self.holds)(source, flags, text)) << (bit & 31)
        }));
        self.writer.u8(7);
        self.writer.text(&inner.bytes);
    }
}
