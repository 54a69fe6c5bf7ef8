//! Dates as people write them, in the site's time zone → UTC milliseconds.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Which end of the day a plain date means: a start begins its day, an end runs through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Start,
    End,
}

pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// `2026-12-01`, `2026-12-01T09:30` (both in the zone) or with an offset, as RFC 3339 has it.
pub fn to_utc_ms(text: &str, bound: Bound, zone: &TimeZone) -> Option<u64> {
    let timestamp = if let Ok(timestamp) = text.parse::<Timestamp>() {
        timestamp
    } else {
        let civil = if text.contains(['T', 't', ' ']) {
            text.parse::<DateTime>().ok()?
        } else {
            let date: Date = text.parse().ok()?;
            let day = if bound == Bound::End { date.checked_add(1.day()).ok()? } else { date };
            day.at(0, 0, 0, 0)
        };
        zone.to_timestamp(civil).ok()?
    };
    u64::try_from(timestamp.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_dates_are_days_of_the_site() {
        let berlin = zone("Europe/Berlin").unwrap_or(TimeZone::UTC);
        for (text, bound, expect) in [
            ("2026-12-01", Bound::Start, "2026-11-30T23:00:00Z"),
            ("2026-12-21", Bound::End, "2026-12-21T23:00:00Z"),
            ("2026-06-01", Bound::Start, "2026-05-31T22:00:00Z"),
            ("2026-12-01T09:30", Bound::Start, "2026-12-01T08:30:00Z"),
            ("2026-12-01T09:30:00+09:00", Bound::Start, "2026-12-01T00:30:00Z"),
        ] {
            let expect: Timestamp = expect.parse().unwrap_or_default();
            assert_eq!(to_utc_ms(text, bound, &berlin), Some(expect.as_millisecond() as u64), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "tomorrow", "2026-13-01", "2026-02-30", "1950-01-01"] {
            assert_eq!(to_utc_ms(text, Bound::Start, &TimeZone::UTC), None, "{text}");
        }
    }
}
