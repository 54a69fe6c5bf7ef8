//! Finds what a pair of clicks should count: each number in turn is set to whichever of a few values answers best on the latest
//! tenth of the log, when the rest was learnt. The sessions a model is judged by later are never looked at.

use crate::covisit::{Neighbours, Weighting, count};
use crate::log::{Click, Log};
use crate::measure::{Measured, measure};
use crate::model::{Choice, rows_of};
use parlour::recommend::session::Task;

/// More clicks than these tell no more.
pub const ENOUGH_CLICKS: usize = 200_000;
/// The part of the sessions that is held back.
pub const HELD_BACK: f64 = 0.1;
/// Guesses below which the choice would be chance: the defaults stay.
const LEAST_GUESSES: u64 = 200;

/// What is better by less than this is taken for chance.
const WORTH: f64 = 1.003;

const DISTANCE: [f64; 4] = [0.7, 1.1, 1.5, 2.0];
const BACKWARDS: [f64; 4] = [0.3, 0.5, 0.75, 1.0];
const POPULARITY: [f64; 5] = [0.0, 0.15, 0.3, 0.5, 0.7];
const FOLLOWED: [f64; 4] = [0.0, 0.15, 0.3, 0.6];
/// Parts of the time that the log covers; 0: never.
const HALF_LIFE: [f64; 4] = [0.0, 1.0, 0.3, 0.1];

/// Longer sessions are a robot's, which would outvote all people: they are asked about no further.
const LONGEST: usize = 200;

/// Sessions as a model numbers items.
#[must_use]
pub(crate) fn numbered(log: &Log) -> Vec<Vec<Option<u32>>> {
    let session =
        |session: &[Click]| session.iter().take(LONGEST).map(|click| Some(click.item + 1)).collect();
    log.sessions().map(session).collect()
}

/// `at` is told how many of how many tries are done.
#[must_use]
pub fn search(
    log: &Log,
    alike: &[Neighbours],
    start: &Choice,
    threads: usize,
    at: &mut dyn FnMut(usize, usize),
) -> Choice {
    let log = log.newest(ENOUGH_CLICKS);
    let (learnt, held) = log.split(HELD_BACK);
    let sessions = numbered(&held);
    let days = f64::from(log.latest().saturating_sub(log.earliest())) / 86_400.0;
    let tries = DISTANCE.len() + BACKWARDS.len() + POPULARITY.len() + FOLLOWED.len() + HALF_LIFE.len();
    let mut done = 0;
    let mut counted: Option<(Weighting, Vec<Neighbours>)> = None;
    let mut judge = |choice: &Choice| {
        if counted.as_ref().is_none_or(|(weighting, _)| *weighting != choice.weighting) {
            let lists =
                count(&learnt, &choice.weighting, choice.min_sessions, choice.candidates(), threads, &|_| ());
            counted = Some((choice.weighting, lists));
        }
        let lists = counted.as_ref().map(|(_, lists)| lists.as_slice()).unwrap_or_default();
        let model = rows_of(&learnt, lists, alike, choice);
        let measured = measure(&model, sessions.iter().map(Vec::as_slice), Task::Discovery);
        at(done, tries);
        done += 1;
        measured
    };
    let first = judge(start);
    if first.guesses < LEAST_GUESSES {
        return *start;
    }
    let mut best = (score(&first), *start);
    let mut improve = |values: &[f64], set: fn(&mut Choice, f64)| {
        for value in values {
            let mut choice = best.1;
            set(&mut choice, *value);
            if choice != best.1 {
                let found = score(&judge(&choice));
                if found > best.0 * WORTH {
                    best = (found, choice);
                }
            }
        }
    };
    improve(&DISTANCE, |choice, value| choice.weighting.distance = value);
    improve(&POPULARITY, |choice, value| choice.weighting.popularity = value);
    improve(&BACKWARDS, |choice, value| choice.weighting.backwards = value);
    let lives: Vec<f64> = HALF_LIFE.iter().map(|part| part * days).collect();
    improve(&lives, |choice, value| choice.weighting.half_life_days = value);
    improve(&FOLLOWED, |choice, value| choice.followed = value);
    best.1
}

/// Hits among twenty, and how far up.
fn score(measured: &Measured) -> f64 {
    let [.., hits] = measured.hit_rate;
    let [.., ranks] = measured.reciprocal_rank;
    hits + 2.0 * ranks
}
