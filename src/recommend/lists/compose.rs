//! The list for one slot and one visitor.
//!
//! Sources are asked in the slot's order until the list is full. What a source answers passes filters, is raised or lowered
//! (boosts, taste, rotation), and is picked one by one against what is picked already: MMR (J. Carbonell, J. Goldstein, "The
//! use of MMR, diversity-based reranking", SIGIR 1998). Pins come last, into their places. Ties go to the lower number.

use super::catalogue::{Card, Catalogue, ratio};
use super::options::{BOUGHT, IN_CART, OUT_OF_STOCK, Options, SEEN, Source};
use super::taste::Taste;
use crate::hash::murmur3_32;
use crate::recommend::order::sort;
use crate::recommend::row::Row;
use crate::recommend::score::{MAX_LIST, Scratch};

/// Of one source's items the best that are compared for variety: so many for each place in the list.
const POOL: usize = 4;
/// Greater scores count as this.
const MOST_SCORE: u64 = 1 << 24;
/// Of a taste's items those that are scored: holders of its most telling words.
const MOST_ALIKE: usize = 256;

/// What is known of the visitor on this page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'a> {
    /// Of what was seen, the newest first.
    pub rows: &'a [Row],
    pub popular: Option<&'a Row>,
    /// What the newest seen item scores as its own successor, the one before it, and so on.
    pub again: &'a [u32],
    /// Basket rows of what lies in the cart.
    pub baskets: &'a [Row],
    /// Ids of keys.
    pub cart: &'a [u64],
    pub bought: &'a [u64],
    /// The item the page is about; 0 for none.
    pub own: u32,
    /// Where given, these alone.
    pub among: &'a [u32],
    /// Turns rotation: the session's.
    pub seed: u32,
}

/// One answer, with its true reason: where it is from, and the item that added most, 0 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    pub item: u32,
    pub score: u32,
    pub because: u32,
    pub source: Source,
}

struct Candidate<'a> {
    listed: Listed,
    card: &'a Card,
    score: u64,
    /// To the likest of those picked, in 65,536ths.
    likeness: u32,
}

#[must_use]
pub fn compose(
    visitor: &Visitor<'_>,
    options: &Options,
    catalogue: &Catalogue,
    count: usize,
    scratch: &mut Scratch,
) -> Vec<Listed> {
    let count = count.min(MAX_LIST);
    let own = catalogue.card(visitor.own);
    let admits = |card: &Card| {
        let excluded = |bit: u8, is: bool| options.excluded & bit != 0 && is;
        card.number != visitor.own
            && (visitor.among.is_empty() || visitor.among.contains(&card.number))
            && !excluded(IN_CART, visitor.cart.contains(&card.id))
            && !excluded(BOUGHT, visitor.bought.contains(&card.id))
            && !excluded(OUT_OF_STOCK, card.stock <= 0.0)
            && !excluded(SEEN, visitor.rows.iter().any(|row| row.own == card.number))
            && options.admits(card, own)
    };
    let mut pins: Vec<(u8, &Card)> = Vec::new();
    for pin in &options.pins {
        if let Some(card) = catalogue.named(pin.id).filter(|card| admits(card))
            && pins.len() < count
            && pins.iter().all(|(_, pinned)| pinned.number != card.number)
        {
            pins.push((pin.position, card));
        }
    }
    let taste = if options.affinity > 0 || options.sources.contains(&Source::Affinity) {
        Taste::of(visitor, catalogue)
    } else {
        Taste::default()
    };
    // What boosts and taste may at most make of a score of 256.
    let bound = options.most() * if options.affinity > 0 { 2 } else { 1 };
    let mut list: Vec<Listed> = Vec::new();
    let mut picked: Vec<&Card> = pins.iter().map(|(_, card)| *card).collect();
    let wanted = count - pins.len();
    for source in &options.sources {
        if list.len() >= wanted {
            break;
        }
        let mut pool: Vec<Candidate<'_>> = Vec::new();
        let pool_size = wanted * POOL;
        let mut offer = |item: u32, score: u64, because: u32| {
            // Most are not among the best, whatever is added: they need not be looked at.
            let weakest = pool.get(pool_size - 1).map_or(0, |known: &Candidate<'_>| known.score);
            if score.min(MOST_SCORE) * bound / 256 < weakest || score == 0 {
                return;
            }
            let Some(card) = catalogue.card(item).filter(|card| admits(card)) else { return };
            if picked.iter().any(|known| known.number == item) {
                return;
            }
            let score = adjusted(score, card, options, own, &taste, visitor.seed);
            let listed =
                Listed { item, score: score.min(u64::from(u32::MAX)) as u32, because, source: *source };
            let mut place = pool.len();
            while place > 0
                && pool.get(place - 1).is_some_and(|above| (above.score, !above.listed.item) < (score, !item))
            {
                place -= 1;
            }
            if place < pool_size {
                pool.truncate(pool_size - 1);
                pool.push(Candidate { listed, card, score, likeness: 0 });
                pool.get_mut(place..).unwrap_or_default().rotate_right(1);
            }
        };
        let like = Taste::like;
        let newest = || visitor.rows.first().and_then(|row| catalogue.card(row.own));
        match source {
            Source::Affinity => alike(&taste, catalogue, &mut offer),
            Source::Alike => alike(&own.or_else(newest).map(like).unwrap_or_default(), catalogue, &mut offer),
            _ => together(*source, visitor, scratch, &mut offer),
        }
        let first = list.len();
        pick(pool, wanted, options.variety, &mut list, &mut picked);
        if *source == Source::Affinity {
            // Of the few that are answered alone: it takes longer than the choice.
            for listed in list.iter_mut().skip(first) {
                listed.because = catalogue.card(listed.item).map_or(0, |card| taste.because(card));
            }
        }
    }
    for (position, card) in pins {
        let place = usize::from(position).saturating_sub(1).min(list.len());
        list.push(Listed { item: card.number, score: 0, because: 0, source: Source::Pinned });
        list.get_mut(place..).unwrap_or_default().rotate_right(1);
    }
    if list.len() < usize::from(options.least) {
        list.clear();
    }
    list
}

/// What was met together with what the visitor met, or is met again: item, score, because.
fn together(
    source: Source,
    visitor: &Visitor<'_>,
    scratch: &mut Scratch,
    offer: &mut dyn FnMut(u32, u64, u32),
) {
    scratch.clear();
    match source {
        Source::Popular => visitor.popular.into_iter().for_each(|row| scratch.add(row, 1)),
        Source::Basket => visitor.baskets.iter().for_each(|row| scratch.add(row, 1)),
        Source::Covisit | Source::Next => scratch.add_seen(visitor.rows),
        _ => {}
    }
    if matches!(source, Source::Again | Source::Next) {
        for (row, score) in visitor.rows.iter().zip(visitor.again) {
            scratch.again(row.own, *score);
        }
    }
    scratch.each(|item, score, because| offer(item, u64::from(score), because));
}

/// Holders of the most liked words, scored by all of them.
fn alike(taste: &Taste<'_>, catalogue: &Catalogue, offer: &mut dyn FnMut(u32, u64, u32)) {
    let mut met = taste.holders(catalogue, MOST_ALIKE);
    sort(&mut met);
    met.dedup();
    let newest = taste.newest();
    for card in met.iter().filter_map(|place| catalogue.at(*place)) {
        offer(card.number, u64::from(taste.likes(card)), newest);
    }
}

fn adjusted(
    score: u64,
    card: &Card,
    options: &Options,
    own: Option<&Card>,
    taste: &Taste<'_>,
    seed: u32,
) -> u64 {
    let mut score = score.min(MOST_SCORE) * options.boost(card, own) / 256;
    if options.affinity > 0 {
        score += score * u64::from(taste.likes(card)) / 65_536 * u64::from(options.affinity) / 255;
    }
    // Up to the whole share that the slot gives to chance, and the same within a session.
    let chance = u64::from(murmur3_32(&card.number.to_le_bytes(), seed) >> 16);
    score - score * chance / 65_536 * u64::from(options.rotation) / 255
}

fn pick<'a>(
    mut pool: Vec<Candidate<'a>>,
    wanted: usize,
    variety: u8,
    list: &mut Vec<Listed>,
    picked: &mut Vec<&'a Card>,
) {
    let best = pool.first().map_or(1, |candidate| candidate.score);
    let variety = i64::from(variety);
    let meet = |pool: &mut Vec<Candidate<'a>>, card: &Card| {
        for candidate in pool.iter_mut().filter(|_| variety > 0) {
            candidate.likeness = candidate.likeness.max(candidate.card.likeness(card));
        }
    };
    picked.iter().for_each(|card| meet(&mut pool, card));
    while list.len() < wanted {
        let worth = |candidate: &Candidate<'_>| {
            i64::from(ratio(candidate.score, best)) * (255 - variety)
                - i64::from(candidate.likeness) * variety
        };
        // The pool stands by score and number: the first of the best is the right one.
        let mut found: Option<(&mut Candidate<'_>, i64)> = None;
        for candidate in pool.iter_mut().filter(|candidate| candidate.score > 0) {
            let worth = worth(candidate);
            if found.as_ref().is_none_or(|(_, most)| worth > *most) {
                found = Some((candidate, worth));
            }
        }
        let Some((candidate, _)) = found else { return };
        candidate.score = 0;
        list.push(candidate.listed);
        let card = candidate.card;
        picked.push(card);
        meet(&mut pool, card);
    }
}
