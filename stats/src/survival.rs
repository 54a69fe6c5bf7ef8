//! Time to event, where for some units the time is not over: how long until the first purchase?

use crate::comparison::{Comparison, Difference, Interval};
use crate::distribution::normal;
use crate::error::{Error, finite, positive, share};
use crate::method::Method;
use crate::minimum;

/// At one time since exposure: how many units reached the goal, and how many were seen only up to here. Times may be rounded
/// (hours, days): a unit seen up to a time counts as still at risk at it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub time: f64,
    pub events: u64,
    pub censored: u64,
}

/// The curve from one time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub time: f64,
    pub at_risk: u64,
    /// Share that has not reached the goal by then (Kaplan and Meier 1958).
    pub survival: f64,
    /// Greenwood's.
    pub standard_error: f64,
}

/// Mean time spent without the goal, of the first `until`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMean {
    pub mean: f64,
    pub standard_error: f64,
    pub events: u64,
    pub units: u64,
}

/// Rows in ascending order of time.
fn checked(rows: &[Row]) -> Result<u64, Error> {
    let mut before = 0.0;
    for row in rows {
        if !(row.time.is_finite() && row.time >= before) {
            return Err(Error::Invalid {
                what: "time",
                value: row.time,
                want: "0 or later, in ascending order",
            });
        }
        before = row.time;
    }
    let units =
        rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.events).saturating_add(row.censored));
    if units == 0 { Err(Error::TooFew { what: "units", have: 0, need: 1 }) } else { Ok(units) }
}

/// A step for each time at which somebody reached the goal.
pub fn kaplan_meier(rows: &[Row]) -> Result<Vec<Step>, Error> {
    let mut at_risk = checked(rows)?;
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let mut steps = Vec::new();
    for row in rows {
        if row.events > 0 {
            let (events, risk) = (row.events as f64, at_risk as f64);
            survival *= 1.0 - events / risk;
            greenwood += events / (risk * (risk - events));
            let standard_error = if survival > 0.0 { survival * f64::sqrt(greenwood) } else { 0.0 };
            steps.push(Step { time: row.time, at_risk, survival, standard_error });
        }
        at_risk -= row.events + row.censored;
    }
    Ok(steps)
}

/// The area under the curve up to `until`, its variance Σ A² d / (n (n - d)) with A the area from each time on (Royston and
/// Parmar, section 2.2).
pub fn restricted_mean(rows: &[Row], until: f64) -> Result<RestrictedMean, Error> {
    let units = checked(rows)?;
    let until = positive("time to restrict to", until)?;
    let events_at = |time: f64| rows.iter().filter(|row| row.time == time).map(|row| row.events).sum::<u64>();
    let steps: Vec<Step> = kaplan_meier(rows)?.into_iter().filter(|step| step.time < until).collect();
    let (mut area, mut variance, mut end, mut events) = (0.0, 0.0, until, 0);
    for step in steps.iter().rev() {
        area += step.survival * (end - step.time);
        end = step.time;
        let reached = events_at(step.time);
        events += reached;
        let (reached, risk) = (reached as f64, step.at_risk as f64);
        if risk > reached {
            variance += area * area * reached / (risk * (risk - reached));
        }
    }
    Ok(RestrictedMean { mean: area + end, standard_error: variance.sqrt(), events, units })
}

/// Difference and ratio of restricted means. `until` is chosen before; it must be within what both arms were watched for.
pub fn compare(control: &[Row], variant: &[Row], until: f64, alpha: f64) -> Result<Comparison, Error> {
    let limit = normal::critical(share("alpha", alpha)?);
    let (a, b) = (restricted_mean(control, until)?, restricted_mean(variant, until)?);
    let have = a.events.min(b.events);
    if have < minimum::FIXED {
        return Err(Error::TooFew { what: "events", have, need: minimum::FIXED });
    }
    for rows in [control, variant] {
        let watched = rows.last().map_or(0.0, |row| row.time);
        if watched < until {
            return Err(Error::Invalid {
                what: "time to restrict to",
                value: until,
                want: "within what both arms were watched for",
            });
        }
    }
    let (va, vb) = (a.standard_error.powi(2), b.standard_error.powi(2));
    let effect = |estimate: f64, variance: f64| {
        let difference =
            Difference { estimate: finite("difference", estimate)?, variance, freedom: f64::INFINITY };
        if variance > 0.0 {
            Ok(difference.effect(limit, normal::two_sided(difference.statistic())))
        } else {
            Err(Error::NoVariance)
        }
    };
    let relative =
        effect((b.mean - a.mean) / a.mean, vb / a.mean.powi(2) + va * b.mean.powi(2) / a.mean.powi(4))?;
    Ok(Comparison {
        method: Method::RestrictedMean,
        absolute: effect(b.mean - a.mean, va + vb)?,
        relative: Some(relative),
    })
}

/// The log-rank test: do the arms reach the goal at the same rate at every time?
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRank {
    /// Events of the variant beyond those expected if there is no effect.
    pub excess: f64,
    pub chi_square: f64,
    pub p: f64,
}

pub fn log_rank(control: &[Row], variant: &[Row]) -> Result<LogRank, Error> {
    let (mut risk_control, mut risk_variant) = (checked(control)?, checked(variant)?);
    let mut rows: Vec<(f64, u64, u64, u64, u64)> =
        control.iter().map(|row| (row.time, row.events, 0, row.censored, 0)).collect();
    rows.extend(variant.iter().map(|row| (row.time, 0, row.events, 0, row.censored)));
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut excess, mut variance) = (0.0, 0.0);
    for at_once in rows.chunk_by(|a, b| a.0 == b.0) {
        let sum = |of: fn(&(f64, u64, u64, u64, u64)) -> u64| at_once.iter().map(of).sum::<u64>();
        let (events_control, events_variant) = (sum(|row| row.1), sum(|row| row.2));
        let (events, risk) = ((events_control + events_variant) as f64, (risk_control + risk_variant) as f64);
        if events > 0.0 {
            let part = risk_variant as f64 / risk;
            excess += events_variant as f64 - events * part;
            if risk > 1.0 {
                variance += events * part * (1.0 - part) * (risk - events) / (risk - 1.0);
            }
        }
        risk_control -= events_control + sum(|row| row.3);
        risk_variant -= events_variant + sum(|row| row.4);
    }
    if variance <= 0.0 {
        return Err(Error::NoVariance);
    }
    let statistic = excess / variance.sqrt();
    Ok(LogRank { excess, chi_square: statistic * statistic, p: normal::two_sided(statistic) })
}

impl Step {
    /// By the log-log transform, which stays within 0 to 1 (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time
    /// Data, 2nd edition 2002, section 1.4).
    pub fn interval(&self, alpha: f64) -> Result<Interval, Error> {
        let limit = normal::critical(share("alpha", alpha)?);
        if self.survival <= 0.0 || self.survival >= 1.0 {
            return Ok(Interval { low: self.survival, high: self.survival });
        }
        let width = limit * self.standard_error / (self.survival * self.survival.ln().abs());
        Ok(Interval { low: self.survival.powf(width.exp()), high: self.survival.powf((-width).exp()) })
    }
}
