//! How far long work has come: one line on standard error that writes over itself, and only where a person watches.

use crate::host::{Host, Stream};

/// Less than this passes unnoticed.
const EVERY_MS: u64 = 200;
/// Asking for the time each time would cost more than the work.
const EVERY: u64 = 1 << 10;

pub struct Progress<'a> {
    host: &'a dyn Host,
    what: &'a str,
    total: u64,
    is_watched: bool,
    told_ms: u64,
    has_told: bool,
}

impl std::fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").field("what", &self.what).finish_non_exhaustive()
    }
}

impl<'a> Progress<'a> {
    #[must_use]
    pub fn new(host: &'a dyn Host, what: &'a str, total: u64) -> Self {
        let is_watched = host.terminal(Stream::Error).is_some();
        Self { host, what, total, is_watched, told_ms: host.now_ms(), has_told: false }
    }

    pub fn at(&mut self, done: u64) {
        if done.is_multiple_of(EVERY) {
            self.step(done, self.total);
        }
    }

    /// For steps that are long enough to ask for the time at each, and whose number is known only once they begin.
    pub fn step(&mut self, done: u64, total: u64) {
        if !self.is_watched {
            return;
        }
        let now_ms = self.host.now_ms();
        if now_ms.saturating_sub(self.told_ms) >= EVERY_MS {
            let percent = (done.saturating_mul(100)).checked_div(total).unwrap_or_default();
            self.say(&format!("\r{}: {percent} %", self.what));
            (self.told_ms, self.has_told) = (now_ms, true);
        }
    }

    /// What comes next is at the start of an empty line.
    pub fn end(self) {
        if self.has_told {
            self.say("\r\u{1b}[K");
        }
    }

    fn say(&self, text: &str) {
        // Nobody is worse off without it.
        let _ = self.host.output(Stream::Error, text.as_bytes());
    }
}
