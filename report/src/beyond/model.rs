//! What visitors do, for every format. Times are milliseconds, weeks begin on Mondays at midnight of
//! the site.

use parlour_attribution::table::Table;
use serde::Serialize;

use crate::model::{Excluded, Experiment, Note};

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Beyond {
    pub visitors: u64,
    pub events: u64,
    pub excluded: Vec<Excluded>,
    pub all: Group,
    /// From the first exposure on; visitors who met several variants are in none.
    pub by_variant: Vec<OfVariant>,
    pub cohorts: Vec<Cohort>,
    pub attribution: Option<Table>,
    /// Changes outside of experiments against their holdouts, judged as experiments are.
    pub experiences: Vec<Experiment>,
    pub notes: Vec<Note>,
}

/// What a group of visitors did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Group {
    pub visitors: u64,
    pub funnels: Vec<Funnel>,
    pub journey: Journey,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OfVariant {
    pub experiment: String,
    pub variant: String,
    #[serde(flatten)]
    pub group: Group,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Funnel {
    pub name: String,
    /// From the first step to the last; `None` is without an end.
    pub within_ms: Option<i64>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Step {
    pub name: String,
    /// Visitors who took this step after all before it.
    pub visitors: u64,
    /// Of those of the step before, the part that is lost here.
    pub drop_off: Option<f64>,
    /// Of those of the first step.
    pub share: Option<f64>,
}

/// Stages, and how visitors went from one to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Journey {
    pub stages: Vec<Stage>,
    pub moves: Vec<Move>,
    pub weeks: Vec<Week>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Stage {
    pub stage: &'static str,
    /// Visitors who were ever in it.
    pub visitors: u64,
    /// Visitors who were last seen in it.
    pub ended: u64,
    /// From each entry until the next stage or the last event, on average over the visitors who were in it.
    pub mean_ms: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Move {
    pub from: &'static str,
    pub to: &'static str,
    pub count: u64,
    /// Visitors who went so at least once.
    pub visitors: u64,
}

/// Visitors by the stage they were last in that week.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Week {
    /// Its Monday: 2026-11-23.
    pub week: String,
    pub visitors: Vec<u64>,
}

/// Visitors whose first event is of one week.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cohort {
    pub week: String,
    pub visitors: u64,
    /// Who came in that week, in the next, and so on.
    pub active: Vec<u64>,
    /// Who bought.
    pub bought: Vec<u64>,
}
