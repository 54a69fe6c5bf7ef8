//! Removal effects of an absorbing Markov chain of order 1.
//!
//! States are the channels; a path begins in one of them and each ends in "conversion" or in "null", which nothing leaves.
//! A channel's removal effect is the part of all conversions that is lost when whoever comes to it ends in null instead
//! (Anderl, Becker, von Wangenheim, Schumann 2016, equation 4). With N = (I − Q)⁻¹, the expected visits to each state
//! from each (Kemeny & Snell, Finite Markov Chains, 1960, §3.2), and b = N r, what is expected from a state on:
//!
//!   lost(k) = P(ever in k) · b(k),  P(ever in k) = N(start, k) / N(k, k).
//!
//! One elimination answers for all channels; nothing is simulated. Channels that repeat may be kept or merged: a state's
//! loop to itself changes neither of the two factors.

use crate::elimination::Eliminated;

#[derive(Debug, Clone, Default)]
pub struct Chain {
    /// From, to: how many went.
    moves: Vec<Vec<f64>>,
    starts: Vec<f64>,
    conversions: Vec<f64>,
    values: Vec<f64>,
    nulls: Vec<f64>,
}

/// For each channel, the part of conversions and of value that goes without it; not parts of one whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Removal {
    pub conversions: Vec<f64>,
    pub value: Vec<f64>,
}

impl Chain {
    /// The channels are below `channels`, and there is at least one.
    pub fn add(&mut self, path: &[usize], channels: usize, conversions: f64, value: f64, nulls: f64) {
        for row in [&mut self.starts, &mut self.conversions, &mut self.values, &mut self.nulls] {
            row.resize(channels.max(row.len()), 0.0);
        }
        self.moves.resize_with(channels.max(self.moves.len()), Vec::new);
        let many = conversions + nulls;
        for pair in path.windows(2) {
            if let [from, to] = pair
                && from != to
                && let Some(row) = self.moves.get_mut(*from)
            {
                row.resize((to + 1).max(row.len()), 0.0);
                add(row, *to, many);
            }
        }
        if let (Some(first), Some(last)) = (path.first(), path.last()) {
            add(&mut self.starts, *first, many);
            add(&mut self.conversions, *last, conversions);
            add(&mut self.values, *last, value);
            add(&mut self.nulls, *last, nulls);
        }
    }

    /// `None` where nobody was there, or counts differ by more than numbers can hold.
    pub fn removal(&self) -> Option<Removal> {
        let all_starts: f64 = self.starts.iter().sum();
        if all_starts <= 0.0 {
            return None;
        }
        let ends = self.conversions.iter().zip(&self.nulls).map(|(conversions, nulls)| conversions + nulls);
        let system = Eliminated::new(&self.moves, ends.collect());
        let met = self.met(&system, all_starts)?;
        let effects = |ends: &[f64]| -> Option<Vec<f64>> {
            let onward = system.solve(ends);
            let all: f64 =
                onward.iter().zip(&self.starts).map(|(onward, many)| onward * many / all_starts).sum();
            if all <= 0.0 {
                return Some(vec![0.0; onward.len()]);
            }
            let lost: Vec<f64> =
                met.iter().zip(&onward).map(|(met, onward)| (met * onward / all).min(1.0)).collect();
            lost.iter().all(|part| part.is_finite()).then_some(lost)
        };
        Some(Removal { conversions: effects(&self.conversions)?, value: effects(&self.values)? })
    }

    /// The chance that a path is ever in each channel.
    fn met(&self, system: &Eliminated, all_starts: f64) -> Option<Vec<f64>> {
        let count = self.starts.len();
        let mut only = vec![0.0; count];
        let mut met = Vec::with_capacity(count);
        for channel in 0..count {
            *only.get_mut(channel)? = 1.0;
            let from = system.solve(&only);
            *only.get_mut(channel)? = 0.0;
            let from_start: f64 =
                from.iter().zip(&self.starts).map(|(from, many)| from * many / all_starts).sum();
            let from_itself = *from.get(channel)?;
            met.push(if from_itself > 0.0 { from_start / from_itself } else { 0.0 });
        }
        Some(met)
    }
}

fn add(row: &mut [f64], at: usize, many: f64) {
    if let Some(cell) = row.get_mut(at) {
        *cell += many;
    }
}
