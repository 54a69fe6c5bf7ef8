//! Conditions in JSON → the flat tree of the plan.

use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, Value, below};
use crate::plan::FactSource;
use crate::profile::{DERIVED_FACTS, DerivedFact};
use crate::targeting::{MAX_DEPTH, MAX_TEXT_BYTES, Node, Op, Operand, Scalar};

/// Facts that the page pushes by itself. `page.query.NAME` is any parameter of the address.
pub const HOST_FACTS: [(&str, &str); 8] = [
    ("page.path", "path of the address, such as /products/mug-01"),
    ("page.host", "host name of the page"),
    ("page.url", "address without query and fragment"),
    ("page.title", "title of the page"),
    ("page.referrer", "host name of the page before; absent when there was none"),
    ("page.query.", "parameter of the address: write its name after the last point"),
    ("device.type", "mobile, tablet or desktop"),
    ("device.language", "language of the browser, such as de-AT"),
];

/// Prefixes that are ours: an unknown fact under them is a mistake, not the site's own.
const OWN_PREFIXES: [&str; 6] = ["page.", "device.", "journey.", "profile.", "session.", "cart."];

/// Collects the facts and nodes of all conditions of a plan.
#[derive(Debug, Default)]
pub struct Conditions {
    pub names: Vec<String>,
    pub sources: Vec<FactSource>,
    pub nodes: Vec<Node>,
    /// Decimals of the plan's currency: `profile.revenue` is compared in minor units.
    pub currency_exponent: u8,
}

impl Conditions {
    /// Adds a condition and answers its first node. Mistakes are reported; what they touch is never true.
    pub fn add(&mut self, json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) -> u32 {
        let start = self.nodes.len() as u32;
        self.group(json, pointer, 0, diagnostics);
        start
    }

    /// Where `rewind` goes back to, when what came since is left out of the plan.
    pub fn mark(&self) -> (usize, usize) {
        (self.nodes.len(), self.names.len())
    }

    pub fn rewind(&mut self, (nodes, names): (usize, usize)) {
        self.nodes.truncate(nodes);
        self.names.truncate(names);
        self.sources.truncate(names);
    }

    /// Adds a test that `journey.stage` is this.
    pub fn add_stage(&mut self, stage: &str) {
        let fact = self.fact("journey.stage", FactSource::Derived(DerivedFact::Stage));
        self.nodes.push(Node::Test {
            fact,
            op: Op::Eq,
            operand: Operand::One(Scalar::Text(stage.as_bytes().into())),
        });
    }

    /// Does the condition that starts here use what needs the visitor's leave to know?
    pub fn uses_profile(&self, start: u32, end: u32) -> bool {
        self.nodes.get(start as usize..end as usize).unwrap_or_default().iter().any(|node| match node {
            Node::Test { fact, .. } => {
                matches!(self.sources.get(usize::from(*fact)), Some(FactSource::Derived(fact)) if fact.is_profile())
            }
            _ => false,
        })
    }

    fn open(&mut self, make: fn(u32) -> Node) -> usize {
        self.nodes.push(make(0));
        self.nodes.len() - 1
    }

    fn close(&mut self, at: usize) {
        let end = self.nodes.len() as u32;
        if let Some(Node::All(open) | Node::Any(open) | Node::None(open)) = self.nodes.get_mut(at) {
            *open = end;
        }
    }

    fn group(&mut self, json: &Json, pointer: &str, depth: usize, diagnostics: &mut Diagnostics<'_>) {
        if depth + 2 >= MAX_DEPTH {
            let cure = "Name parts as audiences of their own, or write it flatter".to_owned();
            diagnostics.error(
                "E101",
                (pointer, json.at),
                format!("the condition nests more than {MAX_DEPTH} deep"),
                cure,
            );
            return;
        }
        let Value::Object(members) = &json.value else {
            let message = format!("{} stands where a condition is expected", json.kind());
            diagnostics.error(
                "E104",
                (pointer, json.at),
                message,
                "Write it as {\"page.path\": \"/cart\"}".into(),
            );
            return;
        };
        let all = self.open(Node::All);
        for member in members {
            let pointer = below(pointer, &member.name);
            match member.name.as_str() {
                "$and" => self.many(Node::All, &member.json, &pointer, depth, diagnostics),
                "$or" => self.many(Node::Any, &member.json, &pointer, depth, diagnostics),
                "$nor" => self.many(Node::None, &member.json, &pointer, depth, diagnostics),
                "$not" => {
                    let none = self.open(Node::None);
                    self.group(&member.json, &pointer, depth + 2, diagnostics);
                    self.close(none);
                }
                name if name.starts_with('$') => {
                    let cure = did_you_mean(name, ["$and", "$or", "$nor", "$not"]).map_or_else(
                        || "Use $and, $or, $nor, $not, or the name of a fact".into(),
                        |word| format!("Did you mean `{word}`"),
                    );
                    diagnostics.error(
                        "E208",
                        (&pointer, member.name_at),
                        format!("unknown group `{name}`"),
                        cure,
                    );
                }
                name => {
                    if let Some(fact) = self.named_fact(name, &pointer, member.name_at, diagnostics) {
                        self.tests(fact, &member.json, &pointer, diagnostics);
                    }
                }
            }
        }
        self.close(all);
    }

    fn many(
        &mut self,
        make: fn(u32) -> Node,
        json: &Json,
        pointer: &str,
        depth: usize,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let Value::List(list) = &json.value else {
            let message = format!("{} stands where a list of conditions is expected", json.kind());
            diagnostics.error("E104", (pointer, json.at), message, "Write the conditions in [ ]".into());
            return;
        };
        let group = self.open(make);
        for (index, condition) in list.iter().enumerate() {
            self.group(condition, &format!("{pointer}/{index}"), depth + 2, diagnostics);
        }
        self.close(group);
    }

    fn named_fact(
        &mut self,
        name: &str,
        pointer: &str,
        at: usize,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<u16> {
        if let Some((fact, _, _)) = DERIVED_FACTS.iter().find(|(_, known, _)| *known == name) {
            return Some(self.fact(name, FactSource::Derived(*fact)));
        }
        let is_known = HOST_FACTS.iter().any(|(known, _)| {
            *known == name || (known.ends_with('.') && name.len() > known.len() && name.starts_with(known))
        });
        if !is_known && OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            let known = HOST_FACTS
                .iter()
                .map(|(name, _)| *name)
                .chain(DERIVED_FACTS.iter().map(|(_, name, _)| *name));
            let cure = did_you_mean(name, known).map_or_else(
                || "Facts of your own need another first word".into(),
                |word| format!("Did you mean `{word}`"),
            );
            diagnostics.error("E203", (pointer, at), format!("unknown fact `{name}`"), cure);
            return None;
        }
        Some(self.fact(name, FactSource::Host))
    }

    fn fact(&mut self, name: &str, source: FactSource) -> u16 {
        let index = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.sources.push(source);
            self.names.len() - 1
        });
        index as u16
    }

    /// A plain value means equality; an object holds operators, all of which must hold.
    fn tests(&mut self, fact: u16, json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) {
        let Value::Object(members) = &json.value else {
            if let Some(scalar) = self.scalar(fact, json, pointer, diagnostics) {
                self.nodes.push(Node::Test { fact, op: Op::Eq, operand: Operand::One(scalar) });
            }
            return;
        };
        for member in members {
            let pointer = below(pointer, &member.name);
            let Some((op, _)) = Op::NAMES.into_iter().find(|(_, name)| *name == member.name) else {
                let cure = did_you_mean(&member.name, Op::NAMES.iter().map(|(_, name)| *name)).map_or_else(
                    || format!("Use one of: {}", Op::NAMES.map(|(_, name)| name).join(", ")),
                    |word| format!("Did you mean `{word}`"),
                );
                diagnostics.error(
                    "E208",
                    (&pointer, member.name_at),
                    format!("unknown operator `{}`", member.name),
                    cure,
                );
                continue;
            };
            if let Some(operand) = self.operand(fact, op, &member.json, &pointer, diagnostics) {
                self.nodes.push(Node::Test { fact, op, operand });
            }
        }
    }

    fn operand(
        &self,
        fact: u16,
        op: Op,
        json: &Json,
        pointer: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Operand> {
        match (op, &json.value) {
            (Op::In | Op::Nin, Value::List(list)) => {
                let mut scalars = Vec::with_capacity(list.len());
                for (index, json) in list.iter().enumerate() {
                    scalars.push(self.scalar(fact, json, &format!("{pointer}/{index}"), diagnostics)?);
                }
                Some(Operand::List(scalars))
            }
            (Op::In | Op::Nin, _) => {
                let message = format!("{} stands where a list is expected", json.kind());
                diagnostics.error("E104", (pointer, json.at), message, "Write the values in [ ]".into());
                None
            }
            (Op::Exists, Value::Bool(value)) => Some(Operand::One(Scalar::Bool(*value))),
            (Op::Exists, _) => {
                let message = format!("{} stands where true or false is expected", json.kind());
                diagnostics.error("E104", (pointer, json.at), message, "Write true or false".into());
                None
            }
            (Op::Lt | Op::Lte | Op::Gt | Op::Gte, Value::Bool(_) | Value::Null) => {
                let message = format!("{} has no order", json.kind());
                diagnostics.error(
                    "E104",
                    (pointer, json.at),
                    message,
                    "Compare with a number or a text".into(),
                );
                None
            }
            _ => self.scalar(fact, json, pointer, diagnostics).map(Operand::One),
        }
    }

    fn scalar(
        &self,
        fact: u16,
        json: &Json,
        pointer: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Scalar> {
        match &json.value {
            Value::Null => Some(Scalar::Null),
            Value::Bool(value) => Some(Scalar::Bool(*value)),
            Value::Number(text) => {
                let is_money =
                    self.sources.get(usize::from(fact)) == Some(&FactSource::Derived(DerivedFact::Revenue));
                let minor = crate::money::parse_minor(text, self.currency_exponent).map(|minor| minor as f64);
                let number = if is_money { minor } else { json.number() };
                if number.is_none() {
                    let message = format!("{text} is too large");
                    diagnostics.error(
                        "E106",
                        (pointer, json.at),
                        message,
                        "Write a number below 9e15".into(),
                    );
                }
                number.map(Scalar::Number)
            }
            Value::Text(text) if text.len() > MAX_TEXT_BYTES => {
                let message = format!("the text has {} bytes, more than {MAX_TEXT_BYTES}", text.len());
                diagnostics.error(
                    "E101",
                    (pointer, json.at),
                    message,
                    "Shorten it: facts are cut there".into(),
                );
                None
            }
            Value::Text(text) => Some(Scalar::Text(text.as_bytes().into())),
            Value::List(_) | Value::Object(_) => {
                let message = format!("{} stands where a single value is expected", json.kind());
                diagnostics.error(
                    "E104",
                    (pointer, json.at),
                    message,
                    "For several values write {\"$in\": [ … ]}".into(),
                );
                None
            }
        }
    }
}
