//! How good a model's lists are, on sessions that it has not learnt from.
//!
//! *next*: each click of a session is revealed in turn and the next one is to be guessed, whatever it is. *discovery*: the same,
//! but only for clicks on what the session had not seen, and seen items are not guessed. Clicks on items that the model does not
//! know are passed over and counted. HR@k: the share of clicks that were among the first k guesses. MRR@k: the mean of 1 / place,
//! 0 beyond k. Ties in score go to the lower number, as on the page.

use parlour::recommend::Scratch;
use parlour::recommend::model::Model;
use parlour::recommend::session::{MAX_CLICKS, Task, after};

/// Depths that are told.
pub const DEPTHS: [usize; 3] = [5, 10, 20];
const DEEPEST: usize = 20;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Clicks that were guessed at.
    pub guesses: u64,
    /// Clicks on items that the model does not know.
    pub unknown: u64,
    /// Share of guesses that held the click, at each of [`DEPTHS`].
    pub hit_rate: [f64; 3],
    /// Mean reciprocal rank, at each of [`DEPTHS`].
    pub reciprocal_rank: [f64; 3],
    /// Share of the model's items that were in the first 20 guesses at least once.
    pub coverage: f64,
    /// How many times as often as by their share of the catalogue the most clicked hundredth of the items (at least one) is
    /// guessed, by the clicks of the sessions asked about: 1 is no preference.
    pub popularity: f64,
    /// Where the click stood, by place from 0, for those found.
    pub places: Vec<u64>,
}

/// `sessions` as item numbers of the model, oldest first; `None` for what it does not know.
#[must_use]
pub fn measure<'a>(
    model: &Model,
    sessions: impl IntoIterator<Item = &'a [Option<u32>]> + Clone,
    task: Task,
) -> Measured {
    let mut scratch = Scratch::default();
    let mut measured = Measured { places: vec![0; DEEPEST], ..Measured::default() };
    let mut guessed = vec![0u64; model.keys.len() + 1];
    for session in sessions.clone() {
        let mut seen: Vec<u32> = Vec::with_capacity(session.len());
        for (place, click) in session.iter().enumerate() {
            let Some(click) = *click else {
                measured.unknown += u64::from(place > 0);
                continue;
            };
            let latest = seen.get(seen.len().saturating_sub(MAX_CLICKS)..).unwrap_or_default();
            let asked = !seen.is_empty() && (task == Task::Next || !latest.contains(&click));
            if asked {
                let list = after(model, &seen, task, &mut scratch);
                measured.guesses += 1;
                for (answer, place) in list.iter().take(DEEPEST).zip(0usize..) {
                    if let Some(count) = guessed.get_mut(answer.item as usize) {
                        *count += 1;
                    }
                    if answer.item == click
                        && let Some(count) = measured.places.get_mut(place)
                    {
                        *count += 1;
                    }
                }
            }
            seen.push(click);
        }
    }
    let all = measured.guesses.max(1) as f64;
    for (depth, (hits, ranks)) in
        DEPTHS.iter().zip(measured.hit_rate.iter_mut().zip(&mut measured.reciprocal_rank))
    {
        let found = measured.places.iter().take(*depth);
        *hits = found.clone().sum::<u64>() as f64 / all;
        *ranks = found.zip(1..).map(|(count, rank)| *count as f64 / f64::from(rank)).sum::<f64>() / all;
    }
    measured.coverage =
        guessed.iter().skip(1).filter(|count| **count > 0).count() as f64 / model.keys.len().max(1) as f64;
    measured.popularity = preference(model, sessions, &guessed);
    measured
}

fn preference<'a>(
    model: &Model,
    sessions: impl IntoIterator<Item = &'a [Option<u32>]>,
    guessed: &[u64],
) -> f64 {
    let mut clicks = vec![0u64; model.keys.len() + 1];
    for click in sessions.into_iter().flatten().flatten() {
        if let Some(count) = clicks.get_mut(*click as usize) {
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (1..clicks.len()).collect();
    order.sort_by_key(|item| std::cmp::Reverse(clicks.get(*item).copied().unwrap_or(0)));
    let favourites = order.len().div_ceil(100);
    let times = |items: &[usize]| items.iter().filter_map(|item| guessed.get(*item)).sum::<u64>() as f64;
    let (some, all) = (times(order.get(..favourites).unwrap_or_default()), times(&order));
    if all > 0.0 { some / all * order.len() as f64 / favourites as f64 } else { 0.0 }
}
