//! CSV by RFC 4180, safe to open in a spreadsheet: a text that a spreadsheet would take for a formula begins with an
//! apostrophe (OWASP, "CSV Injection").

use std::borrow::Cow;
use std::io::Write;

use super::{COLUMNS, Cell};
use crate::store::Event;

/// Full-width forms too: spreadsheets of East Asia take them for the same.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

pub struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> std::fmt::Debug for Csv<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Csv")
    }
}

impl<W: Write> Csv<W> {
    /// Writes the names of the columns.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(out: W) -> std::io::Result<Self> {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        csv.write_record(COLUMNS.iter().map(|column| column.name)).map_err(error)?;
        Ok(Self(csv))
    }

    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, event: &Event) -> std::io::Result<()> {
        for column in COLUMNS {
            let field = match (column.of)(event) {
                Cell::Text(text) => safe(text.unwrap_or_default()),
                Cell::Integer(number) => {
                    Cow::Owned(number.map(|number| number.to_string()).unwrap_or_default())
                }
                Cell::Time(ms) => {
                    let time = jiff::Timestamp::from_millisecond(ms).map_err(std::io::Error::other)?;
                    Cow::Owned(format!("{time:.3}"))
                }
            };
            self.0.write_field(field.as_bytes()).map_err(error)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(error)
    }

    /// # Errors
    /// Those of the output.
    pub fn end(mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn safe(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// A closed pipe stays one.
fn error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}
