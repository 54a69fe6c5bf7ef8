//! Weeks from Monday to Sunday, UTC, counted from that of 1970-01-01, which was a Thursday.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

const DAY_MS: i64 = 86_400_000;
const DAYS_BEFORE_1970: i64 = 3;

#[must_use]
pub fn of(at_ms: i64) -> i64 {
    (at_ms.div_euclid(DAY_MS).saturating_add(DAYS_BEFORE_1970)).div_euclid(7)
}

/// Its Monday.
#[must_use]
pub fn name(week: i64) -> String {
    let days = week.saturating_mul(7).saturating_sub(DAYS_BEFORE_1970);
    let epoch: Date = Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC).date();
    // The store takes no time that has no date.
    let monday = i32::try_from(days).ok().and_then(|days| epoch.checked_add(days.days()).ok());
    monday.map_or_else(|| "-".to_owned(), |monday| monday.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays_before_and_after_1970() {
        let at = |text: &str| text.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond);
        for (time, monday) in [
            ("2026-11-23T00:00:00Z", "2026-11-23"),
            ("2026-11-22T23:59:59.999Z", "2026-11-16"),
            ("1970-01-01T00:00:00Z", "1969-12-29"),
            ("1969-12-28T23:59:59Z", "1969-12-22"),
        ] {
            assert_eq!(name(of(at(time))), monday, "{time}");
        }
        assert_eq!(name(of(i64::MAX)), "-");
    }
}
