//! What the visitor allows, and what each state lets the engine know.

/// Ordered: a later state allows everything an earlier one does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consent {
    Denied,
    #[default]
    Unknown,
    /// Unit, stickiness and outbox are kept; journey and profile are not.
    Measure,
    /// Journey and profile are kept too.
    Personalise,
}

impl Consent {
    /// The numbers the page uses: 0 denied, 1 unknown, 2 measure, 3 personalise; anything else is unknown.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Denied,
            2 => Self::Measure,
            3 => Self::Personalise,
            _ => Self::Unknown,
        }
    }

    /// May a lasting id be used?
    #[must_use]
    pub fn keeps_units(self) -> bool {
        self >= Self::Measure
    }

    /// May journey and profile be known?
    #[must_use]
    pub fn keeps_profile(self) -> bool {
        self >= Self::Personalise
    }
}

/// Why an experiment may store and count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    #[default]
    Consent,
    /// A purpose the plan names as exempt from consent.
    Exempt,
}
