//! What is answered for one experiment, and why.

/// The variant a unit gets, if any, with the reason that settled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `None`: out; the page shows its original.
    pub variant: Option<u8>,
    pub reason: Reason,
}

impl Decision {
    #[must_use]
    pub fn out(reason: Reason) -> Self {
        Self { variant: None, reason }
    }

    #[must_use]
    pub fn is_in(variant: u8, reason: Reason) -> Self {
        Self { variant: Some(variant), reason }
    }

    /// Is this a randomised answer, worth counting?
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self.reason, Reason::Bucketed | Reason::Sticky)
    }
}

/// Codes are stable: they cross the boundary as numbers and are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    Bucketed = 0,
    Sticky = 1,
    Winner = 2,
    Killed = 3,
    Paused = 4,
    NotStarted = 5,
    Ended = 6,
    Consent = 7,
    NoUnit = 8,
    Holdout = 9,
    Layer = 10,
    Audience = 11,
    Traffic = 12,
    Bot = 13,
    Loading = 14,
    Unknown = 15,
    /// Forced by a signed link; never counted.
    Preview = 16,
    /// The plan is past its last day.
    Expired = 17,
    Prerequisite = 18,
    /// Met an older version, and this one takes only new units.
    Version = 19,
    /// A flag without rules, or whose first one answers everyone.
    Static = 20,
    /// None of a flag's rules for some answered.
    Default = 21,
    /// A flag's rule for an audience answered.
    Targeting = 22,
    /// A flag's rule for a share answered.
    Split = 23,
    /// The page had shown what it would change: out for this page view.
    Late = 24,
}

impl Reason {
    pub const ALL: [(Self, &'static str); 25] = [
        (Self::Bucketed, "bucketed"),
        (Self::Sticky, "sticky"),
        (Self::Winner, "winner"),
        (Self::Killed, "killed"),
        (Self::Paused, "paused"),
        (Self::NotStarted, "not-started"),
        (Self::Ended, "ended"),
        (Self::Consent, "consent"),
        (Self::NoUnit, "no-unit"),
        (Self::Holdout, "holdout"),
        (Self::Layer, "layer"),
        (Self::Audience, "audience"),
        (Self::Traffic, "traffic"),
        (Self::Bot, "bot"),
        (Self::Loading, "loading"),
        (Self::Unknown, "unknown"),
        (Self::Preview, "preview"),
        (Self::Expired, "expired"),
        (Self::Prerequisite, "prerequisite"),
        (Self::Version, "version"),
        (Self::Static, "static"),
        (Self::Default, "default"),
        (Self::Targeting, "targeting"),
        (Self::Split, "split"),
        (Self::Late, "late"),
    ];

    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The word that is stored, sent and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.get(usize::from(self.code())).map_or("unknown", |(_, name)| name)
    }
}
