//! How good a model's lists are, on sessions that it has not learnt from.
//!
//! *next*: each click of a session is revealed in turn and the next one is to be guessed, whatever it is. *discovery*: the same,
//! but only for clicks on what the session had not seen, and seen items are not guessed. Clicks on items that the model does not
//! know are passed over and counted. HR@k: the share of clicks that were among the first k guesses. MRR@k: the mean of 1 / place,
//! 0 beyond k. *basket*, for models of baskets: each item of a basket of two and more, at most 20 of them at even distances, is held out in
//! turn and to be guessed from the others; each basket counts once. Ties in score go to the lower number, as on the page.

use parlour::recommend::model::Model;
use parlour::recommend::session::{MAX_CLICKS, Task, after};
use parlour::recommend::{MAX_LIST, Scratch};

/// Depths that are told.
pub const DEPTHS: [usize; 3] = [5, 10, 20];
const DEEPEST: usize = 20;
/// Items of one basket that are asked about.
const HELD_OUT: usize = 20;

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
    pub places: Vec<f64>,
}

/// `sessions` as item numbers of the model, oldest first; `None` for what it does not know. A model of baskets is asked about
/// baskets, whatever the task.
#[must_use]
pub fn measure<'a>(
    model: &Model,
    sessions: impl IntoIterator<Item = &'a [Option<u32>]> + Clone,
    task: Task,
) -> Measured {
    let mut asking = Asking {
        model,
        task,
        scratch: Scratch::default(),
        told: Measured { places: vec![0.0; DEEPEST], ..Measured::default() },
        weight: 0.0,
        guessed: vec![0; model.keys.len() + 1],
    };
    for session in sessions.clone() {
        if model.of_baskets { asking.basket(session) } else { asking.session(session) }
    }
    let Asking { mut told, weight, guessed, .. } = asking;
    for (depth, (hits, ranks)) in DEPTHS.iter().zip(told.hit_rate.iter_mut().zip(&mut told.reciprocal_rank)) {
        let found = told.places.iter().take(*depth);
        *hits = found.clone().sum::<f64>() / weight.max(f64::MIN_POSITIVE);
        *ranks = found.zip(1..).map(|(count, rank)| *count / f64::from(rank)).sum::<f64>()
            / weight.max(f64::MIN_POSITIVE);
    }
    told.coverage =
        guessed.iter().skip(1).filter(|count| **count > 0).count() as f64 / model.keys.len().max(1) as f64;
    told.popularity = preference(model, sessions, &guessed);
    told
}

struct Asking<'a> {
    model: &'a Model,
    task: Task,
    scratch: Scratch,
    told: Measured,
    /// Of all guesses.
    weight: f64,
    /// How often each item was guessed.
    guessed: Vec<u64>,
}

impl Asking<'_> {
    fn session(&mut self, session: &[Option<u32>]) {
        let mut seen: Vec<u32> = Vec::with_capacity(session.len());
        for (place, click) in session.iter().enumerate() {
            let Some(click) = *click else {
                self.told.unknown += u64::from(place > 0);
                continue;
            };
            let latest = seen.get(seen.len().saturating_sub(MAX_CLICKS)..).unwrap_or_default();
            if !seen.is_empty() && (self.task == Task::Next || !latest.contains(&click)) {
                self.ask(&seen, click, 1.0);
            }
            seen.push(click);
        }
    }

    fn basket(&mut self, basket: &[Option<u32>]) {
        self.told.unknown += basket.iter().filter(|item| item.is_none()).count() as u64;
        let mut items: Vec<u32> = basket.iter().flatten().copied().collect();
        items.sort_unstable();
        items.dedup();
        if items.len() < 2 {
            return;
        }
        let step = items.len().div_ceil(HELD_OUT);
        let weight = 1.0 / items.len().div_ceil(step) as f64;
        for held in items.iter().step_by(step) {
            let others: Vec<u32> = items.iter().filter(|item| *item != held).copied().collect();
            self.ask(&others, *held, weight);
        }
    }

    fn ask(&mut self, seen: &[u32], expected: u32, weight: f64) {
        let list = after(self.model, seen, self.task, MAX_LIST, &mut self.scratch);
        self.told.guesses += 1;
        self.weight += weight;
        for (answer, place) in list.iter().take(DEEPEST).zip(0usize..) {
            if let Some(count) = self.guessed.get_mut(answer.item as usize) {
                *count += 1;
            }
            if answer.item == expected
                && let Some(count) = self.told.places.get_mut(place)
            {
                *count += weight;
            }
        }
    }
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
