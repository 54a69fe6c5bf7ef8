//! Ranks what goes with the items this visitor has seen. Integers only: every host gives the same list.

use super::row::{MAX_NEIGHBOURS, Row};
use crate::plan::Strategy;

/// The longest list that is answered.
pub const MAX_LIST: usize = 32;
/// Rows that take part; older ones say little about the present visit.
const MAX_ROWS: usize = 32;
/// A power of two above twice MAX_ROWS × MAX_NEIGHBOURS, so that probing stays short.
const TABLE: usize = 2_048;
/// The most recent item counts 256, each before it 10/16 of the next: of the shares tried on a log held back the best
/// (`docs/recommendations.md`).
const NEWEST: u32 = 256;

/// One answer, with its true reason: the seen item that added most, or 0 for the popular list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recommendation {
    pub item: u32,
    pub score: u32,
    pub because: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Candidate {
    item: u32,
    score: u32,
    because: u32,
    largest: u32,
}

/// Memory kept between calls.
#[derive(Clone, Debug)]
pub struct Scratch {
    table: Vec<u16>,
    candidates: Vec<Candidate>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { table: vec![0; TABLE], candidates: Vec::new() }
    }
}

/// `seen` has the newest first. Where `among` names items, these alone are answered; ties go to the lower item number.
#[must_use]
pub fn rank(
    seen: &[Row],
    popular: Option<&Row>,
    strategies: &[Strategy],
    among: &[u32],
    scratch: &mut Scratch,
) -> Vec<Recommendation> {
    let mut list: Vec<Recommendation> = Vec::with_capacity(MAX_LIST);
    for strategy in strategies {
        scratch.clear();
        match strategy {
            Strategy::Covisit => scratch.add_seen(seen),
            Strategy::Popular => {
                if let Some(row) = popular {
                    scratch.add(row, 1);
                }
            }
        }
        scratch.take_best(&mut list, |item| among.is_empty() || among.contains(&item));
    }
    list
}

impl Scratch {
    pub(super) fn clear(&mut self) {
        self.table.fill(0);
        self.candidates.clear();
    }

    /// The newest first.
    pub(super) fn add_seen(&mut self, seen: &[Row]) {
        let mut recency = NEWEST;
        for row in seen.iter().take(MAX_ROWS) {
            self.add(row, recency);
            recency = recency * 10 / 16;
        }
    }

    pub(super) fn add(&mut self, row: &Row, recency: u32) {
        for (item, weight) in row.neighbours.iter().take(MAX_NEIGHBOURS) {
            let points = recency * u32::from(*weight);
            if let Some(candidate) = self.candidate(*item) {
                candidate.score += points;
                if points > candidate.largest {
                    candidate.largest = points;
                    candidate.because = row.own;
                }
            }
        }
    }

    /// Open addressing; an entry is the candidate's place plus one.
    fn candidate(&mut self, item: u32) -> Option<&mut Candidate> {
        let start = (item.wrapping_mul(0x9e37_79b1) >> 21) as usize;
        for probe in 0..TABLE {
            let entry = self.table.get_mut((start + probe) % TABLE)?;
            if *entry == 0 {
                self.candidates.push(Candidate { item, ..Candidate::default() });
                *entry = self.candidates.len() as u16;
            }
            let place = usize::from(*entry) - 1;
            if self.candidates.get(place)?.item == item {
                return self.candidates.get_mut(place);
            }
        }
        None
    }

    /// Scores what the visitor has seen as something to be seen again.
    #[cfg(any(feature = "models", feature = "lists"))]
    pub(super) fn again(&mut self, item: u32, score: u32) {
        if let Some(candidate) = self.candidate(item) {
            (candidate.score, candidate.because, candidate.largest) = (score, item, score);
        }
    }

    /// Item, score, because.
    #[cfg(feature = "lists")]
    pub(super) fn each(&self, mut take: impl FnMut(u32, u32, u32)) {
        self.candidates.iter().for_each(|one| take(one.item, one.score, one.because));
    }

    /// Appends the best that are wanted and not listed yet: the list grows to [`MAX_LIST`] at most.
    pub(super) fn take_best(&self, list: &mut Vec<Recommendation>, is_wanted: impl Fn(u32) -> bool) {
        let start = list.len();
        for Candidate { item, score, because, .. } in &self.candidates {
            let mut place = list.len();
            while place > start
                && list.get(place - 1).is_some_and(|above| (above.score, !above.item) < (*score, !*item))
            {
                place -= 1;
            }
            let is_listed =
                |list: &[Recommendation]| list.iter().take(start).any(|listed| listed.item == *item);
            if *score > 0 && place < MAX_LIST && !is_listed(list) && is_wanted(*item) {
                list.truncate(MAX_LIST - 1);
                list.push(Recommendation { item: *item, score: *score, because: *because });
                for at in (place + 1..list.len()).rev() {
                    if let Some([above, below]) = list.get_mut(at - 1..=at) {
                        std::mem::swap(above, below);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(own: u32, neighbours: &[(u32, u8)]) -> Row {
        Row { model: 1, epoch: 1, own, wide: false, neighbours: neighbours.to_vec() }
    }

    fn items(list: &[Recommendation]) -> Vec<u32> {
        list.iter().map(|recommendation| recommendation.item).collect()
    }

    #[test]
    fn the_reason_is_the_seen_item_that_added_most() {
        let seen = [row(1, &[(10, 2), (11, 15)]), row(2, &[(10, 15)])];
        let list = rank(&seen, None, &[Strategy::Covisit], &[], &mut Scratch::default());
        assert_eq!(items(&list), [11, 10]);
        assert_eq!(list[1].because, 2, "160·15 from item 2 outweighs 256·2 from item 1");
    }

    #[test]
    fn the_popular_list_fills_up_without_doubling() {
        let popular = row(0, &[(11, 3), (12, 9)]);
        let both = [Strategy::Covisit, Strategy::Popular];
        let list = rank(&[row(1, &[(11, 1)])], Some(&popular), &both, &[], &mut Scratch::default());
        assert_eq!(items(&list), [11, 12]);
        assert_eq!((list[0].because, list[1].because), (1, 0));
    }

    #[test]
    fn ties_go_to_the_lower_number() {
        let seen = [row(1, &[(30, 4), (20, 4), (10, 9)])];
        let list = rank(&seen, None, &[Strategy::Covisit], &[], &mut Scratch::default());
        assert_eq!(items(&list), [10, 20, 30]);
    }

    #[test]
    fn among_few_items_the_best_are_found_however_many_are_better() {
        let seen: Vec<Row> = (0..10u32)
            .map(|own| row(own + 1, &(0..30).map(|n| (100 + own * 30 + n, 15)).collect::<Vec<_>>()))
            .collect();
        let list = rank(&seen, None, &[Strategy::Covisit], &[399, 370, 900], &mut Scratch::default());
        assert_eq!(items(&list), [370, 399]);
    }

    #[test]
    fn a_full_table_still_answers() {
        let seen: Vec<Row> = (0..64u32)
            .map(|own| row(own, &(0..30).map(|n| (1 + own * 30 + n, 5)).collect::<Vec<_>>()))
            .collect();
        assert_eq!(rank(&seen, None, &[Strategy::Covisit], &[], &mut Scratch::default()).len(), MAX_LIST);
    }
}
