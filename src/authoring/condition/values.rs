//! Values right of a name: what a fact is compared with.

use super::super::diagnostic::{Diagnostics, did_you_mean};
use super::super::json::{Json, Value, below};
use super::group::step;
use super::operator::Letters;
use super::{Conditions, Dialect, Here, scalar};
use crate::plan::FactSource;
use crate::profile::DerivedFact;
use crate::targeting::{MAX_TEXT_BYTES, Scalar, Subject, Test};

pub(super) const LIST: u8 = 4;
const OBJECT: u8 = 5;

impl Conditions {
    pub(super) fn equal(
        &mut self,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        match &json.value {
            Value::List(list) if self.may_hold_values(here) => {
                if self.dialect == Dialect::Parlour && here.subject != Subject::It {
                    let cure = "For one of several values write {\"$in\": [ … ]}".into();
                    let message = "the fact must be exactly this list".into();
                    diagnostics.warning("W213", (pointer, json.at), message, cure);
                }
                let parts = (0..).map(|place: u32| place.to_string()).zip(list);
                self.equal_parts(LIST, parts.collect(), (pointer, json.at), here, diagnostics);
            }
            Value::Object(members) if self.may_hold_values(here) => {
                let parts = members.iter().map(|member| (member.name.clone(), &member.json)).collect();
                self.equal_parts(OBJECT, parts, (pointer, json.at), here, diagnostics);
            }
            _ => match self.scalar(json, pointer, here, diagnostics) {
                Some(value) => self.push(here.subject, false, Test::Equal(value)),
                None => self.constant(false),
            },
        }
    }

    /// Its type, how many parts it has, and each of them.
    pub(super) fn equal_parts(
        &mut self,
        kind: u8,
        parts: Vec<(String, &Json)>,
        at: (&str, usize),
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        self.push(here.subject, false, Test::Type(kind));
        let Some(size) = self.open((here.subject, false, Test::Size), at, diagnostics) else { return };
        self.push(Subject::It, false, Test::Equal(Scalar::Number(parts.len() as f64)));
        self.close(size);
        for (key, json) in parts {
            let path = vec![step(&key)];
            let Some(field) = self.open((here.subject, false, Test::Field(path)), at, diagnostics) else {
                return;
            };
            self.equal(json, &below(at.0, &key), here.it(), diagnostics);
            self.close(field);
        }
    }

    pub(super) fn in_list(&mut self, mut values: Vec<Scalar>, letters: Letters, here: Here) -> Test {
        if letters == Letters::AsTheyAre {
            return Test::In(self.list(values));
        }
        values.iter_mut().for_each(fold);
        if let Some(fact) = self.fact_of(here) {
            fact.is_folded = true;
        }
        Test::InFolded(self.list(values))
    }

    /// `None` where the group is there and is no list. GrowthBook's SDKs take a missing one for an empty one.
    pub(super) fn group_values(
        &self,
        json: &Json,
        pointer: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Vec<Scalar>> {
        let Some(name) = json.text() else {
            self.expects("the name of a group", "Write a name of `groups`", json, pointer, diagnostics);
            return None;
        };
        if let Some((_, values)) = self.groups.iter().find(|(known, _)| known == name) {
            return values.clone();
        }
        if self.dialect == Dialect::Parlour {
            let known = self.groups.iter().map(|(known, _)| known.as_str());
            let cure = did_you_mean(name, known)
                .map_or_else(|| "Add it to `groups`".into(), |word| format!("Did you mean `{word}`"));
            diagnostics.error("E212", (pointer, json.at), format!("unknown group `{name}`"), cure);
        }
        Some(Vec::new())
    }

    /// A single value to compare with.
    pub(super) fn scalar(
        &self,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Scalar> {
        let at = (pointer, json.at);
        match &json.value {
            Value::Number(text) => {
                let fact = here.fact.and_then(|fact| self.facts.get(usize::from(fact)));
                let is_money =
                    fact.is_some_and(|fact| fact.source == FactSource::Derived(DerivedFact::Revenue));
                let minor = crate::money::parse_minor(text, self.currency_exponent).map(|minor| minor as f64);
                let number = if is_money { minor } else { json.number() };
                if number.is_none() && self.dialect == Dialect::Parlour {
                    diagnostics.error(
                        "E106",
                        at,
                        format!("{text} is too large"),
                        "Write a number below 9e15".into(),
                    );
                }
                number.map(Scalar::Number)
            }
            Value::Text(text) if text.len() > MAX_TEXT_BYTES && self.dialect == Dialect::Parlour => {
                let message = format!("the text has {} bytes, more than {MAX_TEXT_BYTES}", text.len());
                diagnostics.error("E101", at, message, "Shorten it: facts are cut there".into());
                None
            }
            Value::List(_) | Value::Object(_) => {
                let message = format!("{} stands where a single value is expected", json.kind());
                self.refuse(message, "For several values write {\"$in\": [ … ]}", json, pointer, diagnostics);
                None
            }
            _ => scalar(json),
        }
    }
}

/// As the host folds texts: to lower case.
fn fold(value: &mut Scalar) {
    if let Scalar::Text(text) = value {
        let folded = String::from_utf8_lossy(text).to_lowercase();
        *text = folded.into_bytes().into();
    }
}
