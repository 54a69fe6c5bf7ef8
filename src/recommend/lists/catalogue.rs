//! What cards say of items: whom they are alike, what they cost, whether there are any left.
//!
//! ```text
//! count varint, then each, by ascending number: number varint · key text · category, brand text (empty: none) · tags: count varint, then text each ·
//! price f64 (NaN: none) · stock f64 (NaN: not counted)
//! ```

use crate::hash::{id64, murmur3_32};
use crate::plan::bytes::Reader;
use crate::recommend::order::sort;

/// Which field a word is of; also the seed of its hash.
pub const CATEGORY: u8 = 0;
pub const BRAND: u8 = 1;
pub const TAG: u8 = 2;
const BAND: u8 = 3;

/// Tags that count of one item.
const MAX_TAGS: usize = 20;
/// Bits of a place beside those of an id.
const PLACE_BITS: u32 = 24;
/// As the trainer cuts prices.
const BANDS: usize = 5;

#[derive(Clone, Debug, Default)]
pub struct Card {
    /// Never given to another item; rows name items by it.
    pub number: u32,
    pub id: u64,
    /// NaN where there is none.
    pub price: f64,
    /// NaN where nobody counts.
    pub stock: f64,
    /// 0 where there is none; so for the brand.
    pub category: u32,
    pub brand: u32,
    pub tags: Vec<u32>,
    /// Category, brand, tags and price band, each once, with how much it tells: 16 log₂ (items / items with it), 1 to 511.
    pub words: Vec<(u32, u32)>,
    /// √ of the sum of the squares of its words' weights.
    pub length: u32,
}

impl Card {
    #[must_use]
    pub fn has(&self, word: u32) -> bool {
        self.words.iter().any(|(known, _)| *known == word)
    }

    /// Cosine of two items' words, 0 to 65,536.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> u32 {
        let shared = self.words.iter().filter(|(word, _)| other.has(*word));
        ratio(sum_of_squares(shared), u64::from(self.length) * u64::from(other.length))
    }
}

fn sum_of_squares<'a>(words: impl Iterator<Item = &'a (u32, u32)>) -> u64 {
    words.map(|(_, weight)| u64::from(*weight) * u64::from(*weight)).sum()
}

/// Cards by ascending number.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    cards: Vec<Card>,
    /// The high bits of an id and the place of its card, ascending.
    places: Vec<u64>,
    /// A word and the place of a card that has it, ascending.
    holders: Vec<u64>,
}

/// The hash of what stands in a field; 0 for nothing.
fn named(field: u8, text: &[u8]) -> u32 {
    if text.is_empty() { 0 } else { word(field, text) }
}

#[must_use]
pub fn word(field: u8, text: &[u8]) -> u32 {
    murmur3_32(text, u32::from(field))
}

impl Catalogue {
    /// `None` for bytes that are none.
    #[must_use]
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut cards = reader.many(|reader| {
            let (number, id) = (reader.index(), id64(reader.text()));
            let (category, brand) = (named(CATEGORY, reader.text()), named(BRAND, reader.text()));
            let mut tags = reader.many(|reader| word(TAG, reader.text()));
            tags.truncate(MAX_TAGS);
            let (price, stock) = (reader.f64(), reader.f64());
            Card { number, id, category, brand, tags, price, stock, ..Card::default() }
        });
        let ascends = cards.iter().zip(cards.iter().skip(1)).all(|(card, next)| card.number < next.number);
        if !reader.has_ended() || !ascends || cards.len() >> PLACE_BITS > 0 {
            return None;
        }
        let bands = bands(&cards);
        for card in &mut cards {
            let band = bands.iter().filter(|edge| card.price > **edge).count() as u8;
            let band = if card.price.is_finite() { word(BAND, &[band]) } else { 0 };
            for word in [card.category, card.brand, band].iter().chain(&card.tags) {
                if *word != 0 && !card.has(*word) {
                    card.words.push((*word, 0));
                }
            }
        }
        let high = |id: u64| id >> PLACE_BITS << PLACE_BITS;
        let mut places: Vec<_> =
            cards.iter().enumerate().map(|(place, card)| high(card.id) | place as u64).collect();
        sort(&mut places);
        let mut holders: Vec<u64> = Vec::new();
        for (place, card) in cards.iter().enumerate() {
            holders.extend(card.words.iter().map(|(word, _)| (u64::from(*word) << 32) | place as u64));
        }
        sort(&mut holders);
        let items = cards.len();
        let mut catalogue = Self { cards: Vec::new(), places, holders };
        for card in &mut cards {
            for (word, weight) in &mut card.words {
                *weight = tells(items, catalogue.holders(*word).len());
            }
            card.length = root(sum_of_squares(card.words.iter())) as u32;
        }
        catalogue.cards = cards;
        Some(catalogue)
    }

    #[must_use]
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    #[must_use]
    pub fn card(&self, number: u32) -> Option<&Card> {
        self.cards.binary_search_by_key(&number, |card| card.number).ok().and_then(|at| self.cards.get(at))
    }

    #[must_use]
    pub fn named(&self, id: u64) -> Option<&Card> {
        let from = self.places.partition_point(|known| *known < id >> PLACE_BITS << PLACE_BITS);
        let place = *self.places.get(from)? & ((1 << PLACE_BITS) - 1);
        self.cards.get(place as usize).filter(|card| card.id == id)
    }

    /// Places of who has the word, by ascending number; a place stands in the low half.
    #[must_use]
    pub fn holders(&self, word: u32) -> &[u64] {
        let start = self.holders.partition_point(|known| *known < u64::from(word) << 32);
        let end = self.holders.partition_point(|known| *known < (u64::from(word) + 1) << 32);
        self.holders.get(start..end).unwrap_or_default()
    }

    #[must_use]
    pub fn at(&self, place: u64) -> Option<&Card> {
        self.cards.get(place as u32 as usize)
    }
}

/// Rounded by IEEE 754, and so alike on every host.
#[must_use]
pub fn root(square: u64) -> u64 {
    (square as f64).sqrt() as u64
}

fn tells(items: usize, holders: usize) -> u32 {
    log2_16((items as u64 * 256).checked_div(holders as u64).unwrap_or(256)).saturating_sub(128).clamp(1, 511)
}

/// `part` of `whole` in 65,536ths.
#[must_use]
pub fn ratio(part: u64, whole: u64) -> u32 {
    (part * 65_536).checked_div(whole).unwrap_or(0).min(65_536) as u32
}

/// 16 log₂, its fraction taken for linear.
fn log2_16(number: u64) -> u32 {
    let whole = number.max(1).ilog2();
    let fraction = (number << 4 >> whole) as u32 & 15;
    whole * 16 + fraction
}

/// Prices between fifths.
fn bands(cards: &[Card]) -> Vec<f64> {
    let prices = cards.iter().map(|card| card.price).filter(|price| price.is_finite());
    // Of what is not negative, the bits ascend with the number.
    let mut prices: Vec<u64> = prices.map(|price| price.max(0.0).to_bits()).collect();
    sort(&mut prices);
    (1..BANDS)
        .filter_map(|band| prices.get(prices.len() * band / BANDS))
        .map(|bits| f64::from_bits(*bits))
        .collect()
}
