//! Times as people write them.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Seconds since 1970: from ISO 8601 (UTC where no zone is told), or from seconds, milliseconds or microseconds since 1970, told
/// apart by their size.
pub fn seconds(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let seconds = match number.abs() {
            size if size < 1e11 => number,
            size if size < 1e14 => number / 1e3,
            _ => number / 1e6,
        };
        return ((0.0..=f64::from(u32::MAX)).contains(&seconds)).then_some(seconds as u32);
    }
    let at = text.parse::<Timestamp>().map(Timestamp::as_second).ok().or_else(|| {
        let local = text.parse::<DateTime>().ok()?;
        Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
    })?;
    u32::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_taken_as_they_are_written() {
        for (text, expect) in [
            ("1592337718.0", Some(1_592_337_718)),
            ("1592337718", Some(1_592_337_718)),
            ("1592337718123", Some(1_592_337_718)),
            ("1592337718123456", Some(1_592_337_718)),
            ("2020-06-16T20:01:58Z", Some(1_592_337_718)),
            ("2020-06-16T22:01:58.5+02:00", Some(1_592_337_718)),
            ("2020-06-16 20:01:58", Some(1_592_337_718)),
            ("2020-06-16", Some(1_592_265_600)),
            ("yesterday", None),
            ("NaN", None),
            ("-5", None),
            ("9e99", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expect, "{text:?}");
        }
    }
}
