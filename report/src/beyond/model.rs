//! What visitors do, for every format. Times are milliseconds, weeks begin on Mondays at midnight of
//! the site.

use parlour_attribution::table::Table;
use serde::Serialize;

use crate::model::{Excluded, Experiment, Named, Note};

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
    /// Lists of recommendations.
    pub slots: Vec<Slot>,
    pub notes: Vec<Note>,
}

/// What came of a slot's lists.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Slot {
    pub slot: String,
    /// Lists that were seen.
    pub lists: u64,
    pub clicks: u64,
    /// Clicks a list.
    pub click_rate: Option<f64>,
    /// Items bought within seven days of a click on them.
    pub purchases: u64,
    /// Of those, in the report's currency.
    pub revenue: f64,
    pub positions: Vec<Position>,
    /// Where two lists were mixed.
    pub contest: Option<Contest>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Position {
    /// From 1.
    pub position: u32,
    pub shown: u64,
    pub clicks: u64,
    pub purchases: u64,
}

/// Which of two mixed lists visitors took more from; each visitor is one vote.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Contest {
    pub first: String,
    pub second: String,
    /// Visitors who took more from the first.
    pub wins: u64,
    pub losses: u64,
    pub ties: u64,
    /// Of the first, among visitors that were no tie, with its 95 % interval.
    pub share: f64,
    pub low: f64,
    pub high: f64,
    /// Valid however often it is looked at: the sentence goes by it.
    pub p: f64,
    pub method: Named,
    /// Valid for one look at a size set beforehand.
    pub sign_p: f64,
    pub sign_method: Named,
    pub sentence: String,
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
