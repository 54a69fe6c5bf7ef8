//! `{ "page.path": …, "$or": [ … ] }`: names and groups, all of which must hold.

use super::super::diagnostic::{Diagnostics, did_you_mean};
use super::super::json::{Json, Member, Value, below};
use super::operator::GROUPS;
use super::{Conditions, Dialect, Here, channel};
use crate::targeting::{Step, Subject, Test};

impl Conditions {
    pub(super) fn group(
        &mut self,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let Value::Object(members) = &json.value else {
            return self.no_condition(json, pointer, here, diagnostics);
        };
        let Some(all) = self.open((Subject::It, false, Test::All), (pointer, json.at), diagnostics) else {
            return;
        };
        for member in members {
            self.member(member, &below(pointer, &member.name), here, diagnostics);
        }
        self.close(all);
    }

    fn no_condition(&mut self, json: &Json, pointer: &str, here: Here, diagnostics: &mut Diagnostics<'_>) {
        match (self.dialect, &json.value) {
            (Dialect::Parlour, _) => {
                let message = format!("{} stands where a condition is expected", json.kind());
                let cure = "Write it as {\"page.path\": \"/cart\"}".into();
                diagnostics.error("E104", (pointer, json.at), message, cure);
            }
            // Their SDKs fail on null, so that the whole does not match.
            (Dialect::GrowthBook, Value::Null) => self.unknown(here),
            (Dialect::GrowthBook, _) => self.constant(false),
        }
    }

    fn member(&mut self, member: &Member, pointer: &str, here: Here, diagnostics: &mut Diagnostics<'_>) {
        let at = (pointer, member.name_at);
        self.clause = pointer.to_owned();
        match member.name.as_str() {
            "$and" => self.many((false, Test::All), member, pointer, here, diagnostics),
            "$or" => self.many((false, Test::Any), member, pointer, here, diagnostics),
            "$nor" => self.many((true, Test::Any), member, pointer, here.negated(), diagnostics),
            "$not" => {
                let is_object = matches!(member.json.value, Value::Object(_));
                if !is_object && self.dialect == Dialect::GrowthBook {
                    return self.no_condition(&member.json, pointer, here, diagnostics);
                }
                if let Some(not) = self.open((Subject::It, true, Test::All), at, diagnostics) {
                    self.group(&member.json, pointer, here.negated(), diagnostics);
                    self.close(not);
                }
            }
            "$savedGroup" if self.dialect == Dialect::GrowthBook && !self.saved.is_empty() => {
                self.saved_group(&member.json, at, here, diagnostics);
            }
            "$savedGroup" | "$savedGroups" if self.dialect == Dialect::GrowthBook => {
                let message = format!("`{}` is not read: it is never true", member.name);
                diagnostics.warning("W215", at, message, "Write $inGroup on a fact".into());
                self.unknown(here);
            }
            name if name.starts_with('$') && self.dialect == Dialect::Parlour => {
                let cure = did_you_mean(name, GROUPS).map_or_else(
                    || "Use $and, $or, $nor, $not, or the name of a fact".into(),
                    |word| format!("Did you mean `{word}`"),
                );
                diagnostics.error("E208", at, format!("unknown group `{name}`"), cure);
            }
            name => self.named(name, member, pointer, here, diagnostics),
        }
    }

    /// A fact, or below `$elemMatch` a field of the element.
    fn named(
        &mut self,
        name: &str,
        member: &Member,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let at = (pointer, member.name_at);
        if name == channel::FACT && here.fact.is_none() && self.dialect == Dialect::Parlour {
            self.channel(&member.json, pointer, here, diagnostics);
        } else if here.fact.is_none() {
            if let Some(fact) = self.named_fact(name, at, diagnostics) {
                let here = Here { subject: Subject::Fact(fact), fact: Some(fact), ..here };
                self.tests(&member.json, pointer, here, diagnostics);
            }
        } else if let Some(field) = self.open((Subject::It, false, Test::Field(path(name))), at, diagnostics)
        {
            self.tests(&member.json, pointer, here.it(), diagnostics);
            self.close(field);
        }
    }

    /// An empty list: `$and` and `$or` hold, `$nor` does not, as GrowthBook has it.
    fn many(
        &mut self,
        (is_negated, test): (bool, Test),
        member: &Member,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let json = &member.json;
        let Value::List(list) = &json.value else {
            match self.dialect {
                Dialect::Parlour => {
                    let message = format!("{} stands where a list of conditions is expected", json.kind());
                    diagnostics.error(
                        "E104",
                        (pointer, json.at),
                        message,
                        "Write the conditions in [ ]".into(),
                    );
                }
                Dialect::GrowthBook if matches!(json.value, Value::Null) => {
                    self.unknown(if is_negated { here.negated() } else { here });
                }
                Dialect::GrowthBook => self.constant(false),
            }
            return;
        };
        if list.is_empty() {
            return self.constant(!is_negated);
        }
        let Some(group) = self.open((Subject::It, is_negated, test), (pointer, json.at), diagnostics) else {
            return;
        };
        for (index, condition) in list.iter().enumerate() {
            self.group(condition, &format!("{pointer}/{index}"), here, diagnostics);
        }
        self.close(group);
    }
}

/// Dotted; to a list a number is a place and `length` how many there are.
pub(super) fn path(name: &str) -> Vec<Step> {
    name.split('.').map(step).collect()
}

pub(super) fn step(key: &str) -> Step {
    let place = key.parse().ok().filter(|place: &u32| *place < Step::LENGTH && place.to_string() == key);
    let index = if key == "length" { Step::LENGTH } else { place.unwrap_or(Step::NO_INDEX) };
    Step { key: key.as_bytes().into(), index }
}
