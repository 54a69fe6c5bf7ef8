//! Page views → touches of channels → paths that end in a purchase or in nothing.
//!
//! A touch is the first page view of a session, and any later one that came by another channel than the touch before it,
//! unless from the site itself or directly. A path ends with each purchase, and goes back no further than the lookback.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use parlour::journey::SESSION_IDLE_MS;
use parlour_attribution::{Channels, Error, Ledger, Path, Touch};

/// What a session that begins on the site itself counts as: nobody knows where from.
pub const DIRECT: &str = "direct";
pub const INTERNAL: &str = "internal";
/// The latest touches of a path.
const MOST_TOUCHES: usize = 200;
const MOST_ORDERS: usize = 1_000;
const DAY_MS: f64 = 86_400_000.0;

#[derive(Debug, Clone)]
pub struct Asked {
    pub lookback_ms: i64,
    /// By order, in minor units of the report's currency: taken from what the order was worth.
    pub refunds: HashMap<String, i64>,
    /// Of the currency's unit: 100 for EUR.
    pub minor_units: f64,
}

/// Of one visitor.
#[derive(Debug, Clone, Default)]
pub struct Touches {
    session: Option<String>,
    last_ms: Option<i64>,
    channels: VecDeque<(usize, i64)>,
    orders: HashSet<String>,
}

#[derive(Debug, Clone)]
pub struct Attribution {
    pub ledger: Ledger,
    pub channels: Channels,
    asked: Asked,
    /// Purchases that no touch is known before, and what they were worth in minor units.
    pub unexplained: (u64, i64),
    pub failed: BTreeMap<String, u64>,
}

impl Attribution {
    #[must_use]
    pub fn new(ledger: Ledger, asked: Asked) -> Self {
        let channels = Channels::default();
        Self { ledger, channels, asked, unexplained: (0, 0), failed: BTreeMap::new() }
    }

    pub fn view(&mut self, of: &mut Touches, session: Option<&str>, channel: &str, at_ms: i64) {
        let idle = i64::try_from(SESSION_IDLE_MS).unwrap_or(i64::MAX);
        let is_new = match (session, &of.session, of.last_ms) {
            (Some(session), Some(before), _) => session != before,
            (None, _, Some(last)) => at_ms.saturating_sub(last) > idle,
            _ => true,
        };
        of.session = session.map(str::to_owned);
        of.last_ms = Some(at_ms);
        let channel = if channel == INTERNAL { DIRECT } else { channel };
        let Ok(number) = self.channels.number(channel) else { return };
        let is_other = channel != DIRECT && of.channels.back().is_none_or(|(last, _)| *last != number);
        if is_new || is_other {
            of.channels.push_back((number, at_ms));
            if of.channels.len() > MOST_TOUCHES {
                of.channels.pop_front();
            }
        }
    }

    /// `minor` is what it was worth in the report's currency; an order that is told twice is one.
    pub fn purchase(&mut self, of: &mut Touches, order: Option<&str>, minor: i64, at_ms: i64) {
        let mut minor = minor;
        if let Some(order) = order {
            if of.orders.contains(order) {
                return;
            }
            if of.orders.len() < MOST_ORDERS {
                of.orders.insert(order.to_owned());
            }
            minor = minor.saturating_sub(self.asked.refunds.get(order).copied().unwrap_or_default()).max(0);
        }
        let touches = self.since(of, at_ms);
        if touches.is_empty() {
            let (count, sum) = self.unexplained;
            self.unexplained = (count + 1, sum.saturating_add(minor));
        } else {
            let value = minor as f64 / self.asked.minor_units;
            self.add(&Path { touches: &touches, conversions: 1.0, value, nulls: 0.0 });
        }
        of.channels.clear();
    }

    /// The visitor was last seen then.
    pub fn end(&mut self, of: &Touches, at_ms: i64) {
        let touches = self.since(of, at_ms);
        if !touches.is_empty() {
            self.add(&Path { touches: &touches, conversions: 0.0, value: 0.0, nulls: 1.0 });
        }
    }

    fn since(&self, of: &Touches, at_ms: i64) -> Vec<Touch> {
        let age_ms = |touched_ms: &i64| at_ms.saturating_sub(*touched_ms).max(0);
        let recent = of.channels.iter().filter(|(_, ms)| age_ms(ms) <= self.asked.lookback_ms);
        recent.map(|(channel, ms)| Touch { channel: *channel, age: age_ms(ms) as f64 / DAY_MS }).collect()
    }

    fn add(&mut self, path: &Path<'_>) {
        let added: Result<(), Error> = self.ledger.add(path, self.channels.names().len());
        if let Err(error) = added {
            *self.failed.entry(error.to_string()).or_default() += 1;
        }
    }
}
