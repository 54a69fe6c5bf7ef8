//! One list of two, so that clicks tell which is better: team draft (F. Radlinski, M. Kurup, T. Joachims, "How does
//! clickthrough data reflect retrieval quality?", CIKM 2008). In each round a coin says who picks first; each picks its best
//! item that is not yet in the list; a click counts for who picked the item.

use super::compose::Listed;
use crate::hash::murmur3_32;

/// The item, and whether it is the second list's.
#[must_use]
pub fn interleave(first: &[Listed], second: &[Listed], count: usize, seed: u32) -> Vec<(Listed, bool)> {
    let mut list: Vec<(Listed, bool)> = Vec::new();
    let mut round = 0u32;
    while list.len() < count {
        let coin = murmur3_32(&round.to_le_bytes(), seed) & 1 == 1;
        let before = list.len();
        for is_second in [coin, !coin] {
            let team = if is_second { second } else { first };
            let next = team.iter().find(|one| list.iter().all(|(listed, _)| listed.item != one.item));
            if let Some(next) = next.filter(|_| list.len() < count) {
                list.push((*next, is_second));
            }
        }
        if list.len() == before {
            break;
        }
        round += 1;
    }
    list
}
