//! Flags of the file → those of the plan, and what the page must know to answer.

use serde_json::{Map, Value as Plain, json};

use super::diagnostic::did_you_mean;
use super::json::{Json, Member, Value, below};
use super::plan::{Builder, seed, share_of};
use crate::plan::bytes::Writer;
use crate::plan::{Experiment, FULL, MAX_RULES, Rule, Serves, Share, Unit, write_flag};

/// A flag that made it into the plan: the engine's part, and the page's row.
pub struct CompiledFlag {
    killed: bool,
    unit: Unit,
    rules: Vec<Rule>,
    pub page: Plain,
}

/// The flags as plan bytes have them.
pub fn encode(flags: &[CompiledFlag]) -> Vec<u8> {
    let mut writer = Writer::default();
    for flag in flags {
        write_flag(&mut writer, flag.killed, flag.unit, &flag.rules);
    }
    writer.bytes
}

/// Experiments that are in the plan, in its order.
type Served<'a> = [(&'a Member, Experiment)];

/// What a flag may answer, with its place, to compare types.
type Answers<'a> = Vec<(&'a Json, String)>;

/// What earlier rules of a flag leave over.
struct Left {
    /// Someone comes as far as this rule.
    reachable: bool,
    /// Units below this edge are answered already.
    shared: u64,
}

impl<'a> Builder<'a, '_, '_> {
    pub fn flags(&mut self, served: &Served<'a>) -> Vec<CompiledFlag> {
        let mut flags = Vec::new();
        for member in self.members("flags") {
            let pointer = below("/flags", &member.name);
            let before = self.conditions.mark();
            let flag = self.flag(member, &pointer, served);
            if self.diagnostics.is_broken(&pointer) {
                self.conditions.take_back(&before);
            } else {
                flags.push(flag);
            }
        }
        flags
    }

    fn flag(&mut self, member: &'a Member, pointer: &str, served: &Served<'a>) -> CompiledFlag {
        let json = &member.json;
        let rules = json.get("rules").map_or(&[][..], Json::list);
        if rules.len() >= MAX_RULES {
            let message = format!("{} rules are more than a flag may have", rules.len());
            let cure = format!("Keep fewer than {MAX_RULES}, or decide by an experiment");
            self.diagnostics.error("E107", (&below(pointer, "rules"), json.at), message, cure);
        }
        let mut compiled = Vec::new();
        let mut rows = Vec::new();
        let mut answers: Answers<'a> = Vec::new();
        let mut left = Left { reachable: true, shared: 0 };
        let own_seed = seed(self.site, &format!("flag/{}", member.name));
        for (index, json_rule) in rules.iter().enumerate() {
            let place = format!("{pointer}/rules/{index}");
            self.check_reach(json_rule, &place, &left);
            let Some((serves, row)) = self.rule(member, json_rule, &place, served, own_seed, &mut answers)
            else {
                continue;
            };
            let audience = self.audience(json_rule, &place);
            match serves {
                Serves::Everyone if json_rule.get("audience").is_none() => left.reachable = false,
                Serves::Share(share) if json_rule.get("audience").is_none() && share.seed == own_seed => {
                    left.shared = left.shared.max(share.below);
                }
                _ => {}
            }
            compiled.push(Rule { audience, serves });
            rows.push(row);
        }
        compiled.push(Rule { audience: None, serves: Serves::Everyone });
        let default = json.get("default");
        if let Some(default) = default {
            answers.push((default, below(pointer, "default")));
        }
        rows.push(
            default.map_or_else(|| json!({}), |default| self.row(json, default, &below(pointer, "default"))),
        );
        self.check_types(&answers);
        self.check_metadata(json, pointer);
        let mut page = Map::new();
        page.insert("key".into(), member.name.as_str().into());
        page.insert("rows".into(), rows.into());
        if let Some(metadata) = json.get("metadata") {
            page.insert("metadata".into(), metadata.plain());
        }
        let unit = match json.get("unit").and_then(Json::text) {
            Some("user") => Unit::User,
            Some("session") => Unit::Session,
            Some("page view") => Unit::PageView,
            _ => Unit::Visitor,
        };
        let killed = json.get("kill").is_some_and(Json::is_true);
        CompiledFlag { killed, unit, rules: compiled, page: page.into() }
    }

    /// What the rule serves, and the page's row; `None` for a rule that answers nobody.
    fn rule(
        &mut self,
        flag: &'a Member,
        rule: &'a Json,
        place: &str,
        served: &Served<'a>,
        own_seed: u32,
        answers: &mut Answers<'a>,
    ) -> Option<(Serves, Plain)> {
        match (rule.get("force"), rule.get("experiment")) {
            (Some(value), None) => {
                answers.push((value, below(place, "force")));
                let row = self.row(&flag.json, value, &below(place, "force"));
                let share = rule.get("share").map_or(FULL, share_of);
                if share == 0 && !self.diagnostics.is_broken(&below(place, "share")) {
                    let message = "a share of 0 answers nobody".to_owned();
                    let cure = "Raise it, or remove the rule".to_owned();
                    let at = rule.get("share").map_or(rule.at, |share| share.at);
                    self.diagnostics.warning("W242", (&below(place, "share"), at), message, cure);
                }
                let seed = rule.get("seed").and_then(Json::whole).map_or(own_seed, |seed| seed as u32);
                let serves = if share == FULL {
                    Serves::Everyone
                } else {
                    Serves::Share(Share { seed, below: share })
                };
                Some((serves, row))
            }
            (None, Some(experiment)) => {
                if let Some(share) = rule.get("share") {
                    let message = "a share has no effect beside an experiment".to_owned();
                    let cure = "Set `traffic` in the experiment instead".to_owned();
                    self.diagnostics.warning("W242", (&below(place, "share"), share.at), message, cure);
                }
                self.experiment_rule(flag, experiment, &below(place, "experiment"), served, answers)
            }
            (force, _) => {
                let both = force.is_some();
                let message = if both { "the rule says two things" } else { "the rule says nothing" };
                let cure = "Give exactly one of: force (a value), experiment (its key)".to_owned();
                self.diagnostics.error("E107", (place, rule.at), message.into(), cure);
                None
            }
        }
    }

    fn experiment_rule(
        &mut self,
        flag: &'a Member,
        experiment: &'a Json,
        place: &str,
        served: &Served<'a>,
        answers: &mut Answers<'a>,
    ) -> Option<(Serves, Plain)> {
        let key = experiment.text()?;
        let known = self.members("experiments");
        let Some(named) = known.iter().find(|member| member.name == key) else {
            let cure = did_you_mean(key, known.iter().map(|member| member.name.as_str()))
                .map_or_else(|| "Add it to `experiments`".into(), |word| format!("Did you mean `{word}`"));
            let message = format!("unknown experiment `{key}`");
            self.diagnostics.error("E240", (place, experiment.at), message, cure);
            return None;
        };
        let mut by = Vec::new();
        for variant in named.json.get("variants").map_or(&[][..], Json::members) {
            let pointer = format!("/experiments/{key}/variants/{}", variant.name);
            let own = variant.json.get("values").and_then(|values| values.get(&flag.name));
            let mut row = Map::new();
            row.insert("variant".into(), variant.name.as_str().into());
            if let Some(value) = own.or_else(|| flag.json.get("default")) {
                row.insert("value".into(), value.plain());
            }
            by.push(Plain::Object(row));
            match own {
                Some(value) => answers.push((value, format!("{pointer}/values/{}", flag.name))),
                None => {
                    let message = format!("variant `{}` has no value for flag `{}`", variant.name, flag.name);
                    let cure = "Add it to the variant's `values`; without it the flag answers its default"
                        .to_owned();
                    self.diagnostics.warning("W244", (&pointer, variant.name_at), message, cure);
                }
            }
        }
        let Some(index) = served.iter().position(|(member, _)| member.name == key) else {
            let message = format!("experiment `{key}` is not in the plan, so that the rule answers nobody");
            let cure = "Set its `status` to `running`, mend it, or remove the rule".to_owned();
            self.diagnostics.warning("W245", (place, experiment.at), message, cure);
            return None;
        };
        Some((Serves::Experiment(index as u16), json!({ "experiment": index, "by": by })))
    }

    /// A value with the name that the flag's `variants` give it.
    fn row(&mut self, flag: &Json, value: &Json, place: &str) -> Plain {
        let plain = value.plain();
        let mut row = Map::new();
        if let Some(variants) = flag.get("variants") {
            match variants.members().iter().find(|variant| variant.json.plain() == plain) {
                Some(variant) => {
                    row.insert("variant".into(), variant.name.as_str().into());
                }
                None => {
                    let message = "the value is none of the flag's `variants`, and has no name".to_owned();
                    let cure = "Add it to `variants`, or write one of theirs".to_owned();
                    self.diagnostics.warning("W246", (place, value.at), message, cure);
                }
            }
        }
        row.insert("value".into(), plain);
        row.into()
    }

    fn check_reach(&mut self, rule: &Json, place: &str, left: &Left) {
        let is_shared_out = rule.get("audience").is_none()
            && rule.get("seed").is_none()
            && rule.get("share").map(share_of).is_some_and(|share| share > 0 && share <= left.shared);
        if left.reachable && !is_shared_out {
            return;
        }
        let message = "no visitor comes as far as this rule".to_owned();
        let cure = if left.reachable {
            "An earlier share answers the same units: raise this one above it, or move the rule up".to_owned()
        } else {
            "An earlier rule answers everyone: give that one an audience or a share, or move this one up"
                .to_owned()
        };
        self.diagnostics.warning("W241", (place, rule.at), message, cure);
    }

    /// Code asks for one type. Null is of any.
    fn check_types(&mut self, answers: &Answers<'_>) {
        let mut first: Option<(&Json, &str)> = None;
        for (value, place) in answers {
            match first {
                _ if matches!(value.value, Value::Null) => {}
                None => first = Some((value, place)),
                Some((other, other_place)) if other.kind() != value.kind() => {
                    let message = format!("{} here, {} at {other_place}", value.kind(), other.kind());
                    let cure = "Let all values of a flag have one type: code asks for one".to_owned();
                    self.diagnostics.warning("W243", (place, value.at), message, cure);
                    return;
                }
                Some(_) => {}
            }
        }
    }

    fn check_metadata(&mut self, flag: &Json, pointer: &str) {
        for entry in flag.get("metadata").map_or(&[][..], Json::members) {
            if !matches!(entry.json.value, Value::Bool(_) | Value::Number(_) | Value::Text(_)) {
                let pointer = below(&below(pointer, "metadata"), &entry.name);
                let message = format!("{} stands where one value is expected", entry.json.kind());
                let cure = "Write a text, a number, true or false".to_owned();
                self.diagnostics.error("E104", (&pointer, entry.json.at), message, cure);
            }
        }
    }
}
