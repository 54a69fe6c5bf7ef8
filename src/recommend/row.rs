//! One item's row of the co-visitation table, as a page carries it in `data-parlour-row`.
//!
//! ```text
//! version u8 = 1 · model u32 · epoch u16 · own item varint (0: the popular list) · count u8
//! neighbour numbers ascending, as varint differences · weights 1–15, two a byte, low nibble first · check u16
//! ```
//! Version 2 has weights 1–255, a byte each.
//! The check is the low half of murmur3 over all before it: against accidents, not against attackers.

use crate::hash::murmur3_32;
use crate::plan::bytes::{Reader, Writer};

pub const MAX_NEIGHBOURS: usize = 30;
const VERSION: u8 = 1;
const WIDE: u8 = 2;

/// Items are numbers of the site's catalogue, never reused; 0 stands for everyone's favourites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub model: u32,
    /// Counts trainings.
    pub epoch: u16,
    pub own: u32,
    /// Weights have 8 bits instead of 4.
    pub wide: bool,
    /// (item, weight 1–15 or 1–255), by ascending item.
    pub neighbours: Vec<(u32, u8)>,
}

impl Row {
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u8(if self.wide { WIDE } else { VERSION });
        writer.u32(self.model);
        writer.u16(self.epoch);
        writer.varint(u64::from(self.own));
        write_neighbours(&mut writer, &self.neighbours, self.wide);
        let check = murmur3_32(&writer.bytes, 0) as u16;
        writer.u16(check);
        writer.bytes
    }

    /// `None` for bytes that are no row, were cut, or changed on the way.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, check) = bytes.split_last_chunk::<2>()?;
        if murmur3_32(body, 0) as u16 != u16::from_le_bytes(*check) {
            return None;
        }
        let mut reader = Reader::new(body);
        let version = reader.u8();
        let wide = version == WIDE;
        reader.require(wide || version == VERSION);
        let (model, epoch) = (reader.u32(), reader.u16());
        let own = reader.index();
        let neighbours = read_neighbours(&mut reader, wide);
        reader.has_ended().then_some(Self { model, epoch, own, wide, neighbours })
    }
}

pub(super) fn write_neighbours(writer: &mut Writer, neighbours: &[(u32, u8)], wide: bool) {
    writer.u8(neighbours.len() as u8);
    let mut before = 0;
    for (item, _) in neighbours {
        writer.varint(u64::from(item - before));
        before = *item;
    }
    for weights in neighbours.chunks(if wide { 1 } else { 2 }) {
        writer.u8(weights.iter().rev().fold(0, |byte, (_, weight)| (byte << 4) | weight));
    }
}

pub(super) fn read_neighbours(reader: &mut Reader<'_>, wide: bool) -> Vec<(u32, u8)> {
    let mut item = 0;
    let mut least_step = 0;
    let mut neighbours = reader.many_within(MAX_NEIGHBOURS, |reader| {
        let step = u64::from(reader.index());
        item += step;
        reader.require(step >= least_step && item <= u64::from(u32::MAX));
        least_step = 1;
        (item as u32, 0)
    });
    let mut byte = 0;
    for (place, (_, weight)) in neighbours.iter_mut().enumerate() {
        byte = if wide || place % 2 == 0 { reader.u8() } else { byte >> 4 };
        *weight = if wide { byte } else { byte & 15 };
    }
    neighbours
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thirty_neighbours_fit_in_about_sixty_bytes() {
        let neighbours: Vec<_> = (1..=30).map(|place| (place * 100, 1 + (place % 15) as u8)).collect();
        let row = Row { model: 7, epoch: 1, own: 1_234, wide: false, neighbours };
        assert!(row.encode().len() <= 60, "{}", row.encode().len());
    }

    proptest! {
        #[test]
        fn a_row_is_read_back(own: u32, wide: bool, items in prop::collection::btree_map(1u32.., 1u8.., 0..30)) {
            let most = if wide { 255 } else { 15 };
            let neighbours = items.into_iter().map(|(item, weight)| (item, weight.min(most))).collect();
            let row = Row { model: 1, epoch: 2, own, wide, neighbours };
            prop_assert_eq!(Row::decode(&row.encode()), Some(row));
        }

        #[test]
        fn decoding_any_bytes_never_panics(bytes: Vec<u8>) {
            let _ = Row::decode(&bytes);
        }

        #[test]
        fn a_changed_byte_is_noticed(at in 0usize..20, flip in 1u8..) {
            let row = Row { model: 9, epoch: 1, own: 5, wide: false, neighbours: (1..10).map(|n| (n, 3)).collect() };
            let mut bytes = row.encode();
            bytes[at] ^= flip;
            prop_assert_ne!(Row::decode(&bytes), Some(row));
        }
    }
}
