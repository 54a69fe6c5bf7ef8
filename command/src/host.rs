//! What the command needs of the machine it runs on. Everything waits: there is nothing else to do meanwhile.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context;

/// A file without line ends is no list; without a bound it would be read until memory ends.
const MAX_LINE_BYTES: u64 = 16 << 20;

pub trait Host {
    /// A whole file.
    ///
    /// # Errors
    /// Those of the file system; their kind decides what is said.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Writes a file whole or not at all: who reads it meanwhile finds the old one or the new one.
    ///
    /// # Errors
    /// Those of the file system.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Makes a file that its owner alone may read.
    ///
    /// # Errors
    /// `AlreadyExists` where there is one; else those of the file system.
    fn create_secret(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// The next bytes of standard input; 0 at its end.
    ///
    /// # Errors
    /// When it cannot be read.
    fn input(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of it.
    ///
    /// # Errors
    /// `BrokenPipe` when the reader has gone, which ends the command quietly.
    fn output(&self, stream: Stream, bytes: &[u8]) -> io::Result<()>;

    /// `None` where no person watches the stream.
    fn terminal(&self, stream: Stream) -> Option<Terminal>;

    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;

    /// Bytes that nobody can foretell, for keys.
    ///
    /// # Errors
    /// When the machine has none.
    fn random(&self, bytes: &mut [u8]) -> io::Result<()>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Output,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    pub columns: usize,
    pub has_colour: bool,
}

impl dyn Host + '_ {
    /// Standard output, collected into few writes. Whoever writes flushes it, and so hears of a failure.
    #[must_use]
    pub fn stdout(&self) -> impl Write + '_ {
        BufWriter::with_capacity(1 << 16, To { host: self, stream: Stream::Output })
    }

    /// One line to standard error. Where that fails there is nobody to tell.
    pub fn tell(&self, line: &str) {
        let _ = self.output(Stream::Error, format!("{line}\n").as_bytes());
    }

    /// The lines of standard input with their numbers, from 1. `what` they are is said when one cannot be read. A line
    /// ends with LF, and one CR before it is dropped.
    pub fn lines(&self, what: &str) -> impl Iterator<Item = anyhow::Result<(u64, String)>> {
        let mut input = BufReader::with_capacity(1 << 16, From { host: self });
        (1u64..).map_while(move |number| next_line(&mut input, number, what).transpose())
    }

    /// # Errors
    /// Says which file, and why not.
    pub fn bytes_of(&self, path: &Path) -> anyhow::Result<Vec<u8>> {
        self.read(path).map_err(|error| anyhow::anyhow!("cannot read {}: {}", path.display(), reason(&error)))
    }

    /// # Errors
    /// As [`Self::bytes_of`], and where the file is no UTF-8 text.
    pub fn text_of(&self, path: &Path) -> anyhow::Result<String> {
        String::from_utf8(self.bytes_of(path)?)
            .with_context(|| format!("{} is not UTF-8 text", path.display()))
    }

    /// # Errors
    /// Says which file, and why not.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        self.write(path, bytes)
            .map_err(|error| anyhow::anyhow!("cannot write {}: {}", path.display(), reason(&error)))
    }

    /// # Errors
    /// Says which file, and why not; one that is there is left as it is.
    pub fn keep_secret(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        self.create_secret(path, bytes)
            .map_err(|error| anyhow::anyhow!("cannot write {}: {}", path.display(), reason(&error)))
    }

    /// The time asked for, or the present.
    #[must_use]
    pub fn instant(&self, asked: Option<jiff::Timestamp>) -> u64 {
        asked.map_or_else(|| self.now_ms(), |at| u64::try_from(at.as_millisecond()).unwrap_or_default())
    }
}

fn next_line(input: &mut impl BufRead, number: u64, what: &str) -> anyhow::Result<Option<(u64, String)>> {
    let mut line = Vec::new();
    let read = input.take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
    if read.with_context(|| format!("line {number} of the {what} cannot be read"))? == 0 {
        return Ok(None);
    }
    match line.strip_suffix(b"\n") {
        Some(whole) => line.truncate(whole.strip_suffix(b"\r").unwrap_or(whole).len()),
        None => anyhow::ensure!(
            (line.len() as u64) < MAX_LINE_BYTES,
            "line {number} of the {what} is longer than {MAX_LINE_BYTES} bytes: give one each line"
        ),
    }
    let line =
        String::from_utf8(line).with_context(|| format!("line {number} of the {what} is not UTF-8 text"))?;
    Ok(Some((number, line)))
}

/// In the same words on every host.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::AlreadyExists => "it is there already, and is left as it is".to_owned(),
        _ => error.to_string(),
    }
}

struct To<'a> {
    host: &'a dyn Host,
    stream: Stream,
}

impl Write for To<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.host.output(self.stream, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct From<'a> {
    host: &'a dyn Host,
}

impl Read for From<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.host.input(buffer)
    }
}
