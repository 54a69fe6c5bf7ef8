//! Who gets what, in the order of their specification. No floats; no state but what the host told.

use super::{Experiment, Filter, Hash, Parent, Range, RuleKind, Section, Told, bucket};
use crate::plan::bytes::Reader;
use crate::targeting::{ConditionSet, Facts, View, matches, matches_value};

/// Prerequisites of prerequisites; what is deeper counts as going round in circles.
const MAX_DEPTH: usize = 32;
/// Features looked at for one answer, so that no plan makes us go on for ever.
const MAX_FEATURES: usize = 2_000;

/// Codes cross the boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    UnknownFeature = 0,
    DefaultValue = 1,
    Force = 2,
    Experiment = 3,
    Prerequisite = 4,
    CyclicPrerequisite = 5,
}

/// What came of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub source: Source,
    /// Of `Force` and `Experiment`.
    pub rule: u16,
    pub outcome: Option<Outcome>,
    value: u32,
}

/// What came of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub experiment: u16,
    pub variation: Option<u16>,
    /// Was it random? Only then is it worth counting.
    pub is_hashed: bool,
    pub is_sticky: bool,
    /// Was the fallback attribute hashed?
    pub is_fallback: bool,
    pub bucket: u16,
    /// Of a contextual bandit: the context that fits.
    pub leaf: Option<u16>,
}

impl Outcome {
    fn of(experiment: u16, variation: Option<u16>) -> Self {
        Self {
            experiment,
            variation,
            is_hashed: false,
            is_sticky: false,
            is_fallback: false,
            bucket: 0,
            leaf: None,
        }
    }
}

impl Answer {
    fn of(source: Source, value: u32) -> Self {
        Self { source, rule: 0, outcome: None, value }
    }
}

#[derive(Debug)]
pub struct Evaluation<'a, F> {
    section: &'a Section,
    conditions: &'a ConditionSet,
    facts: &'a F,
    told: &'a Told,
    is_off: bool,
    /// Features being asked, the outermost first.
    path: Vec<u16>,
    left: usize,
    /// Random outcomes on the way, those of prerequisites and of rules that pass included.
    pub viewed: Vec<Outcome>,
}

impl<'a, F: Facts> Evaluation<'a, F> {
    /// `is_off`: no experiment runs, as where the site is stopped or the visitor is a robot.
    pub fn new(
        section: &'a Section,
        conditions: &'a ConditionSet,
        facts: &'a F,
        told: &'a Told,
        is_off: bool,
    ) -> Self {
        let is_off = is_off || section.is_off;
        Self {
            section,
            conditions,
            facts,
            told,
            is_off,
            path: Vec::new(),
            left: MAX_FEATURES,
            viewed: Vec::new(),
        }
    }

    pub fn feature(&mut self, index: u16) -> Answer {
        if self.path.contains(&index) || self.path.len() >= MAX_DEPTH || self.left == 0 {
            return Answer::of(Source::CyclicPrerequisite, 0);
        }
        self.left -= 1;
        self.path.push(index);
        let answer = self.rules(index);
        self.path.pop();
        answer
    }

    fn rules(&mut self, index: u16) -> Answer {
        let section = self.section;
        let Some(feature) = section.features.get(usize::from(index)) else {
            return Answer::of(Source::UnknownFeature, 0);
        };
        for (place, rule) in (0u16..).zip(&feature.rules) {
            match self.parents(&rule.parents) {
                None => {}
                Some(Source::UnknownFeature) => continue,
                Some(source) => return Answer::of(source, 0),
            }
            if !self.are_in(&rule.filters) {
                continue;
            }
            match &rule.kind {
                RuleKind::Nothing => {}
                RuleKind::Force { value, condition, rollout } => {
                    let is_in = self.holds(*condition)
                        && rollout.as_ref().is_none_or(|rollout| {
                            let fallback = rollout.fallback.filter(|_| section.is_sticky);
                            self.hashed(rollout.attribute, fallback)
                                .and_then(|(text, _)| self.bucket(&rollout.hash, text))
                                .is_some_and(|bucket| rollout.range.contains(bucket))
                        });
                    if is_in {
                        return Answer { rule: place, ..Answer::of(Source::Force, *value) };
                    }
                }
                RuleKind::Experiment(index) => {
                    let outcome = self.run(*index);
                    let experiment = section.experiments.get(usize::from(*index));
                    if let (Some(variation), Some(experiment)) = (outcome.variation, experiment)
                        && !experiment.passes.contains(&variation)
                    {
                        let value =
                            experiment.values.get(usize::from(variation)).copied().unwrap_or_default();
                        return Answer {
                            rule: place,
                            outcome: Some(outcome),
                            ..Answer::of(Source::Experiment, value)
                        };
                    }
                }
            }
        }
        Answer::of(Source::DefaultValue, feature.default)
    }

    /// `None`: all are so. Else what the feature comes to, or `UnknownFeature` for its next rule.
    fn parents(&mut self, parents: &[Parent]) -> Option<Source> {
        for parent in parents {
            let answer =
                parent.feature.map_or(Answer::of(Source::UnknownFeature, 0), |feature| self.feature(feature));
            if answer.source == Source::CyclicPrerequisite {
                return Some(answer.source);
            }
            let value = self.section.values.get(answer.value as usize).map_or(&[][..], AsRef::as_ref);
            if !matches_value(self.conditions, parent.condition, View::Object(value)) {
                return Some(if parent.is_gate { Source::Prerequisite } else { Source::UnknownFeature });
            }
        }
        None
    }

    pub fn run(&mut self, index: u16) -> Outcome {
        let outcome = self.outcome(index);
        if outcome.is_hashed {
            self.viewed.push(outcome);
        }
        outcome
    }

    fn outcome(&mut self, index: u16) -> Outcome {
        let out = Outcome::of(index, None);
        let Some(experiment) = self.section.experiments.get(usize::from(index)) else { return out };
        let valid =
            |variation: u16| Some(variation).filter(|one| usize::from(*one) < experiment.values.len());
        if experiment.values.len() < 2 || self.is_off || !self.holds(experiment.url) {
            return out;
        }
        if let Some((_, variation)) = self.told.forced.iter().find(|(forced, _)| *forced == index) {
            return Outcome::of(index, valid(*variation));
        }
        if !experiment.is_active {
            return out;
        }
        let keeps = self.section.is_sticky && experiment.is_sticky;
        let fallback = experiment.fallback.filter(|_| keeps);
        let Some((text, is_fallback)) = self.hashed(experiment.attribute, fallback) else { return out };
        let (kept, is_blocked) = if keeps { self.kept(experiment) } else { (None, false) };
        if kept.is_none() && !self.may_enter(experiment, text) {
            return out;
        }
        let Some(bucket) = self.bucket(&experiment.hash, text) else { return out };
        let leaf = experiment.bandit.iter().position(|leaf| self.holds(Some(leaf.condition)));
        let ranges =
            leaf.and_then(|leaf| experiment.bandit.get(leaf)).map_or(&experiment.ranges, |leaf| &leaf.ranges);
        let assigned = kept.or_else(|| choose(ranges, bucket));
        if is_blocked {
            return Outcome { is_sticky: true, ..out };
        }
        let Some(variation) = assigned else { return out };
        if let Some(forced) = experiment.force {
            return Outcome::of(index, valid(forced));
        }
        if self.section.is_qa || experiment.is_stopped {
            return out;
        }
        Outcome {
            experiment: index,
            variation: valid(variation),
            is_hashed: true,
            is_sticky: kept.is_some(),
            is_fallback,
            bucket,
            leaf: leaf.map(|leaf| leaf as u16),
        }
    }

    fn may_enter(&mut self, experiment: &Experiment, text: &[u8]) -> bool {
        self.are_in(&experiment.filters)
            && experiment.namespace.as_ref().is_none_or(|(seed, range)| {
                bucket(1, seed, text).is_some_and(|bucket| range.contains(bucket))
            })
            && self.holds(experiment.condition)
            && self.parents(&experiment.parents).is_none()
    }

    fn holds(&self, condition: Option<u32>) -> bool {
        condition.is_none_or(|start| matches(self.conditions, start, self.facts))
    }

    fn are_in(&self, filters: &[Filter]) -> bool {
        filters.iter().all(|filter| {
            self.hashed(filter.attribute, None)
                .and_then(|(text, _)| self.bucket(&filter.hash, text))
                .is_some_and(|bucket| choose(&filter.ranges, bucket).is_some())
        })
    }

    fn bucket(&self, hash: &Hash, text: &[u8]) -> Option<u16> {
        bucket(hash.version, &hash.seed, text)
    }

    fn attribute(&self, index: u16) -> Option<(&'a [u8], &'a [u8])> {
        let attribute = self.section.attributes.get(usize::from(index))?;
        match self.facts.fact(attribute.fact) {
            View::Text { text, .. } if !text.is_empty() => Some((&attribute.name, text)),
            _ => None,
        }
    }

    /// The text to hash, and whether it is the fallback's.
    fn hashed(&self, attribute: u16, fallback: Option<u16>) -> Option<(&'a [u8], bool)> {
        self.attribute(attribute)
            .map(|(_, text)| (text, false))
            .or_else(|| self.attribute(fallback?).map(|(_, text)| (text, true)))
    }

    /// The variation that a document names, and whether an earlier version keeps the visitor out.
    fn kept(&self, experiment: &Experiment) -> (Option<u16>, bool) {
        let Experiment { documents, attribute, .. } = experiment;
        let mut kept = None;
        // What is read later wins.
        for attribute in [documents.second, *attribute] {
            let Some((name, text)) = self.attribute(attribute) else { continue };
            let key = [name, &[b'|', 0, b'|', 0], text].concat();
            for (known, assignments) in members(&self.told.documents) {
                let View::Object(assignments) = assignments else { continue };
                if known != key {
                    continue;
                }
                for (assignment, variation) in members(assignments) {
                    let version = assignment.strip_prefix(&*documents.prefix).and_then(whole);
                    if version.is_some_and(|version| version < documents.least_version) {
                        return (None, true);
                    }
                    if let (true, View::Text { text, .. }) = (version == Some(documents.version), variation) {
                        kept = documents.keys.iter().position(|key| !key.is_empty() && **key == *text);
                    }
                }
            }
        }
        (kept.map(|variation| variation as u16), false)
    }
}

fn members(bytes: &[u8]) -> impl Iterator<Item = (&[u8], View<'_>)> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(move || Some((reader.text(), View::read(&mut reader)?)))
}

/// A whole number as JavaScript writes it.
fn whole(text: &[u8]) -> Option<u32> {
    if text.is_empty() || (text.len() > 1 && text.first() == Some(&b'0')) {
        return None;
    }
    text.iter().try_fold(0u32, |number, byte| {
        let figure = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(figure)
    })
}

fn choose(ranges: &[Range], bucket: u16) -> Option<u16> {
    ranges.iter().position(|range| range.contains(bucket)).map(|variation| variation as u16)
}
