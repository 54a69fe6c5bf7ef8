//! Ranges that follow those of an earlier plan: a variant whose share shrinks gives up what it must, and one whose share
//! grows takes only that. Nothing depends on the order in which variants are written.

use super::share;
use crate::plan::{Experiment, FULL, Plan, Range, Split};

/// A variant's id, its weight in any unit, and its place in the new plan.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    id: u32,
    weight: u128,
    variant: u8,
}

/// A stretch of buckets and the id of whose it is.
type Piece = (Option<u32>, Range);

/// Under another version or seed, all is new. Weights are those of the variants, in decimal.
pub fn keep_ranges(experiment: &mut Experiment, previous: &Plan, weights: &[&str]) {
    let is_same = |before: &&Experiment| {
        (before.id, before.version, before.seed) == (experiment.id, experiment.version, experiment.seed)
    };
    let Some(before) = previous.experiments().iter().find(is_same) else { return };
    let ids = (0u8..).zip(&experiment.variants).zip(weights);
    let wanted: Option<Vec<Wanted>> = ids
        .map(|((variant, id), weight)| Some(Wanted { id: *id, weight: share::scaled(weight)?, variant }))
        .collect();
    if let Some(wanted) = wanted {
        experiment.splits = follow(&before.owners(), &wanted);
    }
}

impl Experiment {
    /// Variants' ids and their ranges.
    pub(super) fn owners(&self) -> Vec<(u32, Range)> {
        let owner = |split: &Split| Some((*self.variants.get(usize::from(split.variant))?, split.range));
        self.splits.iter().filter_map(owner).collect()
    }
}

/// Weights must not all be 0, and stay below 2^64.
fn follow(before: &[(u32, Range)], wanted: &[Wanted]) -> Vec<Split> {
    let mut wanted = wanted.to_vec();
    wanted.sort_by_key(|variant| variant.id);
    let mut pieces = disjoint(before);
    let sizes = sizes(&wanted, &pieces);
    let size_of = |id: u32| {
        wanted.iter().zip(&sizes).find(|(variant, _)| variant.id == id).map_or(0, |(_, size)| *size)
    };
    let mut owners: Vec<u32> = pieces.iter().filter_map(|(id, _)| *id).collect();
    owners.sort_unstable();
    owners.dedup();
    for id in owners {
        let surplus = held(&pieces, id).saturating_sub(size_of(id));
        give_up(&mut pieces, id, surplus);
    }
    for (variant, size) in wanted.iter().zip(&sizes) {
        let lacking = size.saturating_sub(held(&pieces, variant.id));
        take(&mut pieces, variant.id, lacking);
    }
    let place = |id: u32| wanted.iter().find(|variant| variant.id == id).map(|variant| variant.variant);
    let mut splits: Vec<Split> = Vec::new();
    for (id, range) in pieces {
        let Some(variant) = id.and_then(place).filter(|_| range.start < range.end) else { continue };
        match splits.last_mut() {
            Some(last) if last.variant == variant && last.range.end == range.start => {
                last.range.end = range.end;
            }
            _ => splits.push(Split { variant, range }),
        }
    }
    splits
}

/// All of u32 in order, each stretch with the first that holds it.
pub fn disjoint(splits: &[(u32, Range)]) -> Vec<Piece> {
    let mut edges = vec![0, FULL];
    edges.extend(splits.iter().flat_map(|(_, range)| [range.start, range.end]));
    edges.sort_unstable();
    edges.dedup();
    edges
        .iter()
        .zip(edges.iter().skip(1))
        .map(|(start, end)| {
            let holds = |range: &Range| range.start <= *start && *end <= range.end;
            let owner = splits.iter().find(|(_, range)| holds(range)).map(|(id, _)| *id);
            (owner, Range { start: *start, end: *end })
        })
        .collect()
}

fn length(range: &Range) -> u64 {
    range.end.saturating_sub(range.start)
}

fn held(pieces: &[Piece], id: u32) -> u64 {
    pieces.iter().filter(|(owner, _)| *owner == Some(id)).map(|(_, range)| length(range)).sum()
}

/// Each weight's buckets, rounded down, and what is left over to those who have one more already, then by id.
fn sizes(wanted: &[Wanted], pieces: &[Piece]) -> Vec<u64> {
    let total: u128 = wanted.iter().map(|variant| variant.weight).sum::<u128>().max(1);
    let exact = |weight: u128| weight * u128::from(FULL);
    let mut sizes: Vec<u64> = wanted.iter().map(|variant| (exact(variant.weight) / total) as u64).collect();
    let mut left = FULL.saturating_sub(sizes.iter().sum());
    let has_more = |variant: &Wanted, size: u64| held(pieces, variant.id) > size;
    for is_first_round in [true, false] {
        for (variant, size) in wanted.iter().zip(&mut sizes) {
            let is_rounded = exact(variant.weight) % total != 0;
            if left > 0 && is_rounded && has_more(variant, *size) == is_first_round {
                *size += 1;
                left -= 1;
            }
        }
    }
    sizes
}

/// Whole stretches first, the shortest of all, so that few remain; then the end of a longer one.
fn give_up(pieces: &mut Vec<Piece>, id: u32, mut surplus: u64) {
    while surplus > 0 {
        let own = pieces.iter_mut().enumerate().filter(|(_, (owner, _))| *owner == Some(id));
        let Some((at, (owner, range))) = own.min_by_key(|(_, (_, range))| length(range)) else { return };
        let cut = length(range).min(surplus);
        surplus -= cut;
        if cut == length(range) {
            *owner = None;
        } else {
            let from = range.end - cut;
            let free = Range { start: from, end: range.end };
            range.end = from;
            pieces.insert(at + 1, (None, free));
        }
    }
}

fn take(pieces: &mut Vec<Piece>, id: u32, mut lacking: u64) {
    while lacking > 0 {
        let free = pieces.iter_mut().enumerate().find(|(_, (owner, _))| owner.is_none());
        let Some((at, (owner, range))) = free else { return };
        *owner = Some(id);
        let rest = Range { start: range.end.min(range.start + lacking), end: range.end };
        lacking = lacking.saturating_sub(length(range));
        if rest.start < rest.end {
            range.end = rest.start;
            pieces.insert(at + 1, (None, rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(weights: &[(u32, u64)]) -> Vec<Wanted> {
        (0u8..)
            .zip(weights)
            .map(|(variant, (id, weight))| Wanted { id: *id, weight: u128::from(*weight), variant })
            .collect()
    }

    fn named(splits: &[Split], wanted: &[Wanted]) -> Vec<(u32, Range)> {
        splits.iter().map(|split| (wanted[usize::from(split.variant)].id, split.range)).collect()
    }

    fn moved(before: &[(u32, Range)], after: &[(u32, Range)]) -> u64 {
        let both: Vec<(u32, Range)> = before.iter().chain(after).copied().collect();
        disjoint(&both)
            .iter()
            .filter(|(_, piece)| {
                let owner = |splits: &[(u32, Range)]| {
                    let inside = |range: &Range| range.start <= piece.start && piece.end <= range.end;
                    splits.iter().find(|(_, range)| inside(range)).map(|(id, _)| *id)
                };
                owner(before).is_some() && owner(before) != owner(after)
            })
            .map(|(_, piece)| length(piece))
            .sum()
    }

    /// Ids and weights of variants, at least one above 0.
    fn weights() -> impl Strategy<Value = Vec<(u32, u64)>> {
        prop::collection::btree_map(0u32..12, 0u64..1_000_000_000, 1..8)
            .prop_filter("one counts", |weights| weights.values().any(|weight| *weight > 0))
            .prop_map(|weights| weights.into_iter().collect())
    }

    fn plans(history: &[Vec<(u32, u64)>]) -> Vec<(u32, Range)> {
        history.iter().fold(Vec::new(), |before, weights| {
            let wanted = wanted(weights);
            named(&follow(&before, &wanted), &wanted)
        })
    }

    proptest! {
        #[test]
        fn every_bucket_has_one_owner_and_every_share_is_exact(
            history in prop::collection::vec(weights(), 1..5),
        ) {
            let after = plans(&history);
            let pieces = disjoint(&after);
            prop_assert!(pieces.iter().all(|(owner, _)| owner.is_some()));
            let last = history.last().unwrap();
            let total: u128 = last.iter().map(|(_, weight)| u128::from(*weight)).sum();
            for (id, weight) in last {
                let exact = u128::from(*weight) * u128::from(FULL);
                let (size, floor) = (held(&pieces, *id), (exact / total) as u64);
                let most = floor + u64::from(exact % total != 0);
                prop_assert!((floor..=most).contains(&size), "{} of {}", size, floor);
            }
            prop_assert_eq!(after.iter().map(|(_, range)| length(range)).sum::<u64>(), FULL, "none twice");
        }

        #[test]
        fn no_more_moves_than_arithmetic_demands(
            history in prop::collection::vec(weights(), 1..4),
            next in weights(),
        ) {
            let before = plans(&history);
            let wanted = wanted(&next);
            let after = named(&follow(&before, &wanted), &wanted);
            let (had, has) = (disjoint(&before), disjoint(&after));
            let demanded: u64 =
                (0..12).map(|id| held(&had, id).saturating_sub(held(&has, id))).sum();
            prop_assert_eq!(moved(&before, &after), demanded);
            // By the weights: the sum of what each loses, but for the rounding of each to whole buckets.
            let share = |weights: &[(u32, u64)], id: u32| {
                let total: u64 = weights.iter().map(|(_, weight)| weight).sum();
                let own = weights.iter().find(|(known, _)| *known == id).map_or(0, |(_, weight)| *weight);
                own as f64 / total as f64
            };
            let last = history.last().unwrap();
            let least: f64 =
                (0..12).map(|id| (share(last, id) - share(&next, id)).max(0.0)).sum::<f64>() * FULL as f64;
            prop_assert!((demanded as f64 - least).abs() <= 12.0, "{} of {}", demanded, least);
        }

        #[test]
        fn the_same_weights_move_nobody(history in prop::collection::vec(weights(), 1..4), factor in 1u64..9) {
            let before = plans(&history);
            let scaled: Vec<(u32, u64)> =
                history.last().unwrap().iter().map(|(id, weight)| (*id, weight * factor)).collect();
            let wanted = wanted(&scaled);
            prop_assert_eq!(moved(&before, &named(&follow(&before, &wanted), &wanted)), 0);
        }

        #[test]
        fn the_order_of_variants_does_not_matter(
            history in prop::collection::vec(weights(), 1..4),
            next in weights(),
            turn in 0usize..8,
        ) {
            let before = plans(&history);
            let mut turned = next.clone();
            turned.rotate_left(turn % next.len());
            turned.reverse();
            let (one, other) = (wanted(&next), wanted(&turned));
            prop_assert_eq!(
                named(&follow(&before, &one), &one),
                named(&follow(&before, &other), &other)
            );
        }
    }

    #[test]
    fn an_added_variant_takes_its_share_from_the_others_alike() {
        let half = FULL / 2;
        let before = [(1, Range { start: 0, end: half }), (2, Range { start: half, end: FULL })];
        let wanted = wanted(&[(1, 1), (2, 1), (3, 2)]);
        let after = named(&follow(&before, &wanted), &wanted);
        let quarter = FULL / 4;
        let expect = [
            (1, Range { start: 0, end: quarter }),
            (3, Range { start: quarter, end: half }),
            (2, Range { start: half, end: half + quarter }),
            (3, Range { start: half + quarter, end: FULL }),
        ];
        assert_eq!(after, expect);
    }
}
