//! Conditions in a plan: read by every host, written only by `authoring`. What is read is safe to evaluate.
//!
//! ```text
//! node: test u8 (bit 7: negated) · subject varint: 0 it, n fact n - 1 · end varint, of groups · operands
//! groups 0 all · 1 any · 2 each · 3 size · 4 field: steps, each its key and 0, or 1 + what it means to a list
//! tests 5 equal: scalar · 6 in, 7 in folded: list · 8 order: orders u8, scalar · 9 version: orders u8, text
//!       10 type u8 · 11 pattern · 12 told u8
//! ```

use super::{ConditionSet, MAX_DEPTH, MAX_STATES, Node, Orders, Pattern, Scalar, Step, Subject, Test};
use crate::plan::bytes::Reader;

impl ConditionSet {
    /// Without meaning where `reader` is not whole afterwards.
    pub fn read(reader: &mut Reader<'_>, facts: usize) -> Self {
        let lists = reader.many(|reader| reader.many(scalar));
        let patterns = reader.many(pattern);
        let mut set = Self { nodes: Vec::new(), lists, patterns };
        set.nodes = set.read_nodes(reader, facts);
        set
    }

    /// In preorder. No group reaches out of its parent, and below a group that looks at a value nothing looks at a fact:
    /// a list is walked once for each time it stands in the condition.
    fn read_nodes(&self, reader: &mut Reader<'_>, facts: usize) -> Vec<Node> {
        let count = reader.count() as u32;
        let mut nodes = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        let mut looks_until = 0;
        for place in 0..count {
            while open.last() == Some(&place) {
                open.pop();
            }
            let tag = reader.u8();
            let (code, subject) = (tag & 0x7f, reader.small());
            let mut end = place + 1;
            if code < 5 {
                end = reader.index();
                let within = open.last().copied().unwrap_or(count);
                reader.require(end > place && end <= within && open.len() < MAX_DEPTH);
                open.push(end);
            }
            reader.require(usize::from(subject) <= facts && (subject == 0 || place >= looks_until));
            if (2..5).contains(&code) && place >= looks_until {
                looks_until = end;
            }
            let subject = subject.checked_sub(1).map_or(Subject::It, Subject::Fact);
            nodes.push(Node {
                end,
                subject,
                is_negated: tag & 0x80 != 0,
                test: self.read_test(code, reader),
            });
            if !reader.is_whole() {
                break;
            }
        }
        nodes
    }

    fn read_test(&self, code: u8, reader: &mut Reader<'_>) -> Test {
        match code {
            0 => Test::All,
            1 => Test::Any,
            2 => Test::Each,
            3 => Test::Size,
            4 => Test::Field(reader.many(step)),
            5 => Test::Equal(scalar(reader)),
            6 | 7 => {
                let list = reader.small();
                reader.require(usize::from(list) < self.lists.len());
                if code == 6 { Test::In(list) } else { Test::InFolded(list) }
            }
            8 => Test::Order(Orders(reader.u8()), scalar(reader)),
            9 => Test::Version(Orders(reader.u8()), reader.text().into()),
            10 => Test::Type(reader.u8()),
            11 => {
                let pattern = reader.small();
                reader.require(usize::from(pattern) < self.patterns.len());
                Test::Pattern(pattern)
            }
            12 => Test::Told(reader.u8()),
            _ => {
                reader.fail();
                Test::Any
            }
        }
    }
}

fn step(reader: &mut Reader<'_>) -> Step {
    Step { key: reader.text().into(), index: reader.index().checked_sub(1).unwrap_or(Step::NO_INDEX) }
}

fn scalar(reader: &mut Reader<'_>) -> Scalar {
    match reader.u8() {
        0 => Scalar::Null,
        1 => Scalar::Bool(false),
        2 => Scalar::Bool(true),
        3 => Scalar::Number(reader.f64()),
        4 => Scalar::Text(reader.text().into()),
        _ => {
            reader.fail();
            Scalar::Null
        }
    }
}

fn pattern(reader: &mut Reader<'_>) -> Pattern {
    let mut classes = Vec::new();
    while classes.len() < 256 {
        let (more, class) = (reader.u8(), reader.u8());
        classes.resize(classes.len() + usize::from(more) + 1, class);
    }
    let columns = usize::from(reader.small());
    let table = reader.many_within(columns * MAX_STATES, Reader::small);
    Pattern { classes, columns, table }
}

#[cfg(feature = "authoring")]
pub mod write {
    use super::{ConditionSet, Node, Pattern, Scalar, Step, Subject, Test};
    use crate::plan::bytes::Writer;

    pub fn set(writer: &mut Writer, set: &ConditionSet) {
        writer.varint(set.lists.len() as u64);
        for list in &set.lists {
            writer.varint(list.len() as u64);
            for member in list {
                scalar(writer, member);
            }
        }
        writer.varint(set.patterns.len() as u64);
        for one in &set.patterns {
            pattern(writer, one);
        }
        writer.varint(set.nodes.len() as u64);
        for one in &set.nodes {
            node(writer, one);
        }
    }

    fn code(test: &Test) -> u8 {
        match test {
            Test::All => 0,
            Test::Any => 1,
            Test::Each => 2,
            Test::Size => 3,
            Test::Field(_) => 4,
            Test::Equal(_) => 5,
            Test::In(_) => 6,
            Test::InFolded(_) => 7,
            Test::Order(..) => 8,
            Test::Version(..) => 9,
            Test::Type(_) => 10,
            Test::Pattern(_) => 11,
            Test::Told(_) => 12,
        }
    }

    fn node(writer: &mut Writer, node: &Node) {
        let code = code(&node.test);
        writer.u8(code | if node.is_negated { 0x80 } else { 0 });
        writer.varint(match node.subject {
            Subject::It => 0,
            Subject::Fact(index) => u64::from(index) + 1,
        });
        if code < 5 {
            writer.varint(u64::from(node.end));
        }
        match &node.test {
            Test::All | Test::Any | Test::Each | Test::Size => {}
            Test::Field(steps) => {
                writer.varint(steps.len() as u64);
                for step in steps {
                    writer.text(&step.key);
                    writer.varint(if step.index == Step::NO_INDEX { 0 } else { u64::from(step.index) + 1 });
                }
            }
            Test::Equal(expect) => scalar(writer, expect),
            Test::In(index) | Test::InFolded(index) | Test::Pattern(index) => {
                writer.varint(u64::from(*index))
            }
            Test::Order(orders, expect) => {
                writer.u8(orders.0);
                scalar(writer, expect);
            }
            Test::Version(orders, expect) => {
                writer.u8(orders.0);
                writer.text(expect);
            }
            Test::Type(small) | Test::Told(small) => writer.u8(*small),
        }
    }

    fn scalar(writer: &mut Writer, value: &Scalar) {
        match value {
            Scalar::Null => writer.u8(0),
            Scalar::Bool(value) => writer.u8(1 + u8::from(*value)),
            Scalar::Number(value) => {
                writer.u8(3);
                writer.f64(*value);
            }
            Scalar::Text(text) => {
                writer.u8(4);
                writer.text(text);
            }
        }
    }

    fn pattern(writer: &mut Writer, pattern: &Pattern) {
        let runs = pattern.classes.chunk_by(|a, b| a == b);
        for run in runs {
            if let [class, more @ ..] = run {
                writer.u8(more.len() as u8);
                writer.u8(*class);
            }
        }
        writer.varint(pattern.columns as u64);
        writer.varint(pattern.table.len() as u64);
        for state in &pattern.table {
            writer.varint(u64::from(*state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One fact, no lists, no patterns, these nodes.
    fn is_read(count: u8, nodes: &[u8]) -> bool {
        let bytes = [&[0, 0, count], nodes].concat();
        let mut reader = Reader::new(&bytes);
        ConditionSet::read(&mut reader, 1);
        reader.is_whole()
    }

    #[test]
    fn nodes_that_lead_out_of_their_place_are_refused() {
        for (count, nodes, expect, because) in [
            (1, &[5, 1, 0][..], true, "a fact is null"),
            (1, &[5, 2, 0], false, "there is no second fact"),
            (1, &[0, 0, 1], true, "an empty group"),
            (1, &[0, 0, 0], false, "a group that ends before it begins"),
            (1, &[0, 0, 2], false, "a group that ends after all"),
            (3, &[0, 0, 3, 0, 0, 3, 5, 1, 0], true, "a group in a group"),
            (3, &[0, 0, 2, 0, 0, 3, 5, 1, 0], false, "a group that ends after the one around it"),
            (2, &[2, 1, 2, 5, 0, 0], true, "an element is null"),
            (2, &[2, 1, 2, 5, 1, 0], false, "for each element: a fact"),
            (3, &[2, 1, 2, 5, 0, 0, 5, 1, 0], true, "for each element, then a fact"),
            (1, &[6, 1, 0], false, "there is no list"),
            (1, &[11, 1, 0], false, "there is no pattern"),
            (1, &[13, 1, 0], false, "there is no such test"),
            (2, &[5, 1, 0], false, "a node is missing"),
        ] {
            assert_eq!(is_read(count, nodes), expect, "{because}");
        }
    }

    #[test]
    fn groups_nest_as_deep_as_they_may_and_no_deeper() {
        for (depth, expect) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false)] {
            let depth = depth as u8;
            assert_eq!(is_read(depth, &[0, 0, depth].repeat(depth.into())), expect, "{depth}");
        }
    }

    #[test]
    fn a_pattern_with_more_than_its_rows_is_refused() {
        // All bytes of class 0, two columns, a table of so many zeros.
        let read = |cells: usize| {
            let mut bytes = vec![255, 0, 2, (cells & 127) as u8 | 128, (cells >> 7) as u8];
            bytes.resize(bytes.len() + cells, 0);
            let mut reader = Reader::new(&bytes);
            pattern(&mut reader);
            reader.is_whole()
        };
        assert!(read(2 * MAX_STATES));
        assert!(!read(2 * MAX_STATES + 1));
    }
}
