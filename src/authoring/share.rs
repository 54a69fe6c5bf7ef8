//! Weights and shares in decimal text → exact ranges over u32. No floats: 0.1 means a tenth.

use crate::plan::{FULL, Range};

/// Digits after the point that count.
const PLACES: usize = 9;
const SCALE: u128 = 1_000_000_000;

/// Decimal text × 10⁹. `None` for negatives, exponents, more places or a whole part beyond 10⁹.
pub fn scaled(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || whole.len() > 10 || fraction.len() > PLACES {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u128 = whole.parse().ok()?;
    let fraction: u128 = format!("{fraction:0<PLACES$}").parse().ok()?;
    Some(whole * SCALE + fraction)
}

/// The decimal text of what [`scaled`] reads. `None` beyond what it reads.
pub fn decimal(scaled_value: u128) -> Option<String> {
    let text = format!("{}.{:0PLACES$}", scaled_value / SCALE, scaled_value % SCALE);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    scaled(text).map(|_| text.to_owned())
}

/// A share from 0 to 1 as the first bucket outside it.
pub fn below(text: &str) -> Option<u64> {
    let value = scaled(text)?;
    (value <= SCALE).then(|| (value * u128::from(FULL) / SCALE) as u64)
}

/// Weights of any scale as neighbouring ranges that cover all of u32. `None` if one is unreadable or all are 0.
pub fn ranges(weights: &[&str]) -> Option<Vec<Range>> {
    let weights: Vec<u128> = weights.iter().map(|text| scaled(text)).collect::<Option<_>>()?;
    let total: u128 = weights.iter().sum();
    if total == 0 {
        return None;
    }
    let mut sum = 0;
    let mut start = 0;
    Some(
        weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                let end = (sum * u128::from(FULL) / total) as u64;
                let range = Range { start, end };
                start = end;
                range
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_cover_every_bucket_once() {
        for weights in [&["1", "1"][..], &["1", "1", "1"], &["999", "1"], &["0.1", "0.2", "0.7"], &["1", "0"]]
        {
            let ranges = ranges(weights).unwrap_or_default();
            assert_eq!(ranges.first().map(|range| range.start), Some(0));
            assert_eq!(ranges.last().map(|range| range.end), Some(FULL));
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start), "{weights:?}");
        }
    }

    #[test]
    fn a_weight_of_nothing_leaves_no_bucket() {
        let ranges = ranges(&["1", "0"]).unwrap_or_default();
        assert_eq!(ranges[1].start, ranges[1].end);
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(below("0"), Some(0));
        assert_eq!(below("0.5"), Some(FULL / 2));
        assert_eq!(below("1"), Some(FULL));
        assert_eq!(below("1.000000001"), None);
        assert_eq!(below("-0.1"), None);
        assert_eq!(below("1e-3"), None);
    }
}
