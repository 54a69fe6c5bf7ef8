//! Weights are proportions, and any sum will do; some sums show that something else was meant.

use super::super::diagnostic::Diagnostics;
use super::super::json::{Json, Value};
use super::super::share;
use super::Entry;

/// Beyond these each gets too few visitors, and some look good by chance.
const MANY_VARIANTS: usize = 10;
const UNIT: u128 = 1_000_000_000;

pub fn check(entry: &Entry<'_>, diagnostics: &mut Diagnostics<'_>) {
    let variants = entry.variants();
    if variants.len() > MANY_VARIANTS {
        let message =
            format!("{} variants share the visitors, and some will look good by chance", variants.len());
        let cure = "Keep the few that differ most, and try the others later";
        entry.warn("W305", "variants", message, cure, diagnostics);
    }
    let given: Vec<u128> = variants
        .iter()
        .filter_map(|variant| match variant.json.get("weight").map(|weight: &Json| &weight.value) {
            Some(Value::Number(text)) => share::scaled(text),
            _ => None,
        })
        .collect();
    let sum: u128 = given.iter().sum();
    if given.is_empty() || given.contains(&0) && given.len() == 1 {
        return;
    }
    if given.len() < variants.len() {
        // 50 beside nothing is 50 to 1.
        let is_share = |weight: &u128| *weight >= 10 * UNIT || !weight.is_multiple_of(UNIT);
        if given.iter().any(is_share) {
            let message = "some variants have no weight, which counts as 1".to_owned();
            let cure = "Give each variant its weight: they are proportions, not percentages";
            entry.warn("W301", "variants", message, cure, diagnostics);
        }
        return;
    }
    for whole in [UNIT, 100 * UNIT] {
        if sum != whole && sum.abs_diff(whole) <= whole / 10 {
            let message = format!("the weights sum to {}, not {}", decimal(sum), decimal(whole));
            let cure = "Weights are proportions: each variant gets its part of the sum. Mend them, or write whole proportions such as 1 and 1";
            entry.warn("W301", "variants", message, cure, diagnostics);
        }
    }
}

fn decimal(scaled: u128) -> String {
    share::decimal(scaled).unwrap_or_default()
}
