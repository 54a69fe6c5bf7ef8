//! A file against what is live: units of a running experiment stay where they are unless its version rises, and a key
//! never comes to mean another thing.

mod units;

use std::collections::BTreeSet;

use serde_json::Value;

use super::diagnostic::Diagnostics;
use super::json::{self, Json, Member, below};
use super::{CompileOptions, Names, compile_after};
use crate::hash::murmur3_32;
use crate::plan::{Experiment, Plan, Status};

/// What was live before: a plan, or the file it was built from, which also knows what was put away.
#[derive(Clone, Debug)]
pub struct Earlier {
    plan: Plan,
    /// Keys and ids of their variants.
    archived: Vec<(String, BTreeSet<u32>)>,
}

impl Earlier {
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Of a plan's bytes, or of a `parlour.json`.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(&crate::plan::MAGIC) {
            let plan = Plan::decode(bytes).map_err(|error| error.explain().to_owned())?;
            return Ok(Self { plan, archived: Vec::new() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "neither a plan nor UTF-8 text".to_owned())?;
        let compiled = compile_after(text, &CompileOptions::default(), None);
        let plan = compiled.plan.as_deref().and_then(|plan| Plan::decode(plan).ok());
        let Some(plan) = plan else {
            let first = compiled.diagnostics.iter().find(|found| found.severity == super::Severity::Error);
            return Err(first.map_or_else(|| "no plan comes of it".to_owned(), ToString::to_string));
        };
        let file = json::parse(text, &mut Diagnostics::new(text));
        let experiments = file.as_ref().and_then(|file| file.get("experiments"));
        let archived = experiments
            .map_or(&[][..], Json::members)
            .iter()
            .filter(|member| member.json.get("status").and_then(Json::text) == Some("archived"))
            .map(|member| (member.name.clone(), variants_in(&member.json)))
            .collect();
        Ok(Self { plan, archived })
    }
}

fn variants_in(experiment: &Json) -> BTreeSet<u32> {
    let variants = experiment.get("variants").map_or(&[][..], Json::members);
    variants.iter().map(|variant| murmur3_32(variant.name.as_bytes(), 0)).collect()
}

/// What is compared: the file and its plan, built afresh and built to follow the earlier one.
pub struct Comparison<'a> {
    pub file: &'a Json,
    pub fresh: &'a Plan,
    pub following: &'a Plan,
    pub earlier: &'a Earlier,
    pub now_ms: Option<u64>,
}

pub fn check(comparison: &Comparison<'_>, diagnostics: &mut Diagnostics<'_>) {
    let Comparison { file, fresh, earlier, .. } = comparison;
    let experiments = file.get("experiments").map_or(&[][..], Json::members);
    let names = Names::read(fresh);
    for (named, experiment) in names.experiments.iter().zip(fresh.experiments()) {
        let Some(member) = experiments.iter().find(|member| member.name == named.key) else { continue };
        if matches!(experiment.status, Status::Ended(_)) {
            continue;
        }
        let pointer = below("/experiments", &member.name);
        reused(member, &pointer, experiment, earlier, diagnostics);
        let before = earlier.plan.experiments().iter().find(|before| before.id == experiment.id);
        let Some(before) = before.filter(|before| !matches!(before.status, Status::Ended(_))) else {
            continue;
        };
        if experiment.version < before.version {
            let message = format!("version {} comes after {}", experiment.version, before.version);
            let cure = format!("Write {} to go on, or {} to start anew", before.version, before.version + 1);
            let at = member.json.get("version").map_or(member.name_at, |version| version.at);
            diagnostics.error("E402", (&below(&pointer, "version"), at), message, cure);
        }
        if experiment.version == before.version {
            units::check(comparison, member, (before, experiment), diagnostics);
            goals(comparison, member, &pointer, diagnostics);
        }
    }
    let held = |plan: &Plan| plan.holdout.map_or(0, |holdout| holdout.below);
    if held(fresh) > held(&earlier.plan) {
        let at = file.get("holdout").map_or(file.at, |holdout| holdout.at);
        let message = "a larger holdout takes units out of every running experiment".to_owned();
        let cure = "Keep the old share until they have ended".to_owned();
        diagnostics.error("E401", ("/holdout", at), message, cure);
    }
}

/// An ended experiment's key with other variants, or a key that was no experiment.
fn reused(
    member: &Member,
    pointer: &str,
    experiment: &Experiment,
    earlier: &Earlier,
    diagnostics: &mut Diagnostics<'_>,
) {
    let has: BTreeSet<u32> = experiment.variants.iter().copied().collect();
    let ended = earlier.plan.experiments().iter().find(|before| before.id == experiment.id);
    let ended = ended.filter(|before| matches!(before.status, Status::Ended(_)));
    let archived = earlier.archived.iter().find(|(key, _)| *key == member.name).map(|(_, variants)| variants);
    let had = ended.map(|before| before.variants.iter().copied().collect()).or_else(|| archived.cloned());
    let at = (pointer, member.name_at);
    let cure = "Take a new key: what was counted under this one would be mixed with it".to_owned();
    if had.is_some_and(|had| had != has) {
        let message = format!("`{}` was another experiment, which is over", member.name);
        diagnostics.error("E403", at, message, cure);
    } else if earlier.plan.experiences().iter().any(|experience| experience.id == experiment.id) {
        let message = format!("`{}` was an experience before", member.name);
        diagnostics.error("E404", at, message, cure);
    }
}

/// Goals that are measured in another way while an experiment counts them.
fn goals(comparison: &Comparison<'_>, member: &Member, pointer: &str, diagnostics: &mut Diagnostics<'_>) {
    let (had, has) = (rows(&comparison.earlier.plan), rows(comparison.fresh));
    for (index, goal) in member.json.get("goals").map_or(&[][..], Json::list).iter().enumerate() {
        let row = |rows: &[(Value, String)]| {
            rows.iter().find(|(row, _)| row.get("key").and_then(Value::as_str) == goal.text()).cloned()
        };
        if let (Some(before), Some(after)) = (row(&had), row(&has))
            && before != after
        {
            let name = goal.text().unwrap_or_default();
            let message =
                format!("goal `{name}` is reached in another way than before, while it is counted here");
            let cure = "Give the new goal a key of its own, or raise `version`".to_owned();
            diagnostics.warning("W403", (&format!("{pointer}/goals/{index}"), goal.at), message, cure);
        }
    }
}

/// Of the page part, with the touchpoint that the core knows.
fn rows(plan: &Plan) -> Vec<(Value, String)> {
    let page: Value = serde_json::from_slice(plan.page()).unwrap_or_default();
    let rows = page.get("goals").and_then(Value::as_array).cloned().unwrap_or_default();
    rows.into_iter().zip(plan.goals()).map(|(row, goal)| (row, format!("{:?}", goal.touchpoint))).collect()
}
