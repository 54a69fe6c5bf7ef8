//! Plan bytes → [`Plan`]. Everything is checked here once, so that evaluation needs no checks.
//!
//! ```text
//! magic "PRLR" · format u8 · minimum reader u8 · check u32 = murmur3(body) · len u32 of the body · body · signatures
//! body: flags u16 (bit 0: killed) · version u32 · issued u64 ms · expires u64 ms
//!       sections: tag u8 · required u8 · len varint · bytes
//!       core: holdout share · facts · lists, patterns and nodes of conditions · experiments · flags · experiences · goals · slots, each a count and its rows
//! ```

use super::bytes::Reader;
use super::*;
use crate::hash::murmur3_32;
use crate::profile::DerivedFact;
use crate::targeting::ConditionSet;

/// Why plan bytes are refused. The code is stable: the page reports it as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PlanError {
    /// Not a plan at all: perhaps an HTML error page.
    NotAPlan = 1,
    /// Shorter than it says, or changed on the way.
    Damaged = 2,
    /// Written for a newer reader.
    TooNew = 3,
    /// A required section this reader does not know.
    UnknownSection = 4,
    TooLarge = 5,
}

impl PlanError {
    #[must_use]
    pub fn explain(self) -> &'static str {
        match self {
            Self::NotAPlan => "not a plan file: build one with `parlour build parlour.json -o plan.bin`",
            Self::Damaged => "the plan file is cut short or was changed on the way: build or upload it again",
            Self::TooNew => {
                "the plan was built for a newer Parlour: update this one, or build with the same version"
            }
            Self::UnknownSection => "the plan needs a feature this Parlour lacks: update it",
            Self::TooLarge => "the plan is larger than 1 MiB",
        }
    }
}

impl std::fmt::Display for PlanError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.explain())
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// # Errors
    /// Says why the bytes are refused; nothing of a refused plan is used.
    pub fn decode(bytes: &[u8]) -> Result<Self, PlanError> {
        if bytes.len() > MAX_PLAN_BYTES {
            return Err(PlanError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        if reader.take(4) != MAGIC {
            return Err(PlanError::NotAPlan);
        }
        let format = reader.u8();
        let minimum_reader = reader.u8();
        if reader.is_whole() && (minimum_reader > FORMAT || format == 0) {
            return Err(PlanError::TooNew);
        }
        let check = reader.u32();
        let len = reader.u32() as usize;
        let body = reader.take(len);
        let whole = reader.is_whole();
        let signatures = reader.take_rest();
        if !whole || murmur3_32(body, 0) != check || !signatures.len().is_multiple_of(SIGNATURE_BYTES) {
            return Err(PlanError::Damaged);
        }
        let mut reader = Reader::new(body);
        let header = (reader.u16(), reader.u32(), reader.u64(), reader.u64());
        let (mut core, mut page, mut clauses) = <(&[u8], &[u8], &[u8])>::default();
        #[cfg(feature = "growthbook")]
        let mut growthbook = None;
        while !reader.is_empty() {
            let tag = reader.u8();
            let required = reader.flag();
            let section = reader.text();
            match tag {
                SECTION_CORE => core = section,
                SECTION_PAGE => page = section,
                #[cfg(feature = "growthbook")]
                crate::growthbook::SECTION_GROWTHBOOK => {
                    growthbook = crate::growthbook::Section::read(section);
                    reader.require(growthbook.is_some());
                }
                SECTION_CLAUSES => clauses = section,
                _ if required && reader.is_whole() => return Err(PlanError::UnknownSection),
                _ => {}
            }
        }
        // Made at once at the end: a plan that is filled bit by bit needs code that frees what was there before.
        let mut core = Reader::new(core);
        let (flags, version, issued_ms, expires_ms) = header;
        let holdout = core.optional(share);
        let facts = core.many(fact_source);
        let conditions = ConditionSet::read(&mut core, facts.len());
        let node_count = conditions.nodes.len() as u64;
        let experiments = core.many(|reader| experiment(reader, node_count));
        core.require(are_affordable(&experiments));
        let plan = Self {
            hash: id64(bytes.get(..bytes.len() - signatures.len()).unwrap_or_default()),
            killed: flags & 1 != 0,
            version,
            issued_ms,
            expires_ms,
            holdout,
            facts,
            conditions,
            experiments,
            flags: core.text().to_vec(),
            experiences: core.many(|reader| experience(reader, node_count)),
            goals: core.many(|reader| Goal { id: reader.u64(), touchpoint: reader.optional(touchpoint) }),
            slots: core.many(|reader| Slot { id: reader.u64(), strategies: reader.many(strategy) }),
            page: page.to_vec(),
            #[cfg(feature = "growthbook")]
            growthbook,
            clauses: clauses.to_vec(),
        };
        if core.has_ended() && reader.is_whole() {
            return Ok(plan);
        }
        // A page does without a plan then; what frees one is code that each visitor would load.
        if cfg!(target_arch = "wasm32") {
            std::mem::forget(plan);
        }
        Err(PlanError::Damaged)
    }
}

pub(super) fn share(reader: &mut Reader<'_>) -> Share {
    Share { seed: reader.u32(), below: reader.varint_within(FULL) }
}

fn traffic(reader: &mut Reader<'_>) -> Traffic {
    let mut last = 0;
    Traffic {
        seed: reader.u32(),
        steps: reader.many(|reader| {
            let (at_ms, below) = (reader.varint(), reader.varint_within(FULL));
            reader.require(at_ms >= last);
            last = at_ms;
            (at_ms, below)
        }),
    }
}

/// Prerequisites come before those that require them, and ask for no more decisions than a page can afford.
fn are_affordable(experiments: &[Experiment]) -> bool {
    let mut costs: Vec<u32> = Vec::with_capacity(experiments.len());
    experiments.iter().all(|experiment| {
        let mut cost = 1u32;
        for requirement in &experiment.requires {
            let asked = costs.get(usize::from(requirement.experiment)).copied().unwrap_or(MAX_ASKED);
            cost = cost.saturating_add(asked);
        }
        costs.push(cost);
        cost <= MAX_ASKED
    })
}

fn range(reader: &mut Reader<'_>) -> Range {
    let start = reader.varint();
    let end = reader.varint_within(FULL);
    reader.require(start <= end);
    Range { start, end }
}

fn fact_source(reader: &mut Reader<'_>) -> FactSource {
    match reader.u8() {
        0 => FactSource::Host,
        code => reader.known(DerivedFact::from_code(code).map(FactSource::Derived), FactSource::Host),
    }
}

fn basis(reader: &mut Reader<'_>) -> Basis {
    let basis = match reader.u8() {
        0 => Some(Basis::Consent),
        1 => Some(Basis::Exempt),
        _ => None,
    };
    reader.known(basis, Basis::Consent)
}

/// The first node of a condition, if there is one, which must be one of the plan's.
fn condition(reader: &mut Reader<'_>, node_count: u64) -> Option<u32> {
    reader.optional(|reader| {
        let start = reader.varint();
        reader.require(start < node_count);
        start as u32
    })
}

fn experiment(reader: &mut Reader<'_>, node_count: u64) -> Experiment {
    let id = reader.u64();
    let version = reader.u32();
    let flags = reader.u8();
    let is = |bit: u8| flags & bit != 0;
    let experiment = Experiment {
        id,
        version,
        killed: is(1),
        sticky: is(2),
        falls_back: is(4),
        applies_always: is(8),
        blocks_older: is(16),
        status: match reader.u8() {
            0 => Status::Running,
            1 => Status::Paused,
            2 => Status::Ended(None),
            winner => Status::Ended(Some(winner - 3)),
        },
        unit: unit(reader),
        basis: basis(reader),
        start_ms: reader.varint(),
        end_ms: reader.varint(),
        seed: reader.u32(),
        traffic: traffic(reader),
        layer: reader.optional(|reader| Layer { seed: reader.u32(), range: range(reader) }),
        holdouts: reader.many(share),
        requires: reader.many(|reader| Requirement { experiment: reader.u16(), variants: reader.u64() }),
        audience: condition(reader, node_count),
        variants: reader.many_within(249, Reader::u32),
        splits: reader.many(|reader| Split { variant: reader.u8(), range: range(reader) }),
    };
    let exists = |variant| usize::from(variant) < experiment.variants.len();
    let winner_exists = match experiment.status {
        Status::Ended(Some(winner)) => exists(winner),
        _ => true,
    };
    reader.require(winner_exists && experiment.splits.iter().all(|split| exists(split.variant)));
    experiment
}

fn unit(reader: &mut Reader<'_>) -> Unit {
    let unit = Unit::from_code(reader.u8());
    reader.known(unit, Unit::Visitor)
}

fn experience(reader: &mut Reader<'_>, node_count: u64) -> Experience {
    Experience {
        id: reader.u64(),
        basis: basis(reader),
        trigger: reader.optional(touchpoint),
        condition: condition(reader, node_count),
        holdout: share(reader),
        cap: reader.optional(|reader| {
            let per = match reader.u8() {
                0 => Some(CapPer::PageView),
                1 => Some(CapPer::Session),
                2 => Some(CapPer::Ever),
                _ => None,
            };
            Cap { per: reader.known(per, CapPer::Ever), times: reader.u32() }
        }),
    }
}

fn touchpoint(reader: &mut Reader<'_>) -> TouchpointKind {
    let kind = TouchpointKind::from_code(reader.u8(), reader.u64());
    reader.known(kind, TouchpointKind::Custom(0))
}

fn strategy(reader: &mut Reader<'_>) -> Strategy {
    let strategy = match reader.u8() {
        0 => Some(Strategy::Covisit),
        1 => Some(Strategy::Popular),
        _ => None,
    };
    reader.known(strategy, Strategy::Popular)
}
