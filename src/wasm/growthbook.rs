//! What pages with a GrowthBook plan call besides.

use wasm_bindgen::prelude::wasm_bindgen;

use super::runtime::engine;
use crate::growthbook::Outcome;
use crate::plan::bytes::Writer;

/// The section's page part: JSON.
#[wasm_bindgen]
pub fn growthbook_page() -> usize {
    engine(|engine, _, out| {
        out.bytes.extend_from_slice(engine.plan().growthbook_page());
        out.bytes.len()
    })
}

/// This experiment has this variation, whatever else; one that does not exist is none.
#[wasm_bindgen]
pub fn growthbook_force(experiment: u16, variation: u16) {
    engine(|engine, _, _| engine.growthbook().force(experiment, variation));
}

/// Sticky documents lie in the room, as `growthbook::Told` has them.
#[wasm_bindgen]
pub fn growthbook_documents() {
    engine(|engine, documents, _| engine.growthbook().documents = documents.into());
}

/// Nothing where the site is stopped or the plan is past its time. Source, rule, how many gave the value, then as `outcome` writes: the one that gave the value, if any, and those on the way.
#[wasm_bindgen]
pub fn growthbook_feature(index: u16, now: f64) -> usize {
    engine(|engine, _, out| {
        if let Some((answer, viewed)) = engine.growthbook_feature(index, now as u64) {
            out.u32(answer.source as u32);
            out.u32(u32::from(answer.rule));
            out.u32(u32::from(answer.outcome.is_some()));
            for one in answer.outcome.iter().chain(&viewed) {
                outcome(*one, out);
            }
        }
        out.bytes.len()
    })
}

#[wasm_bindgen]
pub fn growthbook_run(index: u16, now: f64) -> usize {
    engine(|engine, _, out| {
        if let Some(one) = engine.growthbook_run(index, now as u64) {
            outcome(one, out);
        }
        out.bytes.len()
    })
}

/// Is it an exposure? `is_fallback`: the fallback attribute was hashed.
#[wasm_bindgen]
pub fn growthbook_met(experiment: u16, variation: u16, is_fallback: bool) -> bool {
    engine(|engine, _, _| {
        engine.growthbook_met(Outcome {
            experiment,
            variation: Some(variation),
            is_hashed: true,
            is_sticky: false,
            is_fallback,
            bucket: 0,
            leaf: None,
        })
    })
}

/// Experiment, variation + 1, bits (1 hashed, 2 sticky, 4 fallback), bucket, context + 1: a u32 each.
fn outcome(outcome: Outcome, out: &mut Writer) {
    out.u32(u32::from(outcome.experiment));
    out.u32(outcome.variation.map_or(0, |variation| u32::from(variation) + 1));
    let bit = |is: bool, bit: u32| if is { bit } else { 0 };
    out.u32(bit(outcome.is_hashed, 1) | bit(outcome.is_sticky, 2) | bit(outcome.is_fallback, 4));
    out.u32(u32::from(outcome.bucket));
    out.u32(outcome.leaf.map_or(0, |leaf| u32::from(leaf) + 1));
}
