//! Sums → the report, by the estimators of `parlour-stats`.

mod arms;
mod compare;
mod course;
mod decide;
mod diagnose;
mod goals;
mod horizon;
mod notes;
mod reach;
mod split;

use parlour_stats::method::Method;

use crate::model::{Analysis, Choice, Effect, Excluded, Exclusion, Experiment, Named, Note, Report};
use crate::seen::EXPERIENCE;
use crate::tally::Tally;
use crate::units::OfExperiment;

const ALPHA: f64 = 0.05;

#[must_use]
pub fn report(tally: &Tally) -> Report {
    let is_experience = |of: &&OfExperiment| of.asked.key.starts_with(EXPERIENCE);
    let experiments = tally.experiments.iter().filter(|of| !is_experience(of));
    let experiments: Vec<_> = experiments.map(|of| experiment(tally, of)).collect();
    Report {
        zone: tally.site.zone.clone(),
        identities: tally.survey.people.counts(),
        notes: notes::of_report(tally),
        experiments,
        ..Report::default()
    }
}

/// Changes outside experiments, against those who were held out.
#[must_use]
pub fn experiences(tally: &Tally) -> Vec<Experiment> {
    let told = |of| {
        let one: Experiment = experiment(tally, of);
        let key = one.key.strip_prefix(EXPERIENCE)?.to_owned();
        Some(Experiment { key, ..one })
    };
    tally.experiments.iter().filter_map(told).collect()
}

fn experiment(tally: &Tally, of: &OfExperiment) -> Experiment {
    let asked = &of.asked;
    let arms = arms::arms(tally, of);
    let sample_ratio = split::split(tally, of, &arms);
    let horizon = horizon::horizon(of);
    let goals = goals::goals(tally, of, &horizon);
    let notes = notes::of_experiment(tally, of, &arms, &goals);
    let decision = decide::decide(of, &arms, sample_ratio.as_ref(), &goals);
    Experiment {
        key: asked.key.clone(),
        name: asked.name.clone(),
        question: asked.question.clone(),
        owner: asked.owner.clone(),
        status: asked.status.clone(),
        analysis: analysis(of),
        first_ms: of.first_ms,
        last_ms: of.last_ms,
        excluded: left_out(of.excluded.iter().map(|(reason, count)| (*reason, *count))),
        diagnosis: diagnose::diagnose(tally, of),
        reach: reach::reach(tally, of),
        arms,
        sample_ratio,
        goals,
        notes,
        decision,
    }
}

fn analysis(of: &OfExperiment) -> Analysis {
    let asked = &of.asked.analysis;
    let mut corrections = vec![named(Method::Holm), named(Method::BenjaminiHochberg)];
    corrections.extend(asked.cuped_ms.map(|_| named(Method::Cuped)));
    corrections.extend(asked.strata.map(|_| named(Method::PostStratified)));
    let planned = matches!(asked.method, Choice::Fixed | Choice::GroupSequential);
    Analysis {
        method: asked.method,
        planned_units: asked.units.filter(|_| planned),
        cuped_days: asked.cuped_ms.and_then(|before| u32::try_from(before / crate::asked::DAY_MS).ok()),
        stratified_by: asked.strata,
        corrections,
    }
}

fn left_out(counts: impl Iterator<Item = (Exclusion, u64)>) -> Vec<Excluded> {
    counts.filter(|(_, count)| *count > 0).map(|(reason, count)| Excluded { reason, count }).collect()
}

fn effect(of: &parlour_stats::Effect) -> Effect {
    Effect { estimate: of.estimate, low: of.interval.low, high: of.interval.high, p: of.p }
}

pub fn named(method: Method) -> Named {
    Named { name: method.name().to_owned(), source: method.source().to_owned() }
}

fn note(what: impl Into<String>, done: impl Into<String>) -> Note {
    Note { what: what.into(), done: done.into() }
}
