//! Logs of who looked at what, as they come: tables, Parlour's own events as NDJSON, lists of ids. Packed by gzip or not.

mod catalogue;
mod event;
mod table;
mod time;
mod trouble;

use std::io::{BufRead, BufReader, Read};

use anyhow::{Context as _, bail, ensure};
use flate2::bufread::MultiGzDecoder;
use parlour_train::log::{Gathering, Kind};

pub use catalogue::{CardColumns, Catalogue};
pub use event::{Contact, contacts};
pub use table::Columns;
pub use trouble::{Reason, Trouble};

/// Ids longer than this name nothing.
pub const MAX_ID_BYTES: usize = 256;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// A line longer than this is no event's.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// One contact, as any of the formats says it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub session: &'a str,
    pub item: &'a str,
    /// Seconds since 1970; `None` where none is told.
    pub at: Option<u32>,
    pub kind: Kind,
}

/// Gathers contacts from any number of files.
#[derive(Debug, Default)]
pub struct Reading {
    pub gathering: Gathering,
    pub trouble: Trouble,
    /// Lines or events that were looked at.
    pub lines: u64,
    /// Stands for a time where there is none, so that the order of lines is the order of clicks.
    clock: u32,
}

impl Reading {
    /// A whole file, or standard input. `name` is what it is called; `at` is told how many bytes are read.
    ///
    /// # Errors
    /// When nothing in it can be used: what, where and how to mend it.
    pub fn read(
        &mut self,
        name: &str,
        input: impl Read,
        columns: &Columns,
        at: &mut dyn FnMut(u64),
    ) -> anyhow::Result<()> {
        let input =
            unpacked(Counted { input, read: 0, at }).with_context(|| format!("cannot read {name}"))?;
        self.read_plain(name, input, columns)
    }

    fn read_plain(&mut self, name: &str, mut input: impl BufRead, columns: &Columns) -> anyhow::Result<()> {
        let start = input.fill_buf().with_context(|| format!("cannot read {name}"))?;
        ensure!(
            !start.is_empty(),
            "{name} is empty: give a table with a heading, or events as `parlour export` writes them"
        );
        ensure!(
            !start.starts_with(b"SQLite format 3\0"),
            "{name} is a store: only the native command reads it, or export it first: parlour export --db {name}"
        );
        ensure!(!start.starts_with(b"PAR1"), "{name} is a Parquet file: export it as NDJSON or CSV");
        if start.trim_ascii_start().starts_with(b"{") {
            self.events(name, input)
        } else {
            table::read(self, name, input, columns)
        }
    }

    fn events(&mut self, name: &str, mut input: impl BufRead) -> anyhow::Result<()> {
        let mut line = Vec::new();
        for number in 1u64.. {
            line.clear();
            let read = (&mut input).take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
            if read.with_context(|| format!("{name}: line {number} cannot be read"))? == 0 {
                break;
            }
            if line.len() as u64 == MAX_LINE_BYTES {
                bail!("{name}: line {number} is longer than {MAX_LINE_BYTES} bytes: give one event a line");
            }
            if !line.trim_ascii().is_empty() {
                self.event(name, number, &line)?;
            }
        }
        Ok(())
    }

    /// One event of the Segment specification, as Parlour sends, stores and exports it.
    ///
    /// # Errors
    /// When there are more than can be counted.
    pub fn event(&mut self, name: &str, line: u64, json: &[u8]) -> anyhow::Result<()> {
        self.lines += 1;
        match contacts(json) {
            Ok(contacts) => {
                for contact in &contacts {
                    self.add(name, line, contact.seen())?;
                }
                Ok(())
            }
            Err(reason) => {
                self.trouble.note(reason, name, line);
                Ok(())
            }
        }
    }

    /// # Errors
    /// When there are more than can be counted.
    pub fn add(&mut self, name: &str, line: u64, seen: Seen<'_>) -> anyhow::Result<()> {
        let faults = [
            (seen.session.is_empty(), Reason::NoSession),
            (seen.item.is_empty(), Reason::NoItem),
            (seen.session.len().max(seen.item.len()) > MAX_ID_BYTES, Reason::LongId),
        ];
        if let Some((_, reason)) = faults.into_iter().find(|(is_at_fault, _)| *is_at_fault) {
            self.trouble.note(reason, name, line);
            return Ok(());
        }
        let at = seen.at.unwrap_or_else(|| {
            self.clock = self.clock.saturating_add(1);
            self.clock
        });
        let added = self.gathering.add(seen.session, seen.item, at, seen.kind);
        added.map_err(|_| anyhow::anyhow!("{name}: more than {} contacts: give a part of the log", u32::MAX))
    }
}

/// What gzip packed, if it did.
fn unpacked<'a>(input: impl Read + 'a) -> std::io::Result<Box<dyn BufRead + 'a>> {
    let mut input = BufReader::with_capacity(1 << 17, input);
    let is_packed = input.fill_buf()?.starts_with(&GZIP);
    if !is_packed {
        return Ok(Box::new(input));
    }
    Ok(Box::new(BufReader::with_capacity(1 << 17, MultiGzDecoder::new(input))))
}

/// Tells how many bytes went through.
struct Counted<'a, R> {
    input: R,
    read: u64,
    at: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read += read as u64;
        (self.at)(self.read);
        Ok(read)
    }
}
