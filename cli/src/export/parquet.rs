//! Apache Parquet: typed columns, compressed by Snappy, in row groups of 50,000 events, which is what is held in memory.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::{COLUMNS, Cell};
use crate::store::Event;

const ROWS_A_GROUP: usize = 50_000;

pub struct Parquet<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Vec<Event>,
}

impl<W: Write + Send> std::fmt::Debug for Parquet<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parquet")
    }
}

/// The message type of the files, as Parquet writes it down.
#[must_use]
pub fn schema() -> String {
    let nothing = Event::default();
    let column = |column: &super::Column| match (column.of)(&nothing) {
        Cell::Text(Some(_)) => format!("required binary {} (STRING);", column.name),
        Cell::Text(None) => format!("optional binary {} (STRING);", column.name),
        Cell::Integer(_) => format!("optional int64 {};", column.name),
        Cell::Time(_) => format!("required int64 {} (TIMESTAMP(MILLIS,true));", column.name),
    };
    let columns: Vec<String> = COLUMNS.iter().map(column).collect();
    format!("message events {{ {} }}", columns.join(" "))
}

impl<W: Write + Send> Parquet<W> {
    /// # Errors
    /// Those of the output.
    pub fn new(out: W) -> std::io::Result<Self> {
        let schema = Arc::new(parse_message_type(&schema()).map_err(error)?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(error)?;
        Ok(Self { writer, rows: Vec::new() })
    }

    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, event: Event) -> std::io::Result<()> {
        self.rows.push(event);
        if self.rows.len() < ROWS_A_GROUP { Ok(()) } else { self.group().map_err(error) }
    }

    /// # Errors
    /// Those of the output.
    pub fn end(mut self) -> std::io::Result<()> {
        if !self.rows.is_empty() {
            self.group().map_err(error)?;
        }
        self.writer.close().map_err(error)?;
        Ok(())
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        for column in COLUMNS {
            let Some(mut writer) = group.next_column()? else { break };
            let (mut texts, mut numbers, mut levels) = (Vec::new(), Vec::new(), Vec::new());
            let mut is_text = false;
            for event in &rows {
                let is_there = match (column.of)(event) {
                    Cell::Text(text) => {
                        is_text = true;
                        texts.extend(text.map(|text| ByteArray::from(text.as_bytes().to_vec())));
                        text.is_some()
                    }
                    Cell::Integer(number) => {
                        numbers.extend(number);
                        number.is_some()
                    }
                    Cell::Time(ms) => {
                        numbers.push(ms);
                        true
                    }
                };
                levels.push(i16::from(is_there));
            }
            // Required columns have no levels, and ignore them.
            if is_text {
                writer.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
            } else {
                writer.typed::<Int64Type>().write_batch(&numbers, Some(&levels), None)?;
            }
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}

fn error(error: ParquetError) -> std::io::Error {
    std::io::Error::other(error)
}
