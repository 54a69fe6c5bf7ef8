//! What one experiment does to a crowd, and how it meets the other experiments of its plan.

pub mod picture;
pub mod text;

use std::collections::BTreeMap;

use parlour::decision::Decision;
use parlour::plan::{Experiment, FULL};
use parlour_stats::chi_square::ChiSquare;

use crate::crowd::{Asked, Crowd, Facts, complete};
use crate::plan_file::Opened;
use crate::visitor::Visitor;

/// Below this the shares do not come from the weights: one honest run in a thousand falls under it.
pub const SUSPECT: f64 = 0.001;

#[derive(Debug)]
pub struct Simulation {
    pub key: String,
    pub visitors: u64,
    pub arms: Vec<Arm>,
    /// Who was not bucketed: variant, reason, how many.
    pub others: Vec<(String, &'static str, u64)>,
    pub shares: Option<ChiSquare>,
    /// The other experiments that had anyone in, in the order of the plan.
    pub meetings: Vec<Meeting>,
}

#[derive(Debug)]
pub struct Arm {
    pub key: String,
    pub visitors: u64,
    /// What its weight promises, 0 to 1.
    pub weight: f64,
}

/// Another experiment, as this one's visitors meet it.
#[derive(Debug)]
pub struct Meeting {
    pub key: String,
    /// How many are in it, and how many of them in both.
    pub visitors: u64,
    pub both: u64,
    pub tie: Tie,
    /// Do its variants and ours fall independently of each other on those in both?
    pub variants: Option<ChiSquare>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// Neither layer nor prerequisite.
    None,
    /// Ours takes only who is in the other, or the other only who is in ours.
    OursRequires,
    TheirsRequires,
    /// The same layer, and no visitor can be in both.
    Apart,
    /// The same layer, and their ranges overlap.
    Overlap,
}

impl Simulation {
    /// How many were bucketed.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.arms.iter().map(|arm| arm.visitors).sum()
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        let shares = self.shares.is_none_or(|test| test.p >= SUSPECT);
        shares && self.meetings.iter().all(|meeting| !self.depends(meeting))
    }

    /// One alarm in a thousand honest runs, however many other experiments there are (Bonferroni).
    #[must_use]
    pub fn depends(&self, meeting: &Meeting) -> bool {
        let tests = self.meetings.iter().filter(|meeting| meeting.variants.is_some()).count();
        meeting.variants.is_some_and(|test| test.p < SUSPECT / tests as f64)
    }

    /// How many would be in both if being in the one said nothing of being in the other.
    #[must_use]
    pub fn expected_both(&self, meeting: &Meeting) -> f64 {
        share(self.total(), self.visitors) * meeting.visitors as f64
    }
}

#[must_use]
pub fn share(count: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { count as f64 / total as f64 }
}

/// The share of the buckets that each variant has.
#[must_use]
pub fn weights(experiment: &Experiment) -> Vec<f64> {
    let arms = (0u8..).take(experiment.variants.len());
    arms.map(|arm| experiment.buckets(arm) as f64 / FULL as f64).collect()
}

/// Sends `visitors` of a crowd through the whole plan and looks at the experiment at `index`. `walked` hears how many
/// have been through.
#[must_use]
pub fn simulate(
    opened: &Opened,
    index: usize,
    sets: &[Facts],
    asked: Asked,
    walked: &mut dyn FnMut(u64),
) -> Simulation {
    let experiments = opened.plan.experiments();
    let arms_of = |at: usize| experiments.get(at).map_or(0, |found| found.variants.len());
    let sets: Vec<Facts> = sets.iter().map(|facts| complete(facts, &opened.names)).collect();
    let mut crowd = Crowd::new(asked.seed, &sets);
    let mut visitor = Visitor::new(opened, asked.now_ms);
    let mut known = None;
    let mut bucketed = vec![0u64; arms_of(index)];
    let mut others: BTreeMap<(Option<u8>, &'static str), u64> = BTreeMap::new();
    let mut meetings: Vec<Counts> =
        (0..experiments.len()).map(|at| Counts::new(arms_of(index), arms_of(at))).collect();
    for walk in 0..asked.visitors {
        walked(walk);
        let (id, set) = crowd.next_visitor();
        if known != Some(set) {
            visitor.knows(sets.get(set).unwrap_or(&Facts::new()));
            known = Some(set);
        }
        visitor.becomes(&id);
        let decision = visitor.decide(index);
        let arm = counted(decision).filter(|arm| *arm < bucketed.len());
        match arm.and_then(|arm| bucketed.get_mut(arm)) {
            Some(count) => *count += 1,
            None => *others.entry((decision.variant, decision.reason.name())).or_default() += 1,
        }
        for (at, meeting) in meetings.iter_mut().enumerate().filter(|(at, _)| *at != index) {
            if let Some(other) = counted(visitor.decide(at)) {
                meeting.add(arm, other);
            }
        }
    }
    let key_of =
        |at: usize| opened.names.experiments.get(at).map(|named| named.key.clone()).unwrap_or_default();
    let own = experiments.get(index);
    let weights: Vec<f64> = own.map(weights).unwrap_or_default();
    let total: u64 = bucketed.iter().sum();
    let expected: Vec<f64> = weights.iter().map(|weight| weight * total as f64).collect();
    Simulation {
        key: key_of(index),
        visitors: asked.visitors,
        shares: ChiSquare::of_shares(&bucketed, &expected),
        arms: (0u8..)
            .zip(bucketed.iter().zip(weights))
            .map(|(arm, (visitors, weight))| Arm {
                key: opened.names.variant(index, Some(arm)).to_owned(),
                visitors: *visitors,
                weight,
            })
            .collect(),
        others: others
            .into_iter()
            .map(|((arm, reason), count)| (opened.names.variant(index, arm).to_owned(), reason, count))
            .collect(),
        meetings: meetings
            .into_iter()
            .enumerate()
            .filter(|(_, meeting)| meeting.visitors > 0)
            .map(|(at, meeting)| Meeting {
                key: key_of(at),
                visitors: meeting.visitors,
                both: meeting.table.iter().flatten().sum(),
                tie: tie((index, own), (at, experiments.get(at))),
                variants: ChiSquare::of_independence(&meeting.table),
            })
            .collect(),
    }
}

struct Counts {
    visitors: u64,
    /// A row for each of our variants, a column for each of theirs.
    table: Vec<Vec<u64>>,
}

impl Counts {
    fn new(ours: usize, theirs: usize) -> Self {
        Self { visitors: 0, table: vec![vec![0; theirs]; ours] }
    }

    fn add(&mut self, ours: Option<usize>, theirs: usize) {
        self.visitors += 1;
        let cell = ours.and_then(|ours| self.table.get_mut(ours)?.get_mut(theirs));
        if let Some(cell) = cell {
            *cell += 1;
        }
    }
}

fn counted(decision: Decision) -> Option<usize> {
    decision.variant.filter(|_| decision.counts()).map(usize::from)
}

fn tie(ours: (usize, Option<&Experiment>), theirs: (usize, Option<&Experiment>)) -> Tie {
    let ((own_index, Some(ours)), (index, Some(theirs))) = (ours, theirs) else { return Tie::None };
    let requires = |experiment: &Experiment, at: usize| {
        experiment.requires.iter().any(|required| usize::from(required.experiment) == at)
    };
    if requires(ours, index) {
        return Tie::OursRequires;
    }
    if requires(theirs, own_index) {
        return Tie::TheirsRequires;
    }
    match (ours.layer, theirs.layer) {
        (Some(ours), Some(theirs)) if ours.seed == theirs.seed => {
            let overlap = ours.range.start < theirs.range.end && theirs.range.start < ours.range.end;
            if overlap { Tie::Overlap } else { Tie::Apart }
        }
        _ => Tie::None,
    }
}
