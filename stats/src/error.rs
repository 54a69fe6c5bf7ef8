//! Why there is no answer.

use std::fmt;

#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// Below its minimum the estimator was wrong more often than it says ([`crate::minimum`]).
    TooFew { what: &'static str, have: u64, need: u64 },
    /// Every unit has the same value: nothing can be said of chance.
    NoVariance,
    /// Not a number the method can work with.
    Invalid { what: &'static str, value: f64, want: &'static str },
    /// Lists that should be of one length, or not be empty.
    Shape { what: &'static str, have: usize, want: &'static str },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { what, have, need } => {
                write!(f, "{have} {what} in the smallest arm, this method needs {need}: keep running")
            }
            Self::NoVariance => f.write_str("every unit has the same value: there is nothing to compare"),
            Self::Invalid { what, value, want } => write!(f, "{what} is {value}, it must be {want}"),
            Self::Shape { what, have, want } => write!(f, "{have} {what}, there must be {want}"),
        }
    }
}

impl std::error::Error for Error {}

pub(crate) fn share(what: &'static str, value: f64) -> Result<f64, Error> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(Error::Invalid { what, value, want: "between 0 and 1" })
    }
}

pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, Error> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(Error::Invalid { what, value, want: "above 0" })
    }
}

pub(crate) fn finite(what: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() { Ok(value) } else { Err(Error::Invalid { what, value, want: "a finite number" }) }
}
