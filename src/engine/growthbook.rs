//! The engine's answers for GrowthBook's features and experiments: same facts, same memory of who met what.

use super::{Engine, Entry, Met};
use crate::growthbook::{Answer, Evaluation, Outcome, Section, Told};
use crate::hash::murmur3_32;
use crate::targeting::{Facts, HostFacts, View};

impl Engine {
    /// What the host tells for this evaluator alone.
    pub fn growthbook(&mut self) -> &mut Told {
        &mut self.growthbook
    }

    /// Not where the site is stopped or the plan is past its time: code then gets what it falls back to.
    fn evaluation(&self, now_ms: u64) -> Option<Evaluation<'_, HostFacts>> {
        let section: &Section = self.plan.growthbook.as_ref()?;
        let answers = !self.plan.killed && now_ms < self.plan.expires_ms;
        answers.then(|| {
            Evaluation::new(section, &self.plan.conditions, &self.facts, &self.growthbook, self.is_bot)
        })
    }

    /// What came of the feature, and the random outcomes on the way. `None` where nothing answers.
    #[must_use]
    pub fn growthbook_feature(&self, index: u16, now_ms: u64) -> Option<(Answer, Vec<Outcome>)> {
        let mut evaluation = self.evaluation(now_ms)?;
        let answer = evaluation.feature(index);
        Some((answer, evaluation.viewed))
    }

    /// The same for an experiment outside of features.
    #[must_use]
    pub fn growthbook_run(&self, index: u16, now_ms: u64) -> Option<Outcome> {
        Some(self.evaluation(now_ms)?.run(index))
    }

    /// The visitor meets this outcome. True the first time, as far as consent lets us remember: then it is an exposure.
    pub fn growthbook_met(&mut self, outcome: Outcome) -> bool {
        let section = self.plan.growthbook.as_ref();
        let Some(experiment) =
            section.and_then(|section| section.experiments.get(usize::from(outcome.experiment)))
        else {
            return false;
        };
        let Some(variation) = outcome.variation.filter(|_| outcome.is_hashed) else { return false };
        let attribute = experiment.fallback.filter(|_| outcome.is_fallback).unwrap_or(experiment.attribute);
        let attribute = section.and_then(|section| section.attributes.get(usize::from(attribute)));
        let View::Text { text, .. } = attribute.map_or(View::Null, |it| self.facts.fact(it.fact)) else {
            return false;
        };
        let (id, version, unit) = (experiment.id, experiment.documents.version, murmur3_32(text, 0));
        // The variation is part of what is met: where it changes, that counts anew.
        let experiment = id ^ (u64::from(variation) + 1);
        let is_known = |met: &Met| (met.experiment, met.version, met.unit) == (experiment, version, unit);
        if self.state.met.iter().any(is_known) {
            return false;
        }
        let lasts = self.consent.keeps_units();
        let entry = Entry::Met(Met { experiment, version, unit, variant: u32::from(variation), lasts });
        self.state.apply(&entry, &[]);
        if lasts {
            entry.write(&mut self.journal);
        }
        true
    }
}
