//! Events exported as Parquet (`parlour export --format parquet`) → what reports read of the store, a row group at a time.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, ensure};
use parlour_report::seen::Seen;
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};

use crate::store::{EachSeen, Told, seen_of};

#[derive(Debug)]
enum Column {
    Texts(Vec<Option<ByteArray>>),
    Numbers(Vec<Option<i64>>),
}

/// The columns that are read, by their names in the file.
const TEXTS: [&str; 14] = [
    "type",
    "env",
    "anonymous_id",
    "user_id",
    "plan_hash",
    "experiment",
    "variant",
    "reason",
    "goal",
    "order_id",
    "currency",
    "agent",
    "bucketing",
    "raw",
];
const NUMBERS: [&str; 5] = ["occurred_at", "received_at", "experiment_version", "revenue_minor", "clock_ms"];

#[allow(missing_debug_implementations, reason = "the reader has none")]
pub struct Exported {
    reader: SerializedFileReader<File>,
    /// Where each column is.
    places: HashMap<&'static str, usize>,
}

impl Exported {
    /// # Errors
    /// When the file is no Parquet, or has not the columns of an export.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let at = path.display();
        let file = File::open(path).with_context(|| format!("cannot open {at}"))?;
        let reader =
            SerializedFileReader::new(file).with_context(|| format!("{at} is no whole Parquet file"))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let mut places = HashMap::new();
        for name in TEXTS.into_iter().chain(NUMBERS) {
            let place = schema.columns().iter().position(|column| column.name() == name);
            ensure!(
                place.is_some(),
                "{at} has no column {name}: give a file of parlour export --format parquet"
            );
            places.extend(place.map(|place| (name, place)));
        }
        Ok(Self { reader, places })
    }

    /// Calls `each` for each event dated in this time.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn scan(&self, since_ms: i64, until_ms: i64, each: EachSeen<'_>) -> anyhow::Result<()> {
        for group in 0..self.reader.num_row_groups() {
            let group = self.reader.get_row_group(group)?;
            let rows = usize::try_from(group.metadata().num_rows())?;
            let mut columns = HashMap::new();
            for (name, place) in &self.places {
                columns
                    .insert(*name, column(&*group, *place, rows).with_context(|| format!("column {name}"))?);
            }
            for row in 0..rows {
                let seen = self::seen(&columns, row);
                seen_of(&seen, &mut |seen: &Seen<'_>| {
                    if (since_ms..until_ms).contains(&seen.occurred_ms) {
                        each(seen);
                    }
                });
            }
        }
        Ok(())
    }
}

fn seen<'a>(columns: &'a HashMap<&'static str, Column>, row: usize) -> Told<'a> {
    let text = |name: &str| match columns.get(name) {
        Some(Column::Texts(texts)) => {
            let bytes = texts.get(row)?.as_ref()?.data();
            std::str::from_utf8(bytes).ok()
        }
        _ => None,
    };
    let number = |name: &str| match columns.get(name) {
        Some(Column::Numbers(numbers)) => numbers.get(row).copied().flatten(),
        _ => None,
    };
    Told {
        kind: text("type").unwrap_or_default(),
        has_env: text("env").is_some(),
        anonymous_id: text("anonymous_id"),
        user_id: text("user_id"),
        occurred_ms: number("occurred_at").unwrap_or_default(),
        received_ms: number("received_at").unwrap_or_default(),
        has_moved_clock: number("clock_ms").is_some(),
        plan: text("plan_hash"),
        experiment: text("experiment"),
        variant: text("variant"),
        reason: text("reason"),
        version: number("experiment_version"),
        has_wrong_bucket: text("bucketing") == Some("differs"),
        agent: text("agent"),
        goal: text("goal"),
        order: text("order_id"),
        minor: number("revenue_minor"),
        currency: text("currency"),
        raw: text("raw"),
    }
}

fn column(group: &dyn RowGroupReader, place: usize, rows: usize) -> anyhow::Result<Column> {
    fn read<T: parquet::data_type::DataType>(
        mut reader: parquet::column::reader::ColumnReaderImpl<T>,
        is_required: bool,
        rows: usize,
    ) -> anyhow::Result<Vec<Option<T::T>>> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (mut records, mut last) = (0, usize::MAX);
        while records < rows && last > 0 {
            (last, _, _) = reader.read_records(
                rows - records,
                if is_required { None } else { Some(&mut levels) },
                None,
                &mut values,
            )?;
            records += last;
        }
        ensure!(records == rows, "it has {records} of {rows} rows");
        let mut values = values.into_iter();
        Ok(if is_required {
            values.map(Some).collect()
        } else {
            levels.into_iter().map(|level| if level > 0 { values.next() } else { None }).collect()
        })
    }
    let is_required = group.metadata().column(place).column_descr().max_def_level() == 0;
    match group.get_column_reader(place)? {
        ColumnReader::ByteArrayColumnReader(reader) => Ok(Column::Texts(read(reader, is_required, rows)?)),
        ColumnReader::Int64ColumnReader(reader) => Ok(Column::Numbers(read(reader, is_required, rows)?)),
        _ => anyhow::bail!("it holds neither texts nor whole numbers"),
    }
}
