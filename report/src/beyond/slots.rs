//! Lists of recommendations: how often they were seen, clicked and bought from, by place, and which of two that were mixed
//! into one is better.
//!
//! A purchase is the last list's in which the visitor clicked that item within seven days before. Of one list an item's
//! clicks count once.

use std::collections::{BTreeMap, HashMap, HashSet};

use parlour_stats::method::Method;
use parlour_stats::sign::{always_valid, sign_test};

use super::model::{Contest, Position, Slot};
use crate::judge::named;

pub const WINDOW_MS: i64 = 7 * 86_400_000;
const ALPHA: f64 = 0.05;
const MOST_CLICKS: usize = 200;
const MOST_LISTS: usize = 1_000;
const MOST_PLACES: usize = 32;
const MOST_ORDERS: usize = 1_000;

/// Of a `slot_view` or `slot_click`.
#[derive(Debug, Clone, Copy, Default)]
pub struct InList<'a> {
    pub slot: &'a str,
    pub list: &'a str,
    /// From 1; of a view how many there were.
    pub position: u32,
    /// Whose the item was, where two lists were mixed.
    pub team: Option<&'a str>,
}

/// What of an order is one item's, in minor units.
#[derive(Debug, Clone, Copy)]
pub struct Bought<'a> {
    pub item: &'a str,
    pub minor: i64,
}

#[derive(Debug, Clone)]
struct Click {
    item: String,
    slot: String,
    position: u32,
    at_ms: i64,
}

/// Of one visitor.
#[derive(Debug, Clone, Default)]
pub struct Clicks {
    clicks: Vec<Click>,
    seen: HashSet<String>,
    clicked: HashSet<(String, String)>,
    orders: HashSet<String>,
    /// By slot and team.
    votes: BTreeMap<(String, String), u64>,
}

#[derive(Debug, Clone, Default)]
struct Counted {
    lists: u64,
    positions: Vec<Position>,
    minor: i64,
    /// Wins by team, and ties.
    wins: BTreeMap<String, u64>,
    ties: u64,
}

#[derive(Debug, Clone, Default)]
pub struct Slots {
    slots: BTreeMap<String, Counted>,
}

impl Slots {
    fn slot(&mut self, key: &str) -> &mut Counted {
        self.slots.entry(key.to_owned()).or_default()
    }

    pub fn view(&mut self, of: &mut Clicks, view: &InList<'_>) {
        if of.seen.len() >= MOST_LISTS || !of.seen.insert(view.list.to_owned()) {
            return;
        }
        let counted = self.slot(view.slot);
        counted.lists += 1;
        for place in 1..=view.position.min(MOST_PLACES as u32) {
            counted.count(place, |place| place.shown += 1);
        }
    }

    pub fn click(&mut self, of: &mut Clicks, click: &InList<'_>, item: &str, at_ms: i64) {
        if of.clicked.len() >= MOST_LISTS || !of.clicked.insert((click.list.to_owned(), item.to_owned())) {
            return;
        }
        self.slot(click.slot).count(click.position, |place| place.clicks += 1);
        if let Some(team) = click.team {
            *of.votes.entry((click.slot.to_owned(), team.to_owned())).or_default() += 1;
        }
        if of.clicks.len() == MOST_CLICKS {
            of.clicks.remove(0);
        }
        let (item, slot) = (item.to_owned(), click.slot.to_owned());
        of.clicks.push(Click { item, slot, position: click.position, at_ms });
    }

    /// An order's items; one that is told twice counts once.
    pub fn purchase(&mut self, of: &mut Clicks, order: Option<&str>, items: &[Bought<'_>], at_ms: i64) {
        if let Some(order) = order
            && (of.orders.len() >= MOST_ORDERS || !of.orders.insert(order.to_owned()))
        {
            return;
        }
        for bought in items {
            let is_why = |click: &&Click| {
                click.item == bought.item && (0..=WINDOW_MS).contains(&at_ms.saturating_sub(click.at_ms))
            };
            let Some(click) = of.clicks.iter().rev().find(is_why).cloned() else { continue };
            let counted = self.slot(&click.slot);
            counted.minor = counted.minor.saturating_add(bought.minor);
            counted.count(click.position, |place| place.purchases += 1);
            // What was bought was clicked for once.
            of.clicks.retain(|other| other.item != bought.item || other.slot != click.slot);
        }
    }

    /// The visitor will not come again: one visitor, one vote.
    pub fn leave(&mut self, of: Clicks) {
        let mut by_slot: HashMap<String, Vec<(String, u64)>> = HashMap::new();
        for ((slot, team), clicks) in of.votes {
            by_slot.entry(slot).or_default().push((team, clicks));
        }
        for (slot, teams) in by_slot {
            let most = teams.iter().map(|(_, clicks)| *clicks).max().unwrap_or_default();
            let mut best = teams.into_iter().filter(|(_, clicks)| *clicks == most);
            let counted = self.slot(&slot);
            match (best.next(), best.next()) {
                (Some((team, _)), None) => *counted.wins.entry(team).or_default() += 1,
                _ => counted.ties += 1,
            }
        }
    }

    /// `minor_units` make one of the currency.
    #[must_use]
    pub fn table(self, minor_units: f64) -> Vec<Slot> {
        self.slots
            .into_iter()
            .map(|(slot, counted)| {
                let sum = |of: fn(&Position) -> u64| counted.positions.iter().map(of).sum::<u64>();
                let clicks = sum(|place| place.clicks);
                Slot {
                    slot,
                    lists: counted.lists,
                    clicks,
                    click_rate: (counted.lists > 0).then(|| clicks as f64 / counted.lists as f64),
                    purchases: sum(|place| place.purchases),
                    revenue: counted.minor as f64 / minor_units,
                    contest: contest(&counted.wins, counted.ties),
                    positions: counted.positions,
                }
            })
            .collect()
    }
}

impl Counted {
    /// Places beyond the longest list count as its last.
    fn count(&mut self, position: u32, count: impl FnOnce(&mut Position)) {
        let place = (position.max(1) as usize).min(MOST_PLACES);
        if self.positions.len() < place {
            let from = self.positions.len() as u32 + 1;
            self.positions
                .extend((from..=place as u32).map(|position| Position { position, ..Position::default() }));
        }
        if let Some(place) = self.positions.get_mut(place - 1) {
            count(place);
        }
    }
}

fn contest(wins: &BTreeMap<String, u64>, ties: u64) -> Option<Contest> {
    let mut teams = wins.iter();
    let (first, won) = teams.next()?;
    let (second, lost) = teams.next().map_or(("the other", 0), |(team, wins)| (team.as_str(), *wins));
    let test = sign_test(*won, lost, ALPHA).ok()?;
    // Whoever looks every day needs a test that allows for it.
    let p = always_valid(*won, lost);
    let (best, share) = if *won >= lost { (first.as_str(), test.share) } else { (second, 1.0 - test.share) };
    let sentence = if p < ALPHA {
        format!(
            "take {best}: {:.1} % of visitors who preferred one took more from it, p = {:.2e}",
            share * 100.0,
            p
        )
    } else {
        format!("keep mixing: {first} and {second} may still be equally good, p = {p:.2}")
    };
    Some(Contest {
        first: first.clone(),
        second: second.to_owned(),
        wins: *won,
        losses: lost,
        ties,
        share: test.share,
        low: test.interval.low,
        high: test.interval.high,
        p,
        method: named(Method::SequentialMultinomial),
        sign_p: test.p,
        sign_method: named(Method::SignTest),
        sentence,
    })
}
