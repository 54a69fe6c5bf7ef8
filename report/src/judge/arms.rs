//! Who met what.

use super::split;
use crate::model::Arm;
use crate::tally::Tally;
use crate::units::OfExperiment;

/// The control first: the file's first variant, or the one named control, or the first by name.
pub fn arms(tally: &Tally, of: &OfExperiment) -> Vec<Arm> {
    let all: u64 = of.units.iter().sum();
    let mut expected = split::expected(tally, of).unwrap_or_default().into_iter();
    of.arms
        .iter()
        .zip(&of.units)
        .enumerate()
        .map(|(at, (key, units))| Arm {
            key: key.clone(),
            is_control: at == 0,
            units: *units,
            share: if all == 0 { 0.0 } else { *units as f64 / all as f64 },
            expected_share: expected.next(),
        })
        .collect()
}
