//! Events → people → sums.
//!
//! All events are looked over once for who is who ([`Survey`]); then, a part of the people at a time, each person's
//! events are put in order and folded into sums, so that what is held does not grow with the number of events but for
//! links between ids and one entry an order.

use std::collections::{BTreeMap, HashMap};

use crate::asked::{Asked, Site};
use crate::days::Days;
use crate::model::Exclusion;
use crate::record::{Record, Words};
use crate::seen::{EXPERIENCE, HELD_OUT, Kind, SHOWN, Seen};
use crate::survey::Survey;
use crate::units::OfExperiment;

/// Amounts beyond this, in minor units, are no order: 100 million of a currency with cents.
pub const ABSURD_MINOR: i64 = 10_000_000_000;
/// Events of people that are held at once: 400 MB.
const HELD: u64 = 5_000_000;
/// So many events that say only that somebody was there take as much as one other: all that is held is who came first when.
const SIGHTINGS: u64 = 4;

/// Calls its argument with each event, in any order; the same events each time.
pub type Scan<'a, E> = &'a mut dyn FnMut(&mut dyn FnMut(&Seen<'_>)) -> Result<(), E>;

#[derive(Debug)]
pub struct Tally {
    pub site: Site,
    pub days: Days,
    pub survey: Survey,
    pub experiments: Vec<OfExperiment>,
    /// Texts of pages, devices and sources.
    pub words: Words,
    /// Of purchases, goals and refunds.
    pub excluded: BTreeMap<Exclusion, u64>,
    /// Keys of all experiments there are.
    pub known: Vec<String>,
    numbers: HashMap<String, u32>,
    goals: HashMap<String, u32>,
}

impl Tally {
    /// Where `only` is given, only this experiment is counted.
    ///
    /// # Errors
    /// Those of `scan`.
    pub fn of<E>(asked: Vec<Asked>, only: Option<&str>, site: Site, scan: Scan<'_, E>) -> Result<Self, E> {
        Self::in_parts_of(HELD, asked, only, site, scan)
    }

    /// # Errors
    /// Those of `scan`.
    pub fn in_parts_of<E>(
        held: u64,
        asked: Vec<Asked>,
        only: Option<&str>,
        site: Site,
        scan: Scan<'_, E>,
    ) -> Result<Self, E> {
        let mut survey = Survey::default();
        scan(&mut |seen| survey.add(seen))?;
        let mut tally = Self::new(asked, only, site, survey);
        let sightings = tally.survey.events.saturating_sub(tally.survey.telling);
        let parts = (tally.survey.telling + sightings / SIGHTINGS) / held.max(1) + 1;
        for part in 0..parts {
            let (mut records, mut firsts) = (Vec::new(), HashMap::new());
            scan(&mut |seen| match tally.record(seen, part, parts) {
                Some(Record { person, at_ms, kind: Kind::Other, .. }) => {
                    let first = firsts.entry(person).or_insert(at_ms);
                    *first = at_ms.min(*first);
                }
                record => records.extend(record),
            })?;
            records.sort_unstable_by_key(Record::place);
            for story in records.chunk_by(|one, next| one.person == next.person) {
                let seen_ms = story.first().and_then(|record| firsts.get(&record.person)).copied();
                tally.fold(story, seen_ms.unwrap_or(i64::MAX));
            }
        }
        Ok(tally)
    }

    fn new(asked: Vec<Asked>, only: Option<&str>, site: Site, survey: Survey) -> Self {
        let mut asked: BTreeMap<String, Asked> =
            asked.into_iter().map(|one| (one.key.clone(), one)).collect();
        for key in survey.experiments.keys() {
            let variants = match key.strip_prefix(EXPERIENCE) {
                Some(_) => vec![(HELD_OUT.to_owned(), 0.0), (SHOWN.to_owned(), 0.0)],
                None => Vec::new(),
            };
            let unknown = || Asked { key: key.clone(), variants, ..Asked::default() };
            asked.entry(key.clone()).or_insert_with(unknown);
        }
        let known = asked.keys().filter(|key| !key.starts_with(EXPERIENCE)).cloned().collect();
        asked.retain(|key, _| only.is_none_or(|only| only == key));
        let mut goals = HashMap::new();
        let all = survey.goals.iter().chain(
            asked.values().flat_map(|one| &one.goals).flat_map(|goal| goal.per.iter().chain([&goal.key])),
        );
        for key in all {
            let next = goals.len() as u32;
            goals.entry(key.clone()).or_insert(next);
        }
        let days = site.days(survey.first_ms.unwrap_or_default(), survey.last_ms.unwrap_or_default());
        let experiments: Vec<_> =
            asked.into_values().map(|asked| OfExperiment::new(asked, &survey, &goals)).collect();
        let numbers = experiments.iter().zip(0..).map(|(of, at)| (of.asked.key.clone(), at)).collect();
        Self {
            site,
            days,
            survey,
            experiments,
            words: Words::default(),
            excluded: BTreeMap::new(),
            known,
            numbers,
            goals,
        }
    }

    /// `None` where it is of another part of the people, or says nothing; what is left out is counted in one part.
    fn record(&mut self, seen: &Seen<'_>, part: u64, parts: u64) -> Option<Record> {
        let id = match (seen.kind, seen.order) {
            // A refund is its order's; servers send them without a visitor.
            (Kind::Refund, Some(order)) => self.survey.orders.get(&order).map(|(id, _)| *id),
            _ => seen.visitor.or(seen.user),
        };
        let person = id.map(|id| self.survey.people.of(id));
        if person.unwrap_or_default() % parts != part {
            return None;
        }
        let is_met = matches!(seen.kind, Kind::Exposure | Kind::Late);
        let mut record = Record {
            person: person.unwrap_or_default(),
            at_ms: seen.occurred_ms,
            kind: seen.kind,
            of: 0,
            arm: 0,
            order: seen.order.unwrap_or_default(),
            amount: None,
            page: 0,
            device: 0,
            source: 0,
            plan: 0,
        };
        if is_met {
            let number = *self.numbers.get(seen.experiment?)?;
            record.of = number;
            record.arm = self.experiments.get_mut(number as usize)?.meet(seen)?;
            record.page = self.words.number(seen.page);
            record.device = self.words.number(seen.agent);
            record.source = self.words.number(seen.source);
            record.plan = self.words.number(seen.plan);
            return Some(record);
        }
        if seen.has_env || seen.is_bot() || !seen.has_possible_time() {
            return None;
        }
        if seen.kind == Kind::Refund && person.is_none() {
            *self.excluded.entry(Exclusion::UnknownOrder).or_default() += 1;
        }
        person?;
        match seen.kind {
            Kind::Goal => record.of = *self.goals.get(seen.goal?)?,
            Kind::Purchase => {
                let owner = seen.order.and_then(|order| self.survey.orders.get(&order));
                if owner.is_some_and(|(owner, _)| Some(self.survey.people.of(*owner)) != person) {
                    return None;
                }
            }
            _ => {}
        }
        record.amount = self.amount(seen);
        Some(record)
    }

    /// In minor units of the site's currency.
    fn amount(&mut self, seen: &Seen<'_>) -> Option<i64> {
        let minor = seen.minor?;
        let currency = seen.currency.unwrap_or_default();
        let reason = match self.site.minor(minor, currency, seen.occurred_ms) {
            Some(amount) if (0..=ABSURD_MINOR).contains(&amount) => return Some(amount),
            Some(_) => Exclusion::AbsurdAmount,
            None => Exclusion::OtherCurrency,
        };
        *self.excluded.entry(reason).or_default() += 1;
        None
    }

    /// All that one person did, in order of time, and when they were first there without doing anything.
    fn fold(&mut self, story: &[Record], seen_ms: i64) {
        let mut met: Vec<Meeting> = Vec::new();
        let seen_ms = story.first().map_or(seen_ms, |record| record.at_ms.min(seen_ms));
        for record in story.iter().filter(|record| record.kind == Kind::Exposure) {
            match met.iter_mut().find(|met| met.experiment == record.of) {
                Some(met) => met.several |= met.first.arm != record.arm,
                None => met.push(Meeting { experiment: record.of, first: *record, seen_ms, several: false }),
            }
        }
        let end_ms = self.survey.last_ms.unwrap_or_default();
        for one in &met {
            if let Some(of) = self.experiments.get_mut(one.experiment as usize) {
                of.fold(story, one, &met, &self.days, end_ms);
            }
        }
    }
}

/// A person's first exposure to an experiment.
#[derive(Debug, Clone, Copy)]
pub struct Meeting {
    pub experiment: u32,
    pub first: Record,
    /// When the person was seen first.
    pub seen_ms: i64,
    /// Other variants were met later.
    pub several: bool,
}
