//! FNV-1a over UTF-16 code units, as GrowthBook's JavaScript hashes.

fn fnv1a(units: impl Iterator<Item = u16>) -> u32 {
    units.fold(0x811c_9dc5, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

fn units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair))
}

/// How many buckets a version has; 0 where there is no such version.
#[must_use]
pub fn buckets(version: u8) -> u16 {
    match version {
        1 => 1_000,
        2 => 10_000,
        _ => 0,
    }
}

/// Seed and value in UTF-16, little-endian.
#[must_use]
pub fn bucket(version: u8, seed: &[u8], value: &[u8]) -> Option<u16> {
    let hash = match version {
        1 => fnv1a(units(value).chain(units(seed))),
        2 => {
            let first = fnv1a(units(seed).chain(units(value)));
            let places = (0..10).rev().map(|place| first / 10u32.pow(place)).skip_while(|left| *left == 0);
            // "0" has one figure, too.
            let zero = (first == 0).then_some(0);
            fnv1a(places.chain(zero).map(|left| 0x30 + (left % 10) as u16))
        }
        _ => return None,
    };
    Some((hash % u32::from(buckets(version))) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn both_versions_hash_code_units() {
        for (seed, value, version, expect) in [
            ("", "a", 1, Some(220)),
            ("b", "a", 1, Some(946)),
            ("seed", "a", 2, Some(505)),
            ("", "josé", 1, Some(586)),
            ("", "😀", 2, Some(4971)),
            ("expérience", "123", 2, Some(9001)),
            ("abc", "def", 99, None),
        ] {
            assert_eq!(bucket(version, &utf16(seed), &utf16(value)), expect, "{seed:?} {value:?} {version}");
        }
    }

    #[test]
    fn the_first_hash_is_written_without_leading_zeros() {
        // Of these, version 2 first hashes to fewer than ten figures.
        for number in 0u32..2_000 {
            let value = utf16(&number.to_string());
            let first = fnv1a(units(&value)).to_string();
            let expect = fnv1a(first.encode_utf16()) % 10_000;
            assert_eq!(bucket(2, b"", &value), Some(expect as u16), "{number}");
        }
    }
}
