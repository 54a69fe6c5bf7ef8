//! A whole session against a whole model: what `parlour recommend` answers and `parlour evaluate` asks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::model::Model;
use super::row::Row;
use super::score::{MAX_LIST, Recommendation, Scratch};

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Whatever comes next, which may be something seen before.
    #[default]
    Next,
    /// Something this session has not seen.
    Discovery,
}

/// Seen items that take part, each once.
const MAX_SEEN: usize = 32;
/// What was seen before these clicks is forgotten: a bound on robots.
pub const MAX_CLICKS: usize = 500;

/// The best items after `seen`, item numbers oldest first: at most [`MAX_LIST`]. What the model does not know is
/// passed over, and so is what came before the latest [`MAX_CLICKS`]. The popular list fills up.
#[must_use]
pub fn after(model: &Model, seen: &[u32], task: Task, scratch: &mut Scratch) -> Vec<Recommendation> {
    if model.of_baskets {
        return beside(model, seen);
    }
    let seen = seen.get(seen.len().saturating_sub(MAX_CLICKS)..).unwrap_or_default();
    let mut newest: Vec<u32> = Vec::with_capacity(MAX_SEEN);
    for item in seen.iter().rev() {
        if newest.len() < MAX_SEEN && !newest.contains(item) {
            newest.push(*item);
        }
    }
    let rows: Vec<Row> = newest.iter().filter_map(|item| model.row(*item)).collect();
    let mut list = Vec::new();
    scratch.clear();
    scratch.add_seen(&rows);
    if task == Task::Next {
        for (item, score) in newest.iter().zip(&model.again) {
            scratch.again(*item, *score);
        }
    }
    let mut unwanted = if task == Task::Discovery { seen.to_vec() } else { Vec::new() };
    unwanted.sort_unstable();
    let is_wanted = |item| unwanted.binary_search(&item).is_err();
    scratch.take_best(&mut list, is_wanted);
    scratch.clear();
    if let Some(popular) = model.row(0) {
        scratch.add(&popular, 1);
    }
    scratch.take_best(&mut list, is_wanted);
    list
}

/// What goes with a basket: all its items count alike, and none of them is answered.
fn beside(model: &Model, basket: &[u32]) -> Vec<Recommendation> {
    let mut items: Vec<u32> = basket.to_vec();
    items.sort_unstable();
    items.dedup();
    items.truncate(MAX_CLICKS);
    let mut sums: BTreeMap<u32, (Recommendation, u32)> = BTreeMap::new();
    for own in &items {
        for (item, weight) in model.rows.get(*own as usize).filter(|_| *own != 0).into_iter().flatten() {
            let (sum, largest) = sums.entry(*item).or_default();
            sum.item = *item;
            sum.score += u32::from(*weight);
            if u32::from(*weight) > *largest {
                *largest = u32::from(*weight);
                sum.because = *own;
            }
        }
    }
    let mut list: Vec<Recommendation> = sums.into_values().map(|(sum, _)| sum).collect();
    list.sort_by(|a, b| b.score.cmp(&a.score).then(a.item.cmp(&b.item)));
    let mut popular = model.rows.first().cloned().unwrap_or_default();
    popular.sort_by_key(|(item, weight)| (Reverse(*weight), *item));
    let known: BTreeSet<u32> = list.iter().map(|answer| answer.item).collect();
    let rest = popular.into_iter().filter(|(item, _)| !known.contains(item));
    list.extend(rest.map(|(item, weight)| Recommendation { item, score: u32::from(weight), because: 0 }));
    list.retain(|answer| items.binary_search(&answer.item).is_err());
    list.truncate(MAX_LIST);
    list
}
