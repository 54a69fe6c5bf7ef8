//! What a slot asks for, as the page writes it from the plan.
//!
//! ```text
//! least u8 · variety u8 · rotation u8 · affinity u8 (the three in 255ths) · excluded u8 (1 in the cart, 2 bought, 4 out of stock, 8 seen)
//! sources: count, u8 each · tests · boosts: count, each factor u16 (256ths) and tests · pins: count, each position u8 from 1 and key text
//! tests:   count, each field u8 · operator u8 · words: count, text each; or least and most f64
//! ```

use super::catalogue::{BRAND, CATEGORY, Card, word};
use crate::hash::id64;
use crate::plan::bytes::Reader;

pub const IN_CART: u8 = 1;
pub const BOUGHT: u8 = 2;
pub const OUT_OF_STOCK: u8 = 4;
pub const SEEN: u8 = 8;

/// Where items come from, in the order in which a slot names them. Codes cross to the page as reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    /// Everyone's favourites.
    Popular,
    /// Met together with what was seen.
    Covisit,
    /// Bought together with what lies in the cart.
    Basket,
    /// Seen before, and likely to be wanted again.
    Again,
    /// Met together or seen before, by chance.
    Next,
    /// Of the kind this visitor likes.
    Affinity,
    /// Like the item the page is about, or the last one seen.
    Alike,
    /// Put there by the site.
    Pinned,
}

impl Source {
    const ALL: [Self; 8] = [
        Self::Popular,
        Self::Covisit,
        Self::Basket,
        Self::Again,
        Self::Next,
        Self::Affinity,
        Self::Alike,
        Self::Pinned,
    ];

    /// As parlour.json has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Popular => "popular",
            Self::Covisit => "covisit",
            Self::Basket => "basket",
            Self::Again => "again",
            Self::Next => "next",
            Self::Affinity => "affinity",
            Self::Alike => "alike",
            Self::Pinned => "pinned",
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

#[derive(Clone, Debug)]
enum Test {
    /// Has the item one of these words (or none of them)?
    Words { wanted: bool, words: Vec<u32> },
    /// The same category (0), brand (1) or one tag (2) as the page's own item?
    Same { wanted: bool, field: u8 },
    /// Is it one of these (or none of them)?
    Items { wanted: bool, ids: Vec<u64> },
    /// Is its price (or stock) from least to most (or not)? What nobody knows is not.
    Within { wanted: bool, of_stock: bool, least: f64, most: f64 },
}

const PRICE: u8 = 3;
const STOCK: u8 = 4;
const ITEM: u8 = 5;

impl Test {
    /// Operators: 0 any of or within, 1 none of or not within; of words 2 the same, 3 not the same.
    fn read(reader: &mut Reader<'_>) -> Self {
        let (field, operator) = (reader.u8(), reader.u8());
        reader.require(field <= ITEM && operator < 4);
        let wanted = operator % 2 == 0;
        match (field, operator) {
            (PRICE | STOCK, _) => {
                Self::Within { wanted, of_stock: field == STOCK, least: reader.f64(), most: reader.f64() }
            }
            (ITEM, _) => Self::Items { wanted, ids: reader.many(|reader| id64(reader.text())) },
            (_, 2..) => Self::Same { wanted, field },
            _ => Self::Words { wanted, words: reader.many(|reader| word(field, reader.text())) },
        }
    }

    fn holds(&self, card: &Card, own: Option<&Card>) -> bool {
        match self {
            Self::Words { wanted, words } => words.iter().any(|word| card.has(*word)) == *wanted,
            Self::Items { wanted, ids } => ids.contains(&card.id) == *wanted,
            // Where the page is about no item, there is nothing to be the same as.
            Self::Same { wanted, field } => own.is_none_or(|own| card.shares(own, *field) == *wanted),
            Self::Within { wanted, of_stock, least, most } => {
                let value = if *of_stock { card.stock } else { card.price };
                (value >= *least && value <= *most) == *wanted
            }
        }
    }
}

impl Card {
    fn shares(&self, other: &Self, field: u8) -> bool {
        match field {
            CATEGORY => self.category != 0 && self.category == other.category,
            BRAND => self.brand != 0 && self.brand == other.brand,
            _ => self.tags.iter().any(|tag| other.tags.contains(tag)),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Boost {
    /// In 256ths: 256 changes nothing, 0 puts to the end.
    factor: u16,
    tests: Vec<Test>,
}

/// Of all boosts that fit together, in 256ths.
const MOST_BOOST: u64 = 1 << 24;

#[derive(Clone, Copy, Debug)]
pub struct Pin {
    /// From 1.
    pub position: u8,
    pub id: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A list of fewer is none.
    pub least: u8,
    /// How much unlikeness counts against score, in 255ths.
    pub variety: u8,
    /// How much of a score chance may take away, anew in each session, in 255ths.
    pub rotation: u8,
    /// How much taste may add to a score, in 255ths of it.
    pub affinity: u8,
    /// Bits: `IN_CART`, `BOUGHT`, `OUT_OF_STOCK`, `SEEN`.
    pub excluded: u8,
    pub sources: Vec<Source>,
    tests: Vec<Test>,
    boosts: Vec<Boost>,
    pub pins: Vec<Pin>,
}

impl Options {
    /// `None` for bytes that are none.
    #[must_use]
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let options = Self {
            least: reader.u8(),
            variety: reader.u8(),
            rotation: reader.u8(),
            affinity: reader.u8(),
            excluded: reader.u8(),
            sources: reader.many(|reader| {
                let source = Source::from_code(reader.u8());
                reader.known(source, Source::Popular)
            }),
            tests: reader.many(Test::read),
            boosts: reader.many(|reader| Boost { factor: reader.u16(), tests: reader.many(Test::read) }),
            pins: reader.many(|reader| Pin { position: reader.u8(), id: id64(reader.text()) }),
        };
        reader.is_whole().then_some(options)
    }

    /// Does the item pass the slot's own tests?
    #[must_use]
    pub fn admits(&self, card: &Card, own: Option<&Card>) -> bool {
        self.tests.iter().all(|test| test.holds(card, own))
    }

    /// What all boosts together make of a score of 256.
    #[must_use]
    pub fn boost(&self, card: &Card, own: Option<&Card>) -> u64 {
        self.product(|boost| boost.tests.iter().all(|test| test.holds(card, own)))
    }

    /// What they may at most make of it.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.product(|boost| boost.factor > 256)
    }

    fn product(&self, fits: impl Fn(&Boost) -> bool) -> u64 {
        let fitting = self.boosts.iter().filter(|boost| fits(boost));
        fitting.fold(256, |product: u64, boost| (product * u64::from(boost.factor) / 256).min(MOST_BOOST))
    }
}
