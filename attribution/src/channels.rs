//! Names of channels and their numbers, in the order in which they were first met.

use std::collections::HashMap;

use crate::Error;

/// Transitions are kept as a square of this side, and their system is solved in its third power.
pub const MOST_CHANNELS: usize = 1_000;

#[derive(Debug, Clone, Default)]
pub struct Channels {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Channels {
    /// # Errors
    /// Without a name, and beyond [`MOST_CHANNELS`].
    pub fn number(&mut self, name: &str) -> Result<usize, Error> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        if name.is_empty() {
            return Err(Error::NoName);
        }
        let number = self.names.len();
        if number >= MOST_CHANNELS {
            return Err(Error::TooManyChannels);
        }
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
