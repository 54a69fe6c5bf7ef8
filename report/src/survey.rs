//! The first look over all events: who is who, whose an order is, which experiments, variants and goals there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::people::People;
use crate::seen::{Kind, Seen};

#[derive(Debug, Default)]
pub struct Survey {
    pub people: People,
    /// Who told of an order first, and when.
    pub orders: HashMap<u64, (u64, i64)>,
    pub same_orders: u64,
    pub experiments: BTreeMap<String, Met>,
    pub goals: BTreeSet<String>,
    pub events: u64,
    /// Those that say more than that somebody was there.
    pub telling: u64,
    /// Of the site's own events by people, and those of them that came with a visitor's id.
    pub by_people: u64,
    pub with_id: u64,
    pub impossible_times: u64,
    pub moved_clocks: u64,
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
}

/// An experiment as its exposures show it.
#[derive(Debug, Default)]
pub struct Met {
    /// The newest.
    pub version: i64,
    pub variants: BTreeSet<String>,
    pub plans: BTreeSet<String>,
    pub first_ms: Option<i64>,
}

/// More than any site has; what people write into goals and variants by mistake is bounded by it.
const MOST: usize = 1_000;

impl Survey {
    pub fn add(&mut self, seen: &Seen<'_>) {
        self.events += 1;
        self.telling += u64::from(seen.kind != Kind::Other);
        if seen.has_env || seen.is_bot() {
            return;
        }
        if !seen.has_possible_time() {
            self.impossible_times += 1;
            return;
        }
        self.by_people += 1;
        self.with_id += u64::from(seen.visitor.is_some());
        self.moved_clocks += u64::from(seen.has_moved_clock);
        self.first_ms = Some(self.first_ms.map_or(seen.occurred_ms, |first| first.min(seen.occurred_ms)));
        self.last_ms = self.last_ms.max(Some(seen.occurred_ms));
        if let (Some(visitor), Some(user)) = (seen.visitor, seen.user) {
            self.people.link(user, visitor);
        }
        match seen.kind {
            Kind::Exposure => self.meet(seen),
            Kind::Purchase => self.order(seen),
            Kind::Goal => note(&mut self.goals, seen.goal),
            _ => {}
        }
    }

    fn meet(&mut self, seen: &Seen<'_>) {
        let Some(key) = seen.experiment else { return };
        if !self.experiments.contains_key(key) {
            if self.experiments.len() >= MOST {
                return;
            }
            self.experiments.insert(key.to_owned(), Met::default());
        }
        let Some(met) = self.experiments.get_mut(key) else { return };
        met.version = met.version.max(seen.version.unwrap_or_default());
        note(&mut met.variants, seen.variant);
        note(&mut met.plans, seen.plan);
        met.first_ms = Some(met.first_ms.map_or(seen.occurred_ms, |first| first.min(seen.occurred_ms)));
    }

    fn order(&mut self, seen: &Seen<'_>) {
        let (Some(order), Some(id)) = (seen.order, seen.visitor.or(seen.user)) else { return };
        let told = self.orders.get(&order).copied();
        self.same_orders += u64::from(told.is_some());
        // The id decides between orders of one moment, so that the order of events decides nothing.
        if told.is_none_or(|(other, ms)| (seen.occurred_ms, id) < (ms, other)) {
            self.orders.insert(order, (id, seen.occurred_ms));
        }
    }
}

fn note(set: &mut BTreeSet<String>, key: Option<&str>) {
    if let Some(key) = key.filter(|key| set.len() < MOST && !set.contains(*key)) {
        set.insert(key.to_owned());
    }
}
