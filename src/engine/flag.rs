//! Which rule of a flag answers, and why. The value is the host's to look up.

use super::Engine;
use crate::decision::{Decision, Reason};
use crate::plan::{Flag, Serves};
use crate::targeting::matches;

/// What a flag answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagAnswer {
    /// The rule that answered, the last being the default; `None` where code gets what it falls back to.
    pub rule: Option<u16>,
    /// With a variant where the rule is an experiment's.
    pub decision: Decision,
}

impl Engine {
    /// An index the plan lacks is `Unknown`. Exposes nobody: the host says when the answer is used.
    #[must_use]
    pub fn flag(&self, index: u16, now_ms: u64) -> FlagAnswer {
        let none = |reason| FlagAnswer { rule: None, decision: Decision::out(reason) };
        let Some(flag) = Flag::read(&self.plan.flags, index) else { return none(Reason::Unknown) };
        if self.plan.killed || flag.killed {
            return none(Reason::Killed);
        }
        if now_ms >= self.plan.expires_ms {
            return none(Reason::Expired);
        }
        let Flag { unit, .. } = flag;
        for (place, rule) in (0u16..).zip(flag) {
            if rule.audience.is_some_and(|start| !matches(&self.plan.conditions, start, &self.facts)) {
                continue;
            }
            let decision = match rule.serves {
                Serves::Everyone if rule.audience.is_some() => Decision::out(Reason::Targeting),
                Serves::Everyone if place == 0 => Decision::out(Reason::Static),
                Serves::Everyone => Decision::out(Reason::Default),
                Serves::Share(share) => {
                    let is_allowed = !unit.lasts() || self.consent.keeps_units();
                    let unit = self.unit(unit).filter(|_| is_allowed);
                    if !unit.is_some_and(|unit| share.contains(unit)) {
                        continue;
                    }
                    Decision::out(Reason::Split)
                }
                Serves::Experiment(experiment) => {
                    let decision = self.decide(experiment, now_ms);
                    if decision.variant.is_none() {
                        continue;
                    }
                    decision
                }
            };
            return FlagAnswer { rule: Some(place), decision };
        }
        none(Reason::Unknown)
    }
}
