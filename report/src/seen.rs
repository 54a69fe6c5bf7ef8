//! One event as reports need it, whatever it was kept in.

use serde::{Deserialize, Serialize};

/// Ordered as events of one moment are taken: who is exposed and buys at once bought after the exposure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    Exposure,
    Late,
    Purchase,
    Goal,
    Refund,
    /// All else: it says that somebody was there.
    #[default]
    Other,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::Exposure, Self::Late, Self::Purchase, Self::Goal, Self::Refund, Self::Other];

    /// By the touchpoint's type.
    #[must_use]
    pub fn of(touchpoint: &str) -> Self {
        match touchpoint {
            "exposure" | "experience" => Self::Exposure,
            "late" => Self::Late,
            "purchase" => Self::Purchase,
            "goal" => Self::Goal,
            "refund" => Self::Refund,
            _ => Self::Other,
        }
    }
}

/// Before the keys of experiences, which are told like experiments whose variants are [`HELD_OUT`] and [`SHOWN`].
pub const EXPERIENCE: &str = "experience ";
pub const HELD_OUT: &str = "held-out";
pub const SHOWN: &str = "shown";

/// Ids are 64-bit digests, of visitors and users by different seeds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen<'a> {
    pub kind: Kind,
    pub has_env: bool,
    pub visitor: Option<u64>,
    pub user: Option<u64>,
    pub occurred_ms: i64,
    pub received_ms: i64,
    pub has_moved_clock: bool,
    pub plan: Option<&'a str>,
    pub experiment: Option<&'a str>,
    pub variant: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub version: Option<i64>,
    pub has_wrong_bucket: bool,
    /// desktop, mobile, tablet, bot, server.
    pub agent: Option<&'a str>,
    pub page: Option<&'a str>,
    pub source: Option<&'a str>,
    pub goal: Option<&'a str>,
    pub order: Option<u64>,
    pub minor: Option<i64>,
    pub currency: Option<&'a str>,
}

impl Seen<'_> {
    #[must_use]
    pub fn is_bot(&self) -> bool {
        self.agent == Some("bot")
    }

    /// 2000-01-01.
    const EARLIEST_MS: i64 = 946_684_800_000;
    /// What a clock may be ahead.
    const AHEAD_MS: i64 = 60_000;

    #[must_use]
    pub fn has_possible_time(&self) -> bool {
        (Self::EARLIEST_MS..=self.received_ms.saturating_add(Self::AHEAD_MS)).contains(&self.occurred_ms)
    }
}
