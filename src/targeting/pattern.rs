//! Patterns over texts: a table that `authoring` made of a regular expression, walked once over the bytes.
//!
//! A pattern is found anywhere in the text, as JavaScript's `RegExp.test` finds it. Each byte of the text is looked at
//! once at most, whatever the pattern: there is nothing to go back to.
//!
//! ```text
//! runs of bytes of one class: length - 1, class · columns · table: rows of state numbers, varints
//! ```
//! A row has one column a class and a last one for the end of the text. State 0 has failed, 1 has matched, 2 is the
//! first row, where every text starts.

/// More states than this are refused by the compiler.
pub const MAX_STATES: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// By byte.
    pub classes: Vec<u8>,
    pub columns: usize,
    pub table: Vec<u16>,
}

impl Pattern {
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.run(text).0
    }

    /// Also how many bytes it looked at.
    #[must_use]
    pub fn run(&self, text: &[u8]) -> (bool, usize) {
        let mut state = 2;
        for (steps, byte) in (1..).zip(text) {
            let class = self.classes.get(usize::from(*byte)).copied().unwrap_or_default();
            state = self.next(state, usize::from(class));
            if state < 2 {
                return (state == 1, steps);
            }
        }
        (self.next(state, self.columns.wrapping_sub(1)) == 1, text.len())
    }

    fn next(&self, state: u16, column: usize) -> u16 {
        let row = usize::from(state).wrapping_sub(2).wrapping_mul(self.columns);
        self.table.get(row.wrapping_add(column)).copied().unwrap_or_default()
    }
}
