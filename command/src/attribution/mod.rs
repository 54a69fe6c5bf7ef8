//! Reads what `parlour attribute` and `parlour report` attribute by: paths and costs as tables, packed by gzip or not.

pub mod costs;
pub mod paths;

use std::io::Read;

use anyhow::{Context as _, anyhow};
use csv::{Reader, ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];

fn reader(bytes: &[u8]) -> Reader<Box<dyn Read + '_>> {
    let unpacked = || -> Box<dyn Read + '_> {
        if bytes.starts_with(&GZIP) { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) }
    };
    let mut start = Vec::new();
    // What cannot be read is said when the reader comes to it.
    let _ = unpacked().take(1 << 16).read_to_end(&mut start);
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = [b'\t', b';', b','].into_iter().find(|delimiter| first.contains(delimiter));
    ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(unpacked())
}

/// Where a column is, by any of its names.
struct Heading(StringRecord);

impl Heading {
    fn read(reader: &mut Reader<Box<dyn Read + '_>>) -> anyhow::Result<Self> {
        Ok(Self(reader.headers().context("the heading cannot be read")?.clone()))
    }

    fn find(&self, names: &[&str]) -> Option<usize> {
        let is_it =
            |header: &str, name: &&str| header.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name);
        names.iter().find_map(|name| self.0.iter().position(|header| is_it(header, name)))
    }

    fn needed(&self, names: &[&str]) -> anyhow::Result<usize> {
        self.find(names).ok_or_else(|| {
            let all: Vec<_> = self.0.iter().take(30).collect();
            anyhow!("no column is called {}: the heading has {}", names.join(" or "), all.join(", "))
        })
    }
}

fn line_of(record: &StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

/// A number, where there is one.
fn number(record: &StringRecord, at: usize, what: &str) -> anyhow::Result<Option<f64>> {
    let text = record.get(at).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().map_err(|_| {
        anyhow!("line {}: {what} is {text:?}, not a number such as 12 or 12.5", line_of(record))
    })?;
    Ok(Some(number))
}
