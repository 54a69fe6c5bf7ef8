//! All rows of a catalogue in one file, as `parlour train` writes it.
//!
//! ```text
//! "PLRM" · version u8 = 1 · model u32 · epoch u16 · sections · check u32
//! section: id u8 · length u32 · bytes
//!   1 keys     count varint, then each a length and UTF-8: the key of item 1, 2, 3 …
//!   2 rows     flags u8 (1: weights have 8 bits, 2: of baskets) · count varint · of item 0 (the popular list), 1, 2 …, each as in
//!              `row.rs` without its head
//!   3 again    count varint, then u32 each: what the newest, second newest … seen item scores as its own successor
//! ```
//! The check is murmur3 over all before it: against accidents, not against attackers. Unknown sections are passed over.

use std::collections::HashMap;

use super::row::{Row, read_neighbours, write_neighbours};
use super::session::Rows;
use crate::hash::murmur3_32;
use crate::plan::bytes::{Reader, Writer};

const MAGIC: &[u8; 4] = b"PLRM";
const VERSION: u8 = 1;
/// Keys longer than this are no item's.
pub const MAX_KEY_BYTES: usize = 256;
pub(super) const MAX_AGAIN: usize = 32;

type Neighbours = Vec<(u32, u8)>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub model: u32,
    /// Counts trainings.
    pub epoch: u16,
    /// Weights have 8 bits instead of 4.
    pub wide: bool,
    /// The key of item 1, 2, 3 …: a number is an item's for ever.
    pub keys: Vec<String>,
    /// Of item 0, which is the popular list, and of 1, 2, 3 …
    pub rows: Vec<Neighbours>,
    /// What the newest seen item scores as its own successor, the one before it, and so on.
    pub again: Vec<u32>,
    /// Learnt from baskets, whose items have no order, instead of sessions.
    pub of_baskets: bool,
}

/// Why bytes are no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They begin in another way.
    NotAModel,
    /// A later version of Parlour wrote them.
    Newer(u8),
    /// They were cut, or changed on the way.
    Damaged,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAModel => write!(f, "this is no model: `parlour train` makes one"),
            Self::Newer(version) => {
                write!(
                    f,
                    "format {version} is of a newer Parlour, this one reads {VERSION}: update, or train anew"
                )
            }
            Self::Damaged => write!(f, "the model was cut or changed: copy it again, or train anew"),
        }
    }
}

impl std::error::Error for Fault {}

impl Model {
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer { bytes: MAGIC.to_vec() };
        out.u8(VERSION);
        out.u32(self.model);
        out.u16(self.epoch);
        section(&mut out, 1, |out| {
            out.varint(self.keys.len() as u64);
            for key in &self.keys {
                out.varint(key.len() as u64);
                out.bytes.extend_from_slice(key.as_bytes());
            }
        });
        section(&mut out, 2, |out| {
            out.u8(u8::from(self.wide) | (u8::from(self.of_baskets) << 1));
            out.varint(self.rows.len() as u64);
            for row in &self.rows {
                write_neighbours(out, row, self.wide);
            }
        });
        section(&mut out, 3, |out| {
            out.varint(self.again.len() as u64);
            for score in &self.again {
                out.u32(*score);
            }
        });
        let check = murmur3_32(&out.bytes, 0);
        out.u32(check);
        out.bytes
    }

    /// # Errors
    /// When `bytes` are no model of this version, whole.
    pub fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let mut reader = body(bytes)?;
        let mut model = Self { model: reader.u32(), epoch: reader.u16(), ..Self::default() };
        while !reader.is_empty() {
            let id = reader.u8();
            let length = reader.u32() as usize;
            let mut part = Reader::new(reader.take(length));
            match id {
                1 => {
                    model.keys = part.many(|reader| {
                        let key = std::str::from_utf8(reader.text());
                        reader.require(key.is_ok());
                        key.unwrap_or_default().to_owned()
                    });
                }
                2 => {
                    let flags = part.u8();
                    part.require(flags < 4);
                    (model.wide, model.of_baskets) = (flags & 1 != 0, flags & 2 != 0);
                    model.rows = part.many(|reader| read_neighbours(reader, model.wide));
                }
                3 => model.again = part.many_within(MAX_AGAIN, Reader::u32),
                _ => {
                    part.take_rest();
                }
            }
            reader.require(part.has_ended());
        }
        let last = model.keys.len() as u32;
        let is_known = |rows: &[Neighbours]| rows.iter().flatten().all(|(item, _)| (1..=last).contains(item));
        let is_whole =
            reader.has_ended() && model.rows.len() <= model.keys.len() + 1 && is_known(&model.rows);
        is_whole.then_some(model).ok_or(Fault::Damaged)
    }

    /// As a page carries it; none where nothing was learnt of an item.
    #[must_use]
    pub fn row(&self, item: u32) -> Option<Row> {
        let neighbours = self.rows.get(item as usize).filter(|row| !row.is_empty())?.clone();
        Some(Row { model: self.model, epoch: self.epoch, own: item, wide: self.wide, neighbours })
    }

    /// Item numbers by key.
    #[must_use]
    pub fn numbers(&self) -> HashMap<&str, u32> {
        self.keys.iter().zip(1..).map(|(key, number)| (key.as_str(), number)).collect()
    }

    /// Empty for a number that is no item's.
    #[must_use]
    pub fn key(&self, item: u32) -> &str {
        (item as usize).checked_sub(1).and_then(|place| self.keys.get(place)).map_or("", String::as_str)
    }
}

impl Rows for Model {
    fn row(&self, item: u32) -> Option<Row> {
        Self::row(self, item)
    }

    fn again(&self) -> &[u32] {
        &self.again
    }

    fn of_baskets(&self) -> bool {
        self.of_baskets
    }
}

/// What stands between the head and the check, once both are right.
pub(super) fn body(bytes: &[u8]) -> Result<Reader<'_>, Fault> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(Fault::NotAModel)?;
    match rest.first() {
        Some(&VERSION) => {}
        Some(version) => return Err(Fault::Newer(*version)),
        None => return Err(Fault::Damaged),
    }
    let (body, check) = bytes.split_last_chunk::<4>().ok_or(Fault::Damaged)?;
    if murmur3_32(body, 0) != u32::from_le_bytes(*check) {
        return Err(Fault::Damaged);
    }
    Ok(Reader::new(body.get(MAGIC.len() + 1..).unwrap_or_default()))
}

fn section(out: &mut Writer, id: u8, write: impl FnOnce(&mut Writer)) {
    let mut part = Writer::default();
    write(&mut part);
    out.u8(id);
    out.u32(part.bytes.len() as u32);
    out.bytes.extend(part.bytes);
}
