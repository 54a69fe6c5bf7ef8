//! Keys and names of a compiled plan, for hosts that speak to people.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::FlagAnswer;
use crate::plan::Plan;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Names {
    pub site: Vec<String>,
    pub currency: String,
    pub experiments: Vec<Named>,
    pub flags: Vec<NamedFlag>,
    pub experiences: Vec<Named>,
    pub goals: Vec<Named>,
    pub slots: Vec<Named>,
    /// By fact index; `None` where the engine derives the fact.
    #[serde(deserialize_with = "asked")]
    pub facts: Vec<Option<Asked>>,
}

/// A fact that the plan asks the host for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Where it lies in what the host is told: names, joined by points.
    pub path: String,
    /// Are its texts told in lower case, too?
    pub is_folded: bool,
    /// Source and flags of regular expressions that the host runs itself.
    pub predicates: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    pub key: String,
    /// For people; empty where the author gave none.
    pub name: String,
    pub variants: Vec<Self>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NamedFlag {
    pub key: String,
    /// A row for each rule; the last one is the default.
    pub rows: Vec<FlagRow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlagRow {
    /// Outer `None`: the row has none, code gets what it falls back to.
    #[serde(deserialize_with = "present")]
    pub value: Option<Value>,
    pub variant: Option<String>,
    pub experiment: Option<usize>,
    /// What each variant of the experiment gets.
    pub by: Vec<Self>,
}

/// What a flag answers, in the words of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlagTold<'a> {
    /// `None`: what the code falls back to.
    pub value: Option<&'a Value>,
    pub variant: Option<&'a str>,
    pub experiment: Option<&'a str>,
}

impl Names {
    #[must_use]
    pub fn read(plan: &Plan) -> Self {
        serde_json::from_slice(plan.page()).unwrap_or_default()
    }

    /// The value of a flag as its page answers it.
    #[must_use]
    pub fn flag(&self, flag: usize, answer: FlagAnswer) -> FlagTold<'_> {
        let Some(flag) = self.flags.get(flag) else { return FlagTold::default() };
        let Some(row) = answer.rule.and_then(|rule| flag.rows.get(usize::from(rule))) else {
            return FlagTold::default();
        };
        let served = answer.decision.variant.and_then(|variant| row.by.get(usize::from(variant)));
        let experiment = row.experiment.and_then(|index| self.experiments.get(index));
        FlagTold {
            value: served.unwrap_or(row).value.as_ref(),
            variant: served.unwrap_or(row).variant.as_deref(),
            experiment: experiment.map(|experiment| experiment.key.as_str()),
        }
    }

    /// The key of a variant, `-` for none.
    #[must_use]
    pub fn variant(&self, experiment: usize, variant: Option<u8>) -> &str {
        variant
            .and_then(|variant| self.experiments.get(experiment)?.variants.get(usize::from(variant)))
            .map_or("-", |variant| &variant.key)
    }
}

/// Tells a null that is written from a value that is absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn asked<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<Asked>>, D::Error> {
    let rows = Vec::<Value>::deserialize(deserializer)?;
    Ok(rows.iter().map(Asked::read).collect())
}

impl Asked {
    fn read(row: &Value) -> Option<Self> {
        let Some(parts) = row.as_array() else {
            return row.as_str().map(|path| Self { path: path.to_owned(), ..Self::default() });
        };
        let text = |at: usize| parts.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self {
            path: text(0),
            is_folded: parts.get(1) == Some(&1.into()),
            predicates: (2..parts.len()).step_by(2).map(|at| (text(at), text(at + 1))).collect(),
        })
    }
}
