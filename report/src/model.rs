//! The report. Shares and relative uplifts are parts of 1; money is in minor units of `currency`.

use serde::Serialize;

use crate::beyond::model::Beyond;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub since_ms: Option<i64>,
    pub until_ms: Option<i64>,
    /// IANA name of the zone whose days are told.
    pub zone: String,
    pub identities: Identities,
    pub experiments: Vec<Experiment>,
    /// What was wrong with the events as a whole, and what was done about it.
    pub notes: Vec<Note>,
    /// What visitors did apart from experiments.
    pub beyond: Option<Beyond>,
}

/// Ids of visitors and users that were seen together are one person.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Identities {
    /// Ids that were seen together with another.
    pub linked: u64,
    /// People those are.
    pub people: u64,
    /// Links that were not followed, because more than a person can have hang together by them.
    pub shared: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Experiment {
    pub key: String,
    pub name: Option<String>,
    /// The hypothesis.
    pub question: Option<String>,
    pub owner: Option<String>,
    pub status: Option<String>,
    pub analysis: Analysis,
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
    pub arms: Vec<Arm>,
    pub sample_ratio: Option<SampleRatio>,
    pub excluded: Vec<Excluded>,
    pub goals: Vec<Goal>,
    pub diagnosis: Diagnosis,
    pub reach: Reach,
    pub notes: Vec<Note>,
    pub decision: Decision,
}

/// How the experiment's numbers are made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Analysis {
    pub method: Choice,
    /// Units of all arms that were planned.
    pub planned_units: Option<u64>,
    /// Days before the exposure that explain a part of what came after.
    pub cuped_days: Option<u32>,
    /// The dimension by which effects are weighted.
    pub stratified_by: Option<Dimension>,
    /// Adjustments for several arms and several goals.
    pub corrections: Vec<Named>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Holds at every look.
    #[default]
    Sequential,
    /// One look, once all planned units are in.
    Fixed,
    /// The looks that were planned.
    GroupSequential,
    Bayesian,
}

/// What visitors differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// Of the first exposure.
    Page,
    Device,
    /// `utm_source`, or the host they came from.
    Source,
    /// Of the first exposure, in the site's zone.
    Day,
    /// Were they seen before the first exposure?
    Returning,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Arm {
    pub key: String,
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
    /// Where a broken split breaks, the clearest first.
    pub breaks: Vec<Break>,
    /// What that points to, in words.
    pub likely: Option<String>,
}

/// Visitors of one kind whose split is broken by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Break {
    pub dimension: Dimension,
    pub value: String,
    /// In the order of the arms.
    pub units: Vec<u64>,
    /// Bonferroni's, over all kinds that were looked at.
    pub p: f64,
    /// Without them the split is as it should be.
    pub explains_all: bool,
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
    /// Exposures of a version before the newest.
    OlderVersion,
    /// Events dated before 2000, or after they arrived.
    Clock,
    /// Orders told again.
    SameOrder,
    /// Refunds of orders that nobody told.
    UnknownOrder,
    /// Units whose time for this is not over yet.
    NotOver,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoalKind {
    #[default]
    /// Share of units that reached it.
    Conversion,
    /// Times a unit reached it.
    Count,
    /// Money a unit, less refunds.
    Revenue,
    /// Times it was reached over times another goal was.
    Ratio,
    /// Mean hours until it is reached, of the first so many days.
    Time,
    /// Share of units that reached it again later.
    Retention,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    #[default]
    Higher,
    Lower,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Goal {
    pub key: String,
    pub kind: GoalKind,
    pub is_main: bool,
    pub better: Better,
    pub currency: Option<String>,
    /// Days after the first exposure within which it counts; `None`: as long as there is data.
    pub window_days: Option<f64>,
    /// Retention: from that day on.
    pub from_days: Option<f64>,
    /// Ratio: the goal below the line.
    pub per: Option<String>,
    /// What a unit counts at most, in the values' unit.
    pub winsorised_at: Option<f64>,
    /// Units that would have counted more.
    pub winsorised_units: u64,
    /// A guardrail: the relative loss that is borne.
    pub harm: Option<f64>,
    pub values: Vec<Value>,
    /// One an arm that is not the control.
    pub comparisons: Vec<Comparison>,
    pub method: Named,
    pub excluded: Vec<Excluded>,
    /// One an arm that is not the control; ascending days.
    pub over_time: Vec<Course>,
}

/// A comparison as it stood at the end of each day.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Course {
    pub arm: String,
    /// In the goal's unit; days on which the method refused are not there.
    pub days: Vec<Day>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Day {
    /// ISO 8601, in the site's zone.
    pub date: String,
    /// Of control and arm together, up to then.
    pub units: u64,
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
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
    /// After Holm across arms and, for all but the main goal, Benjamini and Hochberg across goals.
    pub adjusted_p: Option<f64>,
    pub bayes: Option<Bayes>,
    /// Share of the variance that CUPED took.
    pub variance_taken: Option<f64>,
    /// Time to event: whole curves compared.
    pub log_rank_p: Option<f64>,
    pub guardrail: Option<Guardrail>,
    /// Until the interval would leave 0 out, were the effect as it looks now.
    pub days_left: Option<u64>,
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

/// Another view of the same numbers; no error rates.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Bayes {
    pub chance_to_beat: f64,
    /// Of choosing the arm where it is worse, and of staying where it is better; in the goal's unit.
    pub loss_of_variant: f64,
    pub loss_of_control: f64,
    pub mean: f64,
    pub deviation: f64,
    pub low: f64,
    pub high: f64,
    pub method: Named,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guardrail {
    /// A loss beyond what is borne is ruled out.
    Safe,
    Unsure,
    /// It is surely beyond.
    Harmed,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Better,
    Worse,
    #[default]
    Open,
}

/// What was looked for behind the main goal's numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diagnosis {
    pub a_a: Option<AaCheck>,
    pub outliers: Vec<Outliers>,
    /// One an arm that is not the control.
    pub novelty: Vec<Novelty>,
    pub segments: Vec<Segments>,
    pub interactions: Vec<Interaction>,
}

/// The experiment's own visitors, split at random again and again: p-values should be even.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AaCheck {
    pub splits: u64,
    /// Share of them whose p is at most 0.05.
    pub alarms: f64,
    /// That they are even.
    pub p: f64,
    pub method: Named,
}

/// What the ten largest units hold of an arm.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outliers {
    pub goal: String,
    pub arm: String,
    pub of_sum: f64,
    pub of_variance: f64,
}

/// Does the effect fade or grow with the days since exposure? The slope a day.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Novelty {
    pub arm: String,
    pub slope: Option<Effect>,
    pub refused: Option<String>,
}

/// One arm against the control by one dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segments {
    pub arm: String,
    pub dimension: Dimension,
    pub parts: Vec<Segment>,
    /// That all parts have one effect; Bonferroni's over dimensions and arms.
    pub one_effect_p: Option<f64>,
    /// The whole says the opposite of its parts (Simpson).
    pub is_reversed: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Segment {
    pub value: String,
    pub units: u64,
    pub effect: Option<Effect>,
    /// Benjamini and Hochberg's, over all segments of the experiment.
    pub adjusted_p: Option<f64>,
    pub refused: Option<String>,
}

/// Does an arm's effect depend on another experiment's variant?
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Interaction {
    pub arm: String,
    pub other: String,
    pub other_arm: String,
    /// The difference of the differences.
    pub effect: Effect,
    /// Benjamini and Hochberg's, over all interactions of the experiment.
    pub adjusted_p: f64,
}

/// Whom a result covers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reach {
    /// Of the page views in which the experiment was met or came too late.
    pub late: Option<f64>,
    /// What would mend it.
    pub cure: Option<String>,
    /// Units not seen before the experiment's first exposure.
    pub younger: Option<f64>,
    /// Exposures by programs that call themselves bots, of all.
    pub bots: Option<f64>,
    /// Of the site's events, those that came with an id: who consented to be recognised.
    pub with_id: Option<f64>,
    /// Days since the newest exposure.
    pub age_days: Option<f64>,
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
