//! What goes with a basket: EASE (H. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, arXiv:1905.03375).
//! With X the baskets by items and P = (XᵀX + λI)⁻¹, an item i in the basket adds −Pij / Pjj to item j. In closed form it takes
//! from each pair what a third item explains. Here a basket of n items counts 1/√n, so that wholesale does not outvote people,
//! and half as much after a half-life.

use faer::linalg::solvers::DenseSolveCore as _;
use faer::{Mat, Side};
use parlour::recommend::model::Model;
use parlour::recommend::row::MAX_NEIGHBOURS;
use parlour::recommend::session::Task;

use crate::covisit::Neighbours;
use crate::extend::strongest;
use crate::log::Log;
use crate::measure::measure;
use crate::model::{Choice, Floor, Options, Phase, Trained, name_of};
use crate::popular::popular;
use crate::search::{HELD_BACK, numbered};
use crate::table::Bits;

/// Items that take part, the most met ones: the matrix of their pairs is dense, 8 bytes a pair.
pub const MAX_ITEMS: usize = 5_000;
/// Items of a basket that take part.
const MAX_BASKET: usize = 500;
const LAMBDA: [f64; 5] = [10.0, 5.0, 2.0, 20.0, 50.0];
/// Parts of the time that the log covers; 0: never.
const HALF_LIFE: [f64; 3] = [0.5, 0.25, 0.0];

/// What EASE is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ease {
    /// Of the ridge: the larger, the fewer pairs matter.
    pub lambda: f64,
    pub half_life_days: f64,
}

/// A model of baskets: every session of the log is one. `at` is told what is done, and how much of how much of it.
#[must_use]
pub fn train_baskets(log: &Log, options: &Options, at: &mut dyn FnMut(Phase, usize, usize)) -> Trained {
    let (learnt, held) = log.split(HELD_BACK);
    let sessions = numbered(&held);
    let days = f64::from(log.latest().saturating_sub(log.earliest())) / 86_400.0;
    let judge = |choice: &Choice, ease: Ease| {
        let model = rows(&learnt, choice, ease);
        (measure(&model, sessions.iter().map(Vec::as_slice), Task::Discovery), model)
    };
    let tries = LAMBDA.len() + HALF_LIFE.len() - 1;
    let mut ease = Ease { lambda: LAMBDA[0], half_life_days: HALF_LIFE[0] * days };
    if options.search {
        let lambdas = LAMBDA.iter().map(|lambda| Ease { lambda: *lambda, ..ease }).collect();
        ease = best(lambdas, 0, &mut |ease, done| {
            at(Phase::Searching, done, tries);
            judge(&options.start, ease).0.hit_rate
        });
        let lives = HALF_LIFE.iter().map(|part| Ease { half_life_days: part * days, ..ease }).collect();
        ease = best(lives, LAMBDA.len(), &mut |ease, done| {
            at(Phase::Searching, done, tries);
            judge(&options.start, ease).0.hit_rate
        });
    }
    let floors = options.floors.iter().zip(0..).map(|(min_sessions, done)| {
        at(Phase::Measuring, done, options.floors.len());
        let (measured, model) = judge(&Choice { min_sessions: *min_sessions, ..options.start }, ease);
        let bytes = Model { keys: Vec::new(), ..model }.encode().len();
        Floor { min_sessions: *min_sessions, next: measured.clone(), discovery: measured, bytes }
    });
    let floors = floors.collect();
    at(Phase::Counting, 0, 1);
    let mut model = rows(log, &options.start, ease);
    model.model = options.model.unwrap_or_else(|| name_of(log.items()));
    model.epoch = options.epoch;
    Trained { model, choice: Choice { bits: Bits::Eight, ..options.start }, ease: Some(ease), floors }
}

fn best(choices: Vec<Ease>, before: usize, hits: &mut dyn FnMut(Ease, usize) -> [f64; 3]) -> Ease {
    let mut found: Option<(f64, Ease)> = None;
    for (ease, done) in choices.into_iter().zip(before..) {
        let [.., hit_rate] = hits(ease, done);
        if found.is_none_or(|(most, _)| hit_rate > most) {
            found = Some((hit_rate, ease));
        }
    }
    found.map_or(Ease { lambda: LAMBDA[0], half_life_days: 0.0 }, |(_, ease)| ease)
}

/// One scale for all rows: what the items of a basket add must be in one measure.
fn rows(log: &Log, choice: &Choice, ease: Ease) -> Model {
    let most = choice.neighbours.min(MAX_NEIGHBOURS);
    let favourites = popular(log, ease.half_life_days, choice.min_sessions, MAX_NEIGHBOURS);
    let lists = solve(log, ease, choice.min_sessions, most);
    let on_scale = |list: &Neighbours, largest: f64| {
        let weight = |strength: f64| (strength / largest * f64::from(u8::MAX)).round() as u8;
        let mut row: Vec<_> = list.iter().map(|(item, strength)| (item + 1, weight(*strength))).collect();
        row.retain(|(_, weight)| *weight > 0);
        row.sort_unstable();
        row
    };
    let largest = |lists: &mut dyn Iterator<Item = &Neighbours>| {
        lists.flatten().map(|(_, strength)| *strength).fold(f64::MIN_POSITIVE, f64::max)
    };
    let scale = largest(&mut lists.iter());
    let first = on_scale(&favourites, largest(&mut std::iter::once(&favourites)));
    let rows = std::iter::once(first).chain(lists.iter().map(|list| on_scale(list, scale))).collect();
    Model { wide: true, of_baskets: true, keys: log.items().to_vec(), rows, ..Model::default() }
}

/// By item number; none for items that take no part.
fn solve(log: &Log, ease: Ease, min_sessions: u32, most: usize) -> Vec<Neighbours> {
    let (chosen, places) = chosen(log);
    let size = chosen.len();
    let mut weights = Mat::<f64>::zeros(size, size);
    let mut together = vec![0u32; size * size];
    for session in 0..log.len() {
        let own: Vec<usize> = items_of(log, session)
            .iter()
            .filter_map(|item| places.get(*item as usize).copied())
            .filter(|place| *place < size)
            .collect();
        let age_days =
            f64::from(log.latest() - log.session(session).last().map_or(0, |click| click.at)) / 86_400.0;
        let fresh = if ease.half_life_days > 0.0 { (-age_days / ease.half_life_days).exp2() } else { 1.0 };
        let weight = fresh / (own.len().max(1) as f64).sqrt();
        for a in &own {
            for b in &own {
                weights[(*a, *b)] += weight;
                if let Some(count) = together.get_mut(a * size + b) {
                    *count += 1;
                }
            }
        }
    }
    for place in 0..size {
        weights[(place, place)] += ease.lambda;
    }
    let mut lists = vec![Vec::new(); log.items().len()];
    // With a ridge above 0 there always is one, unless the numbers were none.
    let Ok(factors) = weights.llt(Side::Lower) else { return lists };
    drop(weights);
    let inverse = factors.inverse();
    for (i, item) in chosen.iter().enumerate() {
        let others = chosen.iter().enumerate().filter(|(j, _)| {
            *j != i && together.get(i * size + j).is_some_and(|count| *count >= min_sessions)
        });
        let list: Neighbours = others
            .map(|(j, other)| (*other, -inverse[(i, j)] / inverse[(j, j)]))
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        if let Some(entry) = lists.get_mut(*item as usize) {
            *entry = strongest(list, most);
        }
    }
    lists
}

fn items_of(log: &Log, session: usize) -> Vec<u32> {
    let mut items: Vec<u32> = log.session(session).iter().map(|click| click.item).collect();
    items.sort_unstable();
    items.dedup();
    items.truncate(MAX_BASKET);
    items
}

/// The items that take part, and of each item of the log its place among them.
fn chosen(log: &Log) -> (Vec<u32>, Vec<usize>) {
    let mut met = vec![0u32; log.items().len()];
    for session in 0..log.len() {
        for item in items_of(log, session) {
            if let Some(count) = met.get_mut(item as usize) {
                *count += 1;
            }
        }
    }
    let times = |item: u32| met.get(item as usize).copied().unwrap_or(0);
    let mut chosen: Vec<u32> = (0..met.len() as u32).filter(|item| times(*item) > 0).collect();
    chosen.sort_by_key(|item| (std::cmp::Reverse(times(*item)), *item));
    chosen.truncate(MAX_ITEMS);
    let mut places = vec![usize::MAX; met.len()];
    for (place, item) in chosen.iter().enumerate() {
        if let Some(entry) = places.get_mut(*item as usize) {
            *entry = place;
        }
    }
    (chosen, places)
}
