//! Who looked at what, session by session: what all tables are learnt from.

use std::collections::HashMap;

/// How serious a contact with an item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    #[default]
    View,
    Cart,
    Purchase,
}

/// One contact with an item. `at` is in seconds since 1970; `item` is a number of [`Log::items`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Click {
    pub item: u32,
    pub at: u32,
    pub kind: Kind,
}

/// Sessions in the order in which they ended, clicks in each oldest first.
#[derive(Clone, Debug, Default)]
pub struct Log {
    items: Vec<String>,
    clicks: Vec<Click>,
    /// Where each session ends in `clicks`.
    ends: Vec<u32>,
}

impl Log {
    /// Keys by number. A log does not depend on the order in which it was gathered: keys are in order of how often they were met,
    /// and then of the alphabet, so that numbers of frequent items are short.
    #[must_use]
    pub fn items(&self) -> &[String] {
        &self.items
    }

    #[must_use]
    pub fn clicks(&self) -> &[Click] {
        &self.clicks
    }

    /// How many sessions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Where the clicks of a session are in [`Log::clicks`].
    #[must_use]
    pub fn range(&self, session: usize) -> std::ops::Range<usize> {
        let start = session.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        start as usize..self.ends.get(session).copied().unwrap_or(start) as usize
    }

    #[must_use]
    pub fn session(&self, session: usize) -> &[Click] {
        self.clicks.get(self.range(session)).unwrap_or_default()
    }

    pub fn sessions(&self) -> impl Iterator<Item = &[Click]> {
        (0..self.len()).map(|session| self.session(session))
    }

    /// The time of the latest click, seconds since 1970; 0 where there is none.
    #[must_use]
    pub fn latest(&self) -> u32 {
        self.clicks.iter().map(|click| click.at).max().unwrap_or(0)
    }

    /// The time of the earliest click, seconds since 1970; 0 where there is none.
    #[must_use]
    pub fn earliest(&self) -> u32 {
        self.clicks.iter().map(|click| click.at).min().unwrap_or(0)
    }

    /// The sessions that ended last, whole, of at most `clicks` clicks together.
    #[must_use]
    pub fn newest(&self, clicks: usize) -> Self {
        let enough = (0..self.len()).find(|first| self.clicks.len() - self.range(*first).start <= clicks);
        self.part(enough.unwrap_or(self.len())..self.len())
    }

    /// The sessions that ended first and the `share` of them that ended last, for trying out. Both know the same items.
    #[must_use]
    pub fn split(&self, share: f64) -> (Self, Self) {
        let first = self.len() - (self.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
        (self.part(0..first), self.part(first..self.len()))
    }

    fn part(&self, sessions: std::ops::Range<usize>) -> Self {
        let mut part = Self { items: self.items.clone(), ..Self::default() };
        for session in sessions {
            part.clicks.extend_from_slice(self.session(session));
            part.ends.push(part.clicks.len() as u32);
        }
        part
    }
}

/// Clicks that are gathered outweigh what numbers of 32 bits can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// Gathers clicks in any order.
#[derive(Debug, Default)]
pub struct Gathering {
    sessions: HashMap<Box<str>, u32>,
    items: HashMap<Box<str>, u32>,
    rows: Vec<(u32, Click)>,
}

impl Gathering {
    /// # Errors
    /// Beyond four thousand million clicks.
    pub fn add(&mut self, session: &str, item: &str, at: u32, kind: Kind) -> Result<(), TooMany> {
        if self.rows.len() >= u32::MAX as usize {
            return Err(TooMany);
        }
        let session = number(&mut self.sessions, session);
        let item = number(&mut self.items, item);
        self.rows.push((session, Click { item, at, kind }));
        Ok(())
    }

    /// Gives an item a number though nobody may have met it.
    pub fn know(&mut self, item: &str) {
        number(&mut self.items, item);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Items that `known` names keep its order and come first.
    #[must_use]
    pub fn end(self, known: &[String]) -> Log {
        let Self { sessions, items, mut rows } = self;
        drop(sessions);
        let mut met = vec![0u32; items.len()];
        for (_, click) in &rows {
            if let Some(count) = met.get_mut(click.item as usize) {
                *count += 1;
            }
        }
        let mut keys: Vec<String> = known.to_vec();
        let mut renumbered = vec![0u32; items.len()];
        let old: HashMap<&str, u32> =
            known.iter().zip(0..).map(|(key, number)| (key.as_str(), number)).collect();
        let mut new = Vec::new();
        for (key, number) in items {
            match old.get(&*key) {
                Some(kept) => set(&mut renumbered, number, *kept),
                None => {
                    new.push((std::cmp::Reverse(met.get(number as usize).copied().unwrap_or(0)), key, number))
                }
            }
        }
        new.sort_unstable();
        for (_, key, number) in new {
            set(&mut renumbered, number, keys.len() as u32);
            keys.push(key.into());
        }
        for (_, click) in &mut rows {
            click.item = renumbered.get(click.item as usize).copied().unwrap_or(0);
        }
        in_order_of_end(keys, rows)
    }
}

fn set(list: &mut [u32], place: u32, value: u32) {
    if let Some(entry) = list.get_mut(place as usize) {
        *entry = value;
    }
}

/// Clicks of one time go by item and kind, sessions of one end by their clicks: never by the order in which they came.
fn in_order_of_end(items: Vec<String>, mut rows: Vec<(u32, Click)>) -> Log {
    let order = |(session, click): &(u32, Click)| (*session, click.at, click.item, click.kind);
    rows.sort_unstable_by_key(order);
    let mut sessions: Vec<&[(u32, Click)]> = rows.chunk_by(|a, b| a.0 == b.0).collect();
    let clicks_of = |session: &[(u32, Click)]| session.last().map_or(0, |(_, click)| click.at);
    sessions.sort_by(|a, b| {
        let each = |session: &'_ [(u32, Click)]| {
            session.iter().map(|(_, click)| (click.at, click.item, click.kind)).collect::<Vec<_>>()
        };
        clicks_of(a).cmp(&clicks_of(b)).then_with(|| each(a).cmp(&each(b)))
    });
    let mut log =
        Log { items, clicks: Vec::with_capacity(rows.len()), ends: Vec::with_capacity(sessions.len()) };
    for session in sessions {
        log.clicks.extend(session.iter().map(|(_, click)| *click));
        log.ends.push(log.clicks.len() as u32);
    }
    log
}

fn number(known: &mut HashMap<Box<str>, u32>, key: &str) -> u32 {
    if let Some(number) = known.get(key) {
        return *number;
    }
    let number = known.len() as u32;
    known.insert(key.into(), number);
    number
}
