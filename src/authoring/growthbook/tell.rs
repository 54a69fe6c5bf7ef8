//! What a native host tells of a visitor and reads of the answers: the twin of `www/growthbook.js`.

use serde_json::{Map, Value, json};

use super::super::facts;
use super::super::names::Names;
use super::{url, utf16};
use crate::engine::{Engine, Input};
use crate::growthbook::{Outcome, Source, buckets};
use crate::plan::bytes::Writer;

/// One visitor of a plan with GrowthBook's features.
#[derive(Debug)]
pub struct GrowthBook {
    engine: Engine,
    names: Names,
    page: Value,
    attributes: Map<String, Value>,
    documents: Map<String, Value>,
}

/// Whether a regular expression (source, flags) is found in a text: what our own matcher cannot run.
pub type Holds<'a> = &'a dyn Fn(&str, &str, &str) -> bool;

impl GrowthBook {
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self {
            names: Names::read(engine.plan()),
            page: serde_json::from_slice(engine.plan().growthbook_page()).unwrap_or_default(),
            engine,
            attributes: Map::new(),
            documents: Map::new(),
        }
    }

    /// All that is known of the visitor, and where the visitor is.
    pub fn tell(&mut self, attributes: Map<String, Value>, address: &str, holds: Holds<'_>) {
        let mut facts = attributes.clone();
        let paths = self.names.facts.iter().flatten().map(|asked| asked.path.as_str());
        facts.extend(paths.filter_map(|path| Some((path.to_owned(), address_part(path, address)?))));
        facts::tell(&mut self.engine, &self.names, &facts, holds);
        for (fact, name) in self.hashed_facts() {
            let text = attributes.get(&name).and_then(text_to_hash);
            let mut bytes = Writer::default();
            bytes.u8(4);
            bytes.text(&utf16(&text.unwrap_or_default()));
            self.engine.handle(Input::FactTree { index: fact, bytes: &bytes.bytes }, 0);
        }
        self.attributes = attributes;
    }

    fn hashed_facts(&self) -> Vec<(u16, String)> {
        let rows = self.page.get("attributes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let row = |row: &Value| {
            let fact = row.get(0)?.as_u64().and_then(|fact| u16::try_from(fact).ok())?;
            Some((fact, row.get(1)?.as_str()?.to_owned()))
        };
        rows.iter().filter_map(row).collect()
    }

    /// Documents as their service stores them, by `ATTRIBUTE||VALUE`.
    pub fn tell_documents(&mut self, documents: Map<String, Value>) {
        let mut all = Writer::default();
        for (key, document) in &documents {
            let mut inner = Writer::default();
            for (name, variation) in
                document.get("assignments").and_then(Value::as_object).into_iter().flatten()
            {
                inner.text(name.as_bytes());
                inner.u8(4);
                inner.text(variation.as_str().unwrap_or_default().as_bytes());
            }
            all.text(&utf16(key));
            all.u8(6);
            all.text(&inner.bytes);
        }
        self.engine.growthbook().documents = all.bytes.into();
        self.documents = documents;
    }

    /// Those told, and what answers have added to them.
    #[must_use]
    pub fn documents(&self) -> &Map<String, Value> {
        &self.documents
    }

    /// All experiments of this key have this variation; one that does not exist is none.
    pub fn force(&mut self, key: &str, variation: i64) {
        for (index, row) in (0u16..).zip(self.rows("experiments")) {
            if row.get("key").and_then(Value::as_str) == Some(key) {
                let variation = u16::try_from(variation).unwrap_or(u16::MAX);
                self.engine.growthbook().force(index, variation);
            }
        }
    }

    fn rows(&self, part: &str) -> Vec<Value> {
        self.page.get(part).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    #[must_use]
    pub fn features(&self) -> Vec<String> {
        let key = |row: &Value| row.get("key").and_then(Value::as_str).map(str::to_owned);
        self.rows("features").iter().filter_map(key).collect()
    }

    /// Value, source and what came of the experiment, as their SDKs answer.
    pub fn feature(&mut self, key: &str) -> Value {
        let rows = self.rows("features");
        let found = (0u16..).zip(&rows).find(|(_, row)| row.get("key").and_then(Value::as_str) == Some(key));
        let Some((index, row)) = found else { return answer(Value::Null, "unknownFeature", None, None) };
        let Some((given, viewed)) = self.engine.growthbook_feature(index, 0) else { return Value::Null };
        self.keep(&viewed);
        let rule = row.get("rules").and_then(|rules| rules.get(usize::from(given.rule)));
        let id = rule.and_then(|rule| rule.get("id"));
        match given.source {
            Source::UnknownFeature => answer(Value::Null, "unknownFeature", None, None),
            Source::Prerequisite => answer(Value::Null, "prerequisite", None, None),
            Source::CyclicPrerequisite => answer(Value::Null, "cyclicPrerequisite", None, None),
            Source::DefaultValue => {
                answer(row.get("default").cloned().unwrap_or_default(), "defaultValue", None, None)
            }
            Source::Force => {
                let force = rule.and_then(|rule| rule.get("force")).cloned().unwrap_or_default();
                answer(force, "force", id, None)
            }
            Source::Experiment => {
                let result = given.outcome.map(|outcome| self.result(outcome, Some(key))).unwrap_or_default();
                let value = result.get("value").cloned().unwrap_or_default();
                answer(value, "experiment", id, Some(result))
            }
        }
    }

    /// The same for experiment `number` outside of features.
    pub fn run(&mut self, number: usize) -> Value {
        let auto = self.rows("auto");
        let index =
            auto.get(number).and_then(|row| row.get(0)?.as_u64()).and_then(|it| u16::try_from(it).ok());
        let Some(outcome) = index.and_then(|index| self.engine.growthbook_run(index, 0)) else {
            return Value::Null;
        };
        self.keep(&[outcome]);
        self.result(outcome, None)
    }

    /// What was random stays so, where the plan keeps documents.
    fn keep(&mut self, viewed: &[Outcome]) {
        if self.page.get("sticky") != Some(&Value::Bool(true)) {
            return;
        }
        let mut documents = self.documents.clone();
        for outcome in viewed.iter().filter(|outcome| outcome.is_hashed) {
            let row = self.experiment(*outcome);
            if row.get("disableStickyBucketing") == Some(&Value::Bool(true)) {
                continue;
            }
            let result = self.result(*outcome, None);
            let name = result.get("hashAttribute").and_then(Value::as_str).unwrap_or_default();
            let text = result.get("hashValue").and_then(text_to_hash).unwrap_or_default();
            let version = row.get("bucketVersion").and_then(Value::as_u64).unwrap_or(0);
            let key = row.get("key").and_then(Value::as_str).unwrap_or_default();
            let document = documents.entry(format!("{name}||{text}")).or_insert_with(
                || json!({ "attributeName": name, "attributeValue": text, "assignments": {} }),
            );
            if let Some(assignments) = document.get_mut("assignments").and_then(Value::as_object_mut) {
                let variation = result.get("key").cloned().unwrap_or_default();
                assignments.insert(format!("{key}__{version}"), variation);
            }
        }
        if documents != self.documents {
            self.tell_documents(documents);
        }
    }

    fn experiment(&self, outcome: Outcome) -> Value {
        let rows = self.page.get("experiments");
        rows.and_then(|rows| rows.get(usize::from(outcome.experiment))).cloned().unwrap_or_default()
    }

    fn result(&self, outcome: Outcome, feature: Option<&str>) -> Value {
        let row = self.experiment(outcome);
        let variation = usize::from(outcome.variation.unwrap_or(0));
        let meta = row.get("meta").and_then(|meta| meta.get(variation)).cloned().unwrap_or_default();
        let text = |name: &str| meta.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let attribute = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let value_of = |name: &str| self.attributes.get(name).filter(|value| text_to_hash(value).is_some());
        let keeps = self.page.get("sticky") == Some(&Value::Bool(true))
            && row.get("disableStickyBucketing") != Some(&Value::Bool(true));
        let first = attribute("attribute");
        let second = Some(attribute("fallback")).filter(|_| keeps && value_of(first).is_none());
        let hashed = second.filter(|name| value_of(name).is_some()).unwrap_or(first);
        let mut result = Map::new();
        result.insert("key".into(), text("key").map_or_else(|| variation.to_string(), str::to_owned).into());
        result.insert("featureId".into(), feature.into());
        result.insert("inExperiment".into(), outcome.variation.is_some().into());
        result.insert("hashUsed".into(), outcome.is_hashed.into());
        result.insert("variationId".into(), variation.into());
        let value = row.get("variations").and_then(|values| values.get(variation));
        result.insert("value".into(), value.cloned().unwrap_or_default());
        result.insert("hashAttribute".into(), hashed.into());
        result.insert("hashValue".into(), value_of(hashed).cloned().unwrap_or_else(|| "".into()));
        result.insert("stickyBucketUsed".into(), outcome.is_sticky.into());
        if let Some(name) = text("name") {
            result.insert("name".into(), name.into());
        }
        if outcome.is_hashed {
            let version = row.get("hashVersion").and_then(Value::as_u64).unwrap_or(1) as u8;
            let bucket = f64::from(outcome.bucket) / f64::from(buckets(version).max(1));
            result.insert("bucket".into(), bucket.into());
        }
        if meta.get("passthrough") == Some(&Value::Bool(true)) {
            result.insert("passthrough".into(), true.into());
        }
        if let Some(bandit) = row.get("bandit").filter(|_| outcome.is_hashed) {
            let leaf = outcome.leaf.and_then(|leaf| bandit.get(1)?.get(usize::from(leaf)));
            let part = |at: usize| leaf.and_then(|leaf| leaf.get(at)).cloned();
            result.insert("leafId".into(), part(0).unwrap_or_else(|| (-1).into()));
            result.insert("variationWeights".into(), part(1).or_else(|| bandit.get(2).cloned()).into());
            if let Some(version) = bandit.get(0).filter(|version| !version.is_null()) {
                result.insert("banditVersion".into(), version.clone());
            }
        }
        result.into()
    }
}

fn answer(value: Value, source: &str, rule: Option<&Value>, result: Option<Value>) -> Value {
    let is_on = match &value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    };
    let rule = rule.cloned().unwrap_or_else(|| "".into());
    let mut answer = Map::new();
    for (name, part) in [
        ("value", value),
        ("on", is_on.into()),
        ("off", (!is_on).into()),
        ("source", source.into()),
        ("ruleId", rule),
    ] {
        answer.insert(name.into(), part);
    }
    if let Some(result) = result {
        answer.insert("experimentResult".into(), result);
    }
    answer.into()
}

/// The text of what can be hashed: texts and numbers, but neither empty ones nor 0.
fn text_to_hash(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => number.as_f64().filter(|number| *number != 0.0).map(script_number),
        _ => None,
    }
}

/// A number as JavaScript writes it.
fn script_number(number: f64) -> String {
    if (1e-6..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

/// The part of the address that a fact of `url.rs` is about.
fn address_part(path: &str, address: &str) -> Option<Value> {
    let name = path.strip_prefix("$url.")?;
    let parts = url::parse(address, "_")?;
    let text = match name {
        "host" => parts.host,
        "path" => parts.path,
        "hash" => parts.hash,
        "href" => format!("{}{}", parts.origin, parts.rest()),
        "rest" => parts.rest(),
        _ => {
            let parameter = name.strip_prefix("query.")?;
            let found = parts.query.into_iter().find(|(known, _)| known == parameter);
            found.map(|(_, value)| value).unwrap_or_default()
        }
    };
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, expect) in [
            (1.0, "1"),
            (1.5, "1.5"),
            (-3.0, "-3"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (0.000001, "0.000001"),
        ] {
            assert_eq!(script_number(number), expect);
        }
    }
}
