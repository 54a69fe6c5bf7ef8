use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;

use crate::store::{Exported, SqliteStore, Store, StoreError};

/// Writes every event to standard output, oldest first.
///
/// Each line is the event as it was sent, with `receivedAt`. The order, by time received and then id, is the same each
/// time. May run beside a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store of `parlour serve`.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// One JSON object a line.
    Ndjson,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let Format::Ndjson = self.format;
        let store = SqliteStore::open_to_read(&self.db)
            .with_context(|| format!("cannot open {}", self.db.display()))?;
        let mut out = host.stdout();
        store.export(&mut |event| write_line(&mut out, &event)).map_err(|error| match error {
            StoreError::Output(error) => error.into(),
            other => anyhow::Error::from(other),
        })?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

/// JSON allows a line break only between tokens, so each can become a space.
fn write_line(out: &mut impl Write, event: &Exported) -> std::io::Result<()> {
    let raw = event.raw.replace(['\n', '\r'], " ");
    let fields = raw.trim_end().strip_suffix('}').unwrap_or(&raw).trim_end();
    // A reader takes the last of two equal names, which is ours.
    let received = jiff::Timestamp::from_millisecond(event.received_ms).map_err(std::io::Error::other)?;
    writeln!(out, "{fields},\"receivedAt\":\"{received:.3}\"}}")
}
