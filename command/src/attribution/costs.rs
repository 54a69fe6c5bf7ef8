//! What channels cost: `channel,cost`, and where they are known `date`, `clicks` and `currency`.

use std::ops::Range;

use anyhow::{Context as _, anyhow, bail, ensure};
use jiff::civil::Date;
use parlour_attribution::costs::Cost;

use super::{Heading, line_of, number, reader};

#[derive(Debug, Default)]
pub struct Costs {
    /// In the order in which channels first appear.
    pub channels: Vec<(String, Cost)>,
    pub currency: Option<String>,
    /// The first and the last day.
    pub days: Option<(Date, Date)>,
    /// Rows of days outside of what was asked for.
    pub outside: u64,
}

/// With `wanted` only rows of those days.
///
/// # Errors
/// What is wrong, with the line it is on.
pub fn read(bytes: &[u8], wanted: Option<&Range<Date>>) -> anyhow::Result<Costs> {
    let mut reader = reader(bytes);
    let heading = Heading::read(&mut reader)?;
    let (channel, cost) = (heading.needed(&["channel"])?, heading.needed(&["cost", "costs", "spend"])?);
    let [date, clicks, currency] = ["date", "clicks", "currency"].map(|name| heading.find(&[name]));
    let mut costs = Costs::default();
    for record in reader.records() {
        let record = record.context("the costs cannot be read")?;
        let line = line_of(&record);
        let text =
            |column: Option<usize>| column.and_then(|at| record.get(at)).filter(|text| !text.is_empty());
        let name = text(Some(channel)).with_context(|| format!("line {line} names no channel"))?;
        let spent =
            number(&record, cost, "the cost")?.with_context(|| format!("line {line} says no cost"))?;
        let clicked = match clicks {
            Some(at) => number(&record, at, "the number of clicks")?,
            None => None,
        };
        if let Some(text) = text(date) {
            let day: Date = text
                .parse()
                .map_err(|_| anyhow!("line {line}: the date is {text:?}, it must be like 2026-11-30"))?;
            if wanted.is_some_and(|wanted| !wanted.contains(&day)) {
                costs.outside += 1;
                continue;
            }
            let (first, last) = costs.days.unwrap_or((day, day));
            costs.days = Some((first.min(day), last.max(day)));
        }
        if let Some(code) = text(currency) {
            match &costs.currency {
                Some(before) if before != code => bail!(
                    "line {line}: the cost is in {code}, those before in {before}: give all in one, amounts of several are \
                     never added"
                ),
                _ => costs.currency = Some(code.to_owned()),
            }
        }
        let at = match costs.channels.iter().position(|(of, _)| of == name) {
            Some(at) => at,
            None => {
                costs.channels.push((name.to_owned(), Cost::default()));
                costs.channels.len() - 1
            }
        };
        if let Some((_, sum)) = costs.channels.get_mut(at) {
            sum.add(spent, clicked).map_err(|error| anyhow!("line {line}: {error}"))?;
        }
    }
    ensure!(
        !costs.channels.is_empty() || costs.outside > 0,
        "there is no cost: give a heading and a line for each"
    );
    Ok(costs)
}
