//! Conditions over facts: who is in an audience. Compiled to a flat tree in preorder; no text is parsed here.
//!
//! The plan's fact table has one entry a path (`user.plan`), which the host looks up in what it was told: objects need not
//! cross the boundary for a path into them, and a missing path is null. Lists and objects cross only for what looks into
//! their elements. Types are never converted: a number is not equal to its text, and has no order with it.

mod bytes;
mod pattern;
mod value;
pub mod version;

use std::cmp::Ordering;

#[cfg(feature = "authoring")]
pub use bytes::write;
pub use pattern::{MAX_STATES, Pattern};
pub use value::{Elements, MAX_TEXT_BYTES, MAX_TREE_BYTES, Scalar, Step, Value, View};

use crate::plan::FactSource;
use crate::plan::bytes::Reader;

/// Nesting a plan may use; deeper conditions are refused by the compiler.
pub const MAX_DEPTH: usize = 32;

/// All conditions of a plan, with what they share.
#[derive(Clone, Debug, Default)]
pub struct ConditionSet {
    pub nodes: Vec<Node>,
    /// Of `In`: in the order of `list_order`.
    pub lists: Vec<Vec<Scalar>>,
    pub patterns: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The index after its last descendant, which is where its next sibling is.
    pub end: u32,
    pub subject: Subject,
    pub is_negated: bool,
    pub test: Test,
}

/// What is tested: a fact, or the value that the group around it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    It,
    Fact(u16),
}

/// A group holds the nodes up to its `end`; they say "it" to what the group looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Are all of them true, on the same value?
    All,
    Any,
    /// A list: are all of them true on one of its values?
    Each,
    /// A list or object: are all of them true on the number of its values?
    Size,
    /// Are all of them true on what lies at this path inside the value?
    Field(Vec<Step>),
    Equal(Scalar),
    /// In the list of this number; of a list, is one value in it?
    In(u16),
    /// The same in lower case.
    InFolded(u16),
    /// Is the order one of these?
    Order(Orders, Scalar),
    /// The same of versions; the expected one is padded (see `version`).
    Version(Orders, Box<[u8]>),
    /// As `View::kind` numbers them.
    Type(u8),
    Pattern(u16),
    /// Did the host tell that its predicate of this number holds?
    Told(u8),
}

/// A set of less (1), equal (2), greater (4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orders(pub u8);

impl Orders {
    pub const LESS: Self = Self(1);
    pub const EQUAL: Self = Self(2);
    pub const AT_MOST: Self = Self(3);
    pub const GREATER: Self = Self(4);
    pub const AT_LEAST: Self = Self(6);

    fn has(self, order: Ordering) -> bool {
        let bit = match order {
            Ordering::Less => 1,
            Ordering::Equal => 2,
            Ordering::Greater => 4,
        };
        self.0 & bit != 0
    }
}

/// The facts of one visitor and page view.
pub trait Facts {
    fn fact(&self, index: u16) -> View<'_>;
}

/// By type, then by value, texts by length first: how lists are sorted, so that they can be searched by halves.
/// NaN is in none.
#[must_use]
pub fn list_order(value: View<'_>, member: View<'_>) -> Ordering {
    match (value, member) {
        (View::Text { text: a, .. }, View::Text { text: b, .. }) => {
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        _ => value.order(member).unwrap_or_else(|| value.kind().cmp(&member.kind()).then(Ordering::Less)),
    }
}

/// Is the condition that starts at `start` true?
#[must_use]
pub fn matches(set: &ConditionSet, start: u32, facts: &impl Facts) -> bool {
    Evaluation { set, facts }.holds(start, View::Null)
}

/// The same of a condition that looks at one value and at no fact.
#[cfg(feature = "growthbook")]
#[must_use]
pub fn matches_value(set: &ConditionSet, start: u32, value: View<'_>) -> bool {
    Evaluation { set, facts: &NoFacts }.holds(start, value)
}

#[cfg(feature = "growthbook")]
struct NoFacts;

#[cfg(feature = "growthbook")]
impl Facts for NoFacts {
    fn fact(&self, _: u16) -> View<'_> {
        View::Null
    }
}

/// The node that keeps a condition from being true: of a group that needs all, the first that is not.
#[must_use]
pub fn failing(set: &ConditionSet, start: u32, facts: &impl Facts) -> u32 {
    let evaluation = Evaluation { set, facts };
    let (mut at, mut it) = (start, View::Null);
    loop {
        let Some(node) = set.nodes.get(at as usize) else { return at };
        if node.is_negated || node.test != Test::All {
            return at;
        }
        if let Subject::Fact(index) = node.subject {
            it = facts.fact(index);
        }
        match evaluation.child(at, node, it, false) {
            Some(child) => at = child,
            None => return at,
        }
    }
}

struct Evaluation<'a, F> {
    set: &'a ConditionSet,
    facts: &'a F,
}

impl<F: Facts> Evaluation<'_, F> {
    fn holds(&self, at: u32, it: View<'_>) -> bool {
        let Some(node) = self.set.nodes.get(at as usize) else { return false };
        let value = match node.subject {
            Subject::It => it,
            Subject::Fact(index) => self.facts.fact(index),
        };
        let holds = match &node.test {
            Test::All => self.all(at, node, value),
            Test::Any => self.has(at, node, value, true),
            Test::Each => match value {
                View::List(bytes) => Elements::new(bytes).any(|element| self.all(at, node, element)),
                _ => false,
            },
            Test::Size => self.all(at, node, View::Number(value.size() as f64)),
            Test::Field(steps) => {
                self.all(at, node, steps.iter().fold(value, |value, step| value.step(step)))
            }
            Test::Equal(expect) => equal(value, expect),
            Test::In(list) => self.is_in(*list, value, |value| value),
            Test::InFolded(list) => self.is_in(*list, value, |value| value.folded()),
            Test::Order(orders, expect) => {
                value.order(View::of(expect)).is_some_and(|order| orders.has(order))
            }
            Test::Version(orders, expect) => match value {
                View::Text { text, .. } => orders.has(version::order(text, expect)),
                _ => false,
            },
            Test::Type(kind) => value.kind() == *kind,
            Test::Pattern(index) => match value {
                View::Text { text, .. } => {
                    self.set.patterns.get(usize::from(*index)).is_some_and(|pattern| pattern.is_in(text))
                }
                _ => false,
            },
            Test::Told(bit) => value.is_told(*bit),
        };
        holds != node.is_negated
    }

    fn all(&self, at: u32, group: &Node, it: View<'_>) -> bool {
        !self.has(at, group, it, false)
    }

    fn has(&self, at: u32, group: &Node, it: View<'_>, so: bool) -> bool {
        self.child(at, group, it, so).is_some()
    }

    /// The first child of the group that is so.
    fn child(&self, at: u32, group: &Node, it: View<'_>, so: bool) -> Option<u32> {
        let mut child = at + 1;
        while child < group.end {
            if self.holds(child, it) == so {
                return Some(child);
            }
            // A node's end lies after it, so that this ends.
            child = self.set.nodes.get(child as usize).map_or(group.end, |node| node.end.max(child + 1));
        }
        None
    }

    fn is_in(&self, list: u16, value: View<'_>, fold: fn(View<'_>) -> View<'_>) -> bool {
        let Some(list) = self.set.lists.get(usize::from(list)) else { return false };
        let is_in = |value: View<'_>| {
            let value = fold(value);
            // Halving begins to pay at about this length.
            if list.len() <= 8 {
                return list.iter().any(|member| equal(value, member));
            }
            list.binary_search_by(|member| list_order(value, View::of(member)).reverse()).is_ok()
        };
        match value {
            View::List(bytes) => Elements::new(bytes).any(is_in),
            value => is_in(value),
        }
    }
}

/// Apart from `order`, because whole texts compare faster for being the same.
fn equal(value: View<'_>, expect: &Scalar) -> bool {
    match (value, expect) {
        (View::Text { text, .. }, Scalar::Text(expect)) => *text == **expect,
        (View::Number(value), Scalar::Number(expect)) => value == *expect,
        (View::Bool(value), Scalar::Bool(expect)) => value == *expect,
        (View::Null, Scalar::Null) => true,
        _ => false,
    }
}

/// Facts by index, pushed and derived.
#[derive(Clone, Debug, Default)]
pub struct HostFacts {
    values: Vec<Value>,
}

impl HostFacts {
    #[must_use]
    pub fn new(sources: &[FactSource]) -> Self {
        Self { values: vec![Value::Scalar(Scalar::Null); sources.len()] }
    }

    /// An index the plan does not have is ignored; absent is null.
    pub fn set(&mut self, index: u16, value: Option<Scalar>) {
        self.put(index, Value::Scalar(value.unwrap_or(Scalar::Null)));
    }

    /// The layout is that of `value.rs`; more than `MAX_TREE_BYTES` is null.
    pub fn set_tree(&mut self, index: u16, bytes: &[u8]) {
        let bytes = if bytes.len() > MAX_TREE_BYTES { &[] } else { bytes };
        self.put(index, Value::Tree(bytes.into()));
    }

    fn put(&mut self, index: u16, value: Value) {
        if let Some(slot) = self.values.get_mut(usize::from(index)) {
            *slot = value;
        }
    }
}

impl Facts for HostFacts {
    fn fact(&self, index: u16) -> View<'_> {
        match self.values.get(usize::from(index)) {
            Some(Value::Scalar(scalar)) => View::of(scalar),
            Some(Value::Tree(bytes)) => View::read(&mut Reader::new(bytes)).unwrap_or(View::Null),
            None => View::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(end: u32, test: Test) -> Node {
        Node { end, subject: Subject::It, is_negated: false, test }
    }

    #[test]
    fn groups_nest_and_skip_to_their_end() {
        // any(not any(test0, test1), test2) over facts that are all 1.
        let one =
            |end, fact| Node { subject: Subject::Fact(fact), ..node(end, Test::Equal(Scalar::Number(1.0))) };
        let none = Node { is_negated: true, ..node(4, Test::Any) };
        let nodes = vec![node(5, Test::Any), none, one(3, 0), one(4, 1), one(5, 2)];
        let set = ConditionSet { nodes, ..ConditionSet::default() };
        let mut facts = HostFacts::new(&[FactSource::Host; 3]);
        assert!(matches(&set, 0, &facts), "none of nothing");
        facts.set(1, Some(Scalar::Number(1.0)));
        assert!(!matches(&set, 0, &facts));
        facts.set(2, Some(Scalar::Number(1.0)));
        assert!(matches(&set, 0, &facts));
    }

    #[test]
    fn a_value_is_in_a_sorted_list_exactly_when_it_equals_a_member() {
        let mut list: Vec<Scalar> = [-1.5, 0.0, 3.0].into_iter().map(Scalar::Number).collect();
        list.extend([Scalar::Null, Scalar::Bool(true)]);
        list.extend(["", "a", "\u{e000}", "😀", "é"].map(|text| Scalar::Text(text.as_bytes().into())));
        list.sort_by(|a, b| list_order(View::of(a), View::of(b)));
        let node = Node { subject: Subject::Fact(0), ..node(1, Test::In(0)) };
        let set = ConditionSet { nodes: vec![node], lists: vec![list.clone()], ..ConditionSet::default() };
        let mut facts = HostFacts::new(&[FactSource::Host]);
        for member in list {
            facts.set(0, Some(member.clone()));
            assert!(matches(&set, 0, &facts), "{member:?}");
        }
        for other in [Scalar::Bool(false), Scalar::Number(f64::NAN), Scalar::Text(b"0"[..].into())] {
            facts.set(0, Some(other.clone()));
            assert!(!matches(&set, 0, &facts), "{other:?}");
        }
    }

    #[test]
    fn a_tree_beyond_the_bound_is_null() {
        let mut facts = HostFacts::new(&[FactSource::Host]);
        facts.set_tree(0, &[2]);
        assert!(matches!(facts.fact(0), View::Bool(true)));
        let mut long = vec![2];
        long.resize(MAX_TREE_BYTES, 0);
        facts.set_tree(0, &long);
        assert!(matches!(facts.fact(0), View::Bool(true)));
        long.push(0);
        facts.set_tree(0, &long);
        assert!(matches!(facts.fact(0), View::Null));
    }
}
