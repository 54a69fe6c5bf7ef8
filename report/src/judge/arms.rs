//! Who met what.

use crate::model::Arm;
use crate::units::OfExperiment;

/// The control first: the file's first variant, or the one named control, or the first by name.
pub fn arms(of: &OfExperiment) -> Vec<Arm> {
    let all: u64 = of.units.iter().sum();
    let weights: f64 = of.asked.variants.iter().map(|(_, weight)| weight).sum();
    let mut expected = of.asked.variants.iter().map(|(_, weight)| (weights > 0.0).then(|| weight / weights));
    of.arms
        .iter()
        .zip(&of.units)
        .enumerate()
        .map(|(at, (key, units))| Arm {
            key: key.clone(),
            is_control: at == 0,
            units: *units,
            share: if all == 0 { 0.0 } else { *units as f64 / all as f64 },
            expected_share: expected.next().flatten(),
        })
        .collect()
}
