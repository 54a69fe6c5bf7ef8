//! Which variant a unit gets. A pure function of plan, unit, facts and time: no floats, no state.
//!
//! Order: kill → status and schedule → consent → unit → sticky → holdout → layer → audience → traffic → bucket.
//! Every exit has a reason.

use crate::consent::{Basis, Consent};
use crate::decision::{Decision, Reason};
use crate::hash::murmur3_32;
use crate::plan::{Experiment, Plan, Share, Status};
use crate::targeting::{Facts, matches};

/// Everything an assignment may depend on besides the plan.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub consent: Consent,
    /// The id of the experiment's unit in UTF-8; `None` where there is none.
    pub unit: Option<&'a [u8]>,
    /// The variant kept from an earlier exposure under this version.
    pub kept: Option<u8>,
    pub is_bot: bool,
    pub now_ms: u64,
}

#[must_use]
pub fn assign(plan: &Plan, experiment: &Experiment, facts: &impl Facts, context: Context<'_>) -> Decision {
    if plan.killed || experiment.killed {
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
    if let (None, Some(variant)) = (winner, context.kept)
        && experiment.sticky
        && usize::from(variant) < experiment.variants.len()
    {
        return Decision::is_in(variant, Reason::Sticky);
    }
    if plan.holdout.is_some_and(|holdout| holdout.contains(unit)) {
        return Decision::out(Reason::Holdout);
    }
    if let Some(layer) = experiment.layer
        && winner.is_none()
        && !layer.range.contains(murmur3_32(unit, layer.seed))
    {
        return Decision::out(Reason::Layer);
    }
    if experiment.audience.is_some_and(|start| !matches(&plan.conditions, start, facts)) {
        return Decision::out(Reason::Audience);
    }
    if let Some(winner) = winner {
        return Decision::is_in(winner, Reason::Winner);
    }
    if !experiment.traffic.contains(unit) {
        return Decision::out(Reason::Traffic);
    }
    let bucket = murmur3_32(unit, experiment.seed);
    match experiment.splits.iter().find(|split| split.range.contains(bucket)) {
        Some(split) => Decision::is_in(split.variant, Reason::Bucketed),
        None => Decision::out(Reason::Traffic),
    }
}

impl Share {
    #[must_use]
    pub fn contains(self, unit: &[u8]) -> bool {
        u64::from(murmur3_32(unit, self.seed)) < self.below
    }
}
