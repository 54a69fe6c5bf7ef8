use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;

use crate::export::csv::Csv;
use crate::export::ndjson;
use crate::export::parquet::Parquet;
use crate::store::{SqliteStore, Store, StoreError};

/// Writes every event, oldest first.
///
/// The order, by time received and then id, is the same each time. May run beside a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Only the events of this visitor or user, and of ids that were seen together with it.
    #[arg(long)]
    id: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
    /// Where to write [default: standard output; a Parquet file must be named].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// One JSON object a line: the event as it was sent, with `receivedAt`.
    Ndjson,
    /// A line an event; texts that a spreadsheet would take for formulas begin with an apostrophe.
    Csv,
    /// Typed columns, compressed.
    Parquet,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let store = SqliteStore::open_to_read(&self.db)
            .with_context(|| format!("cannot open {}", self.db.display()))?;
        let ids = self.id.map(|id| store.linked(&id)).transpose()?.unwrap_or_default();
        let Some(path) = &self.out else {
            let mut out = host.stdout();
            write(&store, &ids, self.format, &mut out)?;
            out.flush()?;
            return Ok(Outcome::Clean);
        };
        // Whole or not at all.
        let part = path.with_added_extension("part");
        let written = to_file(&store, &ids, self.format, &part)
            .and_then(|()| Ok(std::fs::rename(&part, path)?))
            .with_context(|| format!("cannot write {}", path.display()));
        if written.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        written.map(|()| Outcome::Clean)
    }
}

fn to_file(store: &dyn Store, ids: &[String], format: Format, path: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    match format {
        Format::Parquet => {
            let mut parquet = Parquet::new(&mut out)?;
            export(store, ids, &mut |event| parquet.write(event))?;
            parquet.end()?;
        }
        _ => write(store, ids, format, &mut out)?,
    }
    out.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    Ok(())
}

fn write(store: &dyn Store, ids: &[String], format: Format, mut out: &mut dyn Write) -> anyhow::Result<()> {
    match format {
        Format::Ndjson => export(store, ids, &mut |event| ndjson::write(&mut out, &event)),
        Format::Csv => {
            let mut csv = Csv::new(out)?;
            export(store, ids, &mut |event| csv.write(&event))?;
            Ok(csv.end()?)
        }
        Format::Parquet => {
            anyhow::bail!("a Parquet file cannot be written to standard output: give --out FILE")
        }
    }
}

fn export(
    store: &dyn Store,
    ids: &[String],
    each: &mut dyn FnMut(crate::store::Event) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    store.export(ids, each).map_err(|error| match error {
        StoreError::Output(error) => error.into(),
        other => other.into(),
    })
}
