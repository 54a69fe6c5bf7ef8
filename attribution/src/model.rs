//! The models, and where each is from.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    First,
    Last,
    Linear,
    Position,
    TimeDecay,
    Markov,
    Shapley,
}

impl Model {
    pub const ALL: [Self; 7] =
        [Self::First, Self::Last, Self::Linear, Self::Position, Self::TimeDecay, Self::Markov, Self::Shapley];

    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::Linear => "linear",
            Self::Position => "position",
            Self::TimeDecay => "time-decay",
            Self::Markov => "markov",
            Self::Shapley => "shapley",
        }
    }

    /// What it does, and its source.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::First => "all to the first touch",
            Self::Last => "all to the last touch",
            Self::Linear => "the same to each touch",
            Self::Position => "40 % to the first touch, 40 % to the last, 20 % to those between",
            Self::TimeDecay => "half as much to a touch for each half-life before the conversion",
            Self::Markov => {
                "removal effects of a first-order Markov chain, solved exactly: Anderl et al., International Journal of \
                 Research in Marketing 33 (2016)"
            }
            Self::Shapley => {
                "Shapley value over sets of channels, in closed form: Zhao, Mahboobi, Bagheri, arXiv:1804.05327 (2018)"
            }
        }
    }
}
