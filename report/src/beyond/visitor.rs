//! One visitor while its events pass by. Everything kept has a bound.

use std::collections::BTreeMap;

use parlour::hash::id64;
use parlour::journey::{Journey, Session, Stage, Touchpoint, TouchpointKind};

use super::cohorts::Weeks;
use super::event::left_out;
use super::funnel::Progress;
use super::slots::Clicks;
use super::stages::Flow;
use super::touches::{Attribution, Touches};
use super::{Asked, Contact};
use crate::tally::ABSURD_MINOR;

const MOST_EXPERIMENTS: usize = 200;
const MOST_ON_A_PAGE: usize = 50;

#[derive(Debug, Clone)]
pub struct Visitor {
    pub unit: String,
    pub last_ms: i64,
    pub doing: Doing,
    pub met: BTreeMap<String, Met>,
    pub weeks: Weeks,
    pub touches: Touches,
    pub clicks: Clicks,
    journey: Journey,
    session: Session,
    /// Since the last page view, with it: the page on which an experiment is met counts whole, as its view comes first. A
    /// purchase does not, which no variant can have caused that was met after it.
    page: Vec<(String, i64)>,
}

/// What is counted of a visitor, from some moment on.
#[derive(Debug, Clone, Default)]
pub struct Doing {
    pub funnels: Vec<Progress>,
    pub flow: Flow,
}

/// An experiment that was met.
#[derive(Debug, Clone)]
pub struct Met {
    /// `None` after a second one.
    pub only_arm: Option<String>,
    /// Since the page view of the first exposure.
    pub doing: Doing,
}

impl Visitor {
    pub fn new(unit: &str, first_ms: i64) -> Self {
        Self {
            unit: unit.to_owned(),
            last_ms: first_ms,
            doing: Doing::default(),
            met: BTreeMap::new(),
            weeks: Weeks::default(),
            touches: Touches::default(),
            clicks: Clicks::default(),
            journey: Journey::default(),
            session: Session::default(),
            page: Vec::new(),
        }
    }

    pub fn meet(&mut self, contact: &Contact<'_>, week: i64, asked: &Asked, attribution: &mut Attribution) {
        let seen = &contact.seen;
        let (kind, at_ms) = (seen.kind, seen.occurred_ms);
        self.last_ms = self.last_ms.max(at_ms);
        let stage = self.stage(contact);
        self.weeks.see(week, kind == "purchase");
        match kind {
            "exposure" => self.expose(contact, asked),
            "page_view" => self.page.clear(),
            _ => {}
        }
        let all = std::iter::once(&mut self.doing).chain(self.met.values_mut().map(|met| &mut met.doing));
        for doing in all {
            doing.funnels.resize_with(asked.funnels.len(), Progress::default);
            for (progress, funnel) in doing.funnels.iter_mut().zip(&asked.funnels) {
                progress.step(funnel, kind, at_ms);
            }
            doing.flow.stand(stage, at_ms, week);
        }
        if kind != "purchase" && self.page.len() < MOST_ON_A_PAGE {
            self.page.push((kind.to_owned(), at_ms));
        }
        match (kind, contact.channel) {
            ("page_view", Some(channel)) => {
                attribution.view(&mut self.touches, contact.session, channel, at_ms);
            }
            ("purchase", _) => {
                let told = seen.minor.zip(seen.currency);
                let minor = told.and_then(|(minor, currency)| asked.site.minor(minor, currency, at_ms));
                let minor = minor.filter(|minor| (0..=ABSURD_MINOR).contains(minor));
                attribution.purchase(&mut self.touches, seen.order, minor.unwrap_or_default(), at_ms);
            }
            _ => {}
        }
    }

    fn stage(&mut self, contact: &Contact<'_>) -> Stage {
        let at_ms = u64::try_from(contact.seen.occurred_ms).unwrap_or_default();
        self.session.touch(self.unit.as_bytes(), at_ms);
        self.journey.record(&Touchpoint {
            kind: TouchpointKind::named(contact.seen.kind),
            at_ms,
            value_minor: contact.seen.minor.unwrap_or_default(),
            items: contact.item.map(|item| id64(item.as_bytes())).into_iter().collect(),
        });
        Stage::of(&self.journey, &self.session, at_ms)
    }

    fn expose(&mut self, contact: &Contact<'_>, asked: &Asked) {
        let (Some(experiment), Some(arm)) = (contact.seen.experiment, contact.seen.variant) else { return };
        let known = asked.variants.get(experiment).filter(|known| !known.is_empty());
        let is_known = known.is_none_or(|known| known.iter().any(|known| known == arm));
        if left_out(&contact.seen, is_known).is_some() {
            return;
        }
        let has_room = self.met.len() < MOST_EXPERIMENTS;
        match self.met.get_mut(experiment) {
            Some(met) => {
                met.only_arm.take_if(|only| only != arm);
            }
            None if has_room => {
                let mut doing = Doing::default();
                doing.funnels.resize_with(asked.funnels.len(), Progress::default);
                for (kind, at_ms) in &self.page {
                    for (progress, funnel) in doing.funnels.iter_mut().zip(&asked.funnels) {
                        progress.step(funnel, kind, *at_ms);
                    }
                }
                self.met.insert(experiment.to_owned(), Met { only_arm: Some(arm.to_owned()), doing });
            }
            None => {}
        }
    }
}
