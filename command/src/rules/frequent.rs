//! All sets of items that stand together in at least so many baskets, by growing them one item at a time over what is
//! left of the baskets that hold them (pattern growth: Han, Pei, Yin, "Mining frequent patterns without candidate
//! generation", SIGMOD 2000; here over suffixes of sorted baskets instead of a tree).

use std::collections::HashMap;

use super::Baskets;

/// More sets than this are no answer to anybody, and fill memory.
pub const MOST_SETS: usize = 1_000_000;

/// By item, ascending.
pub type Frequent = HashMap<Box<[u32]>, u32>;

/// What follows an item in one basket.
type Suffix<'a> = &'a [u32];

struct Search<'a> {
    least: u32,
    max_items: usize,
    /// Names the items that baskets hold by how frequent they are.
    of_rank: &'a [u32],
    counts: Vec<u32>,
    sets: Frequent,
}

/// `None` where there are more than [`MOST_SETS`].
pub fn frequent_sets(
    baskets: &Baskets,
    least: u32,
    max_items: usize,
    at: &mut dyn FnMut(usize, usize),
) -> Option<Frequent> {
    let mut counts = vec![0u32; baskets.names().len()];
    for item in baskets.iter().flatten() {
        if let Some(count) = counts.get_mut(*item as usize) {
            *count += 1;
        }
    }
    // The rarest first: what is left behind them is short.
    let mut of_rank: Vec<u32> =
        (0u32..).zip(&counts).filter(|(_, n)| **n >= least).map(|(item, _)| item).collect();
    of_rank.sort_by_key(|item| (counts.get(*item as usize).copied(), *item));
    let mut rank_of = vec![None; counts.len()];
    for (rank, item) in (0u32..).zip(&of_rank) {
        if let Some(place) = rank_of.get_mut(*item as usize) {
            *place = Some(rank);
        }
    }
    let ranked: Vec<Vec<u32>> = baskets
        .iter()
        .map(|basket| {
            let mut ranks: Vec<u32> =
                basket.iter().filter_map(|item| rank_of.get(*item as usize).copied().flatten()).collect();
            ranks.sort_unstable();
            ranks
        })
        .collect();
    let whole: Vec<Suffix<'_>> = ranked.iter().map(Vec::as_slice).collect();
    let total = of_rank.len();
    let mut search =
        Search { least, max_items, of_rank: &of_rank, counts: vec![0; total], sets: HashMap::new() };
    search.grow(&mut Vec::new(), &whole, &mut |done| at(done, total))?;
    Some(search.sets)
}

impl Search<'_> {
    /// Takes up each frequent item of the suffixes, and goes on with what follows it.
    fn grow(&mut self, set: &mut Vec<u32>, suffixes: &[Suffix<'_>], at: &mut dyn FnMut(usize)) -> Option<()> {
        let found = self.count(suffixes);
        for (done, (rank, count)) in found.into_iter().enumerate() {
            at(done);
            set.push(rank);
            let mut items: Vec<u32> =
                set.iter().filter_map(|rank| self.of_rank.get(*rank as usize).copied()).collect();
            items.sort_unstable();
            self.sets.insert(items.into(), count);
            if self.sets.len() > MOST_SETS {
                return None;
            }
            if set.len() < self.max_items {
                let behind: Vec<Suffix<'_>> = suffixes
                    .iter()
                    .filter_map(|suffix| suffix.get(suffix.binary_search(&rank).ok()? + 1..))
                    .filter(|rest| !rest.is_empty())
                    .collect();
                self.grow(set, &behind, &mut |_| ())?;
            }
            set.pop();
        }
        Some(())
    }

    /// Frequent items of the suffixes, by rank.
    fn count(&mut self, suffixes: &[Suffix<'_>]) -> Vec<(u32, u32)> {
        let mut seen = Vec::new();
        for rank in suffixes.iter().copied().flatten() {
            if let Some(count) = self.counts.get_mut(*rank as usize) {
                if *count == 0 {
                    seen.push(*rank);
                }
                *count += 1;
            }
        }
        seen.sort_unstable();
        let taken = seen
            .into_iter()
            .map(|rank| (rank, self.counts.get_mut(rank as usize).map(std::mem::take).unwrap_or_default()));
        let least = self.least;
        taken.collect::<Vec<_>>().into_iter().filter(|(_, count)| *count >= least).collect()
    }
}
