//! What is attributed: the touches before conversions, or before nothing.

use crate::Error;

/// Counts and amounts up to here are added without loss of a whole unit.
pub const LARGEST: f64 = 1e15;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touch {
    pub channel: usize,
    /// How long before the end of the path, in days; where no times are known, in touches.
    pub age: f64,
}

/// Visitors who came by the same channels in the same order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path<'a> {
    /// The earliest first; at least one.
    pub touches: &'a [Touch],
    pub conversions: f64,
    /// What the conversions were worth together.
    pub value: f64,
    /// How many ended without a conversion.
    pub nulls: f64,
}

impl Path<'_> {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.touches.is_empty() {
            return Err(Error::NoTouches);
        }
        amount("the number of conversions", self.conversions)?;
        amount("the value", self.value)?;
        amount("the number of paths without a conversion", self.nulls)?;
        if self.value > 0.0 && self.conversions == 0.0 {
            return Err(Error::ValueOfNothing(self.value));
        }
        self.touches.iter().try_for_each(|touch| amount("the age of a touch", touch.age))
    }
}

pub(crate) fn amount(what: &'static str, value: f64) -> Result<(), Error> {
    if (0.0..=LARGEST).contains(&value) { Ok(()) } else { Err(Error::Absurd { what, value }) }
}

/// Channels in order, without times: a touch's age is how many touches follow it.
pub fn untimed(channels: &[usize]) -> impl Iterator<Item = Touch> {
    let last = channels.len().saturating_sub(1);
    channels
        .iter()
        .enumerate()
        .map(move |(at, channel)| Touch { channel: *channel, age: last.saturating_sub(at) as f64 })
}
