//! Visitors by the week they were first seen in, and in how many weeks they came back.

use std::collections::BTreeMap;

use super::model;
use super::week;

/// The week of the first event and those after it: half a year.
pub const MOST_WEEKS: usize = 27;

/// Of one visitor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weeks {
    first: Option<i64>,
    last: Option<i64>,
    /// A bit for each week since.
    active: u32,
    bought: u32,
}

impl Weeks {
    /// Events come in time order.
    pub fn see(&mut self, week: i64, is_purchase: bool) {
        self.last = Some(week);
        let since = week.saturating_sub(*self.first.get_or_insert(week));
        let Some(bit) = u32::try_from(since).ok().filter(|since| (*since as usize) < MOST_WEEKS) else {
            return;
        };
        self.active |= 1 << bit;
        self.bought |= u32::from(is_purchase) << bit;
    }
}

#[derive(Debug, Clone, Default)]
pub struct Cohorts {
    by_week: BTreeMap<i64, Cohort>,
    /// The week of the latest event of all, up to which a cohort can have come back.
    last: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cohort {
    visitors: u64,
    active: [u64; MOST_WEEKS],
    bought: [u64; MOST_WEEKS],
}

impl Cohorts {
    pub fn add(&mut self, weeks: Weeks) {
        let Some(first) = weeks.first else { return };
        self.last = self.last.max(weeks.last);
        let cohort = self.by_week.entry(first).or_default();
        cohort.visitors += 1;
        for (bit, (active, bought)) in cohort.active.iter_mut().zip(&mut cohort.bought).enumerate() {
            *active += u64::from(weeks.active >> bit & 1);
            *bought += u64::from(weeks.bought >> bit & 1);
        }
    }

    #[must_use]
    pub fn table(&self) -> Vec<model::Cohort> {
        let last = self.last.unwrap_or_default();
        self.by_week
            .iter()
            .map(|(week, cohort)| {
                let known =
                    usize::try_from(last.saturating_sub(*week)).map_or(1, |weeks| weeks.saturating_add(1));
                model::Cohort {
                    week: week::name(*week),
                    visitors: cohort.visitors,
                    active: cohort.active.iter().copied().take(known).collect(),
                    bought: cohort.bought.iter().copied().take(known).collect(),
                }
            })
            .collect()
    }
}
