//! Shares in floats → thresholds in buckets, by the arithmetic of their JavaScript, rounding included.

use super::super::json::Json;
use super::{Compiler, utf16, word};
use crate::growthbook::{Filter, Hash, Range, buckets};

/// How many buckets lie below: a bucket is its number divided by how many there are.
fn below(limit: f64, version: u8) -> u16 {
    let buckets = buckets(version);
    (0..buckets).take_while(|bucket| f64::from(*bucket) / f64::from(buckets) < limit).count() as u16
}

/// What is no pair of numbers holds nobody.
pub fn range(json: &Json, version: u8) -> Range {
    match json.list() {
        [start, end, ..] => pair(start.number(), end.number(), version),
        _ => Range { start: 0, end: 0 },
    }
}

pub fn pair(start: Option<f64>, end: Option<f64>, version: u8) -> Range {
    match (start, end) {
        (Some(start), Some(end)) => Range { start: below(start, version), end: below(end, version) },
        _ => Range { start: 0, end: 0 },
    }
}

pub fn up_to(coverage: f64, version: u8) -> Range {
    Range { start: 0, end: below(coverage, version) }
}

pub fn equal_weights(count: usize) -> Vec<f64> {
    vec![1.0 / count as f64; count]
}

/// The weights if there is one a variation and they sum to about 1; else equal ones, and false.
pub fn weights(count: usize, given: Option<&[Json]>) -> (Vec<f64>, bool) {
    let Some(given) = given else { return (equal_weights(count), true) };
    let weights: Vec<f64> = given.iter().map(|json| json.number().unwrap_or(f64::NAN)).collect();
    let total = weights.iter().fold(0.0, |sum, weight| sum + weight);
    let is_sound = weights.len() == count && (0.99..=1.01).contains(&total);
    if is_sound { (weights, true) } else { (equal_weights(count), false) }
}

/// Half-open ranges one after the other, each cut to its covered part.
pub fn cumulative(weights: &[f64], coverage: f64, version: u8) -> Vec<Range> {
    let coverage = coverage.clamp(0.0, 1.0);
    let mut sum = 0.0;
    let mut ranges = Vec::new();
    for weight in weights {
        let start = sum;
        sum += weight;
        ranges.push(pair(Some(start), Some(start + coverage * weight), version));
    }
    ranges
}

impl Compiler<'_, '_, '_, '_> {
    /// By a version that is none of theirs nobody has a bucket.
    pub(super) fn hash(&mut self, json: &Json, seed: &str, default: u8, pointer: &str) -> Hash {
        let given = json.get("hashVersion").filter(|json| json.is_truthy());
        let version = match given.map(Json::whole) {
            None => default,
            Some(Some(version @ (1 | 2))) => version as u8,
            Some(_) => {
                let at = given.map_or(json.at, |given| given.at);
                let message = "by this hash version nobody takes part".to_owned();
                self.warn("W230", (&format!("{pointer}/hashVersion"), at), message, "Write 1 or 2");
                u8::MAX
            }
        };
        Hash { version, seed: utf16(seed) }
    }

    pub(super) fn filters(&mut self, json: &Json, pointer: &str) -> Vec<Filter> {
        let filters = json.get("filters").map_or(&[][..], Json::list);
        let one = |(index, json): (usize, &Json)| {
            let seed = json.get("seed").and_then(Json::text).unwrap_or_default();
            let hash = self.hash(json, seed, 2, &format!("{pointer}/filters/{index}"));
            let ranges = json.get("ranges").map_or(&[][..], Json::list);
            Filter {
                attribute: self.attribute(word(json, "attribute").unwrap_or("id")),
                ranges: ranges.iter().map(|json| range(json, hash.version)).collect(),
                hash,
            }
        };
        filters.iter().enumerate().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_hold_the_buckets_that_their_floats_hold() {
        // 0.2 + 0.1 * 0.2 is a little more than 0.22, and 0.8 + 0.72 * 0.2 a little less than 0.944.
        let ranges = cumulative(&[0.2; 5], 0.1, 2);
        assert_eq!(ranges.get(1), Some(&Range { start: 2000, end: 2201 }));
        for (weights, coverage) in
            [(&[0.2; 5][..], 0.72), (&[0.1, 0.9], 0.01), (&[0.3, 0.7], 0.74), (&[0.5, 0.5], 1.0)]
        {
            for version in [1, 2] {
                let mut sum = 0.0;
                for (weight, range) in weights.iter().zip(cumulative(weights, coverage, version)) {
                    for bucket in 0..buckets(version) {
                        let n = f64::from(bucket) / f64::from(buckets(version));
                        let expect = n >= sum && n < sum + coverage * weight;
                        assert_eq!(range.contains(bucket), expect, "{weights:?} {coverage} {bucket}");
                    }
                    sum += weight;
                }
            }
        }
    }
}
