//! A payload as GrowthBook's API answers it → a `parlour.json` that people go on writing.

use serde_json::{Map, Value, json};

use super::super::condition::{Conditions, Dialect};
use super::super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::super::json::{self, Json};
use super::super::shape;

/// What came of a payload.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Text of a `parlour.json`; `None` where the payload cannot be read at all.
    pub config: Option<String>,
    /// With places in the payload.
    pub diagnostics: Vec<Diagnostic>,
}

impl Imported {
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Of the transport, not of the plan.
const LEFT_OUT: [&str; 4] = ["status", "dateUpdated", "attributes", "usingAutoExperiments"];

/// `sites` are the host names the plan is for: no payload names them.
#[must_use]
pub fn import(text: &str, sites: &[String]) -> Imported {
    let mut diagnostics = Diagnostics::new(text);
    let payload = json::parse(text, &mut diagnostics);
    let config = payload.and_then(|payload| config(&payload, sites, &mut diagnostics));
    Imported { config, diagnostics: diagnostics.in_file_order() }
}

fn config(payload: &Json, sites: &[String], diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let members = payload.members();
    if let Some(member) = members.iter().find(|member| member.name.starts_with("encrypted")) {
        let message = format!("`{}` cannot be read", member.name);
        let cure = "Fetch the payload of an SDK connection without encryption, or decrypt it first";
        diagnostics.error("E239", (&format!("/{}", member.name), member.name_at), message, cure.into());
        return None;
    }
    if !["features", "experiments"].iter().any(|name| payload.get(name).is_some()) {
        let message = "this is no payload of GrowthBook's".to_owned();
        let cure = "Fetch it from the API: GET /api/features/CLIENT-KEY".to_owned();
        diagnostics.error("E105", ("", payload.at), message, cure);
        return None;
    }
    let kept = members.iter().filter(|member| !LEFT_OUT.contains(&member.name.as_str()));
    let kept: Vec<_> = kept.cloned().collect();
    let known = Json { at: payload.at, value: json::Value::Object(kept) };
    shape::check(&known, &super::shape(), "", diagnostics);
    super::compile(&known, "", &mut Conditions::new(Dialect::GrowthBook, 2), diagnostics);
    if sites.is_empty() {
        let message = "the payload names no site".to_owned();
        diagnostics.warning(
            "W240",
            ("", payload.at),
            message,
            "Give --site, or mend `site` in the file".into(),
        );
    }
    let mut config = Map::new();
    config.insert("$schema".into(), "./parlour.schema.json".into());
    config.insert("site".into(), if sites.is_empty() { json!(["localhost"]) } else { json!(sites) });
    config.insert("growthbook".into(), known.plain());
    serde_json::to_string_pretty(&Value::Object(config)).ok().map(|text| text + "\n")
}
