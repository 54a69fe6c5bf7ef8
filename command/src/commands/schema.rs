use std::io::Write as _;

use super::{Outcome, Task};
use crate::host::Host;

/// Prints the JSON Schema of parlour.json, for editors that complete and check as one types.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let mut out = host.stdout();
        writeln!(out, "{:#}", parlour::authoring::schema())?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
