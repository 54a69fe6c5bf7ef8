//! Conditions that no visitor can fit, as far as that follows from their single tests: no second evaluator, but the
//! runtime's own, asked about the few values that a test leaves open.
//!
//! What is asked of one fact at once is put together through `$and`, `$or`, `$nor` and `$not`; a fact that must equal
//! something, or can only have some values, is tried with these; else kinds and bounds are compared.

use super::super::condition::{Conditions, HOST_FACTS};
use crate::journey::Stage;
use crate::plan::FactSource;
use crate::profile::DerivedFact;
use crate::targeting::{ConditionSet, Facts, Node, Orders, Scalar, Subject, Test, View, list_order, matches};

/// Ways through `$or` that are tried; beyond them nothing is claimed.
const MAX_STEPS: usize = 2_000;

const DEVICES: [&str; 3] = ["mobile", "tablet", "desktop"];

/// By the numbers of `View::kind`: null, boolean, number, text, list, object.
const NULL: u8 = 1;
const NUMBER: u8 = 1 << 2;
const TEXT: u8 = 1 << 3;
const LIST: u8 = 1 << 4;
const ANY: u8 = 63;

/// A test and whether its opposite is asked.
type Asked = (u32, bool);

/// The fact about which the condition at `start` asks what cannot be; empty where it is no single fact. `None`: someone
/// may fit.
pub fn contradiction(conditions: &Conditions, start: u32) -> Option<String> {
    let mut search = Search { conditions, set: &conditions.set, steps: 0, blamed: None };
    let first = search.asked(start, false);
    if search.is_possible(vec![first], &mut Vec::new()) {
        return None;
    }
    let fact = search.blamed.and_then(|fact| conditions.facts.get(usize::from(fact)));
    Some(fact.map_or_else(String::new, |fact| fact.name.clone()))
}

struct Search<'a> {
    conditions: &'a Conditions,
    set: &'a ConditionSet,
    steps: usize,
    blamed: Option<u16>,
}

/// One value, whatever is asked.
struct Only<'a>(&'a Scalar);

impl Facts for Only<'_> {
    fn fact(&self, _: u16) -> View<'_> {
        View::of(self.0)
    }
}

impl Search<'_> {
    fn node(&self, at: u32) -> Option<&Node> {
        self.set.nodes.get(at as usize)
    }

    fn children(&self, at: u32) -> Vec<u32> {
        let end = self.node(at).map_or(at, |node| node.end);
        let mut children = Vec::new();
        let mut child = at + 1;
        while child < end {
            children.push(child);
            child = self.node(child).map_or(end, |node| node.end.max(child + 1));
        }
        children
    }

    /// The test itself and whether its opposite is asked, the node's own negation taken in.
    fn asked(&self, at: u32, is_opposite: bool) -> Asked {
        (at, is_opposite != self.node(at).is_some_and(|node| node.is_negated))
    }

    /// Can all that is waiting hold together with what is asked already?
    fn is_possible(&mut self, mut waiting: Vec<Asked>, asked: &mut Vec<Asked>) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return true;
        }
        let before = asked.len();
        let mut choices: Vec<Asked> = Vec::new();
        while let Some((at, is_opposite)) = waiting.pop() {
            match (self.node(at).map(|node| &node.test), is_opposite) {
                (Some(Test::All), false) | (Some(Test::Any), true) => {
                    let children = self.children(at).into_iter();
                    waiting.extend(children.map(|child| self.asked(child, is_opposite)));
                }
                (Some(Test::Any), false) | (Some(Test::All), true) => choices.push((at, is_opposite)),
                _ => asked.push((at, is_opposite)),
            }
        }
        let possible = self.are_together(asked) && self.has_way(&choices, asked);
        asked.truncate(before);
        possible
    }

    /// Of each choice one way must be open.
    fn has_way(&mut self, choices: &[Asked], asked: &mut Vec<Asked>) -> bool {
        let Some(((at, is_opposite), rest)) = choices.split_first() else { return true };
        self.children(*at).into_iter().any(|child| {
            let mut waiting = vec![self.asked(child, *is_opposite)];
            waiting.extend_from_slice(rest);
            self.is_possible(waiting, asked)
        })
    }

    fn are_together(&mut self, asked: &[Asked]) -> bool {
        let mut subjects: Vec<Subject> =
            asked.iter().filter_map(|(at, _)| self.node(*at)).map(|node| node.subject).collect();
        subjects.dedup();
        for subject in subjects {
            let own: Vec<Asked> = asked
                .iter()
                .copied()
                .filter(|(at, _)| self.node(*at).is_some_and(|node| node.subject == subject))
                .collect();
            if !self.has_value(subject, &own) {
                if let Subject::Fact(fact) = subject {
                    self.blamed = Some(fact);
                }
                return false;
            }
        }
        true
    }

    /// Is there a value that fits all of these tests? `true` where it is not known.
    fn has_value(&mut self, subject: Subject, asked: &[Asked]) -> bool {
        let (mut kinds, known) = self.domain(subject);
        for (at, is_opposite) in asked {
            kinds &= self.kinds(*at, *is_opposite);
        }
        if kinds == 0 {
            return false;
        }
        let fits = |value: &Scalar| {
            asked
                .iter()
                .all(|(at, is_opposite)| self.holds(*at, value).is_none_or(|holds| holds != *is_opposite))
        };
        if let Some(known) = known {
            return known.iter().any(fits);
        }
        let is_single = kinds & (LIST | 1 << 5) == 0;
        for (at, is_opposite) in asked {
            match self.node(*at).map(|node| &node.test) {
                Some(Test::Equal(value)) if !is_opposite => return fits(value),
                Some(Test::In(list)) if !is_opposite => {
                    let values = self.set.lists.get(usize::from(*list)).map_or(&[][..], Vec::as_slice);
                    if values.is_empty() || (is_single && !values.iter().any(fits)) {
                        return false;
                    }
                }
                Some(Test::InFolded(list))
                    if !is_opposite && self.set.lists.get(usize::from(*list)).is_some_and(Vec::is_empty) =>
                {
                    return false;
                }
                _ => {}
            }
        }
        self.bounds_leave_room(subject, asked)
    }

    /// Does this one test hold of a single value? `None` where the host's help is needed.
    fn holds(&self, at: u32, value: &Scalar) -> Option<bool> {
        let node = self.node(at)?;
        if matches!(node.test, Test::Told(_) | Test::InFolded(_)) || node.subject == Subject::It {
            return None;
        }
        Some(matches(self.set, at, &Only(value)) != node.is_negated)
    }

    /// Kinds that a value may have for the test to hold.
    fn kinds(&self, at: u32, is_opposite: bool) -> u8 {
        let Some(node) = self.node(at) else { return ANY };
        let of = |value: &Scalar| 1u8 << View::of(value).kind();
        match (&node.test, is_opposite) {
            (Test::Equal(Scalar::Null), true) => ANY & !NULL,
            (Test::Type(kind), true) => ANY & !(1 << kind),
            (Test::Equal(value) | Test::Order(_, value), false) => of(value),
            (Test::In(list), false) => {
                let values = self.set.lists.get(usize::from(*list)).map_or(&[][..], Vec::as_slice);
                values.iter().fold(LIST, |kinds, value| kinds | of(value))
            }
            (Test::Type(kind), false) => 1 << kind,
            (Test::Pattern(_) | Test::Version(..), false) => TEXT,
            (Test::Each, false) => LIST,
            _ => ANY,
        }
    }

    /// What the fact can be at all: its kinds, and its values where they are few.
    fn domain(&self, subject: Subject) -> (u8, Option<Vec<Scalar>>) {
        let text = |word: &str| Scalar::Text(word.as_bytes().into());
        let Some(fact) = (match subject {
            Subject::Fact(fact) => self.conditions.facts.get(usize::from(fact)),
            Subject::It => None,
        }) else {
            return (ANY, None);
        };
        match fact.source {
            FactSource::Derived(DerivedFact::Stage) => (
                NULL | TEXT,
                Some(Stage::ALL.iter().map(|(_, name)| text(name)).chain([Scalar::Null]).collect()),
            ),
            FactSource::Derived(_) => (NULL | NUMBER, None),
            FactSource::Host if fact.name == "device.type" => {
                (NULL | TEXT, Some(DEVICES.iter().map(|name| text(name)).chain([Scalar::Null]).collect()))
            }
            FactSource::Host => {
                let is_ours = HOST_FACTS.iter().any(|(name, _)| {
                    *name == fact.name || (name.ends_with('.') && fact.name.starts_with(name))
                });
                (if is_ours { NULL | TEXT } else { ANY }, None)
            }
        }
    }

    fn is_whole(&self, subject: Subject) -> bool {
        let Subject::Fact(fact) = subject else { return false };
        let source = self.conditions.facts.get(usize::from(fact)).map(|fact| fact.source);
        matches!(source, Some(FactSource::Derived(fact)) if fact != DerivedFact::Stage)
    }

    /// The highest lower bound against the lowest upper one.
    fn bounds_leave_room(&self, subject: Subject, asked: &[Asked]) -> bool {
        let bounds: Vec<(Orders, &Scalar)> = asked
            .iter()
            .filter(|(_, is_opposite)| !is_opposite)
            .filter_map(|(at, _)| match self.node(*at).map(|node| &node.test) {
                Some(Test::Order(orders, value)) => Some((*orders, value)),
                _ => None,
            })
            .collect();
        let is_whole = self.is_whole(subject);
        let lows: Vec<(Orders, &Scalar)> =
            bounds.iter().copied().filter(|(orders, _)| orders.0 & Orders::GREATER.0 != 0).collect();
        let highs = bounds.iter().copied().filter(|(orders, _)| orders.0 & Orders::LESS.0 != 0);
        highs.into_iter().all(|(below, high)| {
            lows.iter().all(|(above, low)| {
                let is_out = |orders: Orders| orders.0 & Orders::EQUAL.0 == 0;
                if let (true, Scalar::Number(low), Scalar::Number(high)) = (is_whole, low, high) {
                    return whole_between((*low, is_out(*above)), (*high, is_out(below)));
                }
                match View::of(low)
                    .order(View::of(high))
                    .unwrap_or_else(|| list_order(View::of(low), View::of(high)))
                {
                    std::cmp::Ordering::Less => true,
                    std::cmp::Ordering::Equal => !is_out(*above) && !is_out(below),
                    std::cmp::Ordering::Greater => false,
                }
            })
        })
    }
}

/// Each bound with whether it is itself left out.
fn whole_between((low, low_is_out): (f64, bool), (high, high_is_out): (f64, bool)) -> bool {
    let first = if low_is_out && low.fract() == 0.0 { low + 1.0 } else { low.ceil() };
    let last = if high_is_out && high.fract() == 0.0 { high - 1.0 } else { high.floor() };
    first <= last
}
