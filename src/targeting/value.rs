//! Values that conditions look at: what the host pushed, what the engine derived, what the author wrote.
//!
//! The host pushes a list, an object or a text with more to tell as bytes; a missing value is null:
//!
//! ```text
//! 0 null · 1 false · 2 true · 3 f64 · 4 text · 5 list: its values · 6 object: key, value, key, value …
//! 7 told text: text, the same in lower case, bits u32 varint (bit n: host predicate n of this fact holds)
//! ```
//!
//! From 4 on the tag is followed by the length of what it holds, as a varint, so that a value is stepped over without
//! looking into it: no bytes make us recurse, and what cannot be read ends the list it stands in. Texts inside are again
//! a length and UTF-8; only whole bytes are compared, so even bytes that are no UTF-8 do no harm.

use std::cmp::Ordering;

use crate::plan::bytes::Reader;

/// Longer texts are cut before they are compared, so that a page cannot make us hold its novel.
pub const MAX_TEXT_BYTES: usize = 2_048;
/// A list or object that needs more is absent. Hosts refuse earlier: see `www/facts.js`.
pub const MAX_TREE_BYTES: usize = 1 << 16;

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<[u8]>),
}

/// What is kept of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Scalar(Scalar),
    /// As the host pushed it, in the layout above.
    Tree(Box<[u8]>),
}

/// A value as it is looked at.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text {
        text: &'a [u8],
        /// Lower case and bits, where the host told them.
        told: &'a [u8],
    },
    List(&'a [u8]),
    /// Keys and values in turn.
    Object(&'a [u8]),
}

impl<'a> View<'a> {
    #[must_use]
    #[inline(always)]
    pub fn of(scalar: &'a Scalar) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Bool(*value),
            Scalar::Number(value) => Self::Number(*value),
            Scalar::Text(text) => Self::Text { text, told: &[] },
        }
    }

    /// The next value; `None` at the end, or where the bytes make no sense.
    pub fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let value = match reader.u8() {
            0 => Self::Null,
            1 => Self::Bool(false),
            2 => Self::Bool(true),
            3 => Self::Number(reader.f64()),
            tag => {
                let bytes = reader.text();
                match tag {
                    4 => Self::Text { text: bytes, told: &[] },
                    5 => Self::List(bytes),
                    6 => Self::Object(bytes),
                    7 => {
                        let mut inner = Reader::new(bytes);
                        let text = inner.text();
                        reader.require(inner.is_whole());
                        Self::Text { text, told: inner.take_rest() }
                    }
                    _ => return None,
                }
            }
        };
        reader.is_whole().then_some(value)
    }

    /// Its type: also the first thing by which lists are sorted.
    #[must_use]
    pub fn kind(self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text { .. } => 3,
            Self::List(_) => 4,
            Self::Object(_) => 5,
        }
    }

    /// Values of two types have no order and are never equal; neither have lists, objects and NaN.
    #[must_use]
    pub fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(&b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(&b),
            (Self::Text { text: a, .. }, Self::Text { text: b, .. }) => Some(text_order(a, b)),
            _ => None,
        }
    }

    /// The text in lower case as the host told it; a text it told nothing about stays as it is.
    #[must_use]
    pub fn folded(self) -> Self {
        match self {
            Self::Text { told, .. } => {
                let mut reader = Reader::new(told);
                let text = reader.text();
                if reader.is_whole() { Self::Text { text, told: &[] } } else { self }
            }
            _ => self,
        }
    }

    /// Does the host predicate of this number hold?
    #[must_use]
    pub fn is_told(self, bit: u8) -> bool {
        let Self::Text { told, .. } = self else { return false };
        let mut reader = Reader::new(told);
        reader.text();
        (reader.varint() >> (bit & 31)) & 1 == 1
    }

    /// How many values a list or object holds; 0 for anything else.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::List(bytes) => Elements::new(bytes).count(),
            Self::Object(bytes) => Members::new(bytes).count(),
            _ => 0,
        }
    }

    /// The value one step down; null where there is none.
    #[must_use]
    pub fn step(self, step: &Step) -> Self {
        match self {
            Self::List(_) if step.index == Step::LENGTH => Self::Number(self.size() as f64),
            Self::List(bytes) => Elements::new(bytes).nth(step.index as usize).unwrap_or(Self::Null),
            Self::Object(bytes) => {
                Members::new(bytes).find(|(key, _)| **key == *step.key).map_or(Self::Null, |(_, value)| value)
            }
            _ => Self::Null,
        }
    }
}

/// One part of a dotted path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub key: Box<[u8]>,
    /// What the key means to a list.
    pub index: u32,
}

impl Step {
    pub const LENGTH: u32 = u32::MAX - 1;
    /// No list is as long.
    pub const NO_INDEX: u32 = u32::MAX;
}

/// The values of a list.
#[derive(Clone, Debug)]
pub struct Elements<'a>(Reader<'a>);

impl<'a> Elements<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Reader::new(bytes))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = View<'a>;

    fn next(&mut self) -> Option<View<'a>> {
        View::read(&mut self.0)
    }
}

struct Members<'a>(Reader<'a>);

impl<'a> Members<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self(Reader::new(bytes))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], View<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.text();
        View::read(&mut self.0).map(|value| (key, value))
    }
}

/// The order of UTF-16 code units, which is JavaScript's: it differs from that of UTF-8 where U+E000 to U+FFFF meet
/// characters above, whose surrogates come before.
#[must_use]
pub fn text_order(a: &[u8], b: &[u8]) -> Ordering {
    let weight = |byte: &u8| if byte & 0xfe == 0xee { byte | 0x10 } else { *byte };
    a.iter().map(weight).cmp(b.iter().map(weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_ordered_as_javascript_orders_them() {
        let texts = ["", "a", "ab", "b", "é", "\u{d7ff}", "\u{10000}", "😀", "\u{e000}", "\u{ffff}"];
        for a in texts {
            for b in texts {
                let expect = a.encode_utf16().cmp(b.encode_utf16());
                assert_eq!(text_order(a.as_bytes(), b.as_bytes()), expect, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_list_is_read_to_its_first_senseless_byte() {
        // [null, true, "é", <tag 99>, true]
        let bytes = [0, 2, 4, 2, 0xc3, 0xa9, 99, 0, 2];
        assert_eq!(Elements::new(&bytes).map(View::kind).collect::<Vec<_>>(), [0, 1, 3]);
        assert_eq!(View::List(&bytes).size(), 3);
    }

    #[test]
    fn a_told_text_has_its_lower_case_and_its_bits() {
        let bytes = [7, 5, 1, b'A', 1, b'a', 0b10];
        let view = View::read(&mut Reader::new(&bytes));
        let Some(view @ View::Text { text, .. }) = view else { unreachable!("{view:?}") };
        assert_eq!(text, b"A");
        assert!(matches!(view.folded(), View::Text { text: b"a", .. }));
        assert!(!view.is_told(0) && view.is_told(1));
    }
}
