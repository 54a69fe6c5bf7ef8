//! Why a path or a cost cannot be used.

use std::fmt;

use crate::channels::MOST_CHANNELS;

#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// A path without touches has no channel that anything could be owed to.
    NoTouches,
    NoName,
    TooManyChannels,
    /// A touch of a channel that has no number here.
    UnknownChannel(usize),
    /// An amount that is below 0, above [`crate::path::LARGEST`] or no number.
    Absurd {
        what: &'static str,
        value: f64,
    },
    /// Nobody converted, and yet it was worth something.
    ValueOfNothing(f64),
    /// A half-life that the models cannot work with.
    Option {
        what: &'static str,
        value: f64,
        want: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTouches => f.write_str("the path is empty: name at least one channel"),
            Self::NoName => f.write_str("a channel has no name: write one between any two `>`"),
            Self::TooManyChannels => {
                write!(f, "more than {MOST_CHANNELS} channels: group them, such as all campaigns of one kind")
            }
            Self::UnknownChannel(number) => write!(f, "there is no channel number {number}"),
            Self::Absurd { what, value } => {
                write!(f, "{what} is {value}: it must be a number from 0 to 1e15")
            }
            Self::ValueOfNothing(value) => {
                write!(f, "the value is {value} where nobody converted: give the conversions it came of")
            }
            Self::Option { what, value, want } => write!(f, "{what} is {value}: it must be {want}"),
        }
    }
}

impl std::error::Error for Error {}
