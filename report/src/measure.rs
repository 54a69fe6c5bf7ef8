//! What one goal comes to for one person, from the first exposure on.

use crate::asked::{AskedGoal, DAY_MS};
use crate::model::GoalKind;
use crate::record::Record;
use crate::seen::Kind;

/// A goal with its keys as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    pub asked: AskedGoal,
    pub number: u32,
    pub per: Option<u32>,
    /// What lies so long before the exposure is the covariate.
    pub before_ms: i64,
}

/// A person's values: of the goal itself, and what stands below the line or lay before the exposure.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Value {
    pub y: f64,
    pub x: f64,
    /// Before it was capped.
    pub uncapped: f64,
}

#[derive(Debug, Default)]
struct Order {
    id: u64,
    left: i64,
    counts: bool,
}

impl Goal {
    /// Calls `changed` with a time, the values before and from then on; the first time is the exposure's, the values before it 0.
    /// Answers the last values. For goals whose values come with time: not for time to event and retention.
    pub fn follow(
        &self,
        story: &[Record],
        first_ms: i64,
        mut changed: impl FnMut(i64, Option<Value>, Value),
    ) -> Value {
        let end_ms = self.end_ms(first_ms);
        let (mut now, mut entered, mut orders) = (Value::default(), false, Vec::<Order>::new());
        let mut raw = 0i64;
        for record in story {
            let (is_before, is_within) =
                (record.at_ms < first_ms, (first_ms..end_ms).contains(&record.at_ms));
            if !is_before && !entered {
                entered = true;
                changed(first_ms, None, now);
            }
            let is_covariate =
                is_before && self.per.is_none() && record.at_ms >= first_ms.saturating_sub(self.before_ms);
            let told = now;
            match record.kind {
                Kind::Purchase if self.asked.of_purchases => {
                    if record.order != 0 && orders.iter().any(|order| order.id == record.order) {
                        continue;
                    }
                    let left = record.amount.unwrap_or_default();
                    orders.push(Order { id: record.order, left, counts: is_within });
                    if is_within {
                        raw = raw.saturating_add(left);
                        self.worth(&mut now, raw as f64);
                    } else if is_covariate {
                        now.x += left as f64;
                    }
                }
                // However late: the order it takes back was within.
                Kind::Refund if self.asked.of_purchases => {
                    let Some(order) = orders.iter_mut().find(|order| order.id == record.order) else {
                        continue;
                    };
                    let back = record.amount.unwrap_or_default().min(order.left);
                    order.left -= back;
                    if order.counts {
                        raw = raw.saturating_sub(back);
                        self.worth(&mut now, raw as f64);
                    }
                }
                Kind::Goal if record.of == self.number && !self.asked.of_purchases => {
                    let step = match self.asked.kind {
                        GoalKind::Revenue => record.amount.unwrap_or_default(),
                        _ => 1,
                    };
                    if is_within {
                        raw = raw.saturating_add(step);
                        self.worth(&mut now, raw as f64);
                    } else if is_covariate {
                        now.x += step as f64;
                    }
                    if is_within && self.per == Some(record.of) {
                        now.x += 1.0;
                    }
                }
                Kind::Goal if self.per == Some(record.of) && is_within => now.x += 1.0,
                _ => {}
            }
            if entered && now != told {
                changed(record.at_ms, Some(told), now);
            }
        }
        if !entered {
            changed(first_ms, None, now);
        }
        now
    }

    fn worth(&self, now: &mut Value, raw: f64) {
        now.uncapped = raw.max(0.0);
        now.y = match self.asked.kind {
            GoalKind::Conversion => raw.min(1.0),
            _ => now.uncapped.min(self.asked.cap.unwrap_or(f64::INFINITY)),
        };
    }

    #[must_use]
    pub fn end_ms(&self, first_ms: i64) -> i64 {
        self.asked.window_ms.map_or(i64::MAX, |window| first_ms.saturating_add(window))
    }

    fn reached<'a>(&'a self, story: &'a [Record], from_ms: i64) -> impl Iterator<Item = i64> + 'a {
        story
            .iter()
            .filter(move |record| record.at_ms >= from_ms)
            .filter(|record| record.kind == Kind::Goal && record.of == self.number)
            .map(|record| record.at_ms)
    }

    /// Retention: was it reached again in its time? `None` while that is not over.
    pub fn came_back(&self, story: &[Record], first_ms: i64, data_end_ms: i64) -> Option<bool> {
        let end_ms = self.end_ms(first_ms);
        let from_ms = first_ms.saturating_add(self.asked.from_ms);
        (end_ms <= data_end_ms).then(|| self.reached(story, from_ms).any(|at| at < end_ms))
    }

    /// Whole hours from the exposure until it was reached, or until that was no longer looked at, and which of the two.
    pub fn hours(&self, story: &[Record], first_ms: i64, data_end_ms: i64) -> (u32, bool) {
        const HOUR_MS: i64 = DAY_MS / 24;
        let end_ms = self.end_ms(first_ms).min(data_end_ms.max(first_ms));
        let reached = self.reached(story, first_ms).next().filter(|at| *at < end_ms);
        let hours = (reached.unwrap_or(end_ms) - first_ms) / HOUR_MS;
        (u32::try_from(hours).unwrap_or(u32::MAX), reached.is_some())
    }
}
