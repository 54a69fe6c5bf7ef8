//! GrowthBook's payload → the section of the plan that `crate::growthbook` reads.
//!
//! What their SDKs compute when they run is computed here: weights and coverage become thresholds, in their arithmetic;
//! patterns of addresses become conditions. What they take without a word and make nothing of is taken and warned of.

mod experiment;
mod feature;
mod import;
mod ranges;
mod shape;
mod tell;
mod url;
mod value;

pub use import::{Imported, import};
pub use shape::shape;
pub use tell::{GrowthBook, Holds};

use serde_json::json;

use super::condition::{Conditions, Dialect, scalar};
use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, Member, Value, below};
use crate::growthbook::{Attribute, Experiment, Feature, Parent, Section};

/// Collects a section.
struct Compiler<'a, 'c, 'd, 't> {
    root: &'a Json,
    base: &'a str,
    /// Features in plan order.
    features: Vec<&'a Member>,
    /// Keys of features whose values prerequisites look at.
    looked_at: Vec<&'a str>,
    conditions: &'c mut Conditions,
    diagnostics: &'d mut Diagnostics<'t>,
    section: Section,
    /// Names of `section.attributes`.
    attributes: Vec<String>,
    /// What the host must know of `section.experiments`.
    rows: Vec<serde_json::Value>,
}

/// `base` is where the payload stands in the file.
pub fn compile(
    root: &Json,
    base: &str,
    conditions: &mut Conditions,
    diagnostics: &mut Diagnostics<'_>,
) -> Section {
    let outer_dialect = std::mem::replace(&mut conditions.dialect, Dialect::GrowthBook);
    let outer_groups = std::mem::replace(&mut conditions.groups, groups(root));
    conditions.saved = root.get("savedGroups").map_or(&[][..], Json::members).to_vec();
    let features = root.get("features").map_or(&[][..], Json::members);
    let is = |name: &str| root.get(name).is_some_and(Json::is_true);
    let mut compiler = Compiler {
        root,
        base,
        features: features.iter().collect(),
        looked_at: Vec::new(),
        conditions: &mut *conditions,
        diagnostics,
        section: Section {
            is_sticky: is("stickyBuckets"),
            is_qa: is("qaMode"),
            is_off: root.get("enabled").is_some_and(|json| matches!(json.value, Value::Bool(false))),
            values: vec![value::members(None)],
            ..Section::default()
        },
        attributes: Vec::new(),
        rows: Vec::new(),
    };
    compiler.look_for_parents();
    let features = compiler.all_features();
    let experiments = compiler.experiments();
    let Compiler { mut section, attributes, rows, .. } = compiler;
    conditions.dialect = outer_dialect;
    conditions.groups = outer_groups;
    conditions.saved.clear();
    let attributes: Vec<_> =
        attributes.iter().zip(&section.attributes).map(|(name, it)| json!([it.fact, name])).collect();
    let page = json!({
        "features": features, "experiments": rows, "auto": experiments, "attributes": attributes,
        "sticky": section.is_sticky,
    });
    section.page = page.to_string().into_bytes();
    section
}

/// Saved groups as lists; what is no list stays named, so that nobody is in it.
fn groups(root: &Json) -> Vec<(String, Option<Vec<crate::targeting::Scalar>>)> {
    let list = |json: &Json| match &json.value {
        Value::List(list) => Some(list.iter().filter_map(scalar).collect()),
        _ if json.get("type").and_then(Json::text) == Some("list") => match &json.get("values")?.value {
            Value::List(list) => Some(list.iter().filter_map(scalar).collect()),
            _ => None,
        },
        _ => None,
    };
    let groups = root.get("savedGroups").map_or(&[][..], Json::members);
    groups.iter().map(|member| (member.name.clone(), list(&member.json))).collect()
}

fn utf16(text: &str) -> Box<[u8]> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A text that is not empty: theirs take an empty one for none.
fn word<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::text).filter(|text| !text.is_empty())
}

impl<'a> Compiler<'a, '_, '_, '_> {
    fn warn(&mut self, code: &'static str, at: (&str, usize), message: String, cure: &str) {
        self.diagnostics.warning(code, at, message, cure.into());
    }

    fn look_for_parents(&mut self) {
        let features = self.root.get("features").map_or(&[][..], Json::members);
        let rules = features.iter().flat_map(|member| member.json.get("rules").map_or(&[][..], Json::list));
        let experiments = self.root.get("experiments").map_or(&[][..], Json::list);
        for one in rules.chain(experiments) {
            let parents = one.get("parentConditions").map_or(&[][..], Json::list);
            self.looked_at.extend(parents.iter().filter_map(|parent| parent.get("id")?.text()));
        }
    }

    /// The feature's index, and its row for the host.
    fn all_features(&mut self) -> Vec<serde_json::Value> {
        let mut rows = Vec::new();
        for member in self.features.clone() {
            let pointer = below(&format!("{}/features", self.base), &member.name);
            let before = self.conditions.mark();
            let (feature, row) = self.feature(member, &pointer);
            if self.diagnostics.is_broken(&pointer) {
                self.conditions.take_back(&before);
                self.section.features.push(Feature::default());
                rows.push(serde_json::Value::Null);
            } else {
                self.section.features.push(feature);
                rows.push(row);
            }
        }
        rows
    }

    /// Experiments outside of features: their numbers, and what the host does for them.
    fn experiments(&mut self) -> Vec<serde_json::Value> {
        let mut numbers = Vec::new();
        for (index, json) in self.root.get("experiments").map_or(&[][..], Json::list).iter().enumerate() {
            let pointer = format!("{}/experiments/{index}", self.base);
            if self.diagnostics.is_broken(&pointer) {
                continue;
            }
            let key = json.get("key").and_then(Json::text).unwrap_or_default();
            let variations = json.get("variations").map_or(&[][..], Json::list);
            let number = self.experiment(json, key, variations, &pointer, None);
            let is_visual =
                |json: &Json| ["domMutations", "css", "js"].iter().any(|it| json.get(it).is_some());
            if variations.iter().any(is_visual) {
                let message = format!("the visual changes of `{key}` are not made");
                self.warn("W236", (&pointer, json.at), message, "Write them as `changes` of an experiment");
            }
            let keeps_query = json.get("persistQueryString").is_some_and(Json::is_true);
            numbers.push(json!([number, u8::from(keeps_query)]));
        }
        numbers
    }

    fn add(&mut self, experiment: Experiment, row: serde_json::Value) -> u16 {
        self.section.experiments.push(experiment);
        self.rows.push(row);
        (self.section.experiments.len() - 1) as u16
    }

    fn attribute(&mut self, name: &str) -> u16 {
        let known = self.attributes.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            let fact = self.conditions.hashed_fact(name);
            self.section.attributes.push(Attribute { fact, name: utf16(name) });
            self.attributes.push(name.to_owned());
            self.attributes.len() - 1
        }) as u16
    }

    /// A condition that is there: theirs take null and the like for none.
    fn condition(&mut self, json: &Json, pointer: &str) -> Option<u32> {
        let condition = json.get("condition").filter(|json| json.is_truthy())?;
        Some(self.conditions.add(condition, &below(pointer, "condition"), self.diagnostics))
    }

    fn parents(&mut self, json: &'a Json, pointer: &str) -> Vec<Parent> {
        let mut parents = Vec::new();
        for (index, json) in json.get("parentConditions").map_or(&[][..], Json::list).iter().enumerate() {
            let pointer = format!("{pointer}/parentConditions/{index}");
            let name = json.get("id").and_then(Json::text).unwrap_or_default();
            let feature = self.features.iter().position(|member| member.name == name);
            if feature.is_none() {
                let cure = did_you_mean(name, self.features.iter().map(|member| member.name.as_str()))
                    .map_or_else(|| "Add the feature".into(), |word| format!("Did you mean `{word}`"));
                let message = format!("there is no feature `{name}`: its value is null");
                self.warn("W231", (&below(&pointer, "id"), json.at), message, &cure);
            }
            let none = Json { at: json.at, value: Value::Object(Vec::new()) };
            let condition = json.get("condition").filter(|json| json.is_truthy()).unwrap_or(&none);
            let pointer = below(&pointer, "condition");
            let condition = self.conditions.add_of_value(condition, &pointer, self.diagnostics);
            let is_gate = json.get("gate").is_some_and(Json::is_truthy);
            parents.push(Parent { feature: feature.map(|index| index as u16), condition, is_gate });
        }
        parents
    }

    /// Of features that a prerequisite looks at; 0 of all others.
    fn value(&mut self, json: Option<&Json>, feature: &str) -> u32 {
        if !self.looked_at.contains(&feature) {
            return 0;
        }
        let members = value::members(json);
        let values = &mut self.section.values;
        values.iter().position(|known| *known == members).unwrap_or_else(|| {
            values.push(members);
            values.len() - 1
        }) as u32
    }
}
