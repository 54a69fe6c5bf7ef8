//! Baskets as they come: a line each, its items parted by tabs or commas; or a table with a column for the basket and one
//! for the item. Packed by gzip or not.

use std::collections::HashMap;
use std::io::Read;

use anyhow::{Context as _, bail, ensure};
use csv::{ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;

/// Names of the columns of a table.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    pub basket: &'a str,
    pub item: &'a str,
}

/// Each basket's items once, by number of name.
#[derive(Debug, Default)]
pub struct Baskets {
    names: Vec<String>,
    items: Vec<u32>,
    /// Where each basket ends in `items`.
    ends: Vec<usize>,
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Baskets {
    /// # Errors
    /// What is wrong, with the line it is on.
    pub fn read(bytes: &[u8], columns: Option<Columns<'_>>) -> anyhow::Result<Self> {
        if bytes.starts_with(&GZIP) {
            Self::of(|| MultiGzDecoder::new(bytes), columns)
        } else {
            Self::of(|| bytes, columns)
        }
    }

    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.items.get(start..*end).unwrap_or_default())
    }

    fn of<R: Read>(open: impl Fn() -> R, columns: Option<Columns<'_>>) -> anyhow::Result<Self> {
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter(open())?)
            .has_headers(columns.is_some())
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(open());
        let mut reading = Reading::default();
        match columns {
            None => {
                for record in reader.records() {
                    reading.basket(record.context("the baskets cannot be read")?.iter());
                }
            }
            Some(columns) => {
                let headers = reader.headers().context("the baskets cannot be read")?.clone();
                let (basket, item) = (place(&headers, columns.basket)?, place(&headers, columns.item)?);
                let mut lines: HashMap<String, Vec<String>> = HashMap::new();
                // In the order in which baskets first appear, so that the same file gives the same answer.
                let mut order = Vec::new();
                for record in reader.records() {
                    let record = record.context("the baskets cannot be read")?;
                    let line = record.position().map_or(0, csv::Position::line);
                    let (Some(basket), Some(item)) = (record.get(basket), record.get(item)) else {
                        bail!("line {line} of the baskets ends before its columns do")
                    };
                    ensure!(
                        !basket.is_empty(),
                        "line {line} of the baskets names no basket in column {:?}",
                        columns.basket
                    );
                    let items = lines.entry(basket.to_owned()).or_insert_with(|| {
                        order.push(basket.to_owned());
                        Vec::new()
                    });
                    items.push(item.to_owned());
                }
                for basket in order {
                    reading.basket(lines.get(&basket).into_iter().flatten().map(String::as_str));
                }
            }
        }
        Ok(reading.baskets)
    }
}

#[derive(Default)]
struct Reading {
    baskets: Baskets,
    numbers: HashMap<String, u32>,
}

impl Reading {
    /// One without items counts as none.
    fn basket<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        let mut numbers: Vec<u32> =
            items.filter(|item| !item.is_empty()).map(|item| self.number(item)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if !numbers.is_empty() {
            self.baskets.items.extend(numbers);
            self.baskets.ends.push(self.baskets.items.len());
        }
    }

    fn number(&mut self, item: &str) -> u32 {
        if let Some(number) = self.numbers.get(item) {
            return *number;
        }
        let number = self.baskets.names.len() as u32;
        self.numbers.insert(item.to_owned(), number);
        self.baskets.names.push(item.to_owned());
        number
    }
}

/// A tab, where the first line has one.
fn delimiter(mut reader: impl Read) -> anyhow::Result<u8> {
    let mut start = Vec::new();
    reader.by_ref().take(1 << 16).read_to_end(&mut start).context("the baskets cannot be read")?;
    let first = start.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    Ok(if first.is_some_and(|line| line.contains(&b'\t')) { b'\t' } else { b',' })
}

fn place(headers: &StringRecord, name: &str) -> anyhow::Result<usize> {
    headers.iter().position(|header| header == name).with_context(|| {
        let all: Vec<_> = headers.iter().take(30).collect();
        format!("the baskets have no column {name:?}: they have {}", all.join(", "))
    })
}
