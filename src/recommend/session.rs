//! A whole session against a whole model: what `parlour recommend` answers and `parlour evaluate` asks.

use super::model::Model;
use super::row::Row;
use super::score::{Recommendation, Scratch};

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

/// The best items after `seen`, item numbers oldest first: at most [`super::MAX_LIST`]. What the model does not know is
/// passed over, and so is what came before the latest [`MAX_CLICKS`]. The popular list fills up.
#[must_use]
pub fn after(model: &Model, seen: &[u32], task: Task, scratch: &mut Scratch) -> Vec<Recommendation> {
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
