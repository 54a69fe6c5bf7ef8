//! A feature's rules, in order.

use serde_json::{Map, json};

use super::super::json::{Json, Member};
use super::{Compiler, ranges, word};
use crate::growthbook::{Feature, Rollout, Rule, RuleKind};

impl<'a> Compiler<'a, '_, '_, '_> {
    pub(super) fn feature(&mut self, member: &'a Member, pointer: &str) -> (Feature, serde_json::Value) {
        let Member { name, json, .. } = member;
        let mut rules = Vec::new();
        let mut rows = Vec::new();
        for (index, json) in json.get("rules").map_or(&[][..], Json::list).iter().enumerate() {
            let (rule, row) = self.rule(json, name, &format!("{pointer}/rules/{index}"));
            rules.push(rule);
            rows.push(row);
        }
        let default = json.get("defaultValue");
        let row = json!({ "key": name, "default": default.map(Json::plain), "rules": rows });
        (Feature { default: self.value(default, name), rules }, row)
    }

    fn rule(&mut self, json: &'a Json, feature: &str, pointer: &str) -> (Rule, serde_json::Value) {
        let parents = self.parents(json, pointer);
        let filters = self.filters(json, pointer);
        let mut row = Map::new();
        if let Some(id) = word(json, "id") {
            row.insert("id".into(), id.into());
        }
        let variations = ["contextualVariations", "variations"].iter().find_map(|name| json.get(name));
        let kind = if let Some(force) = json.get("force") {
            row.insert("force".into(), force.plain());
            RuleKind::Force {
                value: self.value(Some(force), feature),
                condition: self.condition(json, pointer),
                rollout: self.rollout(json, feature, pointer),
            }
        } else if let Some(variations) = variations {
            let key = word(json, "key").unwrap_or(feature);
            RuleKind::Experiment(self.experiment(json, key, variations.list(), pointer, Some(feature)))
        } else {
            if parents.is_empty() {
                let message = "the rule has neither `force` nor `variations`: it is left out".to_owned();
                self.warn("W232", (pointer, json.at), message, "Add one of the two");
            }
            RuleKind::Nothing
        };
        if let RuleKind::Experiment(index) = kind {
            row.insert("experiment".into(), index.into());
        }
        (Rule { parents, filters, kind }, row.into())
    }

    /// Without `range` and `coverage` all are in, hashed or not.
    fn rollout(&mut self, json: &Json, feature: &str, pointer: &str) -> Option<Rollout> {
        let range = json.get("range").filter(|json| json.is_truthy());
        let coverage = json.get("coverage").and_then(Json::number);
        if range.is_none() && coverage.is_none() {
            return None;
        }
        let hash = self.hash(json, word(json, "seed").unwrap_or(feature), 1, pointer);
        let keeps = !json.get("disableStickyBucketing").is_some_and(Json::is_truthy);
        let fallback = word(json, "fallbackAttribute").filter(|_| keeps);
        Some(Rollout {
            attribute: self.attribute(word(json, "hashAttribute").unwrap_or("id")),
            fallback: fallback.map(|name| self.attribute(name)),
            range: match range {
                Some(range) => ranges::range(range, hash.version),
                None => ranges::up_to(coverage.unwrap_or_default(), hash.version),
            },
            hash,
        })
    }
}
