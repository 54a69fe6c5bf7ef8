//! A machine in memory.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use parlour_command::commands;
use parlour_command::host::{Host, Stream, Terminal};

#[derive(Debug, Default)]
pub struct Memory {
    pub files: RefCell<BTreeMap<PathBuf, Vec<u8>>>,
    pub input: RefCell<Vec<u8>>,
    pub output: RefCell<Vec<u8>>,
    pub error: RefCell<Vec<u8>>,
    pub terminal: Option<Terminal>,
    /// Rises by this much each time it is asked.
    pub tick_ms: u64,
    pub now_ms: Cell<u64>,
}

/// 2026-12-01T00:00:00Z
pub const NOW_MS: u64 = 1_796_083_200_000;

#[derive(Debug)]
pub struct Ran {
    pub code: u8,
    pub out: String,
    pub err: String,
}

impl Memory {
    pub fn with(files: &[(&str, &str)]) -> Self {
        let host = Self { now_ms: Cell::new(NOW_MS), ..Self::default() };
        for (name, text) in files {
            host.files.borrow_mut().insert(name.into(), text.as_bytes().to_vec());
        }
        host
    }

    /// With `plan.bin` built from that configuration.
    pub fn built(config: &str) -> Self {
        let host = Self::with(&[("parlour.json", config)]);
        let ran = host.run(&["build", "parlour.json", "-o", "plan.bin"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        host
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let args = std::iter::once(&"parlour").chain(args).map(Into::into).collect();
        self.output.borrow_mut().clear();
        self.error.borrow_mut().clear();
        let code = commands::run(args, self, &[]);
        let text = |bytes: &RefCell<Vec<u8>>| String::from_utf8(bytes.borrow().clone()).unwrap();
        Ran { code, out: text(&self.output), err: text(&self.error) }
    }
}

impl Host for Memory {
    fn create_secret(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if self.read(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.write(path, bytes)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.borrow().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.files.borrow_mut().insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn input(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut input = self.input.borrow_mut();
        let count = buffer.len().min(input.len());
        buffer[..count].copy_from_slice(&input.drain(..count).collect::<Vec<_>>());
        Ok(count)
    }

    fn output(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let into = if stream == Stream::Output { &self.output } else { &self.error };
        into.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn terminal(&self, _: Stream) -> Option<Terminal> {
        self.terminal
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.replace(self.now_ms.get() + self.tick_ms)
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(7);
        Ok(())
    }
}

/// What stands at a number's place in a line that starts so.
pub fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines()
        .find(|line| line.trim_start().starts_with(start))
        .unwrap_or_else(|| panic!("no {start:?} in\n{text}"))
}
