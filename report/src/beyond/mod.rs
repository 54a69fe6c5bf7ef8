//! What visitors do apart from experiments: funnels, stages, cohorts, channels, and changes against their holdouts.
//!
//! Events come visitor by visitor, each visitor's in time order; only one visitor is held at a time, and all else is counts.
//! `parlour::journey` says what stage a visitor is in, as it does on the page.

pub mod cohorts;
pub mod event;
pub mod funnel;
pub mod model;
pub mod slots;
pub mod stages;
pub mod text;
pub mod touches;
mod visitor;
pub mod week;

use std::collections::BTreeMap;

use parlour_attribution::costs::Cost;
use parlour_attribution::table::Table;
use parlour_attribution::{Error, Ledger, Options};

use crate::asked::Site;
use crate::model::{Excluded, Exclusion, Note};
use cohorts::Cohorts;
use event::Seen;
use model::{Beyond, Group, OfVariant};
use stages::Flows;
use touches::Attribution;
use visitor::Visitor;
use week::Calendar;

/// One event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contact<'a> {
    pub seen: Seen<'a>,
    pub session: Option<&'a str>,
    pub item: Option<&'a str>,
    /// Of a page view: the channel it came by.
    pub channel: Option<&'a str>,
    /// Of a list that was seen, or an item of it that was clicked.
    pub list: Option<slots::InList<'a>>,
    /// Of a purchase.
    pub bought: &'a [slots::Bought<'a>],
}

/// What to count.
#[derive(Debug, Clone)]
pub struct Asked {
    pub funnels: Vec<funnel::Asked>,
    pub touches: touches::Asked,
    pub half_life_days: f64,
    pub site: Site,
    /// Variants of experiments; of an experiment that is not here, whatever is met is a variant.
    pub variants: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone)]
pub struct Count {
    asked: Asked,
    calendar: Calendar,
    visitor: Option<Visitor>,
    visitors: u64,
    events: u64,
    excluded: BTreeMap<Exclusion, u64>,
    all: Counted,
    by_variant: BTreeMap<(String, String), Counted>,
    cohorts: Cohorts,
    attribution: Attribution,
    slots: slots::Slots,
}

#[derive(Debug, Clone, Default)]
struct Counted {
    visitors: u64,
    /// For each funnel, how many reached each step.
    reached: Vec<Vec<u64>>,
    flows: Flows,
}

impl Count {
    /// # Errors
    /// When the half-life is not above 0.
    pub fn new(asked: Asked) -> Result<Self, Error> {
        let ledger = Ledger::new(Options { half_life: asked.half_life_days })?;
        let attribution = Attribution::new(ledger, asked.touches.clone());
        Ok(Self {
            calendar: Calendar::new(&asked.site.zone),
            asked,
            visitor: None,
            visitors: 0,
            events: 0,
            excluded: BTreeMap::new(),
            all: Counted::default(),
            by_variant: BTreeMap::new(),
            cohorts: Cohorts::default(),
            attribution,
            slots: slots::Slots::default(),
        })
    }

    /// A visitor's events one after another, in time order.
    pub fn add(&mut self, contact: &Contact<'_>) {
        let seen = &contact.seen;
        let left_out = match seen.unit {
            _ if seen.has_env => Some(Exclusion::OtherEnvironment),
            _ if seen.is_bot => Some(Exclusion::Bot),
            None => Some(Exclusion::NoUnit),
            Some(_) => None,
        };
        if let Some(reason) = left_out {
            *self.excluded.entry(reason).or_default() += 1;
            return;
        }
        let Some(unit) = seen.unit else { return };
        self.events += 1;
        if self.visitor.as_ref().is_none_or(|visitor| visitor.unit != unit) {
            self.leave();
            self.visitors += 1;
        }
        let week = self.calendar.week(seen.occurred_ms);
        let visitor = self.visitor.get_or_insert_with(|| Visitor::new(unit, seen.occurred_ms));
        visitor.meet(contact, week, &self.asked, &mut self.attribution);
        let (of, at_ms) = (&mut visitor.clicks, seen.occurred_ms);
        match (seen.kind, &contact.list, contact.item) {
            ("slot_view" | "view_list", Some(view), _) => self.slots.view(of, view),
            ("slot_click", Some(click), Some(item)) => self.slots.click(of, click, item, at_ms),
            ("purchase", _, _) => self.slots.purchase(of, seen.order, contact.bought, at_ms),
            _ => {}
        }
    }

    /// The visitor will not come again.
    fn leave(&mut self) {
        let Some(visitor) = self.visitor.take() else { return };
        self.attribution.end(&visitor.touches, visitor.last_ms);
        self.cohorts.add(visitor.weeks);
        for (experiment, met) in visitor.met {
            if let Some(arm) = met.only_arm {
                self.by_variant.entry((experiment, arm)).or_default().add(met.doing);
            }
        }
        self.all.add(visitor.doing);
        self.slots.leave(visitor.clicks);
    }

    /// `costs` are of the report's currency.
    #[must_use]
    pub fn report(mut self, costs: &[(String, Cost)]) -> Beyond {
        self.leave();
        let funnels = &self.asked.funnels;
        let mut notes = Vec::new();
        if self.visitors == 0 {
            notes.push(note(
                "no visitor is in the store",
                "there is no funnel, no journey and no path".to_owned(),
            ));
        }
        let (unexplained, minor) = self.attribution.unexplained;
        if unexplained > 0 {
            let worth = minor as f64 / self.asked.touches.minor_units;
            let done = "they are in no path: a page view tells the channel".to_owned();
            let what = format!("{unexplained} purchases worth {worth:.2} without a page view before them");
            notes.push(note(&what, done));
        }
        for (why, count) in &self.attribution.failed {
            notes.push(note(&format!("{count} paths could not be attributed"), why.clone()));
        }
        let attribution = (self.attribution.ledger.paths() > 0 || !costs.is_empty()).then(|| {
            let mut table = Table::new(&self.attribution.ledger, &self.attribution.channels, costs);
            table.currency = Some(self.asked.site.currency.clone());
            table
        });
        Beyond {
            visitors: self.visitors,
            events: self.events,
            excluded: self.excluded.into_iter().map(|(reason, count)| Excluded { reason, count }).collect(),
            all: self.all.group(funnels),
            by_variant: self
                .by_variant
                .into_iter()
                .map(|((experiment, variant), counted)| OfVariant {
                    experiment,
                    variant,
                    group: counted.group(funnels),
                })
                .collect(),
            cohorts: self.cohorts.table(),
            attribution,
            experiences: Vec::new(),
            slots: self.slots.table(self.asked.touches.minor_units),
            notes,
        }
    }
}

impl Counted {
    fn add(&mut self, doing: visitor::Doing) {
        self.visitors += 1;
        self.reached.resize(doing.funnels.len().max(self.reached.len()), Vec::new());
        for (progress, reached) in doing.funnels.iter().zip(&mut self.reached) {
            progress.count(reached);
        }
        self.flows.add(doing.flow);
    }

    fn group(&self, funnels: &[funnel::Asked]) -> Group {
        let none = Vec::new();
        let reached = self.reached.iter().chain(std::iter::repeat(&none));
        Group {
            visitors: self.visitors,
            funnels: funnels.iter().zip(reached).map(|(asked, reached)| asked.funnel(reached)).collect(),
            journey: self.flows.journey(),
        }
    }
}

fn note(what: &str, done: String) -> Note {
    Note { what: what.to_owned(), done }
}
