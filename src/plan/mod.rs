//! The compiled plan: what every host decides from. Layout in `decode.rs`; written only by `authoring`.
//!
//! Indices (of experiments, facts, goals …) live inside one plan instance; what lasts is the 64-bit id.

pub mod bytes;
mod decode;
#[cfg(feature = "authoring")]
pub mod encode;
mod flag;

pub use decode::PlanError;
#[cfg(feature = "authoring")]
pub use flag::write as write_flag;
pub use flag::{Flag, MAX_RULES, Rule, Serves};

use crate::consent::Basis;
use crate::hash::id64;
use crate::journey::TouchpointKind;
use crate::targeting::ConditionSet;

pub const MAGIC: [u8; 4] = *b"PRLR";
/// The layout written today. Readers read this one and the one before.
pub const FORMAT: u8 = 2;
/// More than any plan worth serving; a bound on what a hostile file can make us hold.
pub const MAX_PLAN_BYTES: usize = 1 << 20;
/// Decisions that one decision may ask for, its own included: prerequisites are asked anew each time.
pub const MAX_ASKED: u32 = 256;

/// Magic, format, minimum reader, check and the body's length.
pub const HEADER_BYTES: usize = 14;
/// After the body: a public key and its Ed25519 signature of all before the first signature. Never read by the engine.
pub const SIGNATURE_BYTES: usize = 32 + 64;

pub const SECTION_CORE: u8 = 1;
/// JSON for the page glue: keys, names, changes, values, selectors. Never read during evaluation.
pub const SECTION_PAGE: u8 = 2;
/// JSON for explanations: a text for each node of the conditions. Optional, and never read during evaluation.
pub const SECTION_CLAUSES: u8 = 3;

/// 2^32: bucket ranges are half-open over the whole of u32.
pub const FULL: u64 = 1 << 32;

#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) hash: u64,
    pub(crate) version: u32,
    pub(crate) issued_ms: u64,
    pub(crate) expires_ms: u64,
    pub(crate) killed: bool,
    pub(crate) holdout: Option<Share>,
    pub(crate) facts: Vec<FactSource>,
    pub(crate) conditions: ConditionSet,
    pub(crate) experiments: Vec<Experiment>,
    /// As `flag.rs` has them.
    pub(crate) flags: Vec<u8>,
    pub(crate) experiences: Vec<Experience>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) page: Vec<u8>,
    #[cfg(feature = "growthbook")]
    pub(crate) growthbook: Option<crate::growthbook::Section>,
    pub(crate) clauses: Vec<u8>,
}

/// Where a fact's value comes from: pushed by the host, or derived by the engine from the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactSource {
    Host,
    Derived(crate::profile::DerivedFact),
}

/// A share of units, by a hash of its own seed: in if `murmur3(unit, seed) < below`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub seed: u32,
    pub below: u64,
}

/// What is randomised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Visitor,
    User,
    Session,
    PageView,
}

impl Unit {
    pub const ALL: [Self; 4] = [Self::Visitor, Self::User, Self::Session, Self::PageView];

    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Does it live longer than a session, so that keeping it needs a basis?
    #[must_use]
    pub fn lasts(self) -> bool {
        matches!(self, Self::Visitor | Self::User)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Running,
    Paused,
    /// Over; the variant, if any, that everyone in the audience now gets without being counted.
    Ended(Option<u8>),
}

#[derive(Clone, Debug)]
pub struct Experiment {
    pub id: u64,
    pub version: u32,
    pub status: Status,
    pub killed: bool,
    pub unit: Unit,
    /// Where there is no such unit, the visitor stands for it: for people who may log in later.
    pub falls_back: bool,
    pub basis: Basis,
    pub sticky: bool,
    /// Is the audience asked again of units that are in already?
    pub applies_always: bool,
    /// Are units that met an older version out?
    pub blocks_older: bool,
    /// Half-open; 0 and `u64::MAX` where the author set none.
    pub start_ms: u64,
    pub end_ms: u64,
    pub seed: u32,
    pub traffic: Traffic,
    pub layer: Option<Layer>,
    /// Besides the plan's own.
    pub holdouts: Vec<Share>,
    pub requires: Vec<Requirement>,
    /// First node of the audience's condition.
    pub audience: Option<u32>,
    /// The id of each variant: murmur3 of its key. It stays when variants are added, taken away or put in another order.
    pub variants: Vec<u32>,
    /// Who gets which variant; the first that holds a bucket counts, and a bucket that none holds takes no part.
    pub splits: Vec<Split>,
}

/// Buckets of one variant, which may have several: where a plan follows another, few units move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    pub variant: u8,
    pub range: Range,
}

/// Half-open over time: the share that takes part grows (or falls) in straight lines from step to step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    pub seed: u32,
    /// Moment and share, in order; a share without a ramp is one step at 0. Before the first, nobody takes part.
    pub steps: Vec<(u64, u64)>,
}

/// An earlier experiment of the plan, and the variants of it that let a unit in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub experiment: u16,
    /// A bit a variant.
    pub variants: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    pub seed: u32,
    pub range: Range,
}

/// Half-open over u32, so that neighbours share no bucket and 1:0 leaves none for the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: u64,
    pub end: u64,
}

impl Experiment {
    /// How many of the 2^32 buckets are this variant's.
    #[must_use]
    pub fn buckets(&self, variant: u8) -> u64 {
        let own = self.splits.iter().filter(|split| split.variant == variant);
        own.map(|split| split.range.end.saturating_sub(split.range.start)).sum()
    }
}

impl Range {
    #[must_use]
    pub fn contains(self, bucket: u32) -> bool {
        (self.start..self.end).contains(&u64::from(bucket))
    }
}

#[derive(Clone, Debug)]
pub struct Experience {
    pub id: u64,
    pub basis: Basis,
    pub trigger: Option<TouchpointKind>,
    pub condition: Option<u32>,
    pub holdout: Share,
    pub cap: Option<Cap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    pub per: CapPer,
    pub times: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapPer {
    PageView,
    Session,
    Ever,
}

#[derive(Clone, Copy, Debug)]
pub struct Goal {
    pub id: u64,
    /// `None`: the page tells us (click, submit, visible, page).
    pub touchpoint: Option<TouchpointKind>,
}

#[derive(Clone, Debug)]
pub struct Slot {
    pub id: u64,
    pub strategies: Vec<Strategy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Covisit,
    Popular,
}

impl Plan {
    /// Names these very bytes but for their signatures, in exposures and in the server's archive.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    #[must_use]
    pub fn issued_ms(&self) -> u64 {
        self.issued_ms
    }

    #[must_use]
    pub fn expires_ms(&self) -> u64 {
        self.expires_ms
    }

    /// By the number that conditions have for each.
    #[must_use]
    pub fn facts(&self) -> &[FactSource] {
        &self.facts
    }

    #[must_use]
    pub fn conditions(&self) -> &ConditionSet {
        &self.conditions
    }

    #[must_use]
    pub fn experiments(&self) -> &[Experiment] {
        &self.experiments
    }

    #[must_use]
    pub fn experiences(&self) -> &[Experience] {
        &self.experiences
    }

    #[must_use]
    pub fn goals(&self) -> &[Goal] {
        &self.goals
    }

    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The part of a plan file that is signed and named by its hash, and its signatures.
    #[must_use]
    pub fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let len = bytes::Reader::new(bytes.get(HEADER_BYTES - 4..HEADER_BYTES)?).u32() as usize;
        bytes.split_at_checked(HEADER_BYTES.checked_add(len)?)
    }

    /// The JSON that the page glue reads.
    #[must_use]
    pub fn page(&self) -> &[u8] {
        &self.page
    }

    #[cfg(feature = "growthbook")]
    #[must_use]
    pub fn growthbook(&self) -> Option<&crate::growthbook::Section> {
        self.growthbook.as_ref()
    }

    /// The JSON that the host of GrowthBook's evaluator reads; empty where there is none.
    #[cfg(feature = "growthbook")]
    #[must_use]
    pub fn growthbook_page(&self) -> &[u8] {
        self.growthbook.as_ref().map_or(&[], |section| &section.page)
    }

    /// The JSON list of what each node of the conditions says.
    #[must_use]
    pub fn clauses(&self) -> &[u8] {
        &self.clauses
    }

    #[must_use]
    pub fn experiment_index(&self, key: &str) -> Option<usize> {
        let id = id64(key.as_bytes());
        self.experiments.iter().position(|experiment| experiment.id == id)
    }
}
