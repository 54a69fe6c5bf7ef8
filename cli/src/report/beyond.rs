//! Events of the store → what visitors do.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, ensure};
use jiff::civil::Date;
use parlour::money;
use parlour_command::attribution::costs::{self, Costs};
use parlour_command::host::Host;
use parlour_report::beyond::model::Beyond;
use parlour_report::beyond::{Asked, Contact, Count, funnel, touches};
use parlour_report::judge;
use parlour_report::model::Note;
use parlour_report::tally::Tally;

use super::channel::Classifier;
use super::properties::Properties;
use crate::store::Store;

const DAY_MS: i64 = 86_400_000;
const MOST_FUNNELS: usize = 20;

#[derive(Debug, clap::Args)]
pub struct Visitors {
    /// Funnels: a JSON list like [{"name":"trial","steps":["page_view",["sign_up","login"],"purchase"],"within_hours":24}].
    #[arg(long, value_name = "FILE")]
    funnels: Option<PathBuf>,
    /// What channels cost: a table with the columns channel, cost and, where they are known, date, clicks and currency.
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// How many days before a purchase a channel is still credited.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    lookback_days: u16,
    /// After how many days a touch counts half as much, in time decay.
    #[arg(long, value_name = "DAYS", default_value_t = 7.0)]
    half_life_days: f64,
}

/// What of the plan and the time is asked for.
#[derive(Debug)]
pub struct Of<'a> {
    pub tally: &'a Tally,
    pub site: &'a [String],
    pub since: Option<jiff::Timestamp>,
    pub until: Option<jiff::Timestamp>,
}

impl Visitors {
    pub fn count(&self, store: &dyn Store, of: &Of<'_>, host: &dyn Host) -> anyhow::Result<Beyond> {
        let currency = &of.tally.site.currency;
        let costs = self.costs(of, host)?;
        let exponent = money::exponent(currency).unwrap_or_default();
        let touches = touches::Asked {
            lookback_ms: i64::from(self.lookback_days).saturating_mul(DAY_MS),
            refunds: store.refunds(currency)?.into_iter().collect::<HashMap<_, _>>(),
            minor_units: 10f64.powi(i32::from(exponent)),
        };
        let asked = of.tally.experiments.iter().map(|one| &one.asked);
        let variants = asked.map(|asked| {
            (asked.key.clone(), asked.variants.iter().map(|(variant, _)| variant.clone()).collect())
        });
        let mut count = Count::new(Asked {
            funnels: self.funnels(host)?,
            touches,
            half_life_days: self.half_life_days,
            currency: currency.clone(),
            variants: variants.collect(),
        })
        .map_err(|error| anyhow!("--half-life-days: {error}"))?;
        let mut classifier = Classifier::new(of.site)?;
        let since_ms = of.since.map_or(i64::MIN, jiff::Timestamp::as_millisecond);
        let until_ms = of.until.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        store.contacts(since_ms, until_ms, &mut |contacted| {
            let is_view =
                contacted.seen.kind == "page_view" && !contacted.seen.has_env && !contacted.seen.is_bot;
            let properties: Option<Properties<'_>> =
                contacted.properties.and_then(|text| serde_json::from_str(text).ok());
            let bought = match (&properties, contacted.seen.kind) {
                (Some(of), "purchase") => of.bought(exponent, contacted.item),
                _ => Vec::new(),
            };
            count.add(&Contact {
                list: properties.as_ref().and_then(Properties::list),
                bought: &bought,
                seen: contacted.seen,
                session: contacted.session,
                item: contacted.item,
                channel: is_view.then(|| classifier.channel(contacted.url, contacted.referrer)),
            });
        })?;
        let mut beyond = count.report(&costs.channels);
        beyond.experiences = judge::experiences(of.tally);
        if costs.outside > 0 {
            beyond.notes.push(Note {
                what: format!("{} costs of other days", costs.outside),
                done: "they are left out".to_owned(),
            });
        }
        Ok(beyond)
    }

    fn funnels(&self, host: &dyn Host) -> anyhow::Result<Vec<funnel::Asked>> {
        let Some(path) = &self.funnels else { return Ok(vec![funnel::Asked::usual()]) };
        let at = path.display();
        let asked: Vec<funnel::Asked> = serde_json::from_slice(&host.bytes_of(path)?).with_context(|| {
            format!("{at} is no list of funnels: write [{{\"name\":\"trial\",\"steps\":[\"page_view\",\"purchase\"]}}]")
        })?;
        ensure!(
            (1..=MOST_FUNNELS).contains(&asked.len()),
            "{at} has {} funnels: give 1 to {MOST_FUNNELS}",
            asked.len()
        );
        for funnel in &asked {
            funnel.check().map_err(|error| anyhow!("{at}: {error}"))?;
        }
        Ok(asked)
    }

    /// Of days in the report's time, UTC.
    fn costs(&self, of: &Of<'_>, host: &dyn Host) -> anyhow::Result<Costs> {
        let Some(path) = &self.costs else { return Ok(Costs::default()) };
        let day = |time: jiff::Timestamp| time.to_zoned(jiff::tz::TimeZone::UTC).date();
        let wanted: Range<Date> = of.since.map_or(Date::MIN, day)..of.until.map_or(Date::MAX, day);
        let costs = costs::read(&host.bytes_of(path)?, Some(&wanted))
            .map_err(|error| anyhow!("{}: {error:#}", path.display()))?;
        if let Some(code) = &costs.currency {
            ensure!(
                *code == of.tally.site.currency,
                "{}: costs are in {code}, the report is in {}: give costs in that, amounts of several are never added",
                path.display(),
                of.tally.site.currency
            );
        }
        Ok(costs)
    }
}
