//! Co-visitation: what is met in the sessions in which an item is met, weighted by how near, in which direction, how serious.
//!
//! Counted item by item along the places where it was met, so that memory is that of the log and one number an item and
//! thread, and the result is the same on any number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::log::{Click, Kind, Log};

/// What a pair of clicks adds. Found by [`crate::search`], the same for all items.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighting {
    /// Pairs further apart than this are not counted.
    pub window: usize,
    /// A pair `gap` clicks apart counts gap^-distance.
    pub distance: f64,
    /// What counts a neighbour that came before, where one that came after counts 1.
    pub backwards: f64,
    /// Sums are divided by (sessions that met the neighbour + 10)^popularity: 0 lists the shop's favourites, 1 the rarest.
    pub popularity: f64,
    /// Half of the weight of a pair is gone after so many days; 0: never.
    pub half_life_days: f64,
}

impl Default for Weighting {
    fn default() -> Self {
        Self { window: 10, distance: 1.5, backwards: 1.0, popularity: 0.3, half_life_days: 0.0 }
    }
}

/// Neighbours of an item with their strengths, the strongest first; ties by number.
pub type Neighbours = Vec<(u32, f64)>;

const SMOOTHING: f64 = 10.0;

/// How serious a pair is: the more serious of its two clicks decides.
fn seriousness(a: Kind, b: Kind) -> f64 {
    match a.max(b) {
        Kind::View => 1.0,
        Kind::Cart => 3.0,
        Kind::Purchase => 5.0,
    }
}

/// By item number. No pair of fewer than `min_sessions` sessions is in it; at most `most` a list. `at` is told how many items
/// are done.
#[must_use]
pub fn count(
    log: &Log,
    weighting: &Weighting,
    min_sessions: u32,
    most: usize,
    threads: usize,
    at: &(dyn Fn(usize) + Sync),
) -> Vec<Neighbours> {
    let places = Places::of(log);
    let next = AtomicUsize::new(0);
    let mut lists: Vec<Neighbours> = vec![Vec::new(); log.items().len()];
    let work = || {
        let mut counter = Counter::new(log, weighting, min_sessions, most, &places);
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(BLOCK, Ordering::Relaxed);
            if start >= log.items().len() {
                return done;
            }
            for item in start..(start + BLOCK).min(log.items().len()) {
                done.push((item, counter.neighbours(item as u32)));
            }
            at(start);
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let own = work();
        let theirs = others.into_iter().filter_map(|thread| thread.join().ok()).flatten();
        for (item, list) in theirs.chain(own) {
            if let Some(entry) = lists.get_mut(item) {
                *entry = list;
            }
        }
    });
    lists
}

/// Items that a thread takes at once.
const BLOCK: usize = 64;

/// Where each item was met.
struct Places {
    /// Of each click its session.
    sessions: Vec<u32>,
    /// Clicks in order of item.
    clicks: Vec<u32>,
    /// Where each item ends in `clicks`.
    ends: Vec<u32>,
    /// In how many sessions each item was met.
    met: Vec<u32>,
}

impl Places {
    fn of(log: &Log) -> Self {
        let items = log.items().len();
        let mut sessions = vec![0; log.clicks().len()];
        let mut ends = vec![0u32; items];
        for session in 0..log.len() {
            for (click, own) in
                log.session(session).iter().zip(sessions.get_mut(log.range(session)).into_iter().flatten())
            {
                *own = session as u32;
                if let Some(count) = ends.get_mut(click.item as usize) {
                    *count += 1;
                }
            }
        }
        let mut sum = 0;
        let mut free = Vec::with_capacity(items);
        for end in &mut ends {
            free.push(sum);
            sum += *end;
            *end = sum;
        }
        let mut clicks = vec![0u32; log.clicks().len()];
        let mut met = vec![0u32; items];
        let mut last = vec![u32::MAX; items];
        for (place, (click, session)) in log.clicks().iter().zip(&sessions).enumerate() {
            let item = click.item as usize;
            if let (Some(free), Some(last), Some(met)) =
                (free.get_mut(item), last.get_mut(item), met.get_mut(item))
            {
                if let Some(entry) = clicks.get_mut(*free as usize) {
                    *entry = place as u32;
                }
                *free += 1;
                if *last != *session {
                    *met += 1;
                    *last = *session;
                }
            }
        }
        Self { sessions, clicks, ends, met }
    }

    fn of_item(&self, item: u32) -> &[u32] {
        let item = item as usize;
        let start = item.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(item).copied().unwrap_or(start);
        self.clicks.get(start as usize..end as usize).unwrap_or_default()
    }
}

struct Counter<'a> {
    log: &'a Log,
    weighting: &'a Weighting,
    min_sessions: u32,
    most: usize,
    places: &'a Places,
    by_gap: Vec<f64>,
    latest: u32,
    sums: Vec<Sum>,
    touched: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Sum {
    strength: f64,
    sessions: u32,
    last: u32,
}

const NOTHING: Sum = Sum { strength: 0.0, sessions: 0, last: u32::MAX };

impl<'a> Counter<'a> {
    fn new(
        log: &'a Log,
        weighting: &'a Weighting,
        min_sessions: u32,
        most: usize,
        places: &'a Places,
    ) -> Self {
        let by_gap = (1..=weighting.window).map(|gap| (gap as f64).powf(-weighting.distance)).collect();
        let sums = vec![NOTHING; log.items().len()];
        Self {
            log,
            weighting,
            min_sessions,
            most,
            places,
            by_gap,
            latest: log.latest(),
            sums,
            touched: Vec::new(),
        }
    }

    fn neighbours(&mut self, item: u32) -> Neighbours {
        for place in self.places.of_item(item) {
            let session = self.places.sessions.get(*place as usize).copied().unwrap_or(0);
            let range = self.log.range(session as usize);
            let place = *place as usize;
            let Some(own) = self.log.clicks().get(place) else { continue };
            let age = self.decay(own.at);
            let later = self.log.clicks().get(place + 1..range.end.min(place + 1 + self.weighting.window));
            for (click, near) in later.unwrap_or_default().iter().zip(0..) {
                self.add(*own, *click, near, age, session);
            }
            let earlier =
                self.log.clicks().get(range.start.max(place.saturating_sub(self.weighting.window))..place);
            for (click, near) in earlier.unwrap_or_default().iter().rev().zip(0..) {
                self.add(*own, *click, near, age * self.weighting.backwards, session);
            }
        }
        let mut list = Vec::new();
        for other in self.touched.drain(..) {
            let Some(entry) = self.sums.get_mut(other as usize) else { continue };
            let sum = std::mem::replace(entry, NOTHING);
            let met = f64::from(self.places.met.get(other as usize).copied().unwrap_or(0));
            if sum.sessions >= self.min_sessions && sum.strength > 0.0 {
                list.push((other, sum.strength / (met + SMOOTHING).powf(self.weighting.popularity)));
            }
        }
        let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if list.len() > self.most && self.most > 0 {
            list.select_nth_unstable_by(self.most - 1, order);
            list.truncate(self.most);
        }
        list.sort_unstable_by(order);
        list
    }

    fn add(&mut self, own: Click, other: Click, near: usize, weight: f64, session: u32) {
        if own.item == other.item {
            return;
        }
        let Some(sum) = self.sums.get_mut(other.item as usize) else { return };
        if sum.last == u32::MAX {
            self.touched.push(other.item);
        }
        if sum.last != session {
            sum.sessions += 1;
            sum.last = session;
        }
        sum.strength +=
            weight * self.by_gap.get(near).copied().unwrap_or(0.0) * seriousness(own.kind, other.kind);
    }

    fn decay(&self, at: u32) -> f64 {
        if self.weighting.half_life_days <= 0.0 {
            return 1.0;
        }
        (-f64::from(self.latest - at.min(self.latest)) / 86_400.0 / self.weighting.half_life_days).exp2()
    }
}
