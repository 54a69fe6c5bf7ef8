//! When an event happened, by our clock. A batch says when it was sent by the sender's clock; where that is far from when it
//! came, the sender's clock is wrong, and its events' times by as much (Segment's specification: timestamp = receivedAt −
//! (sentAt − originalTimestamp)). What then lies after now, or before anything we would keep, is the time of arrival.

/// A body may take that long to arrive, and a clock be wrong by as much, before we say anything about it.
const TOLERANCE_MS: i64 = 60_000;
/// Older events are none that a page or a server could still mean: 400 days, a little more than is kept by default.
const OLDEST_MS: i64 = 400 * 86_400_000;

#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    pub now_ms: i64,
    /// How far our clock is ahead of the sender's.
    skew_ms: i64,
    oldest_ms: i64,
}

impl Clock {
    #[must_use]
    pub fn new(now_ms: i64, sent_ms: Option<i64>) -> Self {
        let skew_ms = sent_ms.map_or(0, |sent| now_ms.saturating_sub(sent));
        let skew_ms = if skew_ms.saturating_abs() > TOLERANCE_MS { skew_ms } else { 0 };
        Self { now_ms, skew_ms, oldest_ms: now_ms.saturating_sub(OLDEST_MS) }
    }

    /// For events whose times somebody wrote down: however old, they are meant.
    #[must_use]
    pub fn trusted(now_ms: i64) -> Self {
        Self { now_ms, skew_ms: 0, oldest_ms: i64::MIN }
    }

    /// The time by our clock, and by how much it is another than the event says, where that is worth saying.
    #[must_use]
    pub fn correct(&self, said_ms: Option<i64>) -> (i64, Option<i64>) {
        let Some(said) = said_ms else { return (self.now_ms, None) };
        let by_ours = said.saturating_add(self.skew_ms);
        let is_possible = by_ours >= self.oldest_ms && by_ours <= self.now_ms;
        let occurred = if is_possible { by_ours } else { self.now_ms };
        let moved = occurred.saturating_sub(said);
        (occurred, (moved.saturating_abs() > TOLERANCE_MS).then_some(moved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_corrected_by_when_the_batch_was_sent_and_never_lie_in_the_future() {
        const NOW: i64 = 1_800_000_000_000;
        const HOUR: i64 = 3_600_000;
        const YEAR: i64 = 365 * 24 * HOUR;
        for (what, sent, said, expect) in [
            ("right", Some(NOW - 100), Some(NOW - 5_000), (NOW - 5_000, None)),
            ("waited a day", Some(NOW - 100), Some(NOW - 24 * HOUR), (NOW - 24 * HOUR, None)),
            ("an hour ahead", Some(NOW + HOUR), Some(NOW + HOUR - 5_000), (NOW - 5_000, Some(-HOUR))),
            ("an hour behind", Some(NOW - HOUR), Some(NOW - HOUR - 5_000), (NOW - 5_000, Some(HOUR))),
            ("ten years ahead", Some(NOW + 10 * YEAR), Some(NOW + 10 * YEAR), (NOW, Some(-10 * YEAR))),
            ("a little ahead", Some(NOW + 900), Some(NOW + 900), (NOW, None)),
            ("ahead, unsaid", None, Some(NOW + HOUR), (NOW, Some(-HOUR))),
            ("jumped while waiting", Some(NOW), Some(NOW + YEAR), (NOW, Some(-YEAR))),
            ("1970, unsaid", None, Some(0), (NOW, Some(NOW))),
            ("no time", Some(NOW), None, (NOW, None)),
            ("absurd", Some(i64::MIN), Some(i64::MAX), (NOW, Some(NOW - i64::MAX))),
        ] {
            assert_eq!(Clock::new(NOW, sent).correct(said), expect, "{what}");
        }
    }
}
