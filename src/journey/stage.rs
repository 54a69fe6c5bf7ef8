//! Where the visitor stands. The default rules, read from most to least committed; a stage can be left again.

use super::{Journey, Session};

/// Interest older than this no longer counts.
const FRESH_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Awareness,
    Consideration,
    Decision,
    Purchase,
    Retention,
    Advocacy,
}

impl Stage {
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Awareness, "awareness"),
        (Self::Consideration, "consideration"),
        (Self::Decision, "decision"),
        (Self::Purchase, "purchase"),
        (Self::Retention, "retention"),
        (Self::Advocacy, "advocacy"),
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("awareness", |(_, name)| name)
    }

    #[must_use]
    pub fn of(journey: &Journey, session: &Session, now_ms: u64) -> Self {
        let is_fresh = |at_ms: u64| at_ms > 0 && at_ms.saturating_add(FRESH_MS) >= now_ms;
        let bought_this_session = journey.purchases > 0 && journey.purchased_ms >= session.started_ms;
        if bought_this_session && journey.cart.is_empty() {
            return Self::Purchase;
        }
        if !journey.cart.is_empty()
            || (is_fresh(journey.checkout_ms) && journey.checkout_ms > journey.purchased_ms)
        {
            return Self::Decision;
        }
        if journey.purchases > 0 {
            return if journey.shares > 0 { Self::Advocacy } else { Self::Retention };
        }
        if is_fresh(journey.considered_ms) { Self::Consideration } else { Self::Awareness }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::{Touchpoint, TouchpointKind as Kind};

    #[test]
    fn the_stage_follows_what_the_visitor_does_forwards_and_back() {
        let mut journey = Journey::default();
        let mut session = Session::default();
        let mut step = |kind, at_ms| {
            session.touch(b"v", at_ms);
            journey.record(&Touchpoint { kind, at_ms, value_minor: 0, items: vec![1] });
            Stage::of(&journey, &session, at_ms)
        };
        let later = 2 * FRESH_MS;
        assert_eq!(step(Kind::PageView, 1), Stage::Awareness);
        assert_eq!(step(Kind::ViewItem, 2), Stage::Consideration);
        assert_eq!(step(Kind::AddToCart, 3), Stage::Decision);
        assert_eq!(step(Kind::RemoveFromCart, 4), Stage::Consideration);
        assert_eq!(step(Kind::AddToCart, 5), Stage::Decision);
        assert_eq!(step(Kind::Purchase, 6), Stage::Purchase);
        assert_eq!(step(Kind::PageView, later), Stage::Retention);
        assert_eq!(step(Kind::Share, later + 1), Stage::Advocacy);
        assert_eq!(step(Kind::AddToCart, later + 2), Stage::Decision);
    }

    #[test]
    fn interest_fades_after_thirty_days() {
        let journey = Journey { considered_ms: 5, ..Journey::default() };
        assert_eq!(Stage::of(&journey, &Session::default(), 5 + FRESH_MS), Stage::Consideration);
        assert_eq!(Stage::of(&journey, &Session::default(), 6 + FRESH_MS), Stage::Awareness);
    }
}
