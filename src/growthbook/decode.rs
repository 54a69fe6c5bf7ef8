//! The section's bytes, written by `encode.rs` row for row. Indices are looked up with care when they are used, so
//! that no bytes can do harm.
//!
//! ```text
//! flags u8: 1 sticky, 2 QA, 4 off · page: text · attributes: fact, name · values: text
//! experiments · features: default, rules: parents, filters, kind u8, what the kind holds
//! ```

use super::*;
use crate::plan::bytes::Reader;

impl Section {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let reader = &mut Reader::new(bytes);
        let flags = reader.u8();
        let section = Self {
            is_sticky: flags & 1 != 0,
            is_qa: flags & 2 != 0,
            is_off: flags & 4 != 0,
            page: reader.text().to_vec(),
            attributes: reader.many(|reader| Attribute { fact: reader.small(), name: reader.text().into() }),
            values: reader.many(|reader| reader.text().into()),
            experiments: reader.many(experiment),
            features: reader.many(|reader| Feature { default: reader.index(), rules: reader.many(rule) }),
        };
        reader.has_ended().then_some(section)
    }
}

/// 0 for none, else one more.
fn maybe(reader: &mut Reader<'_>) -> Option<u32> {
    reader.index().checked_sub(1)
}

fn maybe_small(reader: &mut Reader<'_>) -> Option<u16> {
    reader.small().checked_sub(1)
}

fn range(reader: &mut Reader<'_>) -> Range {
    Range { start: reader.small(), end: reader.small() }
}

fn hash(reader: &mut Reader<'_>) -> Hash {
    Hash { version: reader.u8(), seed: reader.text().into() }
}

fn parent(reader: &mut Reader<'_>) -> Parent {
    Parent { feature: maybe_small(reader), condition: reader.index(), is_gate: reader.flag() }
}

fn filter(reader: &mut Reader<'_>) -> Filter {
    Filter { attribute: reader.small(), hash: hash(reader), ranges: reader.many(range) }
}

fn rollout(reader: &mut Reader<'_>) -> Rollout {
    Rollout {
        attribute: reader.small(),
        fallback: maybe_small(reader),
        hash: hash(reader),
        range: range(reader),
    }
}

fn rule(reader: &mut Reader<'_>) -> Rule {
    Rule {
        parents: reader.many(parent),
        filters: reader.many(filter),
        kind: match reader.u8() {
            0 => RuleKind::Nothing,
            1 => RuleKind::Force {
                value: reader.index(),
                condition: maybe(reader),
                rollout: reader.optional(rollout),
            },
            2 => RuleKind::Experiment(reader.small()),
            _ => {
                reader.fail();
                RuleKind::Nothing
            }
        },
    }
}

fn experiment(reader: &mut Reader<'_>) -> Experiment {
    let id = reader.u64();
    let flags = reader.u8();
    Experiment {
        id,
        is_active: flags & 1 != 0,
        is_stopped: flags & 2 != 0,
        is_sticky: flags & 4 != 0,
        values: reader.many(Reader::index),
        passes: reader.many(Reader::small),
        url: maybe(reader),
        attribute: reader.small(),
        fallback: maybe_small(reader),
        filters: reader.many(filter),
        namespace: (flags & 8 != 0).then(|| (reader.text().into(), range(reader))),
        condition: maybe(reader),
        parents: reader.many(parent),
        hash: hash(reader),
        ranges: reader.many(range),
        bandit: reader.many(|reader| Leaf { condition: reader.index(), ranges: reader.many(range) }),
        force: maybe_small(reader),
        documents: Documents {
            prefix: reader.text().into(),
            version: reader.index(),
            least_version: reader.index(),
            second: reader.small(),
            keys: reader.many(|reader| reader.text().into()),
        },
    }
}
