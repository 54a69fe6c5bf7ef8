//! Conditions in JSON → the flat tree of the plan, and the facts they look at.
//!
//! Two dialects with one meaning. In files of our own a mistake is an error. Conditions from GrowthBook may hold anything
//! their SDKs take: what those never match is never true, and what they do not know is neither true nor false, so that
//! `$not` does not make it true. As a part that is unknown is known to be so here, it becomes the one or the other, by
//! the number of negations around it.

mod channel;
mod elements;
mod group;
mod operator;
mod saved;
mod test;
mod values;

pub use channel::channels;
pub use operator::{OPERATORS, Operator, TYPES};

use std::collections::BTreeMap;

use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, Member, Value};
use super::pattern::{self, Case, Refused};
use crate::plan::FactSource;
use crate::profile::{DERIVED_FACTS, DerivedFact};
use crate::targeting::{
    ConditionSet, MAX_DEPTH, MAX_TEXT_BYTES, Node, Pattern, Scalar, Subject, Test, View, list_order,
};

/// Facts that the page pushes by itself. `page.query.NAME` is any parameter of the address.
pub const HOST_FACTS: [(&str, &str); 9] = [
    ("page.path", "path of the address, such as /products/mug-01"),
    ("page.host", "host name of the page"),
    ("page.url", "address without query and fragment"),
    ("page.title", "title of the page"),
    ("page.referrer", "host name of the page before; absent when there was none"),
    (
        channel::FACT,
        "how the visitor came to this page, such as email, paid-search, organic-social or direct",
    ),
    ("page.query.", "parameter of the address: write its name after the last point"),
    ("device.type", "mobile, tablet or desktop"),
    ("device.language", "language of the browser, such as de-AT"),
];

/// Prefixes that are ours: an unknown fact under them is a mistake, not the site's own.
const OWN_PREFIXES: [&str; 6] = ["page.", "device.", "journey.", "profile.", "session.", "cart."];

/// As many as bits cross the boundary with a text.
const MAX_PREDICATES: usize = 31;
/// Values of a list or group: every visitor loads them.
pub const MAX_LIST: usize = 10_000;
/// Of a file: each is made into a table, which takes time.
const MAX_PATTERNS: usize = 1_000;
/// Of a plan, all conditions together.
const MAX_NODES: usize = 16_384;
const MAX_FACTS: usize = 4_096;
const MAX_LISTS: usize = 4_096;
/// Of a file, those of audiences that are used in several places counted each time.
const MAX_COMPILED: usize = 1_000_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Parlour,
    GrowthBook,
}

/// A row of the plan's fact table, and what the host must tell with its texts.
#[derive(Clone, Debug)]
pub struct Fact {
    pub name: String,
    pub source: FactSource,
    pub is_folded: bool,
    /// Host predicates: patterns that our matcher cannot run.
    pub predicates: Vec<(String, Case)>,
}

/// Collects the conditions of a plan.
#[derive(Debug, Default)]
pub struct Conditions {
    pub facts: Vec<Fact>,
    pub set: ConditionSet,
    pub dialect: Dialect,
    /// Named lists; `None` is there, but no list.
    pub groups: Vec<(String, Option<Vec<Scalar>>)>,
    /// As `site` has them: who comes from there came from no channel.
    pub own_hosts: Vec<String>,
    /// Saved groups as GrowthBook's payload has them, for references to them.
    pub saved: Vec<Member>,
    /// Those being written out.
    resolving: Vec<String>,
    /// Decimals of the plan's currency: `profile.revenue` is compared in minor units.
    pub currency_exponent: u8,
    /// What each node says, for explanations.
    pub clauses: Vec<String>,
    /// What the nodes that are added now say.
    clause: String,
    /// Of open groups.
    depth: usize,
    /// Nodes, with those taken back.
    compiled: usize,
    /// Conditions are compiled wherever they are used; their patterns once.
    tables: BTreeMap<(String, bool), Result<Pattern, Refused>>,
}

/// Where a rejected part began, to take back what it added.
#[derive(Clone, Debug)]
pub struct Mark {
    nodes: usize,
    lists: usize,
    patterns: usize,
    facts: Vec<(bool, usize)>,
}

/// The value that is tested.
#[derive(Clone, Copy, Debug)]
struct Here {
    subject: Subject,
    /// The fact it lies in; `None` where names are facts.
    fact: Option<u16>,
    is_negated: bool,
}

const OUTSIDE: Here = Here { subject: Subject::It, fact: None, is_negated: false };

/// Where names are fields of a value that is no fact.
const NO_FACT: u16 = u16::MAX;

/// Before the name of a fact that is told by another way than others.
pub const HASHED: char = '\0';

impl Here {
    fn negated(self) -> Self {
        Self { is_negated: !self.is_negated, ..self }
    }

    fn it(self) -> Self {
        Self { subject: Subject::It, ..self }
    }
}

impl Conditions {
    #[must_use]
    pub fn new(dialect: Dialect, currency_exponent: u8) -> Self {
        Self { dialect, currency_exponent, ..Self::default() }
    }

    /// Adds a condition and answers its first node. Mistakes are reported; what they touch is never true.
    pub fn add(&mut self, json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) -> u32 {
        let start = self.set.nodes.len() as u32;
        self.group(json, pointer, OUTSIDE, diagnostics);
        start
    }

    /// The same of a condition over one value, whose fields the names are.
    pub fn add_of_value(&mut self, json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) -> u32 {
        let start = self.set.nodes.len() as u32;
        self.group(json, pointer, Here { fact: Some(NO_FACT), ..OUTSIDE }, diagnostics);
        start
    }

    /// The fact that the host tells as text to be hashed. No name of a file's own begins so.
    pub fn hashed_fact(&mut self, name: &str) -> u16 {
        self.fact(&format!("{HASHED}{name}"), FactSource::Host)
    }

    /// Opens a group: all that is added until it is closed must hold.
    pub fn open_all(&mut self, clause: &str) -> usize {
        self.clause = clause.to_owned();
        self.depth += 1;
        self.push(Subject::It, false, Test::All);
        self.set.nodes.len() - 1
    }

    /// The same, and it holds only in this stage.
    pub fn open_stage(&mut self, stage: &str) -> usize {
        let start = self.open_all(&format!("when/stage {stage}"));
        let fact = self.fact("journey.stage", FactSource::Derived(DerivedFact::Stage));
        self.push(Subject::Fact(fact), false, Test::Equal(Scalar::Text(stage.as_bytes().into())));
        start
    }

    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            nodes: self.set.nodes.len(),
            lists: self.set.lists.len(),
            patterns: self.set.patterns.len(),
            facts: self.facts.iter().map(|fact| (fact.is_folded, fact.predicates.len())).collect(),
        }
    }

    /// What is left out must not leave its conditions behind.
    pub fn take_back(&mut self, mark: &Mark) {
        self.set.nodes.truncate(mark.nodes);
        self.clauses.truncate(mark.nodes);
        self.set.lists.truncate(mark.lists);
        self.set.patterns.truncate(mark.patterns);
        self.facts.truncate(mark.facts.len());
        for (fact, (is_folded, predicates)) in self.facts.iter_mut().zip(&mark.facts) {
            fact.is_folded = *is_folded;
            fact.predicates.truncate(*predicates);
        }
    }

    /// Does a condition since then use what needs the visitor's leave to know?
    #[must_use]
    pub fn uses_profile_since(&self, mark: &Mark) -> bool {
        self.set.nodes.iter().skip(mark.nodes).any(|node| match node.subject {
            Subject::Fact(fact) => self.facts.get(usize::from(fact)).is_some_and(
                |fact| matches!(fact.source, FactSource::Derived(derived) if derived.is_profile()),
            ),
            Subject::It => false,
        })
    }

    /// More than a plan holds: whoever added last is refused.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.set.nodes.len() > MAX_NODES
            || self.facts.len() > MAX_FACTS
            || self.set.lists.len() > MAX_LISTS
            || self.compiled > MAX_COMPILED
    }

    fn table(&mut self, source: &str, case: Case) -> Result<Pattern, Refused> {
        let key = (source.to_owned(), case == Case::Ignored);
        if let Some(known) = self.tables.get(&key) {
            return known.clone();
        }
        if self.tables.len() >= MAX_PATTERNS {
            return Err(Refused {
                message: format!("the file has more than {MAX_PATTERNS} patterns"),
                cure: "Compare with $in or $eq where no pattern is needed".into(),
            });
        }
        let table = pattern::compile(source, case);
        self.tables.insert(key, table.clone());
        table
    }

    fn push(&mut self, subject: Subject, is_negated: bool, test: Test) {
        self.compiled += 1;
        let end = self.set.nodes.len() as u32 + 1;
        self.set.nodes.push(Node { end, subject, is_negated, test });
        self.clauses.push(self.clause.clone());
    }

    /// The nodes added from here on say this.
    fn says(&mut self, pointer: &str, json: &Json) {
        const MAX_CHARACTERS: usize = 120;
        let text = match json.value {
            Value::Object(_) => pointer.to_owned(),
            _ => format!("{pointer} {}", json.plain()),
        };
        self.clause = text.chars().take(MAX_CHARACTERS).collect();
    }

    /// Never or always true.
    fn constant(&mut self, is_true: bool) {
        self.push(Subject::It, false, if is_true { Test::All } else { Test::Any });
    }

    /// What GrowthBook's SDKs do not know: never true, negated or not.
    fn unknown(&mut self, here: Here) {
        self.constant(here.is_negated);
    }

    /// `None` where it would nest too deep, which is then reported.
    fn open(
        &mut self,
        node: (Subject, bool, Test),
        at: (&str, usize),
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<usize> {
        if self.depth >= MAX_DEPTH {
            let message = format!("the condition nests more than {MAX_DEPTH} deep");
            diagnostics.error(
                "E101",
                at,
                message,
                "Name parts as audiences of their own, or write it flatter".into(),
            );
            return None;
        }
        self.depth += 1;
        self.push(node.0, node.1, node.2);
        Some(self.set.nodes.len() - 1)
    }

    pub fn close(&mut self, at: usize) {
        self.depth = self.depth.saturating_sub(1);
        let end = self.set.nodes.len() as u32;
        if let Some(node) = self.set.nodes.get_mut(at) {
            node.end = end;
        }
    }

    fn list(&mut self, mut list: Vec<Scalar>) -> u16 {
        if self.set.lists.len() > MAX_LISTS {
            return 0;
        }
        list.sort_by(|a, b| list_order(View::of(a), View::of(b)));
        list.dedup();
        place(&mut self.set.lists, list)
    }

    fn named_fact(
        &mut self,
        name: &str,
        at: (&str, usize),
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<u16> {
        if self.dialect == Dialect::GrowthBook {
            return Some(self.fact(name, FactSource::Host));
        }
        if let Some((fact, _, _)) = DERIVED_FACTS.iter().find(|(_, known, _)| *known == name) {
            return Some(self.fact(name, FactSource::Derived(*fact)));
        }
        if !is_host_fact(name) && OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            let known = HOST_FACTS
                .iter()
                .map(|(name, _)| *name)
                .chain(DERIVED_FACTS.iter().map(|(_, name, _)| *name));
            let cure = did_you_mean(name, known).map_or_else(
                || "Facts of your own need another first word".into(),
                |word| format!("Did you mean `{word}`"),
            );
            diagnostics.error("E203", at, format!("unknown fact `{name}`"), cure);
            return None;
        }
        Some(self.fact(name, FactSource::Host))
    }

    fn fact(&mut self, name: &str, source: FactSource) -> u16 {
        // Whoever adds more is refused.
        if self.facts.len() > MAX_FACTS {
            return 0;
        }
        let index = self.facts.iter().position(|known| known.name == name).unwrap_or_else(|| {
            self.facts.push(Fact { name: name.to_owned(), source, is_folded: false, predicates: Vec::new() });
            self.facts.len() - 1
        });
        index as u16
    }

    fn fact_of(&mut self, here: Here) -> Option<&mut Fact> {
        self.facts.get_mut(usize::from(here.fact?))
    }

    /// Can it be a list or an object? What the page and the engine tell is neither.
    fn may_hold_values(&self, here: Here) -> bool {
        let fact = here.fact.and_then(|fact| self.facts.get(usize::from(fact)));
        here.subject == Subject::It
            || fact.is_none_or(|fact| fact.source == FactSource::Host && !is_host_fact(&fact.name))
    }
}

fn is_host_fact(name: &str) -> bool {
    HOST_FACTS.iter().any(|(known, _)| {
        *known == name || (known.ends_with('.') && name.len() > known.len() && name.starts_with(known))
    })
}

/// Where it stands among those before, or its new place at the end.
fn place<T: PartialEq>(all: &mut Vec<T>, one: T) -> u16 {
    let at = all.iter().position(|known| *known == one).unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    });
    at as u16
}

/// `None` for what is no single value. Texts longer than facts may be are cut like them.
pub fn scalar(json: &Json) -> Option<Scalar> {
    Some(match &json.value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Number(_) => Scalar::Number(json.number().unwrap_or(f64::MAX)),
        Value::Text(text) => {
            Scalar::Text(text.as_bytes().get(..MAX_TEXT_BYTES).unwrap_or(text.as_bytes()).into())
        }
        Value::List(_) | Value::Object(_) => return None,
    })
}
