//! Whether the units of one running experiment stay where they are, by arithmetic on two plans.

use serde_json::Value;

use super::super::diagnostic::Diagnostics;
use super::super::json::{Json, Member, below};
use super::super::moves::moved_share;
use super::Comparison;
use crate::hash::murmur3_32;
use crate::plan::{Experiment, FULL, Plan, Share};

/// Rounding of each variant to whole buckets.
const ROUNDING: u64 = 64;

pub fn check(
    comparison: &Comparison<'_>,
    member: &Member,
    (before, after): (&Experiment, &Experiment),
    diagnostics: &mut Diagnostics<'_>,
) {
    let pointer = below("/experiments", &member.name);
    let mut says = |is_error: bool, field: &str, message: String, cure: &str| {
        let (place, at) = match member.json.get(field) {
            Some(json) => (below(&pointer, field), json.at),
            None => (pointer.clone(), member.name_at),
        };
        if is_error {
            diagnostics.error("E401", (&place, at), message, cure.to_owned());
        } else {
            let code = if field == "variants" { "W401" } else { "W402" };
            diagnostics.warning(code, (&place, at), message, cure.to_owned());
        }
    };
    if before.unit != after.unit || before.falls_back != after.falls_back {
        let message = "another unit is randomised while the experiment runs".to_owned();
        return says(true, "unit", message, "Keep `unit`, or raise `version` to start anew");
    }
    if before.seed != after.seed {
        let message = format!(
            "another seed gives {} of its units another variant",
            percent(moved_share(before, after))
        );
        return says(true, "seed", message, "Write the old seed, or raise `version` to start anew");
    }
    let following = comparison.following.experiments().iter().find(|other| other.id == after.id);
    let (moved, afresh) =
        (following.map_or(0.0, |following| moved_share(before, following)), moved_share(before, after));
    let is_bandit = member.json.get("bandit").is_some();
    if moved > 0.0
        && !is_bandit
        && !following.is_some_and(|following| is_rollout(&member.json, before, following))
    {
        let message = format!("{} of its units would get another variant, or none", percent(moved));
        says(
            true,
            "variants",
            message,
            "Write the old variants and weights, or raise `version` to start anew",
        );
    } else if afresh > moved {
        let message =
            format!("{} of its units get another variant unless the plan follows this one", percent(afresh));
        says(
            false,
            "variants",
            message,
            "Build with `--previous OLD`, or write the variants in the old order",
        );
    }
    let leaves = leaving(comparison.now_ms, before, after);
    if leaves > 0.0 {
        let field = if after.traffic.steps.len() > 1 { "ramp" } else { "traffic" };
        let message = format!("less traffic takes {} of all units out", percent(leaves));
        says(
            true,
            field,
            message,
            "Keep the share, set `status` to `paused`, or raise `version` to start anew",
        );
    }
    let is_inside = match (before.layer, after.layer) {
        (_, None) => true,
        (None, Some(layer)) => layer.range.start == 0 && layer.range.end == FULL,
        (Some(old), Some(new)) => {
            old.seed == new.seed && new.range.start <= old.range.start && old.range.end <= new.range.end
        }
    };
    if !is_inside {
        let message = "another place in a layer takes units out".to_owned();
        says(
            true,
            "layer",
            message,
            "Keep the old range within the new one, or raise `version` to start anew",
        );
    }
    let is_held =
        |share: &Share| before.holdouts.iter().any(|old| old.seed == share.seed && old.below >= share.below);
    if !after.holdouts.iter().all(|share| share.below == 0 || is_held(share)) {
        let message = "a larger holdout takes units out".to_owned();
        says(true, "holdout", message, "Keep the old holdout, or raise `version` to start anew");
    }
    if audience(&comparison.earlier.plan, before) != audience(comparison.fresh, after) {
        let message =
            "another audience while the experiment runs: who came in before may not fit now".to_owned();
        says(
            false,
            "audience",
            message,
            "Raise `version` to start anew, or compare only those who came in since",
        );
    }
}

/// Only the variant that takes over has gained.
fn is_rollout(json: &Json, before: &Experiment, after: &Experiment) -> bool {
    let Some(winner) = json.get("rollout").and_then(Json::text) else { return false };
    let winner = murmur3_32(winner.as_bytes(), 0);
    let had = |id: u32| {
        before.variants.iter().position(|known| *known == id).map_or(0, |at| before.buckets(at as u8))
    };
    (0u8..).zip(&after.variants).all(|(at, id)| *id == winner || after.buckets(at) <= had(*id) + ROUNDING)
}

/// The largest share of all units that take part before and not after, now or later.
fn leaving(now_ms: Option<u64>, before: &Experiment, after: &Experiment) -> f64 {
    let steps = before.traffic.steps.iter().chain(&after.traffic.steps).map(|(at_ms, _)| *at_ms);
    let now = now_ms.unwrap_or(0);
    // Between steps the shares are straight lines: their largest distance is at one of the ends.
    let moments = steps.filter(|at_ms| *at_ms >= now).chain([now]);
    let lost = |at_ms: u64| before.traffic.below(at_ms).saturating_sub(after.traffic.below(at_ms));
    moments.map(lost).max().unwrap_or(0) as f64 / FULL as f64
}

/// What the nodes of the audience say, as explanations have it.
fn audience(plan: &Plan, experiment: &Experiment) -> Option<Vec<String>> {
    let start = experiment.audience? as usize;
    let end = plan.conditions.nodes.get(start)?.end as usize;
    let clauses: Vec<Value> = serde_json::from_slice(plan.clauses()).unwrap_or_default();
    let nodes = plan.conditions.nodes.get(start..end)?.iter().enumerate();
    let told = |(offset, node): (usize, &crate::targeting::Node)| {
        let clause = clauses.get(start + offset).and_then(Value::as_str).unwrap_or_default();
        format!("{} {} {}", node.end as usize - start, node.is_negated, clause)
    };
    Some(nodes.map(told).collect())
}

fn percent(share: f64) -> String {
    if share < 0.000_5 { "under 0.1 %".to_owned() } else { format!("{:.1} %", share * 100.0) }
}
