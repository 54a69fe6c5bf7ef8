//! Weeks from Monday to Sunday in the site's zone, counted from that of 1970-01-01, which was a Thursday.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// All offsets of zones since 1972 are whole quarters.
const QUARTER_MS: i64 = 900_000;
/// Ten years of quarters.
const MOST_KNOWN: usize = 350_000;
const DAYS_BEFORE_1970: i64 = 3;

#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// The week of each quarter of an hour that was asked for.
    known: HashMap<i64, i64>,
}

impl Calendar {
    /// An IANA name; an unknown one is UTC.
    #[must_use]
    pub fn new(zone: &str) -> Self {
        Self { zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC), known: HashMap::new() }
    }

    pub fn week(&mut self, at_ms: i64) -> i64 {
        let quarter = at_ms.div_euclid(QUARTER_MS);
        if let Some(week) = self.known.get(&quarter) {
            return *week;
        }
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        let week = days(self.zone.to_datetime(timestamp(at_ms)).date()).div_euclid(7);
        self.known.insert(quarter, week);
        week
    }
}

/// What no calendar has is its first or last moment.
fn timestamp(at_ms: i64) -> Timestamp {
    let end = if at_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at_ms).unwrap_or(end)
}

fn epoch() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::UNIX_EPOCH).date()
}

/// Since the Monday before 1970.
fn days(date: Date) -> i64 {
    date.duration_since(epoch()).as_hours().div_euclid(24).saturating_add(DAYS_BEFORE_1970)
}

/// Its Monday.
#[must_use]
pub fn name(week: i64) -> String {
    let days = week.saturating_mul(7).saturating_sub(DAYS_BEFORE_1970);
    epoch().saturating_add(days.clamp(-10_000_000, 10_000_000).days()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays_at_midnight_of_the_site_before_and_after_1970() {
        let at = |text: &str| text.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond);
        for (zone, time, monday) in [
            ("UTC", "2026-11-23T00:00:00Z", "2026-11-23"),
            ("UTC", "2026-11-22T23:59:59.999Z", "2026-11-16"),
            ("UTC", "1970-01-01T00:00:00Z", "1969-12-29"),
            ("UTC", "1969-12-28T23:59:59Z", "1969-12-22"),
            ("Europe/Berlin", "2026-11-22T22:59:59Z", "2026-11-16"),
            ("Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-23"),
            ("Asia/Kathmandu", "2026-11-22T18:14:59Z", "2026-11-16"),
            ("Asia/Kathmandu", "2026-11-22T18:15:00Z", "2026-11-23"),
            ("Nowhere/Known", "2026-11-23T00:00:00Z", "2026-11-23"),
        ] {
            assert_eq!(name(Calendar::new(zone).week(at(time))), monday, "{zone} {time}");
        }
        let mut calendar = Calendar::new("Europe/Berlin");
        for at_ms in [i64::MIN, i64::MAX] {
            assert!(!name(calendar.week(at_ms)).is_empty());
        }
    }
}
