//! Why an experiment answers as it does, in words: the same as `explain(key)` answers on a page.

use serde::Serialize;

use super::Names;
use crate::assignment::Trace;
use crate::decision::{Decision, Reason};
use crate::plan::Plan;

/// What is looked at, in this order.
pub const STEPS: [&str; 16] = [
    "site",
    "preview",
    "kill",
    "bot",
    "status",
    "schedule",
    "consent",
    "unit",
    "sticky",
    "version",
    "holdout",
    "layer",
    "prerequisite",
    "audience",
    "traffic",
    "bucket",
];

#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub reason: &'static str,
    /// Steps that let the unit through.
    pub passed: &'static [&'static str],
    /// The step that settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<&'static str>,
    /// The hash that was looked at last, from 0 to 1.
    pub bucket: f64,
    /// What of the audience does not hold: its place in the file, and what stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// The experiment that let nobody through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires: Option<String>,
}

/// What each node of the plan's conditions says.
#[must_use]
pub fn clauses(plan: &Plan) -> Vec<String> {
    serde_json::from_slice(plan.clauses()).unwrap_or_default()
}

#[must_use]
pub fn explain(decision: Decision, trace: Trace, names: &Names, clauses: &[String]) -> Explanation {
    let settled = settled_at(decision.reason).and_then(|name| STEPS.iter().position(|step| *step == name));
    let detail = trace.detail as usize;
    Explanation {
        reason: decision.reason.name(),
        passed: settled.and_then(|at| STEPS.get(..at)).unwrap_or_default(),
        settled: settled.and_then(|at| STEPS.get(at)).copied(),
        bucket: f64::from(trace.bucket) / 2f64.powi(32),
        clause: clauses.get(detail).filter(|_| decision.reason == Reason::Audience).cloned(),
        requires: names
            .experiments
            .get(detail)
            .filter(|_| decision.reason == Reason::Prerequisite)
            .map(|required| required.key.clone()),
    }
}

fn settled_at(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Expired => "site",
        Reason::Killed => "kill",
        Reason::Paused => "status",
        Reason::NotStarted | Reason::Ended => "schedule",
        Reason::NoUnit => "unit",
        Reason::Winner => "audience",
        Reason::Bucketed => "bucket",
        // The others are answers of flags.
        Reason::Loading
        | Reason::Unknown
        | Reason::Static
        | Reason::Default
        | Reason::Targeting
        | Reason::Split
        | Reason::Late => return None,
        Reason::Sticky
        | Reason::Consent
        | Reason::Holdout
        | Reason::Layer
        | Reason::Audience
        | Reason::Traffic
        | Reason::Bot
        | Reason::Preview
        | Reason::Prerequisite
        | Reason::Version => return STEPS.iter().find(|step| **step == reason.name()).copied(),
    })
}
