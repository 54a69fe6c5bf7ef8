//! Versions as GrowthBook's SDKs compare them (`paddedVersionString`): a leading `v` and all from `+` on are left out, the
//! rest is split at `.` and `-`, numbers are padded to five places, three parts get a fourth that comes after every
//! pre-release, and what comes of it is compared as text.

use std::cmp::Ordering;

use super::value::text_order;

/// Hands on the padded version piece by piece, so that comparing needs no memory, until `take` says stop.
pub fn padded(version: &[u8], mut take: impl FnMut(&[u8]) -> bool) {
    let version = if version.is_empty() { b"0" } else { version.strip_prefix(b"v").unwrap_or(version) };
    let version = version.split(|byte| *byte == b'+').next().unwrap_or_default();
    let mut count = 0;
    for part in version.split(|byte| matches!(byte, b'.' | b'-')) {
        let missing = 5usize.saturating_sub(part.len());
        let is_number = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        let pad = if is_number { missing } else { 0 };
        if count > 0 && !take(b"-") || !take(b"     ".get(..pad).unwrap_or_default()) || !take(part) {
            return;
        }
        count += 1;
    }
    if count == 3 {
        take(b"-~");
    }
}

/// How a version compares with one that is padded already.
#[must_use]
pub fn order(version: &[u8], expected: &[u8]) -> Ordering {
    let mut rest = expected;
    let mut order = Ordering::Equal;
    padded(version, |piece| {
        let (same, after) = rest.split_at_checked(piece.len()).unwrap_or((rest, &[]));
        order = text_order(piece, same);
        rest = after;
        order.is_eq()
    });
    if order.is_eq() && !rest.is_empty() { Ordering::Less } else { order }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(version: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        padded(version.as_bytes(), |piece| {
            bytes.extend_from_slice(piece);
            true
        });
        bytes
    }

    #[test]
    fn versions_are_padded_as_growthbook_pads_them() {
        for (version, expect) in [
            ("1.2.3", "    1-    2-    3-~"),
            ("v1.2.3+build.4", "    1-    2-    3-~"),
            ("1.2.3-rc.1", "    1-    2-    3-rc-    1"),
            ("123456", "123456"),
            ("", "    0"),
            ("v", ""),
            ("1..2", "    1--    2-~"),
            ("1.٢", "    1-٢"),
        ] {
            assert_eq!(String::from_utf8_lossy(&whole(version)), expect, "{version}");
        }
    }

    #[test]
    fn comparing_piece_by_piece_is_comparing_the_whole() {
        let versions = [
            "",
            "1",
            "1.2.3",
            "1.2.3-a",
            "1.2.3-a.1",
            "1.2.4",
            "10.0.0",
            "v2",
            "1.2",
            "1.2.3.4",
            "é",
            "😀.\u{e000}",
        ];
        for a in versions {
            for b in versions {
                let expect = text_order(&whole(a), &whole(b));
                assert_eq!(order(a.as_bytes(), &whole(b)), expect, "{a} {b}");
            }
        }
    }
}
