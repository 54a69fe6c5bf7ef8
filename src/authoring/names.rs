//! Keys and names of a compiled plan, for hosts that speak to people.

use serde::Deserialize;

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
    #[serde(deserialize_with = "texts")]
    pub facts: Vec<Option<String>>,
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

fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<String>>, D::Error> {
    let values = Vec::<serde_json::Value>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|value| value.as_str().map(str::to_owned)).collect())
}
