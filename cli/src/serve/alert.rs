//! `--alert URL`: a POST of JSON when an experiment goes wrong, once until it is well again.
//!
//! - `split`: visitors do not fall to the variants as the plan's buckets say, by the test that may be asked again and again
//!   while visitors come (`sample_ratio::always_valid`).
//! - `silent`: an experiment that runs, and was met all day, has not been met for an hour.

use std::collections::BTreeSet;
use std::time::Duration;

use parlour::hash::{id64, murmur3_32};
use parlour::plan::{Experiment, Plan, Status};
use parlour_stats::sample_ratio::{ALARM, always_valid};
use serde::Serialize;
use tokio::sync::watch;

use super::Reader;
use super::plan::Live;
use crate::store::ArmCount;

/// Exposures of the day before the hour, below which an hour without any is nothing strange.
const BUSY_DAY: i64 = 240;
/// Minutes between two looks, each of which reads all exposures.
const LOOK_EVERY_MS: i64 = 5 * 60_000;
const POST_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    pub kind: &'static str,
    pub experiment: String,
    pub version: i64,
    /// What is wrong, in a sentence.
    pub text: String,
    pub at: String,
}

/// What was told already.
#[derive(Debug)]
pub struct Alerts {
    url: String,
    live: watch::Receiver<Live>,
    told: BTreeSet<(&'static str, String, i64)>,
    looked_ms: Option<i64>,
}

impl Alerts {
    #[must_use]
    pub fn new(url: &str, live: watch::Receiver<Live>) -> Self {
        Self { url: url.to_owned(), live, told: BTreeSet::new(), looked_ms: None }
    }

    /// Looks, if it is time, and tells what is newly wrong. What could not be told is tried at the next look.
    pub fn look(&mut self, reader: &Reader, now_ms: i64) {
        if self.looked_ms.is_some_and(|looked| now_ms - looked < LOOK_EVERY_MS) {
            return;
        }
        self.looked_ms = Some(now_ms);
        let plan = self.live.borrow().served.as_ref().and_then(|served| Plan::decode(served.bytes()).ok());
        let Some(plan) = plan else { return };
        let arms = match reader.with(|store| store.arms(now_ms)) {
            Ok(arms) => arms,
            Err(error) => return eprintln!("parlour: --alert could not look: {error}"),
        };
        let wrong = find(&plan, &arms, now_ms);
        let name = |alert: &Alert| (alert.kind, alert.experiment.clone(), alert.version);
        let names: BTreeSet<_> = wrong.iter().map(name).collect();
        self.told.retain(|told| names.contains(told));
        for alert in &wrong {
            if self.told.contains(&name(alert)) {
                continue;
            }
            match post(&self.url, alert) {
                Ok(()) => {
                    self.told.insert(name(alert));
                }
                Err(error) => eprintln!("parlour: {} could not be told: {error}: {}", self.url, alert.text),
            }
        }
    }
}

fn post(url: &str, alert: &Alert) -> anyhow::Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(POST_TIMEOUT)).build().into();
    let body = serde_json::to_string(alert)?;
    agent.post(url).header("content-type", "application/json").send(body)?;
    Ok(())
}

/// Everything that is wrong with running experiments of this plan, by what their present version has seen.
#[must_use]
pub fn find(plan: &Plan, arms: &[ArmCount], now_ms: i64) -> Vec<Alert> {
    let keys: BTreeSet<&str> = arms.iter().map(|arm| arm.experiment.as_str()).collect();
    let at = super::protocol::timestamp(now_ms).unwrap_or_default();
    let mut alerts = Vec::new();
    for key in keys {
        let id = id64(key.as_bytes());
        let Some(experiment) = plan.experiments().iter().find(|one| one.id == id) else { continue };
        if experiment.status != Status::Running || experiment.killed {
            continue;
        }
        let version = i64::from(experiment.version);
        let own: Vec<&ArmCount> =
            arms.iter().filter(|arm| arm.experiment == key && arm.version == version).collect();
        let alert = |kind, text| Alert { kind, experiment: key.to_owned(), version, text, at: at.clone() };
        if let Some(text) = split(key, experiment, &own) {
            alerts.push(alert("split", text));
        }
        let (hour, day): (i64, i64) =
            own.iter().fold((0, 0), |(hour, day), arm| (hour + arm.last_hour, day + arm.day_before));
        let now = u64::try_from(now_ms).unwrap_or_default();
        if hour == 0 && day >= BUSY_DAY && (experiment.start_ms..experiment.end_ms).contains(&now) {
            let text = format!("nobody met {key} in the last hour, after {day} exposures in the day before");
            alerts.push(alert("silent", text));
        }
    }
    alerts
}

fn split(key: &str, experiment: &Experiment, arms: &[&ArmCount]) -> Option<String> {
    let count = |id: u32| {
        let own = arms.iter().filter(|arm| murmur3_32(arm.variant.as_bytes(), 0) == id);
        own.map(|arm| u64::try_from(arm.bucketed).unwrap_or_default()).sum::<u64>()
    };
    // A variant without buckets is reached by nobody.
    let (observed, weights): (Vec<u64>, Vec<f64>) = (0..)
        .zip(&experiment.variants)
        .map(|(index, id)| (count(*id), experiment.buckets(index) as f64))
        .filter(|(_, weight)| *weight > 0.0)
        .unzip();
    let test = always_valid(&observed, &weights).ok()?;
    let total = observed.iter().sum::<u64>() as f64;
    let sum: f64 = weights.iter().sum();
    let counts = observed.iter().map(u64::to_string).collect::<Vec<_>>().join(" : ");
    let wanted =
        weights.iter().map(|weight| format!("{:.0}", weight / sum * total)).collect::<Vec<_>>().join(" : ");
    (test.p < ALARM).then(|| {
        format!(
            "the split of {key} is broken: {counts} visitors where {wanted} were to be expected (p {:.1e}, valid at every \
             look); its results mean nothing until the reason is known",
            test.p
        )
    })
}
