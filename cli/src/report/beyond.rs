//! Events of the store → what visitors do.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use parlour::money;
use parlour_command::attribution::costs::{self, Costs};
use parlour_command::host::Host;
use parlour_report::asked::Site;
use parlour_report::beyond::model::Beyond;
use parlour_report::beyond::{Asked, Contact, Count, funnel, touches};
use parlour_report::model::Note;

use super::channel::Classifier;
use super::properties::Properties;
use crate::store::Store;

const DAY_MS: i64 = 86_400_000;
const MOST_FUNNELS: usize = 20;
const LOOKBACK_DAYS: u16 = 30;
const HALF_LIFE_DAYS: f64 = 7.0;

#[derive(Debug, clap::Args)]
pub struct Visitors {
    /// Funnels: a JSON list like [{"name":"trial","steps":["page_view",["sign_up","login"],"purchase"],"within_hours":24}].
    #[arg(long, value_name = "FILE")]
    funnels: Option<PathBuf>,
    /// What channels cost: a table with the columns channel, cost and, where they are known, date, clicks and currency.
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// How many days before a purchase a channel is still credited.
    #[arg(long, value_name = "DAYS", default_value_t = LOOKBACK_DAYS, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    lookback_days: u16,
    /// After how many days a touch counts half as much, in time decay.
    #[arg(long, value_name = "DAYS", default_value_t = HALF_LIFE_DAYS)]
    half_life_days: f64,
}

impl Default for Visitors {
    fn default() -> Self {
        Self { funnels: None, costs: None, lookback_days: LOOKBACK_DAYS, half_life_days: HALF_LIFE_DAYS }
    }
}

/// What is counted, of which time.
#[derive(Debug)]
pub struct Wanted {
    asked: Asked,
    classifier: Classifier,
    costs: Costs,
    since_ms: i64,
    until_ms: i64,
}

impl Visitors {
    /// Reads the files that are named. `hosts` are the site's own.
    pub fn wanted(
        &self,
        known: &[parlour_report::asked::Asked],
        site: &Site,
        hosts: &[String],
        time: Range<Option<Timestamp>>,
        host: &dyn Host,
    ) -> anyhow::Result<Wanted> {
        let variants = known.iter().map(|asked| {
            (asked.key.clone(), asked.variants.iter().map(|(variant, _)| variant.clone()).collect())
        });
        let exponent = money::exponent(&site.currency).unwrap_or_default();
        let asked = Asked {
            funnels: self.funnels(host)?,
            touches: touches::Asked {
                lookback_ms: i64::from(self.lookback_days).saturating_mul(DAY_MS),
                refunds: HashMap::new(),
                minor_units: 10f64.powi(i32::from(exponent)),
            },
            half_life_days: self.half_life_days,
            site: site.clone(),
            variants: variants.collect(),
        };
        Count::new(asked.clone()).map_err(|error| anyhow!("--half-life-days: {error}"))?;
        Ok(Wanted {
            costs: self.costs(site, &time, host)?,
            classifier: Classifier::new(hosts)?,
            asked,
            since_ms: time.start.map_or(i64::MIN, Timestamp::as_millisecond),
            until_ms: time.end.map_or(i64::MAX, Timestamp::as_millisecond),
        })
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

    /// Of days in the report's time, in the site's zone.
    fn costs(&self, site: &Site, time: &Range<Option<Timestamp>>, host: &dyn Host) -> anyhow::Result<Costs> {
        let Some(path) = &self.costs else { return Ok(Costs::default()) };
        let zone = TimeZone::get(&site.zone).unwrap_or(TimeZone::UTC);
        let day = |time: Timestamp| zone.to_datetime(time).date();
        // A day that is cut by the end of the time belongs to it, as its beginning does.
        let after = |time: Timestamp| {
            day(time.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(time)).tomorrow()
        };
        let wanted: Range<Date> =
            time.start.map_or(Date::MIN, day)..time.end.and_then(|end| after(end).ok()).unwrap_or(Date::MAX);
        let costs = costs::read(&host.bytes_of(path)?, Some(&wanted))
            .map_err(|error| anyhow!("{}: {error:#}", path.display()))?;
        if let Some(code) = &costs.currency {
            ensure!(
                *code == site.currency,
                "{}: costs are in {code}, the report is in {}: give costs in that, amounts of several are never added",
                path.display(),
                site.currency
            );
        }
        Ok(costs)
    }
}

impl Wanted {
    pub fn count(mut self, store: &dyn Store) -> anyhow::Result<Beyond> {
        for refund in store.refunds()? {
            let minor = self.asked.site.minor(refund.minor, &refund.currency, refund.occurred_ms);
            let sum = self.asked.touches.refunds.entry(refund.order).or_default();
            *sum = sum.saturating_add(minor.unwrap_or_default());
        }
        let exponent = money::exponent(&self.asked.site.currency).unwrap_or_default();
        let mut count = Count::new(self.asked)?;
        store.contacts(self.since_ms, self.until_ms, &mut |contacted| {
            let seen = &contacted.seen;
            let is_view = seen.kind == "page_view" && !seen.has_env && !seen.is_bot;
            let properties: Option<Properties<'_>> =
                contacted.properties.and_then(|text| serde_json::from_str(text).ok());
            let bought = match (&properties, seen.kind) {
                (Some(of), "purchase") => of.bought(exponent, contacted.item),
                _ => Vec::new(),
            };
            count.add(&Contact {
                list: properties.as_ref().and_then(Properties::list),
                bought: &bought,
                seen: *seen,
                session: contacted.session,
                item: contacted.item,
                channel: is_view.then(|| self.classifier.channel(contacted.url, contacted.referrer)),
            });
        })?;
        let mut beyond = count.report(&self.costs.channels);
        if self.costs.outside > 0 {
            beyond.notes.push(Note {
                what: format!("{} costs of other days", self.costs.outside),
                done: "they are left out".to_owned(),
            });
        }
        Ok(beyond)
    }
}
