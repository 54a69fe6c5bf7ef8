//! How far long work has come, on one line of the terminal; nothing where standard error is none.

use std::time::{Duration, Instant};

use parlour_command::host::{Host, Stream};

const EVERY: Duration = Duration::from_millis(200);

pub struct Progress<'a> {
    host: &'a dyn Host,
    what: &'static str,
    said: Option<Instant>,
    is_shown: bool,
}

impl<'a> Progress<'a> {
    pub fn new(host: &'a dyn Host, what: &'static str) -> Self {
        Self { host, what, said: None, is_shown: host.terminal(Stream::Error).is_some() }
    }

    pub fn at(&mut self, done: u64, of: u64) {
        if !self.is_shown || self.said.is_some_and(|said| said.elapsed() < EVERY) {
            return;
        }
        self.said = Some(Instant::now());
        self.say(&format!("\r{done} of {of} {}", self.what));
    }

    pub fn end(&self) {
        if self.said.is_some() {
            self.say("\r\x1b[K");
        }
    }

    fn say(&self, text: &str) {
        // Whoever closed standard error does not want to know.
        let _ = self.host.output(Stream::Error, text.as_bytes());
    }
}
