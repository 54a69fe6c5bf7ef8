//! A model as it lies in its file, read where it is asked: opening one of 43,000 items takes milliseconds in a page.

use super::model::{Fault, MAX_AGAIN, body};
use super::row::{MAX_NEIGHBOURS, Row};
use super::session::Rows;
use crate::hash::murmur3_32;
use crate::plan::bytes::Reader;

#[derive(Clone, Debug, Default)]
pub struct Opened {
    bytes: Vec<u8>,
    model: u32,
    epoch: u16,
    wide: bool,
    of_baskets: bool,
    /// Where the key of item 1, 2, 3 … begins and ends.
    keys: Vec<(u32, u32)>,
    /// Numbers by hash of key, 0 where nothing is: open addressing.
    numbers: Vec<u32>,
    /// Where the row of item 0, 1, 2 … begins.
    rows: Vec<u32>,
    again: Vec<u32>,
}

impl Opened {
    /// # Errors
    /// When `bytes` are no model of this version, whole.
    pub fn open(bytes: Vec<u8>) -> Result<Self, Fault> {
        let mut reader = body(&bytes)?;
        let mut opened = Self { model: reader.u32(), epoch: reader.u16(), ..Self::default() };
        while !reader.is_empty() {
            let id = reader.u8();
            let length = reader.u32() as usize;
            let part = reader.take(length);
            let start = (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
            let is_read = match id {
                1 => opened.read_keys(&bytes, start, part.len()),
                2 => opened.read_rows(part, start),
                3 => {
                    let mut part = Reader::new(part);
                    opened.again = part.many_within(MAX_AGAIN, Reader::u32);
                    part.has_ended()
                }
                _ => true,
            };
            reader.require(is_read);
        }
        if !reader.has_ended() || opened.rows.len() > opened.keys.len() + 1 {
            return Err(Fault::Damaged);
        }
        opened.bytes = bytes;
        Ok(opened)
    }

    fn read_keys(&mut self, bytes: &[u8], start: usize, length: usize) -> bool {
        let end = start + length;
        let mut at = start;
        let Some(count) = varint(bytes, &mut at).filter(|count| *count <= length) else { return false };
        self.numbers = vec![0; (count * 2).next_power_of_two()];
        for number in 1..=count as u32 {
            let Some(length) = varint(bytes, &mut at) else { return false };
            let Some(key) = bytes.get(at..end).and_then(|rest| rest.get(..length)) else { return false };
            self.keys.push((at as u32, (at + length) as u32));
            at += length;
            for place in self.places(key) {
                if let Some(free) = self.numbers.get_mut(place).filter(|number| **number == 0) {
                    *free = number;
                    break;
                }
            }
        }
        at == end
    }

    fn read_rows(&mut self, part: &[u8], start: usize) -> bool {
        let Some(flags) = part.first().filter(|flags| **flags < 4) else { return false };
        (self.wide, self.of_baskets) = (flags & 1 != 0, flags & 2 != 0);
        let mut at = 1;
        let Some(count) = varint(part, &mut at).filter(|count| *count <= part.len()) else { return false };
        self.rows.reserve(count);
        for _ in 0..count {
            self.rows.push((start + at) as u32);
            let Some(neighbours) = part.get(at).copied().map(usize::from) else { return false };
            if neighbours > MAX_NEIGHBOURS {
                return false;
            }
            at += 1;
            // A number's last byte has no high bit.
            let mut numbers = neighbours;
            while numbers > 0 {
                let Some(byte) = part.get(at) else { return false };
                numbers -= usize::from(byte >> 7 == 0);
                at += 1;
            }
            at += if self.wide { neighbours } else { neighbours.div_ceil(2) };
        }
        at == part.len()
    }

    /// Where a key's number may be, the likeliest first.
    fn places(&self, key: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let size = self.numbers.len();
        let start = murmur3_32(key, 0) as usize;
        (0..size).map(move |probe| start.wrapping_add(probe) & (size - 1))
    }

    /// 0 for a key that the model does not have.
    #[must_use]
    pub fn number(&self, key: &[u8]) -> u32 {
        let known =
            self.places(key).map_while(|place| self.numbers.get(place).filter(|number| **number != 0));
        known.copied().find(|number| self.key(*number) == key).unwrap_or(0)
    }

    /// Empty for a number that is no item's.
    #[must_use]
    pub fn key(&self, item: u32) -> &[u8] {
        let place = (item as usize).checked_sub(1).and_then(|place| self.keys.get(place));
        place.and_then(|(from, to)| self.bytes.get(*from as usize..*to as usize)).unwrap_or_default()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl Rows for Opened {
    fn row(&self, item: u32) -> Option<Row> {
        let mut at = *self.rows.get(item as usize)? as usize;
        let count = varint(&self.bytes, &mut at)?;
        let mut neighbours = Vec::with_capacity(count);
        let mut number = 0u32;
        for place in 0..count {
            let step = varint(&self.bytes, &mut at)? as u32;
            number = number.checked_add(step).filter(|_| step > 0 || place == 0)?;
            neighbours.push((number, 0));
        }
        for (place, (_, weight)) in neighbours.iter_mut().enumerate() {
            let byte = *self.bytes.get(at + if self.wide { place } else { place / 2 })?;
            *weight = if self.wide { byte } else { (byte >> (place % 2 * 4)) & 15 };
        }
        let is_known = neighbours.iter().all(|(item, _)| *item as usize <= self.keys.len() && *item > 0);
        let row = Row { model: self.model, epoch: self.epoch, own: item, wide: self.wide, neighbours };
        (is_known && count > 0).then_some(row)
    }

    fn again(&self) -> &[u32] {
        &self.again
    }

    fn of_baskets(&self) -> bool {
        self.of_baskets
    }
}

/// LEB128 of at most 32 bits.
fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0usize;
    for shift in (0..32).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
