//! [`Section`] → bytes: the inverse of `decode.rs`, row for row.

use super::*;
use crate::plan::bytes::Writer;

#[must_use]
pub fn encode(section: &Section) -> Vec<u8> {
    let mut writer = Writer::default();
    let flag = |is: bool, bit: u8| if is { bit } else { 0 };
    writer.u8(flag(section.is_sticky, 1) | flag(section.is_qa, 2) | flag(section.is_off, 4));
    writer.text(&section.page);
    many(&mut writer, &section.attributes, |writer, attribute| {
        small(writer, attribute.fact);
        writer.text(&attribute.name);
    });
    many(&mut writer, &section.values, |writer, value| writer.text(value));
    many(&mut writer, &section.experiments, experiment);
    many(&mut writer, &section.features, |writer, feature| {
        writer.varint(u64::from(feature.default));
        many(writer, &feature.rules, rule);
    });
    writer.bytes
}

fn many<T>(writer: &mut Writer, list: &[T], one: impl Fn(&mut Writer, &T)) {
    writer.varint(list.len() as u64);
    for item in list {
        one(writer, item);
    }
}

fn small(writer: &mut Writer, number: u16) {
    writer.varint(u64::from(number));
}

fn maybe(writer: &mut Writer, number: Option<u32>) {
    writer.varint(number.map_or(0, |number| u64::from(number) + 1));
}

fn maybe_small(writer: &mut Writer, number: Option<u16>) {
    maybe(writer, number.map(u32::from));
}

fn range(writer: &mut Writer, range: &Range) {
    small(writer, range.start);
    small(writer, range.end);
}

fn hash(writer: &mut Writer, hash: &Hash) {
    writer.u8(hash.version);
    writer.text(&hash.seed);
}

fn parent(writer: &mut Writer, parent: &Parent) {
    maybe_small(writer, parent.feature);
    writer.varint(u64::from(parent.condition));
    writer.u8(u8::from(parent.is_gate));
}

fn filter(writer: &mut Writer, filter: &Filter) {
    small(writer, filter.attribute);
    hash(writer, &filter.hash);
    many(writer, &filter.ranges, range);
}

fn rule(writer: &mut Writer, rule: &Rule) {
    many(writer, &rule.parents, parent);
    many(writer, &rule.filters, filter);
    match &rule.kind {
        RuleKind::Nothing => writer.u8(0),
        RuleKind::Force { value, condition, rollout } => {
            writer.u8(1);
            writer.varint(u64::from(*value));
            maybe(writer, *condition);
            writer.u8(u8::from(rollout.is_some()));
            if let Some(rollout) = rollout {
                small(writer, rollout.attribute);
                maybe_small(writer, rollout.fallback);
                hash(writer, &rollout.hash);
                range(writer, &rollout.range);
            }
        }
        RuleKind::Experiment(index) => {
            writer.u8(2);
            small(writer, *index);
        }
    }
}

fn experiment(writer: &mut Writer, experiment: &Experiment) {
    writer.u64(experiment.id);
    let flag = |is: bool, bit: u8| if is { bit } else { 0 };
    writer.u8(flag(experiment.is_active, 1)
        | flag(experiment.is_stopped, 2)
        | flag(experiment.is_sticky, 4)
        | flag(experiment.namespace.is_some(), 8));
    many(writer, &experiment.values, |writer, value| writer.varint(u64::from(*value)));
    many(writer, &experiment.passes, |writer, variation| small(writer, *variation));
    maybe(writer, experiment.url);
    small(writer, experiment.attribute);
    maybe_small(writer, experiment.fallback);
    many(writer, &experiment.filters, filter);
    if let Some((seed, within)) = &experiment.namespace {
        writer.text(seed);
        range(writer, within);
    }
    maybe(writer, experiment.condition);
    many(writer, &experiment.parents, parent);
    hash(writer, &experiment.hash);
    many(writer, &experiment.ranges, range);
    many(writer, &experiment.bandit, |writer, leaf| {
        writer.varint(u64::from(leaf.condition));
        many(writer, &leaf.ranges, range);
    });
    maybe_small(writer, experiment.force);
    let documents = &experiment.documents;
    writer.text(&documents.prefix);
    writer.varint(u64::from(documents.version));
    writer.varint(u64::from(documents.least_version));
    small(writer, documents.second);
    many(writer, &documents.keys, |writer, key| writer.text(key));
}
