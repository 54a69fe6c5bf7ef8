//! [`Plan`] → bytes: the inverse of `decode.rs`, row for row.

use super::bytes::Writer;
use super::*;
use crate::growthbook::SECTION_GROWTHBOOK;
use crate::hash::murmur3_32;
use crate::targeting::write;

#[must_use]
pub fn encode(plan: &Plan) -> Vec<u8> {
    let mut body = Writer::default();
    body.u16(u16::from(plan.killed));
    body.u32(plan.version);
    body.u64(plan.issued_ms);
    body.u64(plan.expires_ms);
    let growthbook = plan.growthbook.as_ref().map(crate::growthbook::encode::encode);
    let sections = [
        (SECTION_CORE, 1, core(plan)),
        (SECTION_PAGE, 1, plan.page.clone()),
        (SECTION_CLAUSES, 0, plan.clauses.clone()),
    ];
    let growthbook = growthbook.map(|bytes| (SECTION_GROWTHBOOK, 1, bytes));
    for (tag, required, bytes) in sections.into_iter().chain(growthbook) {
        body.u8(tag);
        body.u8(required);
        body.text(&bytes);
    }
    let mut file = Writer::default();
    file.bytes.extend_from_slice(&MAGIC);
    file.u8(FORMAT);
    file.u8(FORMAT);
    file.u32(murmur3_32(&body.bytes, 0));
    file.u32(body.bytes.len() as u32);
    file.bytes.append(&mut body.bytes);
    file.bytes
}

fn core(plan: &Plan) -> Vec<u8> {
    let mut writer = Writer::default();
    let writer = &mut writer;
    optional(writer, plan.holdout.as_ref(), share);
    many(writer, &plan.facts, |writer, fact| {
        writer.u8(match fact {
            FactSource::Host => 0,
            FactSource::Derived(fact) => fact.code(),
        });
    });
    write::set(writer, &plan.conditions);
    many(writer, &plan.experiments, experiment);
    writer.text(&plan.flags);
    many(writer, &plan.experiences, experience);
    many(writer, &plan.goals, |writer, goal| {
        writer.u64(goal.id);
        optional(writer, goal.touchpoint.as_ref(), touchpoint);
    });
    many(writer, &plan.slots, |writer, slot| {
        writer.u64(slot.id);
        many(writer, &slot.strategies, |writer, strategy| writer.u8(*strategy as u8));
    });
    std::mem::take(&mut writer.bytes)
}

fn many<T>(writer: &mut Writer, list: &[T], one: impl Fn(&mut Writer, &T)) {
    writer.varint(list.len() as u64);
    for item in list {
        one(writer, item);
    }
}

fn optional<T>(writer: &mut Writer, value: Option<&T>, one: impl Fn(&mut Writer, &T)) {
    writer.u8(u8::from(value.is_some()));
    if let Some(value) = value {
        one(writer, value);
    }
}

pub(super) fn share(writer: &mut Writer, share: &Share) {
    writer.u32(share.seed);
    writer.varint(share.below);
}

fn range(writer: &mut Writer, range: &Range) {
    writer.varint(range.start);
    writer.varint(range.end);
}

fn experiment(writer: &mut Writer, experiment: &Experiment) {
    writer.u64(experiment.id);
    writer.u32(experiment.version);
    let flags = [
        experiment.killed,
        experiment.sticky,
        experiment.falls_back,
        experiment.applies_always,
        experiment.blocks_older,
    ];
    writer.u8((0u8..).zip(flags).map(|(bit, is_set)| u8::from(is_set) << bit).sum());
    writer.u8(match experiment.status {
        Status::Running => 0,
        Status::Paused => 1,
        Status::Ended(None) => 2,
        Status::Ended(Some(winner)) => 3 + winner,
    });
    writer.u8(experiment.unit.code());
    writer.u8(experiment.basis as u8);
    writer.varint(experiment.start_ms);
    writer.varint(experiment.end_ms);
    writer.u32(experiment.seed);
    writer.u32(experiment.traffic.seed);
    many(writer, &experiment.traffic.steps, |writer, (at_ms, below)| {
        writer.varint(*at_ms);
        writer.varint(*below);
    });
    optional(writer, experiment.layer.as_ref(), |writer, layer| {
        writer.u32(layer.seed);
        range(writer, &layer.range);
    });
    many(writer, &experiment.holdouts, share);
    many(writer, &experiment.requires, |writer, requirement| {
        writer.u16(requirement.experiment);
        writer.u64(requirement.variants);
    });
    optional(writer, experiment.audience.as_ref(), |writer, start| writer.varint(u64::from(*start)));
    many(writer, &experiment.variants, |writer, id| writer.u32(*id));
    many(writer, &experiment.splits, |writer, split| {
        writer.u8(split.variant);
        range(writer, &split.range);
    });
}

fn experience(writer: &mut Writer, experience: &Experience) {
    writer.u64(experience.id);
    writer.u8(experience.basis as u8);
    optional(writer, experience.trigger.as_ref(), touchpoint);
    optional(writer, experience.condition.as_ref(), |writer, start| writer.varint(u64::from(*start)));
    share(writer, &experience.holdout);
    optional(writer, experience.cap.as_ref(), |writer, cap| {
        writer.u8(cap.per as u8);
        writer.u32(cap.times);
    });
}

fn touchpoint(writer: &mut Writer, kind: &TouchpointKind) {
    let (code, custom) = kind.code();
    writer.u8(code);
    writer.u64(custom);
}
