use std::io::Write as _;

use super::Outcome;

/// Prints the JSON Schema of parlour.json, for editors that complete and check as one types.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> anyhow::Result<Outcome> {
    writeln!(std::io::stdout().lock(), "{:#}", parlour::authoring::schema())?;
    Ok(Outcome::Clean)
}
