//! Learns the co-visitation table from sessions: what is seen together, weighted by how near and how serious.

use std::collections::HashMap;

use super::row::{MAX_NEIGHBOURS, Row};

/// One item met in a session, oldest first; `weight` says how serious the contact was (view 1, cart 3, purchase 5).
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub item: u32,
    pub weight: u8,
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub model: u32,
    pub epoch: u16,
    pub neighbours: usize,
    /// No pair learnt from fewer sessions appears in a row: a floor for privacy, and against chance.
    pub min_sessions: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { model: 1, epoch: 1, neighbours: MAX_NEIGHBOURS, min_sessions: 2 }
    }
}

/// Only this many of a session's latest visits pair with each other: a bound on robots and endless tabs.
const WINDOW: usize = 20;

#[derive(Clone, Copy, Default)]
struct Pair {
    strength: u64,
    sessions: u32,
}

/// Rows by item number; the row of item 0 is the popular list. Items met too rarely for any pair have no row.
#[must_use]
pub fn train<S: AsRef<[Visit]>>(sessions: impl IntoIterator<Item = S>, options: &Options) -> Vec<Row> {
    let mut pairs: HashMap<(u32, u32), Pair> = HashMap::new();
    let mut popularity: HashMap<u32, Pair> = HashMap::new();
    for session in sessions {
        let visits = distinct(session.as_ref());
        for (place, a) in visits.iter().enumerate() {
            add(popularity.entry(a.item).or_default(), u64::from(a.weight));
            for (gap, b) in visits.iter().skip(place + 1).enumerate() {
                // Nearer visits tell more: 60 divided by the distance, so that 1, 2, 3 … 6 divide evenly.
                let strength = 60 / (gap as u64 + 1).min(60) * u64::from(a.weight.max(b.weight));
                add(pairs.entry((a.item, b.item)).or_default(), strength);
                add(pairs.entry((b.item, a.item)).or_default(), strength);
            }
        }
    }
    let mut by_item: HashMap<u32, Vec<(u32, f64)>> = HashMap::new();
    for ((from, to), pair) in pairs {
        if pair.sessions >= options.min_sessions {
            // Cosine: without it every row would list the shop's favourites.
            let spread = popularity.get(&to).map_or(1.0, |count| f64::from(count.sessions.max(1)));
            by_item.entry(from).or_default().push((to, pair.strength as f64 / spread.sqrt()));
        }
    }
    let everyone = popularity
        .iter()
        .filter(|(_, count)| count.sessions >= options.min_sessions)
        .map(|(item, count)| (*item, count.strength as f64))
        .collect();
    by_item.insert(0, everyone);
    let mut rows: Vec<Row> = by_item.into_iter().map(|(own, list)| quantise(own, list, options)).collect();
    rows.sort_by_key(|row| row.own);
    rows
}

/// The latest visits of a session, each item once, at its most serious.
fn distinct(session: &[Visit]) -> Vec<Visit> {
    let mut kept: Vec<Visit> = Vec::new();
    for visit in session.iter().rev().filter(|visit| visit.item != 0) {
        if let Some(known) = kept.iter_mut().find(|known| known.item == visit.item) {
            known.weight = known.weight.max(visit.weight);
        } else if kept.len() < WINDOW {
            kept.push(*visit);
        }
    }
    kept
}

fn add(pair: &mut Pair, strength: u64) {
    pair.strength += strength;
    pair.sessions += 1;
}

/// The strongest neighbours, with weights 1–15 in proportion to the strongest.
fn quantise(own: u32, mut list: Vec<(u32, f64)>, options: &Options) -> Row {
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list.truncate(options.neighbours.min(MAX_NEIGHBOURS));
    let strongest = list.first().map_or(1.0, |(_, strength)| *strength);
    let mut neighbours: Vec<(u32, u8)> =
        list.into_iter().map(|(item, strength)| (item, (strength / strongest * 15.0).ceil() as u8)).collect();
    neighbours.sort_unstable();
    Row { model: options.model, epoch: options.epoch, own, neighbours }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(lists: &[&[u32]]) -> Vec<Vec<Visit>> {
        lists.iter().map(|list| list.iter().map(|item| Visit { item: *item, weight: 1 }).collect()).collect()
    }

    fn row_of(rows: &[Row], own: u32) -> Option<&Row> {
        rows.iter().find(|row| row.own == own)
    }

    #[test]
    fn items_seen_together_become_neighbours_and_nearer_ones_weigh_more() {
        let rows = train(sessions(&[&[1, 2, 3], &[1, 2, 4], &[1, 2, 3], &[4, 1, 2]]), &Options::default());
        let one = row_of(&rows, 1).map(|row| row.neighbours.clone()).unwrap_or_default();
        let weight = |item| one.iter().find(|(known, _)| *known == item).map_or(0, |(_, weight)| *weight);
        assert_eq!(weight(2), 15);
        assert!(weight(3) < weight(2) && weight(3) > 0, "{one:?}");
    }

    #[test]
    fn no_pair_is_learnt_from_fewer_sessions_than_the_floor() {
        let rows =
            train(sessions(&[&[1, 2], &[1, 3], &[1, 3]]), &Options { min_sessions: 2, ..Options::default() });
        assert_eq!(row_of(&rows, 1).map(|row| row.neighbours.len()), Some(1));
        assert_eq!(row_of(&rows, 2), None);
    }

    #[test]
    fn the_order_of_sessions_changes_nothing() {
        let forwards = sessions(&[&[1, 2, 3], &[2, 3], &[3, 1], &[1, 2]]);
        let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
        assert_eq!(train(forwards, &Options::default()), train(backwards, &Options::default()));
    }
}
