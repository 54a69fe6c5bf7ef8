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
        let mut reader = Reader::new(bytes);
        let reader = &mut reader;
        let flags = reader.u8()?;
        let section = Self {
            is_sticky: flags & 1 != 0,
            is_qa: flags & 2 != 0,
            is_off: flags & 4 != 0,
            page: reader.text()?.to_vec(),
            attributes: many(reader, |reader| {
                Some(Attribute { fact: small(reader)?, name: reader.text()?.into() })
            })?,
            values: many(reader, |reader| Some(reader.text()?.into()))?,
            experiments: many(reader, experiment)?,
            features: many(reader, |reader| {
                Some(Feature { default: index(reader)?, rules: many(reader, rule)? })
            })?,
        };
        reader.is_empty().then_some(section)
    }
}

fn many<'a, T>(reader: &mut Reader<'a>, one: fn(&mut Reader<'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut list = Vec::new();
    for _ in 0..reader.count()? {
        list.push(one(reader)?);
    }
    Some(list)
}

fn small(reader: &mut Reader<'_>) -> Option<u16> {
    u16::try_from(reader.varint()?).ok()
}

fn index(reader: &mut Reader<'_>) -> Option<u32> {
    u32::try_from(reader.varint()?).ok()
}

/// 0 for none, else one more.
fn maybe(reader: &mut Reader<'_>) -> Option<Option<u32>> {
    Some(index(reader)?.checked_sub(1))
}

fn maybe_small(reader: &mut Reader<'_>) -> Option<Option<u16>> {
    Some(small(reader)?.checked_sub(1))
}

fn range(reader: &mut Reader<'_>) -> Option<Range> {
    Some(Range { start: small(reader)?, end: small(reader)? })
}

fn hash(reader: &mut Reader<'_>) -> Option<Hash> {
    Some(Hash { version: reader.u8()?, seed: reader.text()?.into() })
}

fn parent(reader: &mut Reader<'_>) -> Option<Parent> {
    Some(Parent { feature: maybe_small(reader)?, condition: index(reader)?, is_gate: reader.u8()? != 0 })
}

fn filter(reader: &mut Reader<'_>) -> Option<Filter> {
    Some(Filter { attribute: small(reader)?, hash: hash(reader)?, ranges: many(reader, range)? })
}

fn rule(reader: &mut Reader<'_>) -> Option<Rule> {
    Some(Rule {
        parents: many(reader, parent)?,
        filters: many(reader, filter)?,
        kind: match reader.u8()? {
            0 => RuleKind::Nothing,
            1 => RuleKind::Force {
                value: index(reader)?,
                condition: maybe(reader)?,
                rollout: match reader.u8()? {
                    0 => None,
                    _ => Some(Rollout {
                        attribute: small(reader)?,
                        fallback: maybe_small(reader)?,
                        hash: hash(reader)?,
                        range: range(reader)?,
                    }),
                },
            },
            2 => RuleKind::Experiment(small(reader)?),
            _ => return None,
        },
    })
}

fn experiment(reader: &mut Reader<'_>) -> Option<Experiment> {
    let id = reader.u64()?;
    let flags = reader.u8()?;
    Some(Experiment {
        id,
        is_active: flags & 1 != 0,
        is_stopped: flags & 2 != 0,
        is_sticky: flags & 4 != 0,
        values: many(reader, index)?,
        passes: many(reader, small)?,
        url: maybe(reader)?,
        attribute: small(reader)?,
        fallback: maybe_small(reader)?,
        filters: many(reader, filter)?,
        namespace: match flags & 8 {
            0 => None,
            _ => Some((reader.text()?.into(), range(reader)?)),
        },
        condition: maybe(reader)?,
        parents: many(reader, parent)?,
        hash: hash(reader)?,
        ranges: many(reader, range)?,
        bandit: many(reader, |reader| {
            Some(Leaf { condition: index(reader)?, ranges: many(reader, range)? })
        })?,
        force: maybe_small(reader)?,
        documents: Documents {
            prefix: reader.text()?.into(),
            version: index(reader)?,
            least_version: index(reader)?,
            second: small(reader)?,
            keys: many(reader, |reader| Some(reader.text()?.into()))?,
        },
    })
}
