//! Paths as analysts keep them: `path,total_conversions,total_conversion_value,total_null`, a path being `a > b > a`. These
//! are the columns of the R package ChannelAttribution.

use anyhow::{Context as _, anyhow, ensure};
use parlour_attribution::path::untimed;
use parlour_attribution::{Channels, Ledger, Options, Path, Touch};

use super::{Heading, line_of, number, reader};

const PATH: [&str; 2] = ["path", "channel_path"];
const CONVERSIONS: [&str; 3] = ["total_conversions", "conversions", "conversion"];
const VALUE: [&str; 4] = ["total_conversion_value", "conversion_value", "total_value", "value"];
const NULLS: [&str; 4] = ["total_null", "total_nulls", "nulls", "null"];

/// # Errors
/// What is wrong, with the line it is on.
pub fn read(bytes: &[u8], options: Options) -> anyhow::Result<(Ledger, Channels)> {
    let mut reader = reader(bytes);
    let heading = Heading::read(&mut reader)?;
    let (path, conversions) = (heading.needed(&PATH)?, heading.needed(&CONVERSIONS)?);
    let (value, nulls) = (heading.find(&VALUE), heading.find(&NULLS));
    let (mut ledger, mut channels) = (Ledger::new(options)?, Channels::default());
    for record in reader.records() {
        let record = record.context("the paths cannot be read")?;
        let line = line_of(&record);
        let at_line = |error: parlour_attribution::Error| anyhow!("line {line}: {error}");
        let text = record.get(path).unwrap_or_default();
        let mut order = Vec::new();
        for name in text.split('>').filter(|_| !text.is_empty()) {
            order.push(channels.number(name.trim()).map_err(at_line)?);
        }
        let touches: Vec<Touch> = untimed(&order).collect();
        let optional = |column: Option<usize>, what| match column {
            Some(at) => number(&record, at, what),
            None => Ok(None),
        };
        let path = Path {
            touches: &touches,
            conversions: number(&record, conversions, "the number of conversions")?.with_context(|| {
                format!("line {line} says no number of conversions: write 0 where there were none")
            })?,
            value: optional(value, "the value")?.unwrap_or_default(),
            nulls: optional(nulls, "the number of paths without a conversion")?.unwrap_or_default(),
        };
        ledger.add(&path, channels.names().len()).map_err(at_line)?;
    }
    ensure!(ledger.paths() > 0, "there is no path: give a heading and a line for each");
    Ok((ledger, channels))
}
