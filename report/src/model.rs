//! The report. Shares and relative uplifts are parts of 1; money is in minor units of `currency`.

use serde::Serialize;

use crate::beyond::model::Beyond;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub since_ms: Option<i64>,
    pub until_ms: Option<i64>,
    pub experiments: Vec<Experiment>,
    /// What was wrong with the events as a whole, and what was done about it.
    pub notes: Vec<Note>,
    /// What visitors did apart from experiments.
    pub beyond: Option<Beyond>,
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
    pub notes: Vec<Note>,
    pub decision: Decision,
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
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoalKind {
    #[default]
    Conversion,
    Revenue,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Goal {
    pub key: String,
    pub kind: GoalKind,
    pub is_main: bool,
    pub currency: Option<String>,
    pub values: Vec<Value>,
    /// One an arm that is not the control.
    pub comparisons: Vec<Comparison>,
    pub method: Named,
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

/// Whom a result covers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reach {
    /// Of the page views in which the experiment was met or came too late.
    pub late: Option<f64>,
    /// What would mend it.
    pub cure: Option<String>,
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
