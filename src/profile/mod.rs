//! Facts derived on the device, for use in audiences.

use crate::consent::Consent;
use crate::journey::{Journey, Session, Stage};
use crate::targeting::Scalar;

/// Codes are stable within a plan format; 0 is kept for facts the host pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DerivedFact {
    Visits = 1,
    Stage = 2,
    PageViews = 3,
    ItemViews = 4,
    Purchases = 5,
    DaysSincePurchase = 6,
    Revenue = 7,
    CartItems = 8,
    SessionPageViews = 9,
    SessionTouchpoints = 10,
}

/// Name, and what it says. `profile.revenue` is in minor units inside; the compiler converts what authors write.
pub const DERIVED_FACTS: [(DerivedFact, &str, &str); 10] = [
    (DerivedFact::Visits, "journey.visits", "sessions so far, this one included"),
    (
        DerivedFact::Stage,
        "journey.stage",
        "awareness, consideration, decision, purchase, retention or advocacy",
    ),
    (DerivedFact::PageViews, "journey.page_views", "pages seen in all sessions"),
    (DerivedFact::ItemViews, "journey.item_views", "item pages seen in all sessions"),
    (DerivedFact::Purchases, "journey.purchases", "orders placed"),
    (
        DerivedFact::DaysSincePurchase,
        "journey.days_since_purchase",
        "whole days since the last order; absent without one",
    ),
    (DerivedFact::Revenue, "profile.revenue", "value of all orders in the plan's currency"),
    (DerivedFact::CartItems, "cart.items", "different items in the cart"),
    (DerivedFact::SessionPageViews, "session.page_views", "pages seen in this session"),
    (DerivedFact::SessionTouchpoints, "session.touchpoints", "touchpoints in this session"),
];

impl DerivedFact {
    /// By code, from 1. Apart from the texts, which visitors need not load.
    const ALL: [Self; 10] = [
        Self::Visits,
        Self::Stage,
        Self::PageViews,
        Self::ItemViews,
        Self::Purchases,
        Self::DaysSincePurchase,
        Self::Revenue,
        Self::CartItems,
        Self::SessionPageViews,
        Self::SessionTouchpoints,
    ];

    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// Does it need the visitor's leave to know the profile?
    #[must_use]
    pub fn is_profile(self) -> bool {
        !matches!(self, Self::SessionPageViews | Self::SessionTouchpoints)
    }

    /// Its value now, `None` where it is not known or may not be.
    #[must_use]
    pub fn value(
        self,
        journey: &Journey,
        session: &Session,
        consent: Consent,
        now_ms: u64,
    ) -> Option<Scalar> {
        const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
        if self.is_profile() && !consent.keeps_profile() {
            return None;
        }
        let number = match self {
            Self::Stage => {
                return Some(Scalar::Text(Stage::of(journey, session, now_ms).name().as_bytes().into()));
            }
            Self::DaysSincePurchase if journey.purchases == 0 => return None,
            Self::DaysSincePurchase => now_ms.saturating_sub(journey.purchased_ms) / DAY_MS,
            Self::Visits => session.number,
            Self::PageViews => journey.page_views,
            Self::ItemViews => journey.item_views,
            Self::Purchases => journey.purchases,
            Self::Revenue => journey.revenue_minor,
            Self::CartItems => journey.cart.len() as u64,
            Self::SessionPageViews => session.page_views,
            Self::SessionTouchpoints => session.touchpoints,
        };
        Some(Scalar::Number(number as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_its_code_and_its_text() {
        for (fact, name, _) in DERIVED_FACTS {
            assert_eq!(DerivedFact::from_code(fact.code()), Some(fact), "{name}");
        }
        assert_eq!(DerivedFact::from_code(0), None);
        assert_eq!(DerivedFact::from_code(11), None);
    }
}
