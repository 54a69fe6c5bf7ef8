//! A log made into a model.

use parlour::hash::murmur3_32;
use parlour::recommend::model::Model;
use parlour::recommend::row::MAX_NEIGHBOURS;
use parlour::recommend::session::Task;

use crate::again::again;
use crate::covisit::{Neighbours, Weighting, count};
use crate::extend::extend;
use crate::log::Log;
use crate::measure::{Measured, measure};
use crate::popular::popular;
use crate::search::{ENOUGH_CLICKS, HELD_BACK, numbered, search};
use crate::table::{Bits, quantise};

/// How lists become rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    pub weighting: Weighting,
    /// What a neighbour's neighbour counts, where a neighbour counts 1.
    pub followed: f64,
    /// No pair learnt from fewer sessions is in a row: a floor for privacy, and against chance.
    pub min_sessions: u32,
    pub neighbours: usize,
    pub bits: Bits,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            weighting: Weighting::default(),
            followed: 0.3,
            min_sessions: 1,
            neighbours: 20,
            bits: Bits::Four,
        }
    }
}

impl Choice {
    /// Neighbours that are counted for an item, so that enough are left to follow.
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.neighbours.max(30)
    }
}

#[derive(Clone, Debug)]
pub struct Options {
    pub start: Choice,
    /// Look for better numbers than those of `start`.
    pub search: bool,
    /// What each floor costs is measured at these.
    pub floors: Vec<u32>,
    pub threads: usize,
    /// Names a model, so that rows of two are not mixed; `None`: from the items' keys.
    pub model: Option<u32>,
    pub epoch: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            start: Choice::default(),
            search: true,
            floors: vec![1, 2, 3, 5, 10],
            threads: 2,
            model: None,
            epoch: 1,
        }
    }
}

/// What one floor costs, on the tenth of the sessions that ended last, when the others were learnt.
#[derive(Clone, Debug)]
pub struct Floor {
    pub min_sessions: u32,
    pub next: Measured,
    pub discovery: Measured,
    /// Of all rows, bytes.
    pub bytes: usize,
}

#[derive(Clone, Debug)]
pub struct Trained {
    pub model: Model,
    pub choice: Choice,
    /// Where it was learnt from baskets.
    #[cfg(feature = "baskets")]
    pub ease: Option<crate::basket::Ease>,
    pub floors: Vec<Floor>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Searching,
    Calibrating,
    Measuring,
    Counting,
}

/// `at` is told what is done, and how much of how much of it.
#[must_use]
pub fn train(log: &Log, options: &Options, at: &mut dyn FnMut(Phase, usize, usize)) -> Trained {
    let threads = options.threads;
    let choice = if options.search {
        search(log, &options.start, threads, &mut |done, all| at(Phase::Searching, done, all))
    } else {
        options.start
    };

    let recent = log.newest(ENOUGH_CLICKS);
    let (learnt, held) = recent.split(HELD_BACK);
    let sessions = numbered(&held);
    at(Phase::Calibrating, 0, 1);
    let learnt_with = |choice: &Choice| {
        let lists =
            count(&learnt, &choice.weighting, choice.min_sessions, choice.candidates(), threads, &|_| ());
        let mut model = rows_of(&learnt, &lists, choice);
        model.again = again(&model, sessions.iter().map(Vec::as_slice));
        model
    };
    let again = learnt_with(&choice).again;
    let floors = options.floors.iter().zip(0..).map(|(min_sessions, done)| {
        at(Phase::Measuring, done, options.floors.len());
        let model = learnt_with(&Choice { min_sessions: *min_sessions, ..choice });
        let asked = || sessions.iter().map(Vec::as_slice);
        Floor {
            min_sessions: *min_sessions,
            next: measure(&model, asked(), Task::Next),
            discovery: measure(&model, asked(), Task::Discovery),
            bytes: Model { keys: Vec::new(), ..model }.encode().len(),
        }
    });
    let floors = floors.collect();

    at(Phase::Counting, 0, log.items().len());
    let lists = count(log, &choice.weighting, choice.min_sessions, choice.candidates(), threads, &|_| ());
    let mut model = rows_of(log, &lists, &choice);
    model.again = again;
    model.model = options.model.unwrap_or_else(|| name_of(log.items()));
    model.epoch = options.epoch;
    Trained {
        model,
        choice,
        #[cfg(feature = "baskets")]
        ease: None,
        floors,
    }
}

/// Without names of items and of the model.
pub(crate) fn rows_of(log: &Log, lists: &[Neighbours], choice: &Choice) -> Model {
    let most = choice.neighbours.min(MAX_NEIGHBOURS);
    let favourites = popular(log, choice.weighting.half_life_days, choice.min_sessions, MAX_NEIGHBOURS);
    let extended = extend(lists, choice.followed, most);
    let rows =
        std::iter::once(&favourites).chain(&extended).map(|list| quantise(list, choice.bits)).collect();
    Model { wide: choice.bits == Bits::Eight, keys: log.items().to_vec(), rows, ..Model::default() }
}

pub(crate) fn name_of(keys: &[String]) -> u32 {
    keys.iter().fold(0, |seed, key| murmur3_32(key.as_bytes(), seed))
}
