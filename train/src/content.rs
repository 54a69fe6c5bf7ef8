//! What is alike by the catalogue: for items that nobody, or hardly anybody, has met.
//!
//! Each item is a set of words (its category, brand, price band and tags); a word that few items have says more: it counts
//! ln(items / items with it) (K. Spärck Jones, Journal of Documentation 28 (1972) 11-21). Two items are as alike as the cosine of
//! what their words count.

use std::collections::HashMap;

use crate::covisit::Neighbours;
use crate::extend::strongest;

/// What the catalogue says of one item. Empty texts say nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    pub category: String,
    pub brand: String,
    /// In any one currency; `None` where there is none.
    pub price: Option<f64>,
    pub tags: Vec<String>,
}

/// Bands of price, each of as many items.
const BANDS: usize = 5;
/// A word that more items have tells too little for its time.
const MOST_ITEMS: usize = 2_000;
/// Words of one item that count.
const MOST_WORDS: usize = 32;

/// By item number, where `cards` has what is known of each; at most `most` a list, the most alike first.
#[must_use]
pub fn alike(cards: &[Option<Card>], most: usize) -> Vec<Neighbours> {
    let words = words(cards);
    let mut items_with: Vec<Vec<u32>> = Vec::new();
    for (item, words) in words.iter().enumerate() {
        for word in words {
            if items_with.len() <= *word as usize {
                items_with.resize(*word as usize + 1, Vec::new());
            }
            if let Some(items) = items_with.get_mut(*word as usize) {
                items.push(item as u32);
            }
        }
    }
    let known = cards.iter().flatten().count() as f64;
    let counts: Vec<f64> = items_with.iter().map(|items| (known / items.len().max(1) as f64).ln()).collect();
    let count = |word: u32| counts.get(word as usize).copied().unwrap_or(0.0);
    let lengths: Vec<f64> =
        words.iter().map(|words| words.iter().map(|word| count(*word).powi(2)).sum::<f64>().sqrt()).collect();
    let length = |item: u32| lengths.get(item as usize).copied().unwrap_or(0.0);
    let mut sums = vec![0.0; cards.len()];
    let mut lists = Vec::with_capacity(cards.len());
    for (own, own_words) in words.iter().enumerate() {
        let mut met: Vec<u32> = Vec::new();
        for word in own_words {
            let items = items_with.get(*word as usize).filter(|items| items.len() <= MOST_ITEMS);
            for item in items.into_iter().flatten().filter(|item| **item as usize != own) {
                if let Some(sum) = sums.get_mut(*item as usize) {
                    if *sum == 0.0 {
                        met.push(*item);
                    }
                    *sum += count(*word).powi(2);
                }
            }
        }
        let mut list = Vec::with_capacity(met.len());
        for item in met {
            let product = sums.get_mut(item as usize).map_or(0.0, std::mem::take);
            let both = length(own as u32) * length(item);
            if product > 0.0 && both > 0.0 {
                list.push((item, product / both));
            }
        }
        lists.push(strongest(list, most));
    }
    lists
}

/// Fills a list of neighbours up to `most` with what is alike: below all that was met together.
pub fn fill(list: &mut Neighbours, alike: &Neighbours, most: usize) {
    let weakest = list.last().map_or(1.0, |(_, strength)| *strength);
    let met: Vec<u32> = list.iter().map(|(item, _)| *item).collect();
    let new = alike.iter().filter(|(item, _)| !met.contains(item));
    list.extend(
        new.take(most.saturating_sub(met.len())).map(|(item, likeness)| (*item, weakest * likeness / 2.0)),
    );
}

/// Of each item the numbers of its words, each once.
fn words(cards: &[Option<Card>]) -> Vec<Vec<u32>> {
    let mut prices: Vec<f64> =
        cards.iter().flatten().filter_map(|card| card.price).filter(|price| price.is_finite()).collect();
    prices.sort_by(f64::total_cmp);
    let band = |price: f64| {
        let below = prices.partition_point(|other| *other < price);
        below * BANDS / prices.len().max(1)
    };
    let mut numbers: HashMap<(u8, String), u32> = HashMap::new();
    cards
        .iter()
        .map(|card| {
            let Some(card) = card else { return Vec::new() };
            let price = card.price.filter(|price| price.is_finite()).map(|price| band(price).to_string());
            let tags = card.tags.iter().map(|tag| (3, tag.as_str()));
            let all =
                [(0, card.category.as_str()), (1, card.brand.as_str()), (2, price.as_deref().unwrap_or(""))];
            let mut own: Vec<u32> = Vec::new();
            for (kind, text) in
                all.into_iter().chain(tags).filter(|(_, text)| !text.is_empty()).take(MOST_WORDS)
            {
                let next = numbers.len() as u32;
                own.push(*numbers.entry((kind, text.to_owned())).or_insert(next));
            }
            own.sort_unstable();
            own.dedup();
            own
        })
        .collect()
}
