//! A whole session against a whole model: what `parlour recommend` answers and `parlour evaluate` asks.

use super::order::sort;
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

/// Whatever holds a whole model.
pub trait Rows {
    /// As a page carries it; none where nothing was learnt of an item. Item 0 stands for the popular list.
    fn row(&self, item: u32) -> Option<Row>;
    /// What the newest seen item scores as its own successor, the one before it, and so on.
    fn again(&self) -> &[u32];
    /// Learnt from baskets, whose items have no order.
    fn of_baskets(&self) -> bool;
}

/// Seen items that take part, each once.
const MAX_SEEN: usize = 32;
/// What was seen before these clicks is forgotten: a bound on robots.
pub const MAX_CLICKS: usize = 500;

/// The best `count` items after `seen`, item numbers oldest first: at most [`super::MAX_LIST`]. What the model does not know is
/// passed over, and so is what came before the latest [`MAX_CLICKS`]. The popular list fills up. A model of baskets takes
/// `seen` for one: its items count alike, and none of them is answered.
#[must_use]
pub fn after(
    model: &impl Rows,
    seen: &[u32],
    task: Task,
    count: usize,
    scratch: &mut Scratch,
) -> Vec<Recommendation> {
    let of_baskets = model.of_baskets();
    let seen = seen.get(seen.len().saturating_sub(MAX_CLICKS)..).unwrap_or_default();
    let mut newest: Vec<u32> = Vec::with_capacity(MAX_SEEN);
    for item in seen.iter().rev() {
        if newest.len() < MAX_SEEN && *item != 0 && !newest.contains(item) {
            newest.push(*item);
        }
    }
    let rows: Vec<Row> = newest.iter().filter_map(|item| model.row(*item)).collect();
    let mut list = Vec::new();
    scratch.clear();
    if of_baskets {
        rows.iter().for_each(|row| scratch.add(row, 1));
    } else {
        scratch.add_seen(&rows);
    }
    let repeats = task == Task::Next && !of_baskets;
    if repeats {
        for (item, score) in newest.iter().zip(model.again()) {
            scratch.again(*item, *score);
        }
    }
    let mut unwanted: Vec<u64> = seen.iter().filter(|_| !repeats).map(|item| u64::from(*item)).collect();
    sort(&mut unwanted);
    let is_wanted = |item: u32| unwanted.binary_search(&u64::from(item)).is_err();
    scratch.take_best(&mut list, is_wanted);
    if list.len() < count
        && let Some(popular) = model.row(0)
    {
        scratch.clear();
        scratch.add(&popular, 1);
        scratch.take_best(&mut list, is_wanted);
    }
    list.truncate(count);
    list
}
