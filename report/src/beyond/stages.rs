//! Where visitors stand, by the rules the page has (`parlour::journey`), and how they went from stage to stage.

use std::collections::BTreeMap;

use parlour::journey::Stage;

use super::model::{self, Journey, Move};
use super::week;

const COUNT: usize = Stage::ALL.len();
/// Ten years.
const MOST_WEEKS: usize = 520;

/// Of one visitor, from some moment on.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    now: Option<Stage>,
    since_ms: i64,
    last_ms: i64,
    is_met: [bool; COUNT],
    in_ms: [i64; COUNT],
    moves: [[u32; COUNT]; COUNT],
    weeks: BTreeMap<i64, usize>,
}

impl Flow {
    pub fn stand(&mut self, stage: Stage, at_ms: i64, week: i64) {
        self.last_ms = self.last_ms.max(at_ms);
        if self.weeks.len() < MOST_WEEKS {
            self.weeks.insert(week, stage as usize);
        }
        if self.now == Some(stage) {
            return;
        }
        if let Some(before) = self.now {
            self.leave(before);
            if let Some(count) =
                self.moves.get_mut(before as usize).and_then(|row| row.get_mut(stage as usize))
            {
                *count = count.saturating_add(1);
            }
        }
        if let Some(is_met) = self.is_met.get_mut(stage as usize) {
            *is_met = true;
        }
        (self.now, self.since_ms) = (Some(stage), self.last_ms);
    }

    fn leave(&mut self, stage: Stage) {
        if let Some(sum) = self.in_ms.get_mut(stage as usize) {
            *sum = sum.saturating_add(self.last_ms.saturating_sub(self.since_ms));
        }
    }
}

/// Of many.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    visitors: [u64; COUNT],
    ended: [u64; COUNT],
    /// A sum over millions of visitors, in a float that holds days of them to the millisecond.
    in_ms: [f64; COUNT],
    moves: [[(u64, u64); COUNT]; COUNT],
    weeks: BTreeMap<i64, [u64; COUNT]>,
}

impl Flows {
    pub fn add(&mut self, mut flow: Flow) {
        let Some(last) = flow.now else { return };
        flow.leave(last);
        for (visitors, is_met) in self.visitors.iter_mut().zip(flow.is_met) {
            *visitors += u64::from(is_met);
        }
        for (sum, ms) in self.in_ms.iter_mut().zip(flow.in_ms) {
            *sum += ms as f64;
        }
        for (sum, count) in self.moves.iter_mut().flatten().zip(flow.moves.iter().flatten()) {
            *sum = (sum.0 + u64::from(*count), sum.1 + u64::from(*count > 0));
        }
        if let Some(ended) = self.ended.get_mut(last as usize) {
            *ended += 1;
        }
        for (week, stage) in flow.weeks {
            if let Some(count) = self.weeks.entry(week).or_default().get_mut(stage) {
                *count += 1;
            }
        }
    }

    #[must_use]
    pub fn journey(&self) -> Journey {
        let names = || Stage::ALL.iter().map(|(_, name)| *name);
        let stages = names().zip(self.visitors).zip(self.ended).zip(self.in_ms);
        let moves = names().zip(&self.moves).flat_map(|(from, row)| {
            names().zip(row).map(move |(to, (count, visitors))| Move {
                from,
                to,
                count: *count,
                visitors: *visitors,
            })
        });
        Journey {
            stages: stages
                .map(|(((stage, visitors), ended), in_ms)| model::Stage {
                    stage,
                    visitors,
                    ended,
                    mean_ms: (visitors > 0).then(|| in_ms / visitors as f64),
                })
                .collect(),
            moves: moves.filter(|one| one.count > 0).collect(),
            weeks: self
                .weeks
                .iter()
                .map(|(week, visitors)| model::Week { week: week::name(*week), visitors: visitors.to_vec() })
                .collect(),
        }
    }
}
