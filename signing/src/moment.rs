//! Until when something holds, as people write it: `90d`, `12h`, a day, or a time with offset.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MomentError(String);

impl fmt::Display for MomentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for MomentError {}

const MINUTE_MS: u64 = 60_000;

/// `30m`, `12h` or `90d` in milliseconds.
///
/// # Errors
/// When it is none of these, nothing at all, or longer than a hundred years.
pub fn lifetime_ms(text: &str) -> Result<u64, MomentError> {
    let wrong = || MomentError(format!("`{text}` is no length of time: write 30m, 12h or 90d"));
    let unit_ms = match text.as_bytes().last() {
        Some(b'm') => MINUTE_MS,
        Some(b'h') => 60 * MINUTE_MS,
        Some(b'd') => 24 * 60 * MINUTE_MS,
        _ => return Err(wrong()),
    };
    let count: u64 = text.get(..text.len() - 1).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    let most = 36_525 * 24 * 60 * MINUTE_MS;
    count.checked_mul(unit_ms).filter(|ms| (1..=most).contains(ms)).ok_or_else(wrong)
}

/// The moment at which something expires. A day, which is one of UTC, is still valid itself.
///
/// # Errors
/// When it is neither a length of time, a day nor a time with offset.
pub fn expiry(text: &str, now_ms: u64) -> Result<u64, MomentError> {
    if let Ok(lifetime_ms) = lifetime_ms(text) {
        return Ok(now_ms.saturating_add(lifetime_ms));
    }
    let moment = match text.parse::<Date>() {
        Ok(day) if !text.contains(['T', 't', ' ']) => {
            day.tomorrow().ok().and_then(|day| jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok())
        }
        _ => text.parse::<Timestamp>().ok(),
    };
    moment.and_then(|moment| u64::try_from(moment.as_millisecond()).ok()).ok_or_else(|| {
        MomentError(format!("`{text}` is no expiry: write 90d, 2027-01-31 or 2027-01-31T12:00:00Z"))
    })
}

/// As RFC 3339 has it.
pub fn written(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| "never".into(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_795_305_600_000;

    #[test]
    fn an_expiry_is_a_length_a_day_or_a_time() {
        for (text, expect) in [
            ("30m", "2026-11-22T00:30:00Z"),
            ("12h", "2026-11-22T12:00:00Z"),
            ("90d", "2027-02-20T00:00:00Z"),
            ("2027-01-31", "2027-02-01T00:00:00Z"),
            ("2027-01-31T12:00:00+01:00", "2027-01-31T11:00:00Z"),
        ] {
            assert_eq!(expiry(text, NOW_MS).map(written), Ok(expect.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_expiry_is_refused() {
        for text in [
            "",
            "d",
            "0d",
            "-1d",
            "1.5d",
            "90",
            "90 d",
            "9999999d",
            "soon",
            "2027-02-30",
            "2027-01-31T12:00",
            "1950-01-01",
            "é",
        ] {
            assert!(expiry(text, NOW_MS).is_err(), "{text}");
        }
    }
}
