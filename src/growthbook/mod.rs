//! GrowthBook's features and experiments, in their own order of evaluation (specification 0.12.0).
//!
//! A section of its own in the plan, for a runtime of its own: pages without it pay nothing. Their hashes give whole
//! thousandths or ten-thousandths, so that what they compare as floats is compared here as integers: authoring does
//! their arithmetic and writes thresholds. Values stay with the host, except those that a prerequisite looks at.

mod decode;
#[cfg(feature = "authoring")]
pub mod encode;
mod evaluate;
mod hash;

pub use evaluate::{Answer, Evaluation, Outcome, Source};
pub use hash::{bucket, buckets};

/// Optional to no reader: one that lacks this evaluator must refuse the plan, not answer without it.
pub const SECTION_GROWTHBOOK: u8 = 4;

#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Are answers kept in sticky documents?
    pub is_sticky: bool,
    /// Nothing is random: only what is forced has a variation.
    pub is_qa: bool,
    /// No experiment runs.
    pub is_off: bool,
    pub attributes: Vec<Attribute>,
    /// The members of `{value: …}`, as `targeting` reads them. The first is null.
    pub values: Vec<Box<[u8]>>,
    pub experiments: Vec<Experiment>,
    pub features: Vec<Feature>,
    /// JSON for the host: keys, values, names.
    pub page: Vec<u8>,
}

/// What is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The fact that holds it as text in UTF-16 (little-endian), as their hash reads it.
    pub fact: u16,
    pub name: Box<[u8]>,
}

#[derive(Clone, Debug, Default)]
pub struct Feature {
    /// Index of a value.
    pub default: u32,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub parents: Vec<Parent>,
    pub filters: Vec<Filter>,
    pub kind: RuleKind,
}

#[derive(Clone, Debug)]
pub enum RuleKind {
    /// Neither a value nor variations.
    Nothing,
    Force {
        value: u32,
        condition: Option<u32>,
        rollout: Option<Rollout>,
    },
    Experiment(u16),
}

/// A feature whose value must be so.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    /// `None`: no feature has this key; its value is null.
    pub feature: Option<u16>,
    pub condition: u32,
    /// Where it is not so, the feature has no value at all.
    pub is_gate: bool,
}

/// In by a hash of its own, where a range holds it.
#[derive(Clone, Debug)]
pub struct Filter {
    pub attribute: u16,
    pub hash: Hash,
    pub ranges: Vec<Range>,
}

#[derive(Clone, Debug)]
pub struct Rollout {
    pub attribute: u16,
    pub fallback: Option<u16>,
    pub hash: Hash,
    pub range: Range,
}

/// `version` is 1 or 2; by any other nobody has a bucket.
#[derive(Clone, Debug)]
pub struct Hash {
    pub version: u8,
    /// UTF-16, little-endian.
    pub seed: Box<[u8]>,
}

/// Half-open, in buckets of the hash's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: u16,
    pub end: u16,
}

impl Range {
    #[must_use]
    pub fn contains(self, bucket: u16) -> bool {
        (self.start..self.end).contains(&bucket)
    }
}

#[derive(Clone, Debug)]
pub struct Experiment {
    /// Of its key.
    pub id: u64,
    pub is_active: bool,
    pub is_stopped: bool,
    pub is_sticky: bool,
    /// Index of a value, each.
    pub values: Vec<u32>,
    /// Variations by which evaluation goes on to the next rule.
    pub passes: Vec<u16>,
    pub url: Option<u32>,
    pub attribute: u16,
    pub fallback: Option<u16>,
    pub filters: Vec<Filter>,
    /// The same attribute as the experiment's.
    pub namespace: Option<(Box<[u8]>, Range)>,
    pub condition: Option<u32>,
    pub parents: Vec<Parent>,
    pub hash: Hash,
    pub ranges: Vec<Range>,
    /// Ranges by the first context that fits.
    pub bandit: Vec<Leaf>,
    /// The variation of all who have one; beyond the last: none.
    pub force: Option<u16>,
    pub documents: Documents,
}

/// How an experiment's answer is named in sticky documents.
#[derive(Clone, Debug)]
pub struct Documents {
    /// `KEY__`, after which comes the bucket version.
    pub prefix: Box<[u8]>,
    pub version: u32,
    /// Who has one of an earlier version is out.
    pub least_version: u32,
    /// The attribute whose document is looked at second.
    pub second: u16,
    /// Of each variation, empty where it has none.
    pub keys: Vec<Box<[u8]>>,
}

#[derive(Clone, Debug)]
pub struct Leaf {
    pub condition: u32,
    pub ranges: Vec<Range>,
}

/// What the host told for this evaluator alone.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Experiment and variation; one that does not exist is none.
    pub forced: Vec<(u16, u16)>,
    /// Members of an object: `ATTRIBUTE||VALUE` in UTF-16, and an object of assignments.
    pub documents: Box<[u8]>,
}

impl Told {
    pub fn force(&mut self, experiment: u16, variation: u16) {
        self.forced.retain(|(known, _)| *known != experiment);
        self.forced.push((experiment, variation));
    }
}
