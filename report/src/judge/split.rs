//! Did the split come out as planned, and if not, where does it break?

use parlour_stats::sample_ratio;

use super::{diagnose, named};
use crate::model::{Arm, Break, Dimension, SampleRatio};
use crate::tally::Tally;
use crate::units::OfExperiment;

const TOLD: usize = 5;
/// Fewer units say nothing about their split.
const FEWEST: u64 = 20;

pub fn split(tally: &Tally, of: &OfExperiment, arms: &[Arm]) -> Option<SampleRatio> {
    let counts: Vec<u64> = arms.iter().map(|arm| arm.units).collect();
    let expected = expected(tally, of)?;
    let (planned, weights) = weighted(&expected, &counts)?;
    let tested = sample_ratio::always_valid(&planned, &weights).ok()?;
    let is_broken = tested.p < sample_ratio::ALARM;
    let breaks = if is_broken { breaks(tally, of, &expected, &counts) } else { Vec::new() };
    let likely = is_broken.then(|| likely(of, &expected, arms, &breaks)).flatten();
    Some(SampleRatio { p: tested.p, is_broken, method: named(tested.method), breaks, likely })
}

/// The share of units that each arm should have: by the weights of the plan under which each unit was first met, as far as those are
/// known, else by the file's.
pub fn expected(tally: &Tally, of: &OfExperiment) -> Option<Vec<f64>> {
    let own: Vec<f64> = of.asked.variants.iter().map(|(_, weight)| *weight).collect();
    let share = |weights: &[f64]| -> Option<Vec<f64>> {
        let all: f64 = weights.iter().sum();
        (all > 0.0).then(|| weights.iter().map(|weight| weight / all).collect())
    };
    let mut units = vec![0.0; own.len()];
    for (plan, met) in &of.by_plan {
        let weights =
            of.asked.weights.get(tally.words.text(*plan)).filter(|weights| weights.len() == own.len());
        let shares = share(weights.unwrap_or(&own))?;
        let all = met.iter().sum::<u64>() as f64;
        units.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share * all);
    }
    share(&units).or_else(|| share(&own))
}

/// Were there plans that weigh the variants differently?
pub fn has_moved_weights(tally: &Tally, of: &OfExperiment) -> bool {
    let own: Vec<f64> = of.asked.variants.iter().map(|(_, weight)| *weight).collect();
    let all: f64 = own.iter().sum();
    let now = own.iter().map(|weight| weight / all);
    expected(tally, of).is_some_and(|expected| {
        expected.len() == own.len() && expected.iter().zip(now).any(|(share, now)| (share - now).abs() > 1e-6)
    })
}

/// Counts and weights of the arms that are to have units.
fn weighted(expected: &[f64], counts: &[u64]) -> Option<(Vec<u64>, Vec<f64>)> {
    let weights = expected.iter().copied();
    let both: (Vec<_>, Vec<_>) =
        counts.iter().copied().zip(weights).filter(|(_, weight)| *weight > 0.0).unzip();
    (both.0.len() > 1).then_some(both)
}

fn p(expected: &[f64], counts: &[u64]) -> Option<f64> {
    let (counts, weights) = weighted(expected, counts)?;
    sample_ratio::once(&counts, &weights).ok().map(|tested| tested.p)
}

/// One look at each kind of visitor, Bonferroni's p over all of them.
fn breaks(tally: &Tally, of: &OfExperiment, expected: &[f64], all: &[u64]) -> Vec<Break> {
    let counted =
        of.parts.iter().map(|(key, sums)| (*key, sums.iter().map(|sums| sums.n).collect::<Vec<u64>>()));
    let counted: Vec<_> = counted.filter(|(_, counts)| counts.iter().sum::<u64>() >= FEWEST).collect();
    // Each day has weights of its own then, and so has nothing to be held against.
    let is_told = |dimension| dimension != Dimension::Day || !has_moved_weights(tally, of);
    let counted: Vec<_> = counted.into_iter().filter(|((dimension, _), _)| is_told(*dimension)).collect();
    let looks = counted.len() as f64;
    let mut found: Vec<Break> = counted
        .into_iter()
        // Where everybody is of one kind, it says nothing.
        .filter(|(_, counts)| counts.iter().sum::<u64>() < all.iter().sum::<u64>())
        .filter_map(|((dimension, value), units)| {
            let adjusted = (p(expected, &units)? * looks).min(1.0);
            let rest: Vec<u64> =
                all.iter().zip(&units).map(|(all, units)| all.saturating_sub(*units)).collect();
            (adjusted < sample_ratio::ALARM).then(|| Break {
                dimension,
                value: diagnose::value(tally, dimension, value),
                explains_all: p(expected, &rest).is_some_and(|p| p >= sample_ratio::ALARM),
                units,
                p: adjusted,
            })
        })
        .collect();
    found.sort_by(|a, b| b.explains_all.cmp(&a.explains_all).then(a.p.total_cmp(&b.p)));
    found.truncate(TOLD);
    found
}

fn likely(of: &OfExperiment, expected: &[f64], arms: &[Arm], breaks: &[Break]) -> Option<String> {
    let short = arms
        .iter()
        .filter_map(|arm| Some((arm, arm.share / arm.expected_share.filter(|share| *share > 0.0)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(arm, _)| arm.key.as_str());
    let place = breaks.iter().find(|one| one.explains_all).map(|one| match one.dimension {
        Dimension::Page => format!("on {}", one.value),
        Dimension::Device => format!("on {} devices", one.value),
        Dimension::Source => format!("among visitors from {}", one.value),
        Dimension::Day => format!("on {}", one.value),
        Dimension::Returning if one.value == "returning" => "among returning visitors".to_owned(),
        Dimension::Returning => "among new visitors".to_owned(),
    });
    let at = place.as_ref().map(|place| format!(" {place}")).unwrap_or_default();
    match short {
        Some(arm) if of.asked.redirects.iter().any(|key| key == arm) => {
            Some(format!("the redirect of {arm} loses visitors{at}"))
        }
        Some(_) if uneven_lates(of, expected) => {
            Some(format!("more late page views in one variant than in others{at}"))
        }
        Some(arm) => place.map(|place| format!("lost exposures of {arm} {place}")),
        None => None,
    }
}

/// Late views are decided without looking at the variant: where their split breaks, too, something else decides.
fn uneven_lates(of: &OfExperiment, expected: &[f64]) -> bool {
    of.late.iter().sum::<u64>() > of.exposures / 100
        && p(expected, &of.late).is_some_and(|p| p < sample_ratio::ALARM)
}
