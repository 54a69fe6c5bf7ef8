//! An experiment, of a feature's rule or on its own.

use serde_json::{Map, json};

use super::super::json::{Json, Value};
use super::{Compiler, ranges, utf16, word};
use crate::growthbook::{Documents, Experiment, Leaf, Range};
use crate::hash::id64;

/// Never the number of a variation.
const NO_VARIATION: u16 = u16::MAX - 1;

impl<'a> Compiler<'a, '_, '_, '_> {
    /// `feature` is whose rule it is: the rule has its filters and prerequisites, and its conditions come first.
    pub(super) fn experiment(
        &mut self,
        json: &'a Json,
        key: &str,
        variations: &[Json],
        pointer: &str,
        feature: Option<&str>,
    ) -> u16 {
        let attribute = word(json, "hashAttribute").unwrap_or("id");
        let fallback = word(json, "fallbackAttribute");
        let hash = self.hash(json, word(json, "seed").unwrap_or(key), 1, pointer);
        let coverage = json.get("coverage").and_then(Json::number).unwrap_or(1.0);
        if !(0.0..=1.0).contains(&coverage) {
            let message = format!("{coverage} is no share: the nearest one is taken");
            self.warn(
                "W233",
                (&format!("{pointer}/coverage"), json.at),
                message,
                "Write a number from 0 to 1",
            );
        }
        let given = json.get("ranges").filter(|json| json.is_truthy());
        let cut = |weights: &[f64]| match given {
            Some(given) => given.list().iter().map(|json| ranges::range(json, hash.version)).collect(),
            None => ranges::cumulative(weights, coverage, hash.version),
        };
        let weights = self.weights(json, variations.len(), pointer);
        let ranges: Vec<Range> = cut(&weights);
        let (bandit, leaves, version) = self.bandit(json, variations.len(), pointer, &cut);
        let namespace = match json.get("namespace").map_or(&[][..], Json::list) {
            [name, start, end, ..] if json.get("filters").is_none_or(|json| !json.is_truthy()) => {
                let seed = utf16(&format!("__{}", name.text().unwrap_or_default()));
                Some((seed, ranges::pair(start.number(), end.number(), 1)))
            }
            _ => None,
        };
        let meta = json.get("meta").map_or(&[][..], Json::list);
        let status = json.get("status").and_then(Json::text);
        let whole = |name: &str| json.get(name).and_then(Json::whole).unwrap_or(0) as u32;
        let (filters, parents, url) = match feature {
            Some(_) => (Vec::new(), Vec::new(), None),
            None => {
                let url = json.get("urlPatterns").filter(|json| json.is_truthy());
                let url = url.map(|patterns| self.url(patterns, &format!("{pointer}/urlPatterns")));
                (self.filters(json, pointer), self.parents(json, pointer), url)
            }
        };
        let is_passing = |meta: &Json| meta.get("passthrough").is_some_and(Json::is_truthy);
        let experiment = Experiment {
            id: id64(key.as_bytes()),
            is_active: status != Some("draft")
                && !json.get("active").is_some_and(|active| matches!(active.value, Value::Bool(false))),
            is_stopped: status == Some("stopped"),
            is_sticky: !json.get("disableStickyBucketing").is_some_and(Json::is_truthy),
            values: variations
                .iter()
                .map(|value| self.value(Some(value), feature.unwrap_or_default()))
                .collect(),
            passes: (0..).zip(meta).filter(|(_, meta)| is_passing(meta)).map(|(place, _)| place).collect(),
            url,
            attribute: self.attribute(attribute),
            fallback: fallback.map(|name| self.attribute(name)),
            filters,
            namespace,
            condition: self.condition(json, pointer),
            parents,
            hash,
            ranges,
            bandit,
            force: json.get("force").map(|force| match force.whole() {
                Some(variation) if variation < variations.len() as u64 => variation as u16,
                _ => NO_VARIATION,
            }),
            documents: Documents {
                prefix: format!("{key}__").as_bytes().into(),
                version: whole("bucketVersion"),
                least_version: whole("minBucketVersion"),
                second: self.attribute(fallback.unwrap_or("id")),
                keys: meta
                    .iter()
                    .map(|meta| word(meta, "key").unwrap_or_default().as_bytes().into())
                    .collect(),
            },
        };
        let mut row = Map::new();
        row.insert("key".into(), key.into());
        row.insert("variations".into(), variations.iter().map(Json::plain).collect());
        for name in ["name", "meta", "bucketVersion", "disableStickyBucketing", "changeId"] {
            if let Some(json) = json.get(name) {
                row.insert(name.into(), json.plain());
            }
        }
        row.insert("attribute".into(), attribute.into());
        row.insert("fallback".into(), fallback.into());
        row.insert("hashVersion".into(), experiment.hash.version.into());
        if let Some(version) = version {
            let own = json.get("weights").filter(|json| json.is_truthy()).map(Json::plain);
            let own = own.unwrap_or_else(|| json!(ranges::equal_weights(variations.len())));
            row.insert("bandit".into(), json!([version, leaves, own]));
        }
        self.add(experiment, row.into())
    }

    fn weights(&mut self, json: &Json, count: usize, pointer: &str) -> Vec<f64> {
        let given = json.get("weights").filter(|json| json.is_truthy());
        let (weights, is_sound) = ranges::weights(count, given.map(Json::list));
        if !is_sound {
            let at = given.map_or(json.at, |given| given.at);
            let message = format!("the weights are not {count} that sum to 1: equal ones are taken");
            self.warn("W234", (&format!("{pointer}/weights"), at), message, "Mend or remove them");
        }
        weights
    }

    /// Ranges by context, id and weights of each context, and the bandit's version where there is a bandit.
    fn bandit(
        &mut self,
        json: &Json,
        count: usize,
        pointer: &str,
        cut: &dyn Fn(&[f64]) -> Vec<Range>,
    ) -> (Vec<Leaf>, Vec<serde_json::Value>, Option<serde_json::Value>) {
        let (mut bandit, mut leaves) = (Vec::new(), Vec::new());
        let Some(name) = word(json, "contextualBanditRef") else { return (bandit, leaves, None) };
        let Some(known) = self.root.get("contextualBandits").and_then(|all| all.get(name)) else {
            let message = format!("there is no contextual bandit `{name}`: the rule's own weights are taken");
            let cure = "Add it to `contextualBandits`";
            self.warn("W235", (&format!("{pointer}/contextualBanditRef"), json.at), message, cure);
            return (bandit, leaves, None);
        };
        for (index, context) in known.get("contexts").map_or(&[][..], Json::list).iter().enumerate() {
            let pointer = format!("{}/contextualBandits/{name}/contexts/{index}", self.base);
            let none = Json { at: context.at, value: Value::Object(Vec::new()) };
            let condition = context.get("condition").filter(|json| json.is_truthy()).unwrap_or(&none);
            let condition = self.conditions.add(condition, &format!("{pointer}/condition"), self.diagnostics);
            let weights = self.weights(context, count, &pointer);
            bandit.push(Leaf { condition, ranges: cut(&weights) });
            let given = context.get("weights").map(Json::plain);
            leaves.push(json!([context.get("leafId").map(Json::plain), given]));
        }
        (bandit, leaves, Some(known.get("banditVersion").map_or(serde_json::Value::Null, Json::plain)))
    }
}
