//! What stands right of a name: a value, or operators, all of which must hold.

use super::super::diagnostic::{Diagnostics, did_you_mean};
use super::super::json::{Json, Value, below};
use super::super::pattern::Case;
use super::operator::{GROUPS, Letters, OPERATORS, Operator, TYPES};
use super::{Conditions, Dialect, Here, MAX_LIST, MAX_PREDICATES, place, scalar};
use crate::targeting::{Scalar, Subject, Test, version};

impl Conditions {
    pub(super) fn tests(
        &mut self,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        if !is_operators(json, self.dialect) {
            self.says(pointer, json);
            return self.equal(json, pointer, here, diagnostics);
        }
        let is_empty = json.members().is_empty();
        if is_empty && self.dialect == Dialect::Parlour {
            let message = "the condition asks nothing of the fact".to_owned();
            let cure = "Write a value, or an operator such as {\"$exists\": true}".into();
            diagnostics.error("E104", (pointer, json.at), message, cure);
        }
        for member in json.members() {
            let pointer = below(pointer, &member.name);
            self.says(&pointer, &member.json);
            match OPERATORS.into_iter().find(|(name, _, _)| *name == member.name) {
                Some((_, operator, says_not)) => {
                    self.operator((operator, says_not), &member.json, &pointer, here, diagnostics);
                }
                None => self.unknown_operator(&member.name, (&pointer, member.name_at), here, diagnostics),
            }
        }
    }

    fn unknown_operator(
        &mut self,
        name: &str,
        at: (&str, usize),
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let dollar = format!("${}", name.trim_start_matches('$'));
        let cure = if GROUPS.contains(&name) {
            "Groups stand around names, not right of them".to_owned()
        } else {
            did_you_mean(&dollar, OPERATORS.iter().map(|(name, _, _)| *name)).map_or_else(
                || format!("Use one of: {}", OPERATORS.map(|(name, _, _)| name).join(", ")),
                |word| format!("Did you mean `{word}`"),
            )
        };
        match self.dialect {
            Dialect::Parlour => diagnostics.error("E208", at, format!("unknown operator `{name}`"), cure),
            Dialect::GrowthBook if GROUPS.contains(&name) || name.starts_with("$savedGroup") => {
                self.constant(false)
            }
            Dialect::GrowthBook => {
                diagnostics.warning("W215", at, format!("unknown operator `{name}` is never true"), cure);
                self.unknown(here);
            }
        }
    }

    fn operator(
        &mut self,
        (operator, says_not): (Operator, bool),
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let test = match operator {
            Operator::Equal => match self.scalar(json, pointer, here, diagnostics) {
                Some(value) => Test::Equal(value),
                // Not even the same list is: theirs are other objects.
                None => return self.never(says_not),
            },
            Operator::In(letters) => {
                let Value::List(list) = &json.value else {
                    self.expects("a list", "Write the values in [ ]", json, pointer, diagnostics);
                    return self.constant(false);
                };
                if list.len() > MAX_LIST {
                    let message = format!("{} values stand here, more than {MAX_LIST}", list.len());
                    let cure = "Tell pages a fact that says it in one word".to_owned();
                    diagnostics.error("E101", (pointer, json.at), message, cure);
                    return self.constant(false);
                }
                let mut values = Vec::with_capacity(list.len());
                for (index, json) in list.iter().enumerate() {
                    values.extend(self.scalar(json, &format!("{pointer}/{index}"), here, diagnostics));
                }
                self.in_list(values, letters, here)
            }
            Operator::InGroup => {
                let Some(values) = self.group_values(json, pointer, diagnostics) else {
                    return if self.is_unknown_group(json) {
                        self.unknown(here)
                    } else {
                        self.constant(false)
                    };
                };
                self.in_list(values, Letters::AsTheyAre, here)
            }
            Operator::Order(orders) => match self.scalar(json, pointer, here, diagnostics) {
                Some(value @ (Scalar::Number(_) | Scalar::Text(_))) => Test::Order(orders, value),
                Some(_) => {
                    self.refuse(
                        format!("{} has no order", json.kind()),
                        "Compare with a number or a text",
                        json,
                        pointer,
                        diagnostics,
                    );
                    return self.constant(false);
                }
                None => return self.constant(false),
            },
            Operator::Version(orders) => match scalar(json) {
                Some(Scalar::Text(text)) => {
                    let mut padded = Vec::new();
                    version::padded(&text, |piece| {
                        padded.extend_from_slice(piece);
                        true
                    });
                    Test::Version(orders, padded.into())
                }
                // Two numbers are compared as numbers.
                Some(value @ Scalar::Number(_)) if self.dialect == Dialect::GrowthBook => {
                    Test::Order(orders, value)
                }
                _ => {
                    self.expects(
                        "a version",
                        "Write it as a text such as \"2.10.0\"",
                        json,
                        pointer,
                        diagnostics,
                    );
                    return self.never(says_not);
                }
            },
            Operator::Exists => {
                if !matches!(json.value, Value::Bool(_)) {
                    self.expects("true or false", "Write true or false", json, pointer, diagnostics);
                }
                return self.push(here.subject, is_truthy(json), Test::Equal(Scalar::Null));
            }
            Operator::Type => match TYPES.iter().position(|name| json.text() == Some(name)) {
                Some(kind) => Test::Type(kind as u8),
                None => {
                    let cure = did_you_mean(json.text().unwrap_or_default(), TYPES).map_or_else(
                        || format!("Write one of: {}", TYPES.join(", ")),
                        |word| format!("Did you mean `{word}`"),
                    );
                    self.expects("the name of a type", &cure, json, pointer, diagnostics);
                    return self.constant(false);
                }
            },
            Operator::Pattern(letters) => match self.pattern(letters, json, pointer, here, diagnostics) {
                Some(test) => test,
                None => return self.never(says_not),
            },
            Operator::Size => return self.size(json, pointer, here, diagnostics),
            Operator::Element => return self.element(json, pointer, here, diagnostics),
            Operator::All(letters) => return self.all_in(letters, json, pointer, here, diagnostics),
            Operator::Not => {
                if let Some(not) = self.open((Subject::It, true, Test::All), (pointer, json.at), diagnostics)
                {
                    // The group's own "it" is the one around it.
                    self.tests(json, pointer, here.negated(), diagnostics);
                    self.close(not);
                }
                return;
            }
        };
        self.push(here.subject, says_not, test);
    }

    /// What cannot be so: false, or true of an operator that says the opposite.
    fn never(&mut self, says_not: bool) {
        self.constant(says_not);
    }

    /// In files of our own, what can never be true is a mistake.
    pub(super) fn refuse(
        &self,
        message: String,
        cure: &str,
        json: &Json,
        pointer: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        if self.dialect == Dialect::Parlour {
            diagnostics.error("E104", (pointer, json.at), message, cure.into());
        }
    }

    pub(super) fn expects(
        &self,
        what: &str,
        cure: &str,
        json: &Json,
        pointer: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let found = json.text().map_or_else(|| json.kind().to_owned(), |text| format!("\"{text}\""));
        self.refuse(format!("{found} stands where {what} is expected"), cure, json, pointer, diagnostics);
    }

    fn pattern(
        &mut self,
        letters: Letters,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Test> {
        let Some(text) = json.text() else {
            self.expects(
                "a pattern",
                "Write it as a text such as \"^/products/\"",
                json,
                pointer,
                diagnostics,
            );
            return None;
        };
        let case = if letters == Letters::Folded { Case::Ignored } else { Case::Kept };
        match self.table(text, case) {
            Ok(pattern) => Some(Test::Pattern(place(&mut self.set.patterns, pattern))),
            Err(refused) if self.dialect == Dialect::Parlour => {
                diagnostics.error("E214", (pointer, json.at), refused.message, refused.cure);
                None
            }
            Err(refused) => {
                let predicates = &mut self.fact_of(here)?.predicates;
                let bit = place(predicates, (text.to_owned(), case));
                if usize::from(bit) < MAX_PREDICATES {
                    return Some(Test::Told(bit as u8));
                }
                predicates.pop();
                let message =
                    format!("{}, and the fact has {MAX_PREDICATES} such patterns already", refused.message);
                diagnostics.warning("W215", (pointer, json.at), message, refused.cure);
                None
            }
        }
    }
}

/// Is it an object of operators, not a value to be equal to?
fn is_operators(json: &Json, dialect: Dialect) -> bool {
    let Value::Object(members) = &json.value else { return false };
    let mut names = members.iter().map(|member| member.name.as_str());
    let is_operator = |name: &str| name.starts_with('$');
    match dialect {
        Dialect::GrowthBook => names.all(is_operator),
        // `{"gte": 2}` is an operator without its sign.
        Dialect::Parlour => {
            members.is_empty()
                || names.any(|name| {
                    is_operator(name)
                        || OPERATORS.iter().any(|(known, _, _)| known.strip_prefix('$') == Some(name))
                })
        }
    }
}

fn is_truthy(json: &Json) -> bool {
    match &json.value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => json.number() != Some(0.0),
        Value::Text(text) => !text.is_empty(),
        Value::List(_) | Value::Object(_) => true,
    }
}
