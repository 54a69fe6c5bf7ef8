//! Up to when an experiment's units may be compared: at every look, or at those alone that were planned.

use std::collections::BTreeSet;

use parlour_stats::group_sequential::LEAST_STEP;

use crate::model::Choice;
use crate::units::OfExperiment;

#[derive(Debug, Clone, PartialEq)]
pub enum Horizon {
    /// All there is.
    Open,
    /// Up to the end of the day on which a planned number of units was in; the shares of them at the looks so far.
    Until { day: u32, fractions: Vec<f64> },
    /// No planned look has come.
    NotYet { have: u64, need: u64 },
    /// Looks are planned by units, and nobody said how many.
    Unplanned,
}

const QUARTERS: [f64; 4] = [0.25, 0.5, 0.75, 1.0];

pub fn horizon(of: &OfExperiment) -> Horizon {
    let asked = &of.asked.analysis;
    let looks: &[f64] = match asked.method {
        Choice::Sequential | Choice::Bayesian => return Horizon::Open,
        Choice::Fixed => &[1.0],
        Choice::GroupSequential if asked.looks.is_empty() => &QUARTERS,
        Choice::GroupSequential => &asked.looks,
    };
    let Some(planned) = asked.units.filter(|units| *units > 0) else { return Horizon::Unplanned };
    let mut in_by: Vec<(u32, u64)> = Vec::new();
    if let Some(main) = of.goals.first() {
        let days: BTreeSet<u32> = main.daily.iter().flat_map(|daily| daily.days()).collect();
        let days: Vec<u32> = days.into_iter().collect();
        let courses: Vec<_> = main.daily.iter().map(|daily| daily.courses(&days)).collect();
        in_by.extend(days.iter().enumerate().map(|(at, day)| {
            (*day, courses.iter().filter_map(|course| course.get(at)).map(|sums| sums.n).sum())
        }));
    }
    let mut taken: Option<u32> = None;
    let mut fractions: Vec<f64> = Vec::new();
    for look in looks {
        let need = look * planned as f64;
        let Some((day, have)) = in_by.iter().find(|(_, have)| *have as f64 >= need) else { break };
        let fraction = (*have as f64 / planned as f64).min(1.0);
        if fractions.last().is_some_and(|before| fraction < before + LEAST_STEP) {
            continue;
        }
        taken = Some(*day);
        fractions.push(fraction);
    }
    match taken {
        Some(day) => Horizon::Until { day, fractions },
        None => {
            let first = looks.first().copied().unwrap_or(1.0);
            let have = in_by.last().map_or(0, |(_, have)| *have);
            Horizon::NotYet { have, need: (first * planned as f64).ceil() as u64 }
        }
    }
}
