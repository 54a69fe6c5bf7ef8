//! The report. Shares and relative uplifts are parts of 1; money is in minor units of `currency`; days are in the site's zone.

use serde::Serialize;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub site: Option<String>,
    /// IANA name of the zone that days are told in.
    pub zone: String,
    pub since_ms: Option<i64>,
    pub until_ms: Option<i64>,
    /// Arrival of the last event in it.
    pub newest_ms: Option<i64>,
    pub experiments: Vec<Experiment>,
    /// What was wrong with the events as a whole, and what was done about it.
    pub notes: Vec<Note>,
    pub beyond: Beyond,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Experiment {
    pub key: String,
    pub name: Option<String>,
    /// The hypothesis.
    pub question: Option<String>,
    pub owner: Option<String>,
    pub status: Option<String>,
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
    pub arms: Vec<Arm>,
    pub sample_ratio: Option<SampleRatio>,
    pub excluded: Vec<Excluded>,
    pub goals: Vec<Goal>,
    pub reach: Reach,
    pub diagnosis: Vec<Finding>,
    pub segments: Vec<Segment>,
    pub notes: Vec<Note>,
    pub decision: Decision,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Arm {
    pub key: String,
    pub name: Option<String>,
    /// The arm others are compared with.
    pub is_control: bool,
    pub units: u64,
    pub share: f64,
    /// The share it should have; `None` where no file says.
    pub expected_share: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SampleRatio {
    pub p: f64,
    pub is_broken: bool,
    pub method: Named,
}

/// A method and where it is from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Named {
    pub name: String,
    pub source: String,
}

/// Units or events that are in no number, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Excluded {
    pub reason: Exclusion,
    pub count: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exclusion {
    /// Units that met more than one variant.
    SeveralVariants,
    /// Exposures that the bucket did not cause: forced previews and the like.
    NotBucketed,
    /// Exposures by programs that call themselves bots.
    Bot,
    /// Exposures sent without a visitor or user.
    NoUnit,
    /// Exposures from named environments.
    OtherEnvironment,
    /// Page views in which the decision came too late to count.
    Late,
    /// Exposures whose bucket is not that of the variant they say.
    WrongBucket,
    /// Exposures by variants that the file or plan does not have.
    UnknownVariant,
    /// Purchases and goals with an amount below 0 or absurdly high.
    AbsurdAmount,
    /// Amounts in a currency other than the report's, without a rate.
    OtherCurrency,
    /// Events dated after they arrived.
    ClockAhead,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoalKind {
    #[default]
    Conversion,
    Count,
    Revenue,
    Ratio,
    TimeToEvent,
    Retention,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Goal {
    pub key: String,
    pub kind: GoalKind,
    pub is_main: bool,
    pub is_guardrail: bool,
    pub currency: Option<String>,
    /// The largest value a unit counts with, where values are cut.
    pub winsorised_at: Option<f64>,
    pub values: Vec<Value>,
    /// One an arm that is not the control.
    pub comparisons: Vec<Comparison>,
    pub method: Named,
    pub over_time: Vec<Point>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Value {
    pub arm: String,
    pub units: u64,
    /// Units that are not 0: who reached it.
    pub reached: u64,
    pub total: f64,
    pub mean: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    pub arm: String,
    pub absolute: Option<Effect>,
    pub relative: Option<Effect>,
    /// After Holm across arms.
    pub adjusted_p: Option<f64>,
    pub chance_to_beat: Option<f64>,
    pub expected_loss: Option<f64>,
    /// Why nothing is told.
    pub refused: Option<String>,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Effect {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
    pub p: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Better,
    Worse,
    #[default]
    Open,
}

/// One day of an arm against the control: all units until its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Point {
    pub arm: String,
    /// YYYY-MM-DD.
    pub day: String,
    pub units: u64,
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
}

/// Whom a result covers. Shares are of page views, visitors and visitors.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reach {
    pub late: Option<f64>,
    pub consented: Option<f64>,
    pub bots: Option<f64>,
    /// Units whose first event is no older than the experiment.
    pub new_units: Option<f64>,
    /// What would mend it.
    pub cure: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Finding {
    /// sample-ratio, outliers, novelty, segments, simpson, interaction, a-a.
    pub check: String,
    pub p: Option<f64>,
    pub is_alarm: bool,
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Segment {
    /// page, agent, channel, day.
    pub by: String,
    pub value: String,
    pub goal: String,
    pub arm: String,
    pub units: u64,
    pub absolute: Option<Effect>,
    /// After Benjamini-Hochberg across all segments told.
    pub adjusted_p: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    pub what: String,
    pub done: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Ship,
    #[default]
    KeepRunning,
    /// The control stays.
    Drop,
    /// Something is broken.
    Stop,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Decision {
    pub action: Action,
    pub arm: Option<String>,
    /// What to do and why, for people.
    pub sentence: String,
}

/// What is told of all visitors, experiment or not. `None` where nothing of the kind was in the events.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Beyond {
    pub funnels: Option<Vec<Funnel>>,
    pub stages: Option<Vec<StageFlow>>,
    pub channels: Option<Vec<Channel>>,
    pub cohorts: Option<Vec<Cohort>>,
    pub interleaving: Option<Vec<Interleaving>>,
    pub bandits: Option<Vec<Bandit>>,
    pub slots: Option<Vec<SlotUplift>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Funnel {
    pub experiment: Option<String>,
    pub arm: Option<String>,
    /// Step and units that came to it, in order.
    pub steps: Vec<(String, u64)>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StageFlow {
    pub arm: Option<String>,
    pub from: String,
    pub to: String,
    pub visitors: u64,
    pub median_ms: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Channel {
    pub channel: String,
    /// Model and the conversions it gives this channel.
    pub conversions: Vec<(String, f64)>,
    pub cost_minor: Option<i64>,
    pub clicks: Option<u64>,
    pub cost_per_click: Option<f64>,
    pub cost_per_action: Option<f64>,
    pub return_on_spend: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cohort {
    /// Its first day, YYYY-MM-DD.
    pub start: String,
    pub visitors: u64,
    /// Visitors seen again, a period each, the first being the cohort's own.
    pub back: Vec<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Interleaving {
    pub slot: String,
    pub wins: u64,
    pub losses: u64,
    pub ties: u64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
    pub p: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Bandit {
    pub experiment: String,
    /// Arm, chance to be best, share it should get.
    pub arms: Vec<(String, f64, f64)>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SlotUplift {
    pub key: String,
    pub shown: u64,
    pub held_out: u64,
    pub comparison: Comparison,
}
