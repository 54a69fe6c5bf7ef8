//! What may lie behind the main goal's numbers. All of it is looked at once, by fixed-horizon tests: hints, not results.

use parlour_stats::method::Method;
use parlour_stats::segments::{heterogeneity, interaction, simpson, trend};
use parlour_stats::strata::Stratum;
use parlour_stats::{Error, PairSums, Sums, fixed, multiple, outliers, uniform};

use super::compare::Making;
use super::{ALPHA, effect, named};
use crate::model::{
    AaCheck, Diagnosis, Dimension, GoalKind, Interaction, Novelty, Outliers, Segment, Segments,
};
use crate::tally::Tally;
use crate::text::shown;
use crate::units::{LARGEST, OfExperiment};

const DIMENSIONS: [Dimension; 5] =
    [Dimension::Device, Dimension::Source, Dimension::Page, Dimension::Returning, Dimension::Day];
/// The largest of a dimension are told.
const TOLD: usize = 12;
/// Fewer p-values tell nothing about whether they are even.
const FEWEST_SPLITS: usize = 20;

pub fn diagnose(tally: &Tally, of: &OfExperiment) -> Diagnosis {
    let Some(main) = of.goals.first() else { return Diagnosis::default() };
    let making = Making { kind: main.goal.asked.kind, has_covariate: false };
    let is_a_sum = !matches!(making.kind, GoalKind::Ratio | GoalKind::Time);
    Diagnosis {
        a_a: is_a_sum.then(|| a_a(of)).flatten(),
        outliers: heavy(of),
        novelty: of.arms.iter().enumerate().skip(1).map(|(at, arm)| novelty(of, at, arm)).collect(),
        segments: if making.kind == GoalKind::Time { Vec::new() } else { segments(tally, of, making) },
        interactions: if is_a_sum { interactions(tally, of) } else { Vec::new() },
    }
}

/// What a value of a dimension is called.
pub fn value(tally: &Tally, dimension: Dimension, value: u32) -> String {
    match dimension {
        Dimension::Day => tally.days.date(value),
        Dimension::Returning => (if value == 1 { "returning" } else { "new" }).to_owned(),
        // Of the page's own making: it moves no cursor and begins no line.
        _ => shown(tally.words.text(value)),
    }
}

fn a_a(of: &OfExperiment) -> Option<AaCheck> {
    let p_of = |[one, other]: &[Sums; 2]| {
        let found = fixed::welch(&one.arm().ok()?, &other.arm().ok()?, ALPHA).ok()?;
        Some(found.absolute.p)
    };
    let p: Vec<f64> = of.splits.iter().filter_map(p_of).collect();
    if p.len() < FEWEST_SPLITS {
        return None;
    }
    let even = uniform::uniformity(&p).ok()?;
    Some(AaCheck {
        splits: p.len() as u64,
        alarms: p.iter().filter(|p| **p <= ALPHA).count() as f64 / p.len() as f64,
        p: even.p,
        method: named(Method::KolmogorovSmirnov),
    })
}

fn heavy(of: &OfExperiment) -> Vec<Outliers> {
    let mut told = Vec::new();
    for goal in &of.goals {
        for ((arm, largest), daily) in of.arms.iter().zip(&goal.largest).zip(&goal.daily) {
            let all = daily.all();
            let sums = Sums { n: all.n, nonzero: all.nonzero, sum: all.y, squares: all.y_squares };
            let Ok(found) = outliers::outliers(largest, &sums) else { continue };
            // As many units as there are weigh something anyway.
            if largest.len() == LARGEST && sums.nonzero > 10 * LARGEST as u64 {
                let (goal, arm) = (goal.goal.asked.key.clone(), arm.clone());
                told.push(Outliers { goal, arm, of_sum: found.of_sum, of_variance: found.of_variance });
            }
        }
    }
    told
}

fn novelty(of: &OfExperiment, at: usize, arm: &str) -> Novelty {
    let day = |(age, sums): (usize, &Vec<Sums>)| {
        let (control, variant) = (sums.first()?.arm().ok()?, sums.get(at)?.arm().ok()?);
        let fewest = parlour_stats::minimum::FIXED;
        (control.informative.min(variant.informative) >= fewest)
            .then_some((age as f64, Stratum { control, variant }))
    };
    let days: Vec<_> = of.ages.iter().enumerate().filter_map(day).collect();
    match trend(&days, ALPHA) {
        Ok(slope) => Novelty { arm: arm.to_owned(), slope: Some(effect(&slope)), refused: None },
        Err(why) => Novelty { arm: arm.to_owned(), slope: None, refused: Some(why.to_string()) },
    }
}

type Part = (u32, PairSums, PairSums);

fn segments(tally: &Tally, of: &OfExperiment, making: Making) -> Vec<Segments> {
    let mut told = Vec::new();
    for (at, arm) in of.arms.iter().enumerate().skip(1) {
        for dimension in DIMENSIONS {
            let mut parts: Vec<Part> = of
                .parts
                .iter()
                .filter(|((other, _), _)| *other == dimension)
                .filter_map(|((_, value), sums)| Some((*value, *sums.first()?, *sums.get(at)?)))
                .collect();
            if parts.len() < 2 {
                continue;
            }
            parts.sort_by_key(|(value, control, variant)| (std::cmp::Reverse(control.n + variant.n), *value));
            told.push(of_dimension(tally, making, arm, dimension, &parts));
        }
    }
    let looks = told.iter().filter(|one| one.one_effect_p.is_some()).count() as f64;
    let p: Vec<f64> = told
        .iter()
        .flat_map(|one| &one.parts)
        .filter_map(|part| part.effect.map(|effect| effect.p))
        .collect();
    let mut adjusted = multiple::benjamini_hochberg(&p).unwrap_or_default().into_iter();
    for one in &mut told {
        one.one_effect_p = one.one_effect_p.map(|p| (p * looks).min(1.0));
        for part in one.parts.iter_mut().filter(|part| part.effect.is_some()) {
            part.adjusted_p = adjusted.next();
        }
    }
    told
}

fn of_dimension(tally: &Tally, making: Making, arm: &str, dimension: Dimension, parts: &[Part]) -> Segments {
    let stratum = |(_, control, variant): &Part| -> Result<Stratum, Error> {
        let made = making.arms(control, variant)?;
        Ok(Stratum { control: made.control, variant: made.variant })
    };
    let told = parts.iter().take(TOLD).map(|part| {
        let compared = stratum(part).and_then(|arms| fixed::welch(&arms.control, &arms.variant, ALPHA));
        let (told, refused) = match compared {
            Ok(found) => (Some(effect(&found.absolute)), None),
            Err(why) => (None, Some(why.to_string())),
        };
        Segment {
            value: value(tally, dimension, part.0),
            units: part.1.n + part.2.n,
            effect: told,
            adjusted_p: None,
            refused,
        }
    });
    let enough = |arms: &Stratum| {
        arms.control.informative.min(arms.variant.informative) >= parlour_stats::minimum::FIXED
    };
    let strata: Vec<Stratum> = parts.iter().filter_map(|part| stratum(part).ok()).collect();
    let large: Vec<Stratum> = strata.iter().copied().filter(enough).collect();
    let (control, variant) = parts
        .iter()
        .fold((PairSums::default(), PairSums::default()), |sum, part| (sum.0 + part.1, sum.1 + part.2));
    let reversed = making
        .arms(&control, &variant)
        .and_then(|pooled| simpson(&pooled.control, &pooled.variant, &strata, ALPHA))
        .is_ok_and(|found| found.reversed);
    Segments {
        arm: arm.to_owned(),
        dimension,
        parts: told.collect(),
        one_effect_p: heterogeneity(&large).ok().map(|found| found.p),
        is_reversed: reversed,
    }
}

fn interactions(tally: &Tally, of: &OfExperiment) -> Vec<Interaction> {
    let mut told: Vec<Interaction> = Vec::new();
    for ((other, other_arm), sums) in of.others.iter().filter(|((_, arm), _)| *arm > 0) {
        let Some(base) = of.others.get(&(*other, 0)) else { continue };
        let Some(experiment) = tally.experiments.get(*other as usize) else { continue };
        for (at, arm) in of.arms.iter().enumerate().skip(1) {
            let stratum = |sums: &Vec<Sums>| {
                Some(Stratum { control: sums.first()?.arm().ok()?, variant: sums.get(at)?.arm().ok()? })
            };
            let (Some(within_control), Some(within_variant)) = (stratum(base), stratum(sums)) else {
                continue;
            };
            let Ok(found) = interaction(&within_control, &within_variant, ALPHA) else { continue };
            told.push(Interaction {
                arm: arm.clone(),
                other: experiment.asked.key.clone(),
                other_arm: experiment.arms.get(*other_arm as usize).cloned().unwrap_or_default(),
                effect: effect(&found),
                adjusted_p: found.p,
            });
        }
    }
    let p: Vec<f64> = told.iter().map(|one| one.effect.p).collect();
    if let Ok(adjusted) = multiple::benjamini_hochberg(&p) {
        told.iter_mut().zip(adjusted).for_each(|(one, p)| one.adjusted_p = p);
    }
    told
}
