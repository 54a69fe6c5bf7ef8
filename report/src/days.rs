//! Days of the site: they begin at midnight there, and some have 23 or 25 hours.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// 30 years.
const MOST: usize = 11_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Days {
    first: Date,
    /// Of each day, ascending, and of the one after the last.
    starts: Vec<i64>,
}

impl Days {
    /// The days from one time to another. An unknown zone is UTC.
    #[must_use]
    pub fn new(zone: &str, from_ms: i64, to_ms: i64) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let from = Timestamp::from_millisecond(from_ms).unwrap_or_default();
        let first = from.to_zoned(zone.clone()).date();
        let starts = (0..)
            .map_while(|day: i64| first.checked_add(day.days()).ok())
            .map_while(|date| date.to_zoned(zone.clone()).ok())
            .map(|midnight| midnight.timestamp().as_millisecond());
        let mut kept = Vec::new();
        for start in starts.take(MOST) {
            kept.push(start);
            if start > to_ms {
                break;
            }
        }
        Self { first, starts: kept }
    }

    /// Counted from the first one.
    #[must_use]
    pub fn of(&self, ms: i64) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= ms).saturating_sub(1)).unwrap_or_default()
    }

    /// ISO 8601.
    #[must_use]
    pub fn date(&self, day: u32) -> String {
        self.first.saturating_add(i64::from(day).days()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_site_also_when_clocks_change() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default().as_millisecond();
        let days = Days::new("Europe/Berlin", at("2026-10-24T12:00:00Z"), at("2026-10-27T12:00:00Z"));
        for (time, date) in [
            ("2026-10-24T21:59:59Z", "2026-10-24"),
            ("2026-10-24T22:00:00Z", "2026-10-25"),
            ("2026-10-25T22:59:59Z", "2026-10-25"),
            ("2026-10-25T23:00:00Z", "2026-10-26"),
        ] {
            assert_eq!(days.date(days.of(at(time))), date, "{time}");
        }
    }
}
