//! Who gets another variant when one plan takes another's place, by arithmetic on their ranges.

use super::Names;
use super::follow::disjoint;
use crate::plan::{Experiment, Plan, Range};

/// An experiment that both plans run.
#[derive(Clone, Debug, PartialEq)]
pub struct Moves {
    pub key: String,
    /// Share of its units that get another variant, 0 to 1.
    pub share: f64,
    /// Does it start anew, so that they are meant to?
    pub is_new_version: bool,
}

/// Experiments that both plans have, in the order of the later one.
#[must_use]
pub fn moves(before: &Plan, after: &Plan) -> Vec<Moves> {
    let names = Names::read(after);
    let pair = |(index, experiment): (usize, &Experiment)| {
        let earlier = before.experiments().iter().find(|earlier| earlier.id == experiment.id)?;
        Some(Moves {
            key: names.experiments.get(index)?.key.clone(),
            share: moved_share(earlier, experiment),
            is_new_version: experiment.version != earlier.version,
        })
    };
    after.experiments().iter().enumerate().filter_map(pair).collect()
}

/// Of the units that have a variant before: the share that has another one after, or none.
#[must_use]
pub fn moved_share(before: &Experiment, after: &Experiment) -> f64 {
    let (had, has) = (before.owners(), after.owners());
    let both: Vec<(u32, Range)> = had.iter().chain(&has).copied().collect();
    let pieces = disjoint(&both);
    let owner = |splits: &[(u32, Range)], piece: Range| {
        let holds = |range: &Range| range.start <= piece.start && piece.end <= range.end;
        splits.iter().find(|(_, range)| holds(range)).map(|(id, _)| *id)
    };
    let length = |range: Range| range.end.saturating_sub(range.start) as f64;
    let mut all = 0.0;
    let mut stays = 0.0;
    for (_, piece) in &pieces {
        let Some(id) = owner(&had, *piece) else { continue };
        all += length(*piece);
        if before.seed == after.seed {
            stays += if owner(&has, *piece) == Some(id) { length(*piece) } else { 0.0 };
        } else {
            // Under another seed the old bucket says nothing of the new one.
            let own = after.variants.iter().position(|variant| *variant == id);
            let share = own.map_or(0.0, |own| after.buckets(own as u8) as f64 / crate::plan::FULL as f64);
            stays += length(*piece) * share;
        }
    }
    if all == 0.0 { 0.0 } else { (all - stays) / all }
}
