//! What changes for whom when one plan takes another's place: what is written otherwise, and whom of a crowd it moves.

mod written;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::crowd::{Asked, Crowd, Facts, complete};
use crate::plan_file::Opened;
use crate::visitor::Visitor;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub visitors: u64,
    /// Those who are given another variant, or see other content in theirs, in any experiment.
    pub affected: u64,
    /// Those whom the old plan counted in an experiment, and who get another variant of it or none: their results mix.
    pub torn: u64,
    /// In the order of the new plan; those that are gone come last.
    pub experiments: Vec<Compared>,
    /// What is not an experiment's.
    pub elsewhere: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    pub key: String,
    pub kind: Kind,
    /// What is written otherwise, one line each.
    pub written: Vec<String>,
    /// Those whose variant is another one.
    pub moved: u64,
    /// Those who keep a variant that shows something else than before.
    pub sees_other: u64,
    /// From where to where, the largest first. Those who stay out, for whatever reason, are in none.
    pub flows: Vec<Flow>,
    /// Is everyone out of both for want of facts? Then nothing can be said.
    pub is_untold: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    New,
    Gone,
    Changed,
    Same,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flow {
    pub from: Place,
    pub to: Place,
    pub visitors: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// `None`: not in.
    pub variant: Option<String>,
    pub reason: &'static str,
}

/// Sends the same crowd through both plans. `walked` hears how many have been through.
#[must_use]
pub fn compare(
    old: &Opened,
    new: &Opened,
    sets: &[Facts],
    asked: Asked,
    walked: &mut dyn FnMut(u64),
) -> Difference {
    let mut pairs = pairs(old, new);
    let mut before = Walker::new(old, sets, asked.now_ms);
    let mut after = Walker::new(new, sets, asked.now_ms);
    let mut crowd = Crowd::new(asked.seed, sets);
    let (mut affected, mut torn) = (0u64, 0u64);
    for walk in 0..asked.visitors {
        walked(walk);
        let (id, set) = crowd.next_visitor();
        before.becomes(&id, set);
        after.becomes(&id, set);
        let (mut is_affected, mut is_torn) = (false, false);
        for pair in &mut pairs {
            let (from, to) = (before.spot(pair.old), after.spot(pair.new));
            is_affected |= from.0 != to.0 || pair.shows_other(from.0);
            is_torn |= from.0 != to.0 && COUNTED.contains(&from.1);
            *pair.flows.entry((from, to)).or_default() += 1;
        }
        affected += u64::from(is_affected);
        torn += u64::from(is_torn);
    }
    Difference {
        visitors: asked.visitors,
        affected,
        torn,
        experiments: pairs.into_iter().map(Pair::finish).collect(),
        elsewhere: written::elsewhere(old, new),
    }
}

/// A variant's key, or none, and the reason.
type Spot<'a> = (Option<&'a str>, &'static str);

/// The reasons of a randomised answer.
const COUNTED: [&str; 2] = ["bucketed", "sticky"];
const NOT_THERE: &str = "no such experiment";

/// One experiment in both plans, while visitors walk through.
struct Pair<'a> {
    key: &'a str,
    old: Option<usize>,
    new: Option<usize>,
    written: Vec<String>,
    other_content: Vec<&'a str>,
    flows: BTreeMap<(Spot<'a>, Spot<'a>), u64>,
}

fn pairs<'a>(old: &'a Opened, new: &'a Opened) -> Vec<Pair<'a>> {
    let place =
        |opened: &Opened, key: &str| opened.names.experiments.iter().position(|named| named.key == key);
    let mut keys: Vec<&str> = new.names.experiments.iter().map(|named| named.key.as_str()).collect();
    keys.extend(
        old.names.experiments.iter().map(|named| named.key.as_str()).filter(|key| place(new, key).is_none()),
    );
    let pair = |key| {
        let (before, after) = (place(old, key), place(new, key));
        let (written, other_content) = match (before, after) {
            (Some(before), Some(after)) => {
                (written::experiment((old, before), (new, after)), written::other_content(old, new, key))
            }
            _ => (Vec::new(), Vec::new()),
        };
        Pair { key, old: before, new: after, written, other_content, flows: BTreeMap::new() }
    };
    keys.into_iter().map(pair).collect()
}

impl Pair<'_> {
    fn shows_other(&self, variant: Option<&str>) -> bool {
        variant.is_some_and(|variant| self.other_content.contains(&variant))
    }

    fn finish(self) -> Compared {
        let of = |counts: &dyn Fn(Spot<'_>, Spot<'_>) -> bool| {
            self.flows.iter().filter(|((from, to), _)| counts(*from, *to)).map(|(_, count)| count).sum()
        };
        let place = |spot: Spot<'_>| Place { variant: spot.0.map(str::to_owned), reason: spot.1 };
        let mut flows: Vec<Flow> = self
            .flows
            .iter()
            .filter(|((from, to), _)| from != to && (from.0.is_some() || to.0.is_some()))
            .map(|((from, to), count)| Flow { from: place(*from), to: place(*to), visitors: *count })
            .collect();
        flows.sort_by(|a, b| {
            b.visitors.cmp(&a.visitors).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        let is_out = |spot: Spot<'_>| spot.1 == "audience" || spot.1 == NOT_THERE;
        Compared {
            key: self.key.to_owned(),
            kind: match (self.old, self.new) {
                (None, _) => Kind::New,
                (_, None) => Kind::Gone,
                _ if self.written.is_empty() => Kind::Same,
                _ => Kind::Changed,
            },
            moved: of(&|from, to| from.0 != to.0),
            sees_other: of(&|from, to| from.0 == to.0 && self.shows_other(from.0)),
            is_untold: self.flows.keys().any(|(from, to)| from.1 == "audience" || to.1 == "audience")
                && self.flows.keys().all(|(from, to)| is_out(*from) && is_out(*to)),
            flows,
            written: self.written,
        }
    }
}

/// One visitor after another in one plan.
struct Walker<'a> {
    opened: &'a Opened,
    visitor: Visitor<'a>,
    sets: Vec<Facts>,
    known: Option<usize>,
}

impl<'a> Walker<'a> {
    fn new(opened: &'a Opened, sets: &[Facts], now_ms: u64) -> Self {
        let sets = sets.iter().map(|facts| complete(facts, &opened.names)).collect();
        Self { opened, visitor: Visitor::new(opened, now_ms), sets, known: None }
    }

    fn becomes(&mut self, id: &str, set: usize) {
        if self.known != Some(set) {
            if let Some(facts) = self.sets.get(set) {
                self.visitor.knows(facts);
            }
            self.known = Some(set);
        }
        self.visitor.becomes(id);
    }

    fn spot(&self, experiment: Option<usize>) -> Spot<'a> {
        let Some(index) = experiment else { return (None, NOT_THERE) };
        let decision = self.visitor.decide(index);
        let variant = decision.variant.map(|_| self.opened.names.variant(index, decision.variant));
        (variant, decision.reason.name())
    }
}
