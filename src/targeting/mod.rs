//! Conditions over facts: who is in an audience. Compiled to a flat tree in preorder; no text is parsed here.

use crate::plan::FactSource;

/// Nesting a plan may use; deeper conditions are refused by the compiler.
pub const MAX_DEPTH: usize = 16;
/// Longer texts are cut before they are compared, so that a page cannot make us hold its novel.
pub const MAX_TEXT_BYTES: usize = 2_048;

/// One node; a group holds everything up to `end` (exclusive index).
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    All(u32),
    Any(u32),
    /// True when none of its children is.
    None(u32),
    Test {
        fact: u16,
        op: Op,
        operand: Operand,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    One(Scalar),
    List(Vec<Scalar>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<[u8]>),
}

/// How a fact is tested. A missing fact equals null, and is neither less nor greater than anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
    In,
    Nin,
    Exists,
}

impl Op {
    /// By code. Apart from the names, which visitors need not load.
    const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Lt, Self::Lte, Self::Gt, Self::Gte, Self::In, Self::Nin, Self::Exists];

    pub const NAMES: [(Self, &'static str); 9] = [
        (Self::Eq, "$eq"),
        (Self::Ne, "$ne"),
        (Self::Lt, "$lt"),
        (Self::Lte, "$lte"),
        (Self::Gt, "$gt"),
        (Self::Gte, "$gte"),
        (Self::In, "$in"),
        (Self::Nin, "$nin"),
        (Self::Exists, "$exists"),
    ];

    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// The facts of one visitor and page view.
pub trait Facts {
    /// `None` is an absent fact.
    fn fact(&self, index: u16) -> Option<&Scalar>;
}

/// Is the condition that starts at `start` true?
#[must_use]
pub fn matches(nodes: &[Node], start: u32, facts: &impl Facts) -> bool {
    match nodes.get(start as usize) {
        Some(Node::All(end)) => children(nodes, start, *end).all(|child| matches(nodes, child, facts)),
        Some(Node::Any(end)) => children(nodes, start, *end).any(|child| matches(nodes, child, facts)),
        Some(Node::None(end)) => !children(nodes, start, *end).any(|child| matches(nodes, child, facts)),
        Some(Node::Test { fact, op, operand }) => test(facts.fact(*fact), *op, operand),
        None => false,
    }
}

fn children(nodes: &[Node], parent: u32, end: u32) -> impl Iterator<Item = u32> {
    let mut next = parent + 1;
    std::iter::from_fn(move || {
        let child = next;
        next = match nodes.get(child as usize)? {
            Node::All(end) | Node::Any(end) | Node::None(end) => *end,
            Node::Test { .. } => child + 1,
        };
        (child < end).then_some(child)
    })
}

fn test(fact: Option<&Scalar>, op: Op, operand: &Operand) -> bool {
    match (op, operand) {
        (Op::Exists, Operand::One(Scalar::Bool(expect))) => fact.is_some() == *expect,
        (Op::Eq, Operand::One(value)) => equal(fact, value),
        (Op::Ne, Operand::One(value)) => !equal(fact, value),
        (Op::In, Operand::List(values)) => values.iter().any(|value| equal(fact, value)),
        (Op::Nin, Operand::List(values)) => !values.iter().any(|value| equal(fact, value)),
        (Op::Lt, Operand::One(value)) => order(fact, value).is_some_and(|order| order.is_lt()),
        (Op::Lte, Operand::One(value)) => order(fact, value).is_some_and(|order| order.is_le()),
        (Op::Gt, Operand::One(value)) => order(fact, value).is_some_and(|order| order.is_gt()),
        (Op::Gte, Operand::One(value)) => order(fact, value).is_some_and(|order| order.is_ge()),
        _ => false,
    }
}

fn equal(fact: Option<&Scalar>, value: &Scalar) -> bool {
    match (fact, value) {
        (None | Some(Scalar::Null), Scalar::Null) => true,
        (Some(Scalar::Bool(a)), Scalar::Bool(b)) => a == b,
        (Some(Scalar::Number(a)), Scalar::Number(b)) => a == b,
        (Some(Scalar::Text(a)), Scalar::Text(b)) => a == b,
        _ => false,
    }
}

fn order(fact: Option<&Scalar>, value: &Scalar) -> Option<std::cmp::Ordering> {
    match (fact, value) {
        (Some(Scalar::Number(a)), Scalar::Number(b)) => a.partial_cmp(b),
        (Some(Scalar::Text(a)), Scalar::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Facts the host pushes, by index; derived ones stay empty here.
#[derive(Clone, Debug, Default)]
pub struct HostFacts {
    values: Vec<Option<Scalar>>,
}

impl HostFacts {
    #[must_use]
    pub fn new(sources: &[FactSource]) -> Self {
        Self { values: vec![None; sources.len()] }
    }

    /// An index the plan does not have is ignored.
    pub fn set(&mut self, index: u16, value: Option<Scalar>) {
        if let Some(slot) = self.values.get_mut(usize::from(index)) {
            *slot = value;
        }
    }
}

impl Facts for HostFacts {
    fn fact(&self, index: u16) -> Option<&Scalar> {
        self.values.get(usize::from(index)).and_then(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64) -> Operand {
        Operand::One(Scalar::Number(value))
    }

    #[test]
    fn a_missing_fact_equals_null_and_has_no_order() {
        assert!(test(None, Op::Eq, &Operand::One(Scalar::Null)));
        assert!(test(None, Op::Ne, &number(1.0)));
        for op in [Op::Lt, Op::Lte, Op::Gt, Op::Gte] {
            assert!(!test(None, op, &number(1.0)), "{op:?}");
        }
        assert!(test(None, Op::Exists, &Operand::One(Scalar::Bool(false))));
    }

    #[test]
    fn a_number_is_never_equal_to_a_text() {
        assert!(!test(Some(&Scalar::Text(b"1"[..].into())), Op::Eq, &number(1.0)));
        assert!(!test(Some(&Scalar::Text(b"1"[..].into())), Op::Gte, &number(1.0)));
    }

    #[test]
    fn every_operator_has_its_code_and_its_name() {
        for (op, name) in Op::NAMES {
            assert_eq!(Op::from_code(op.code()), Some(op), "{name}");
        }
    }

    #[test]
    fn groups_nest_and_skip_to_their_end() {
        // any(none(test0, test1), test2) over facts that are all 1.
        let one = |fact| Node::Test { fact, op: Op::Eq, operand: number(1.0) };
        let nodes = [Node::Any(5), Node::None(4), one(0), one(1), one(2)];
        let mut facts = HostFacts::new(&[FactSource::Host; 3]);
        assert!(matches(&nodes, 0, &facts), "none of nothing");
        facts.set(1, Some(Scalar::Number(1.0)));
        assert!(!matches(&nodes, 0, &facts));
        facts.set(2, Some(Scalar::Number(1.0)));
        assert!(matches(&nodes, 0, &facts));
    }
}
