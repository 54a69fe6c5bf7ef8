//! Lists of strengths as rows of whole numbers.

use crate::covisit::Neighbours;

/// Bits of a weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bits {
    #[default]
    Four,
    Eight,
}

impl Bits {
    #[must_use]
    pub fn largest(self) -> u8 {
        match self {
            Self::Four => 15,
            Self::Eight => 255,
        }
    }
}

/// By ascending number of row, which is one more than that of the log; weights from 1 to the largest in proportion to the
/// strongest, rounded up. `list` has the strongest first.
#[must_use]
pub fn quantise(list: &Neighbours, bits: Bits) -> Vec<(u32, u8)> {
    let largest = f64::from(bits.largest());
    let strongest = list.first().map_or(1.0, |(_, strength)| *strength);
    let weight = |strength: f64| (strength / strongest * largest).ceil().clamp(1.0, largest) as u8;
    let mut row: Vec<_> = list.iter().map(|(item, strength)| (item + 1, weight(*strength))).collect();
    row.sort_unstable();
    row
}
