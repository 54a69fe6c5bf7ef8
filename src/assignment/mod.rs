//! Which variant a unit gets. A pure function of plan, unit, facts and time: no floats, no state.
//!
//! Order: site kill and expiry → forced preview → kill, status and schedule → consent → unit → sticky → version → holdout
//! → layer → prerequisites → audience → traffic → bucket. Every exit has a reason.

use crate::consent::{Basis, Consent};
use crate::decision::{Decision, Reason};
use crate::hash::murmur3_32;
use crate::plan::{Experiment, FULL, Plan, Share, Status, Traffic};
use crate::targeting::{Facts, matches};

/// Everything an assignment may depend on besides the plan.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub consent: Consent,
    /// The id of the experiment's unit in UTF-8; `None` where there is none.
    pub unit: Option<&'a [u8]>,
    pub kept: Kept,
    /// The variant that a signed link asks for.
    pub forced: Option<u8>,
    pub is_bot: bool,
    pub now_ms: u64,
}

/// What is known of the unit from earlier exposures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    #[default]
    Nothing,
    /// It met an older version.
    Older,
    /// It met this version's variant.
    Variant(u8),
}

/// What an explanation adds to the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The hash that was looked at last.
    pub bucket: u32,
    /// Of the holdout: its position, the plan's own first. Of a prerequisite: the experiment. Of the audience: the node.
    pub detail: u32,
}

/// `decided` answers for the experiments that this one requires.
#[must_use]
pub fn assign(
    plan: &Plan,
    experiment: &Experiment,
    facts: &impl Facts,
    context: Context<'_>,
    decided: impl Fn(u16) -> Decision,
    trace: &mut Trace,
) -> Decision {
    if plan.killed {
        return Decision::out(Reason::Killed);
    }
    if context.now_ms >= plan.expires_ms {
        return Decision::out(Reason::Expired);
    }
    if let Some(variant) = context.forced.filter(|variant| usize::from(*variant) < experiment.variants.len())
    {
        return Decision::is_in(variant, Reason::Preview);
    }
    if experiment.killed {
        return Decision::out(Reason::Killed);
    }
    if context.is_bot {
        return Decision::out(Reason::Bot);
    }
    let winner = match experiment.status {
        Status::Running => None,
        Status::Paused => return Decision::out(Reason::Paused),
        Status::Ended(None) => return Decision::out(Reason::Ended),
        Status::Ended(winner) => winner,
    };
    if winner.is_none() {
        if context.now_ms < experiment.start_ms {
            return Decision::out(Reason::NotStarted);
        }
        if context.now_ms >= experiment.end_ms {
            return Decision::out(Reason::Ended);
        }
    }
    if experiment.unit.lasts() && experiment.basis != Basis::Exempt && !context.consent.keeps_units() {
        return Decision::out(Reason::Consent);
    }
    let Some(unit) = context.unit else { return Decision::out(Reason::NoUnit) };
    let is_in_audience = || experiment.audience.is_none_or(|start| matches(&plan.conditions, start, facts));
    match context.kept {
        Kept::Variant(variant)
            if winner.is_none() && experiment.sticky && usize::from(variant) < experiment.variants.len() =>
        {
            return if experiment.applies_always && !is_in_audience() {
                Decision::out(Reason::Audience)
            } else {
                Decision::is_in(variant, Reason::Sticky)
            };
        }
        Kept::Older if winner.is_none() && experiment.blocks_older => {
            return Decision::out(Reason::Version);
        }
        _ => {}
    }
    let mut hash = |seed| {
        trace.bucket = murmur3_32(unit, seed);
        trace.bucket
    };
    for (position, holdout) in (0..).zip(plan.holdout.iter().chain(&experiment.holdouts)) {
        if holdout.has(hash(holdout.seed)) {
            trace.detail = position;
            return Decision::out(Reason::Holdout);
        }
    }
    if let Some(layer) = experiment.layer
        && winner.is_none()
        && !layer.range.contains(hash(layer.seed))
    {
        return Decision::out(Reason::Layer);
    }
    for requirement in &experiment.requires {
        let variant = decided(requirement.experiment).variant;
        if variant.is_none_or(|variant| variant > 63 || requirement.variants >> variant & 1 == 0) {
            trace.detail = u32::from(requirement.experiment);
            return Decision::out(Reason::Prerequisite);
        }
    }
    if !is_in_audience() {
        return Decision::out(Reason::Audience);
    }
    if let Some(winner) = winner {
        return Decision::is_in(winner, Reason::Winner);
    }
    let below = experiment.traffic.below(context.now_ms);
    if below < FULL && u64::from(hash(experiment.traffic.seed)) >= below {
        return Decision::out(Reason::Traffic);
    }
    let bucket = hash(experiment.seed);
    match experiment.splits.iter().find(|split| split.range.contains(bucket)) {
        Some(split) => Decision::is_in(split.variant, Reason::Bucketed),
        None => Decision::out(Reason::Traffic),
    }
}

impl Share {
    #[must_use]
    pub fn contains(self, unit: &[u8]) -> bool {
        self.has(murmur3_32(unit, self.seed))
    }

    fn has(self, bucket: u32) -> bool {
        u64::from(bucket) < self.below
    }
}

impl Traffic {
    /// The first bucket outside, at this moment.
    #[must_use]
    pub fn below(&self, now_ms: u64) -> u64 {
        let past = self.steps.iter().take_while(|(at_ms, _)| *at_ms <= now_ms).count();
        let Some((from_ms, from)) = past.checked_sub(1).and_then(|last| self.steps.get(last)) else {
            return 0;
        };
        let Some((to_ms, to)) = self.steps.get(past) else { return *from };
        // In seconds, so that the product fits: shares have 33 bits, and a ramp takes no more than 31.
        let (gone, whole) = ((now_ms - from_ms) / 1_000, ((to_ms - from_ms) / 1_000).max(1));
        let way = to.abs_diff(*from).saturating_mul(gone) / whole;
        if to < from { from.saturating_sub(way) } else { from + way }
    }
}
