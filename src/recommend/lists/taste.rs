//! What a visitor is drawn to: the words of what they saw, put into the cart and bought.

use super::catalogue::{Card, Catalogue, ratio, root};
use super::compose::Visitor;
use crate::recommend::order::sort;

/// The newest seen item counts 256, each before it 14/16 of the next: tastes change slower than errands.
const NEWEST: u64 = 256;
/// As the trainer weighs contacts.
const CART: u64 = 3 * NEWEST;
const BOUGHT: u64 = 5 * NEWEST;
/// Items of each kind that make a taste, the latest.
const MOST: usize = 16;

/// How much each word is liked.
#[derive(Clone, Debug, Default)]
pub struct Taste<'a> {
    /// By ascending word.
    words: Vec<(u32, u64)>,
    /// What it is made of.
    of: Vec<(&'a Card, u64)>,
    length: u64,
}

impl<'a> Taste<'a> {
    /// Of one item alone.
    #[must_use]
    pub fn like(card: &'a Card) -> Self {
        Self::made(vec![(card, NEWEST)])
    }

    #[must_use]
    pub fn of(visitor: &Visitor<'_>, catalogue: &'a Catalogue) -> Self {
        let mut of = Vec::new();
        let mut recency = NEWEST;
        for row in visitor.rows.iter().take(MOST) {
            of.extend(catalogue.card(row.own).map(|card| (card, recency)));
            recency = recency * 14 / 16;
        }
        for (items, strength) in [(visitor.cart, CART), (visitor.bought, BOUGHT)] {
            let latest = items.iter().rev().take(MOST);
            of.extend(latest.filter_map(|id| catalogue.named(*id)).map(|card| (card, strength)));
        }
        Self::made(of)
    }

    fn made(of: Vec<(&'a Card, u64)>) -> Self {
        let mut votes: Vec<(u32, u64)> = Vec::new();
        for (card, strength) in &of {
            votes.extend(card.words.iter().map(|(word, weight)| (*word, strength * u64::from(*weight))));
        }
        let mut order: Vec<u64> = votes
            .iter()
            .enumerate()
            .map(|(place, (word, _))| (u64::from(*word) << 32) | place as u64)
            .collect();
        sort(&mut order);
        let mut words: Vec<(u32, u64)> = Vec::new();
        for (word, adds) in order.iter().filter_map(|key| votes.get(*key as u32 as usize)) {
            match words.last_mut().filter(|last| last.0 == *word) {
                Some((_, sum)) => *sum += adds,
                None => words.push((*word, *adds)),
            }
        }
        let length = root(words.iter().map(|(_, sum)| sum * sum).sum());
        Self { words, of, length }
    }

    /// The first of what it is made of; 0 for nothing.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.of.first().map_or(0, |(card, _)| card.number)
    }

    /// Places of cards that have a liked word, those of the most liked words first, about `most`.
    #[must_use]
    pub fn holders(&self, catalogue: &Catalogue, most: usize) -> Vec<u64> {
        let mut left = self.words.clone();
        let mut places: Vec<u64> = Vec::new();
        while places.len() < most {
            // Of equals the lower word.
            let best = left.iter_mut().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
            let Some((word, sum)) = best.filter(|(_, sum)| *sum > 0) else { break };
            *sum = 0;
            let room = most - places.len();
            places.extend(catalogue.holders(*word).iter().take(room).map(|holder| u64::from(*holder as u32)));
        }
        places
    }

    /// Cosine of taste and item, 0 to 65,536.
    #[must_use]
    pub fn likes(&self, card: &Card) -> u32 {
        let sum = |word: u32| {
            let place = self.words.partition_point(|(known, _)| *known < word);
            self.words.get(place).filter(|(known, _)| *known == word).map_or(0, |(_, sum)| *sum)
        };
        let product = card.words.iter().map(|(word, weight)| sum(*word) * u64::from(*weight)).sum();
        ratio(product, self.length * u64::from(card.length))
    }

    /// Of what it is made of, what speaks most for this item; ties go to the lower number.
    #[must_use]
    pub fn because(&self, card: &Card) -> u32 {
        let mut best = (0, 0);
        for (own, strength) in &self.of {
            let speaks = u64::from(own.likeness(card)) * strength;
            if speaks > best.0 || (speaks == best.0 && own.number < best.1) {
                best = (speaks, own.number);
            }
        }
        best.1
    }
}
