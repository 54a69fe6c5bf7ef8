//! Keys and names of a compiled plan, for hosts that speak to people.

use serde::Deserialize;
use serde_json::Value;

use crate::plan::Plan;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Names {
    pub site: Vec<String>,
    pub currency: String,
    pub experiments: Vec<Named>,
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

impl Names {
    #[must_use]
    pub fn read(plan: &Plan) -> Self {
        serde_json::from_slice(plan.page()).unwrap_or_default()
    }

    /// The key of a variant, `-` for none.
    #[must_use]
    pub fn variant(&self, experiment: usize, variant: Option<u8>) -> &str {
        variant
            .and_then(|variant| self.experiments.get(experiment)?.variants.get(usize::from(variant)))
            .map_or("-", |variant| &variant.key)
    }
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
