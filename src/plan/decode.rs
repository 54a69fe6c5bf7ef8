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
        if reader.take(4) != Some(&MAGIC) {
            return Err(PlanError::NotAPlan);
        }
        let format = reader.u8().ok_or(PlanError::Damaged)?;
        let minimum_reader = reader.u8().ok_or(PlanError::Damaged)?;
        if minimum_reader > FORMAT || format == 0 {
            return Err(PlanError::TooNew);
        }
        let check = reader.u32().ok_or(PlanError::Damaged)?;
        let body = reader.u32().and_then(|len| reader.take(len as usize)).ok_or(PlanError::Damaged)?;
        let signatures = reader.take_rest();
        if murmur3_32(body, 0) != check || !signatures.len().is_multiple_of(SIGNATURE_BYTES) {
            return Err(PlanError::Damaged);
        }
        let mut reader = Reader::new(body);
        let mut plan = header(&mut reader).ok_or(PlanError::Damaged)?;
        plan.hash = id64(bytes.get(..bytes.len() - signatures.len()).unwrap_or_default());
        let mut has_core = false;
        while !reader.is_empty() {
            let tag = reader.u8().ok_or(PlanError::Damaged)?;
            let required = reader.u8().ok_or(PlanError::Damaged)?;
            let section = reader.text().ok_or(PlanError::Damaged)?;
            match tag {
                SECTION_CORE => {
                    core(&mut plan, section).ok_or(PlanError::Damaged)?;
                    has_core = true;
                }
                SECTION_PAGE => plan.page = section.to_vec(),
                #[cfg(feature = "growthbook")]
                crate::growthbook::SECTION_GROWTHBOOK => {
                    plan.growthbook =
                        Some(crate::growthbook::Section::read(section).ok_or(PlanError::Damaged)?);
                }
                SECTION_CLAUSES => plan.clauses = section.to_vec(),
                _ if required == 0 => {}
                _ => return Err(PlanError::UnknownSection),
            }
        }
        if has_core { Ok(plan) } else { Err(PlanError::Damaged) }
    }
}

fn header(reader: &mut Reader<'_>) -> Option<Plan> {
    let flags = reader.u16()?;
    Some(Plan {
        hash: 0,
        killed: flags & 1 != 0,
        version: reader.u32()?,
        issued_ms: reader.u64()?,
        expires_ms: reader.u64()?,
        holdout: None,
        facts: Vec::new(),
        conditions: ConditionSet::default(),
        experiments: Vec::new(),
        flags: Vec::new(),
        experiences: Vec::new(),
        goals: Vec::new(),
        slots: Vec::new(),
        page: Vec::new(),
        #[cfg(feature = "growthbook")]
        growthbook: None,
        clauses: Vec::new(),
    })
}

fn core(plan: &mut Plan, bytes: &[u8]) -> Option<()> {
    let mut reader = Reader::new(bytes);
    let reader = &mut reader;
    plan.holdout = optional(reader, share)?;
    plan.facts = many(reader, fact_source)?;
    plan.conditions = ConditionSet::read(reader, plan.facts.len())?;
    let node_count = plan.conditions.nodes.len() as u32;
    plan.experiments = many(reader, |reader| experiment(reader, node_count))?;
    asked(&plan.experiments)?;
    plan.flags = reader.text()?.to_vec();
    plan.experiences = many(reader, |reader| experience(reader, node_count))?;
    plan.goals = many(reader, goal)?;
    plan.slots = many(reader, slot)?;
    reader.is_empty().then_some(())
}

pub(super) fn many<'a, T>(
    reader: &mut Reader<'a>,
    mut one: impl FnMut(&mut Reader<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    // Grows as rows are read: a count alone must not make us reserve two hundred times the file.
    let mut list = Vec::new();
    for _ in 0..reader.count()? {
        list.push(one(reader)?);
    }
    Some(list)
}

fn optional<'a, T>(reader: &mut Reader<'a>, one: impl Fn(&mut Reader<'a>) -> Option<T>) -> Option<Option<T>> {
    match reader.u8()? {
        0 => Some(None),
        _ => one(reader).map(Some),
    }
}

pub(super) fn share(reader: &mut Reader<'_>) -> Option<Share> {
    let seed = reader.u32()?;
    let below = reader.varint()?;
    (below <= FULL).then_some(Share { seed, below })
}

fn traffic(reader: &mut Reader<'_>) -> Option<Traffic> {
    let traffic = Traffic {
        seed: reader.u32()?,
        steps: many(reader, |reader| Some((reader.varint()?, reader.varint()?)))?,
    };
    let mut last = 0;
    for (at_ms, below) in &traffic.steps {
        if *at_ms < last || *below > FULL {
            return None;
        }
        last = *at_ms;
    }
    Some(traffic)
}

/// Prerequisites come before those that require them, and ask for no more decisions than a page can afford.
fn asked(experiments: &[Experiment]) -> Option<()> {
    let mut costs: Vec<u32> = Vec::with_capacity(experiments.len());
    for experiment in experiments {
        let mut cost = 1;
        for requirement in &experiment.requires {
            cost += costs.get(usize::from(requirement.experiment))?;
        }
        if cost > MAX_ASKED {
            return None;
        }
        costs.push(cost);
    }
    Some(())
}

fn range(reader: &mut Reader<'_>) -> Option<Range> {
    let start = reader.varint()?;
    let end = reader.varint()?;
    (start <= end && end <= FULL).then_some(Range { start, end })
}

fn fact_source(reader: &mut Reader<'_>) -> Option<FactSource> {
    match reader.u8()? {
        0 => Some(FactSource::Host),
        code => DerivedFact::from_code(code).map(FactSource::Derived),
    }
}

fn basis(reader: &mut Reader<'_>) -> Option<Basis> {
    match reader.u8()? {
        0 => Some(Basis::Consent),
        1 => Some(Basis::Exempt),
        _ => None,
    }
}

/// The first node of a condition, which must be one of the plan's.
fn condition(reader: &mut Reader<'_>, node_count: u32) -> Option<u32> {
    u32::try_from(reader.varint()?).ok().filter(|start| *start < node_count)
}

fn experiment(reader: &mut Reader<'_>, node_count: u32) -> Option<Experiment> {
    let id = reader.u64()?;
    let version = reader.u32()?;
    let flags = reader.u8()?;
    let is = |bit: u8| flags & bit != 0;
    let experiment = Experiment {
        id,
        version,
        killed: is(1),
        sticky: is(2),
        falls_back: is(4),
        applies_always: is(8),
        blocks_older: is(16),
        status: match reader.u8()? {
            0 => Status::Running,
            1 => Status::Paused,
            2 => Status::Ended(None),
            winner => Status::Ended(Some(winner - 3)),
        },
        unit: Unit::from_code(reader.u8()?)?,
        basis: basis(reader)?,
        start_ms: reader.varint()?,
        end_ms: reader.varint()?,
        seed: reader.u32()?,
        traffic: traffic(reader)?,
        layer: optional(reader, |reader| Some(Layer { seed: reader.u32()?, range: range(reader)? }))?,
        holdouts: many(reader, share)?,
        requires: many(reader, |reader| {
            Some(Requirement { experiment: reader.u16()?, variants: reader.u64()? })
        })?,
        audience: optional(reader, |reader| condition(reader, node_count))?,
        variants: many(reader, Reader::u32)?,
        splits: many(reader, |reader| Some(Split { variant: reader.u8()?, range: range(reader)? }))?,
    };
    let exists = |variant| usize::from(variant) < experiment.variants.len();
    let winner_exists = match experiment.status {
        Status::Ended(Some(winner)) => exists(winner),
        _ => true,
    };
    let all_exist = winner_exists && experiment.splits.iter().all(|split| exists(split.variant));
    (all_exist && experiment.variants.len() < 250).then_some(experiment)
}

fn experience(reader: &mut Reader<'_>, node_count: u32) -> Option<Experience> {
    Some(Experience {
        id: reader.u64()?,
        basis: basis(reader)?,
        trigger: optional(reader, touchpoint)?,
        condition: optional(reader, |reader| condition(reader, node_count))?,
        holdout: share(reader)?,
        cap: optional(reader, |reader| {
            let per = match reader.u8()? {
                0 => CapPer::PageView,
                1 => CapPer::Session,
                2 => CapPer::Ever,
                _ => return None,
            };
            Some(Cap { per, times: reader.u32()? })
        })?,
    })
}

fn touchpoint(reader: &mut Reader<'_>) -> Option<TouchpointKind> {
    TouchpointKind::from_code(reader.u8()?, reader.u64()?)
}

fn goal(reader: &mut Reader<'_>) -> Option<Goal> {
    Some(Goal { id: reader.u64()?, touchpoint: optional(reader, touchpoint)? })
}

fn slot(reader: &mut Reader<'_>) -> Option<Slot> {
    let id = reader.u64()?;
    let strategies = many(reader, |reader| match reader.u8()? {
        0 => Some(Strategy::Covisit),
        1 => Some(Strategy::Popular),
        _ => None,
    })?;
    Some(Slot { id, strategies })
}
