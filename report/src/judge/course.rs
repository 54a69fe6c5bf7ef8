//! How a comparison went, day by day: always by the confidence sequence, as whoever reads a course looks often.

use std::collections::BTreeSet;

use parlour_stats::sequential::ConfidenceSequence;

use super::compare::Making;
use crate::days::Days;
use crate::model::{Course, Day};
use crate::units::{OfExperiment, OfGoal};

/// The newest are told.
const MOST_DAYS: usize = 400;

pub fn over_time(of: &OfExperiment, goal: &OfGoal, making: Making, days: &Days) -> Vec<Course> {
    let Ok(sequence) = ConfidenceSequence::usual() else { return Vec::new() };
    let all: BTreeSet<u32> = goal.daily.iter().flat_map(|daily| daily.days()).collect();
    let all: Vec<u32> = all.into_iter().rev().take(MOST_DAYS).collect::<Vec<_>>().into_iter().rev().collect();
    let mut courses = goal.daily.iter().map(|daily| daily.courses(&all));
    let Some(control) = courses.next() else { return Vec::new() };
    let course = |(arm, variant): (&String, Vec<_>)| {
        let told = all.iter().zip(control.iter().zip(&variant)).filter_map(|(day, (control, variant))| {
            let made = making.arms(control, variant).ok()?;
            let told = sequence.compare(&made.control, &made.variant).ok()?.absolute;
            Some(Day {
                date: days.date(*day),
                units: made.control.n + made.variant.n,
                estimate: told.estimate,
                low: told.interval.low,
                high: told.interval.high,
            })
        });
        Course { arm: arm.clone(), days: told.collect() }
    };
    of.arms.iter().skip(1).zip(courses).map(course).collect()
}
