//! Neighbours of neighbours. A shop's log is thin: most items were met with few others, and what those were met with is the best
//! guess at the rest. Only pairs that the counting let through take part, so that no pair of fewer sessions than the floor is
//! made from.

use crate::covisit::Neighbours;

/// Neighbours of one item that are followed.
const FOLLOWED: usize = 30;

/// Each list as shares of its sum, with the lists of its items added at `share` of their weight; at most `most` a list.
#[must_use]
pub fn extend(lists: &[Neighbours], share: f64, most: usize) -> Vec<Neighbours> {
    let shares: Vec<Neighbours> = lists.iter().map(as_shares).collect();
    if share <= 0.0 {
        return shares.into_iter().map(|list| strongest(list, most)).collect();
    }
    let mut sums = vec![0.0; lists.len()];
    let mut touched: Vec<u32> = Vec::new();
    let add = |sums: &mut [f64], touched: &mut Vec<u32>, item: u32, weight: f64| {
        if let Some(sum) = sums.get_mut(item as usize) {
            if *sum == 0.0 {
                touched.push(item);
            }
            *sum += weight;
        }
    };
    let mut extended = Vec::with_capacity(lists.len());
    for (own, list) in shares.iter().enumerate() {
        for (near, weight) in list {
            add(&mut sums, &mut touched, *near, *weight);
            for (far, further) in shares.get(*near as usize).into_iter().flatten() {
                if *far as usize != own {
                    add(&mut sums, &mut touched, *far, share * weight * further);
                }
            }
        }
        let take = |item: u32| sums.get_mut(item as usize).map_or(0.0, std::mem::take);
        let found = touched.drain(..).map(|item| (item, 0.0)).collect::<Neighbours>();
        extended.push(strongest(weigh(found, take), most));
    }
    extended
}

fn weigh(mut list: Neighbours, mut weight: impl FnMut(u32) -> f64) -> Neighbours {
    for (item, value) in &mut list {
        *value = weight(*item);
    }
    list
}

fn as_shares(list: &Neighbours) -> Neighbours {
    let followed = list.iter().take(FOLLOWED);
    let sum: f64 = followed.clone().map(|(_, strength)| strength).sum();
    followed.map(|(item, strength)| (*item, strength / sum)).collect()
}

/// The strongest first; ties by number.
pub(crate) fn strongest(mut list: Neighbours, most: usize) -> Neighbours {
    let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if most > 0 && list.len() > most {
        list.select_nth_unstable_by(most - 1, order);
    }
    list.truncate(most);
    list.sort_unstable_by(order);
    list
}
