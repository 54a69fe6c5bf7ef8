//! One visitor, one page, one plan: takes inputs, answers decisions, and says in effects what its host must do.
//!
//! `handle` is never re-entered and calls nothing outside; time, ids and randomness come in as arguments.

mod flag;
#[cfg(feature = "growthbook")]
mod growthbook;
mod state;

pub use flag::FlagAnswer;
pub use state::{Entry, MAX_SNAPSHOT_BYTES, Met, State};

use crate::assignment::{Context, Kept, Trace, assign};
use crate::consent::Consent;
use crate::decision::{Decision, Reason};
use crate::hash::murmur3_32;
use crate::journey::{Stage, Touchpoint, TouchpointKind};
use crate::plan::bytes::{Reader, Writer};
use crate::plan::{CapPer, Experience, Experiment, FactSource, Plan, Unit};
use crate::recommend::row::Row;
use crate::recommend::{Recommendation, Scratch, rank};
use crate::targeting::{HostFacts, MAX_TEXT_BYTES, Scalar, failing, matches};

/// Touchpoints kept in memory until the visitor allows the journey to be kept.
const MAX_HELD: usize = 64;
const MAX_UNIT_BYTES: usize = 16 * 1_024;

/// What the host tells the engine.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// An empty id means that there is none.
    Unit {
        unit: Unit,
        id: &'a [u8],
    },
    Consent(Consent),
    Bot(bool),
    Fact {
        index: u16,
        value: Option<Scalar>,
    },
    /// A fact as bytes; the layout is that of `targeting`'s values.
    FactTree {
        index: u16,
        bytes: &'a [u8],
    },
    Touchpoint(Touchpoint),
    /// The targets of this experiment were found, or its decision was used.
    Met {
        experiment: u16,
    },
    Row(&'a [u8]),
    /// A signed link asks for this variant, whatever its status; `None` ends it.
    Force {
        experiment: u16,
        variant: Option<u8>,
    },
}

/// What the engine asks of its host. Running one twice does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Expose { experiment: u16, decision: Decision },
    Goal { goal: u16 },
    SessionStarted,
    Show { experience: u16 },
    HoldOut { experience: u16 },
    StageChanged { stage: Stage },
}

#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    consent: Consent,
    is_bot: bool,
    units: [Box<[u8]>; 4],
    facts: HostFacts,
    state: State,
    stage: Option<Stage>,
    /// Decisions this page view has used: they stay as they are.
    used: Vec<Option<Decision>>,
    forced: Vec<(u16, u8)>,
    shown_on_page: Vec<u64>,
    popular: Option<Row>,
    held: Vec<Touchpoint>,
    journal: Writer,
    effects: Vec<Effect>,
    scratch: Scratch,
    #[cfg(feature = "growthbook")]
    growthbook: crate::growthbook::Told,
}

impl Engine {
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            facts: HostFacts::new(&plan.facts),
            used: vec![None; plan.experiments.len()],
            forced: Vec::new(),
            plan,
            consent: Consent::default(),
            is_bot: false,
            units: Default::default(),
            state: State::default(),
            stage: None,
            shown_on_page: Vec::new(),
            popular: None,
            held: Vec::new(),
            journal: Writer::default(),
            effects: Vec::new(),
            scratch: Scratch::default(),
            #[cfg(feature = "growthbook")]
            growthbook: crate::growthbook::Told::default(),
        }
    }

    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    #[must_use]
    pub fn stage(&self, now_ms: u64) -> Stage {
        Stage::of(&self.state.journey, &self.state.session, now_ms)
    }

    /// The effects since they were last taken.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Journal entries since they were last taken: what the host stores so that the state can be folded again.
    pub fn take_journal(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.journal.bytes)
    }

    pub fn handle(&mut self, input: Input<'_>, now_ms: u64) {
        match input {
            Input::Unit { unit, id } => self.set_unit(unit, id.get(..MAX_UNIT_BYTES).unwrap_or(id)),
            Input::Consent(consent) => self.set_consent(consent, now_ms),
            Input::Bot(is_bot) => self.is_bot = is_bot,
            Input::Fact { index, value } => self.set_fact(index, value),
            Input::FactTree { index, bytes } if self.is_pushed(index) => self.facts.set_tree(index, bytes),
            Input::FactTree { .. } => {}
            Input::Touchpoint(touchpoint) => self.touch(touchpoint, now_ms),
            Input::Met { experiment } => self.meet(experiment, now_ms),
            Input::Row(bytes) => self.see_row(bytes),
            Input::Force { experiment, variant } => {
                self.forced.retain(|(known, _)| *known != experiment);
                self.forced.extend(variant.map(|variant| (experiment, variant)));
                if let Some(used) = self.used.get_mut(usize::from(experiment)) {
                    *used = None;
                }
            }
        }
    }

    fn set_unit(&mut self, unit: Unit, id: &[u8]) {
        if let Some(known) = self.units.get_mut(usize::from(unit.code())) {
            *known = id.into();
        }
    }

    fn unit(&self, unit: Unit) -> Option<&[u8]> {
        self.units.get(usize::from(unit.code())).map(AsRef::as_ref).filter(|id| !id.is_empty())
    }

    fn set_consent(&mut self, consent: Consent, now_ms: u64) {
        if self.consent.keeps_profile() && !consent.keeps_profile() {
            let State { session, met, .. } = std::mem::take(&mut self.state);
            self.state = State { session, met, ..State::default() };
            self.held.clear();
        }
        self.consent = consent;
        if consent.keeps_profile() {
            for touchpoint in std::mem::take(&mut self.held) {
                Entry::Touchpoint(touchpoint).write(&mut self.journal);
            }
            for row in self.state.rows.iter().rev() {
                Entry::Row(&row.encode()).write(&mut self.journal);
            }
        } else if consent.keeps_units() && self.state.session.number > 0 {
            Entry::Alive(self.state.session.last_ms).write(&mut self.journal);
        }
        if !consent.keeps_units() {
            self.journal.bytes.clear();
        }
        self.refresh_derived(now_ms);
    }

    /// Facts the engine derives are not the host's to say.
    fn is_pushed(&self, index: u16) -> bool {
        self.plan.facts.get(usize::from(index)) == Some(&FactSource::Host)
    }

    fn set_fact(&mut self, index: u16, value: Option<Scalar>) {
        if !self.is_pushed(index) {
            return;
        }
        let value = match value {
            Some(Scalar::Text(text)) if text.len() > MAX_TEXT_BYTES => {
                text.get(..MAX_TEXT_BYTES).map(|cut| Scalar::Text(cut.into()))
            }
            value => value,
        };
        self.facts.set(index, value);
    }

    fn refresh_derived(&mut self, now_ms: u64) {
        for (index, source) in (0u16..).zip(&self.plan.facts) {
            if let FactSource::Derived(fact) = source {
                let value = fact.value(&self.state.journey, &self.state.session, self.consent, now_ms);
                self.facts.set(index, value);
            }
        }
    }

    fn touch(&mut self, touchpoint: Touchpoint, now_ms: u64) {
        let kind = touchpoint.kind;
        if kind == TouchpointKind::PageView {
            self.used.fill(None);
            self.shown_on_page.clear();
        }
        let entry = Entry::Touchpoint(touchpoint);
        let session_starts = self.state.apply(&entry, self.units.first().map_or(&[], AsRef::as_ref));
        self.keep(entry);
        if session_starts || self.unit(Unit::Session).is_none() {
            self.set_unit(Unit::Session, &self.state.session.name());
            if session_starts {
                self.effects.push(Effect::SessionStarted);
            }
        }
        self.refresh_derived(now_ms);
        let stage = self.stage(now_ms);
        if self.stage != Some(stage) {
            if self.stage.is_some() {
                self.effects.push(Effect::StageChanged { stage });
            }
            self.stage = Some(stage);
        }
        for (index, goal) in (0u16..).zip(&self.plan.goals) {
            if goal.touchpoint == Some(kind) {
                self.effects.push(Effect::Goal { goal: index });
            }
        }
        self.trigger_experiences(kind, now_ms);
    }

    /// Journals what consent allows; holds the rest in memory for the day it is granted.
    fn keep(&mut self, entry: Entry<'_>) {
        if self.consent.keeps_profile() {
            entry.write(&mut self.journal);
            return;
        }
        if let Entry::Touchpoint(touchpoint) = entry {
            if self.consent.keeps_units() {
                Entry::Alive(touchpoint.at_ms).write(&mut self.journal);
            }
            if self.held.len() < MAX_HELD {
                self.held.push(touchpoint);
            }
        }
    }

    fn trigger_experiences(&mut self, kind: TouchpointKind, now_ms: u64) {
        let mut shown = Vec::new();
        for (index, experience) in (0u16..).zip(&self.plan.experiences) {
            let is_due = experience.trigger.unwrap_or(TouchpointKind::PageView) == kind
                && !self.plan.killed
                && now_ms < self.plan.expires_ms
                && !self.is_bot
                && experience
                    .condition
                    .is_none_or(|start| matches(&self.plan.conditions, start, &self.facts))
                && self.is_under_cap(experience);
            let unit = self.unit(Unit::Visitor).or_else(|| self.unit(Unit::PageView));
            if let (true, Some(unit)) = (is_due, unit) {
                let is_held_out = experience.holdout.contains(unit);
                shown.push((index, experience.id, is_held_out));
            }
        }
        for (index, id, is_held_out) in shown {
            self.shown_on_page.push(id);
            let entry = Entry::Shown(id);
            self.state.apply(&entry, &[]);
            self.keep(entry);
            self.effects.push(if is_held_out {
                Effect::HoldOut { experience: index }
            } else {
                Effect::Show { experience: index }
            });
        }
    }

    fn is_under_cap(&self, experience: &Experience) -> bool {
        let Some(cap) = experience.cap else { return true };
        let shown = self.state.shown.iter().find(|shown| shown.experience == experience.id);
        let times = match (cap.per, shown) {
            (CapPer::PageView, _) => {
                self.shown_on_page.iter().filter(|id| **id == experience.id).count() as u32
            }
            (CapPer::Session, Some(shown)) if shown.session == self.state.session.id => shown.in_session,
            (CapPer::Ever, Some(shown)) => shown.ever,
            _ => 0,
        };
        times < cap.times
    }

    /// Evaluates, or repeats what this page view has already used. An index the plan lacks is `Unknown`.
    #[must_use]
    pub fn decide(&self, experiment: u16, now_ms: u64) -> Decision {
        let index = usize::from(experiment);
        if let Some(Some(used)) = self.used.get(index) {
            return *used;
        }
        self.evaluate(experiment, now_ms, &mut Trace::default())
    }

    /// Evaluates anew, whatever was used, and says more than the reason.
    #[must_use]
    pub fn explain(&self, experiment: u16, now_ms: u64) -> (Decision, Trace) {
        let mut trace = Trace::default();
        let decision = self.evaluate(experiment, now_ms, &mut trace);
        let audience = self.plan.experiments.get(usize::from(experiment)).and_then(|known| known.audience);
        if let (Reason::Audience, Some(start)) = (decision.reason, audience) {
            trace.detail = failing(&self.plan.conditions, start, &self.facts);
        }
        (decision, trace)
    }

    fn evaluate(&self, index: u16, now_ms: u64, trace: &mut Trace) -> Decision {
        let Some(experiment) = self.plan.experiments.get(usize::from(index)) else {
            return Decision::out(Reason::Unknown);
        };
        let context = Context {
            consent: self.consent,
            unit: self.unit_of(experiment),
            kept: self.kept(experiment),
            forced: self.forced.iter().find(|(known, _)| *known == index).map(|(_, variant)| *variant),
            is_bot: self.is_bot,
            now_ms,
        };
        // Prerequisites have lower numbers, so that this ends.
        let decided = |required| self.decide(required, now_ms);
        assign(&self.plan, experiment, &self.facts, context, decided, trace)
    }

    fn unit_of(&self, experiment: &Experiment) -> Option<&[u8]> {
        self.unit(experiment.unit)
            .or_else(|| experiment.falls_back.then(|| self.unit(Unit::Visitor)).flatten())
    }

    /// By its own unit, else by the one that stood for it before the visitor was known.
    fn kept(&self, experiment: &Experiment) -> Kept {
        // Most experiments were never met: they need no hash.
        if !self.state.met.iter().any(|met| met.experiment == experiment.id) {
            return Kept::Nothing;
        }
        let own = self.unit(experiment.unit);
        let before = self.unit(Unit::Visitor).filter(|_| experiment.falls_back);
        let kept = |unit: Option<&[u8]>| {
            unit.map_or(Kept::Nothing, |unit| self.state.kept(experiment, murmur3_32(unit, 0)))
        };
        match kept(own) {
            Kept::Nothing if before.is_some() => kept(before),
            known => known,
        }
    }

    /// Decides and holds on to the answer for this page view.
    pub fn use_decision(&mut self, experiment: u16, now_ms: u64) -> Decision {
        let decision = self.decide(experiment, now_ms);
        if let Some(used) = self.used.get_mut(usize::from(experiment)) {
            *used = Some(decision);
        }
        decision
    }

    fn meet(&mut self, index: u16, now_ms: u64) {
        let decision = self.use_decision(index, now_ms);
        let (Some(variant), Some(experiment)) =
            (decision.variant, self.plan.experiments.get(usize::from(index)))
        else {
            return;
        };
        let Some(unit) = self.unit_of(experiment).map(|id| murmur3_32(id, 0)) else { return };
        let met_before = self.kept(experiment);
        if !decision.counts() || matches!(self.state.kept(experiment, unit), Kept::Variant(_)) {
            return;
        }
        let lasts = experiment.unit.lasts() && self.consent.keeps_units();
        let Some(variant) = experiment.variants.get(usize::from(variant)).copied() else { return };
        let met = Met { experiment: experiment.id, version: experiment.version, unit, variant, lasts };
        let entry = Entry::Met(met);
        self.state.apply(&entry, &[]);
        if lasts {
            entry.write(&mut self.journal);
        }
        // Met before logging in: one person, one exposure.
        if !matches!(met_before, Kept::Variant(_)) {
            self.effects.push(Effect::Expose { experiment: index, decision });
        }
    }

    fn see_row(&mut self, bytes: &[u8]) {
        let Some(row) = Row::decode(bytes) else { return };
        if row.own == 0 {
            self.popular = Some(row);
            return;
        }
        let entry = Entry::Row(bytes);
        self.state.apply(&entry, &[]);
        self.keep(entry);
    }

    /// Everyone's favourites, where this page told them.
    #[must_use]
    pub fn popular(&self) -> Option<&Row> {
        self.popular.as_ref()
    }

    /// Item numbers for a slot, best first; where `among` has numbers, of these alone.
    pub fn recommend(&mut self, slot: u16, among: &[u32]) -> Vec<Recommendation> {
        let Some(slot) = self.plan.slots.get(usize::from(slot)) else { return Vec::new() };
        rank(&self.state.rows, self.popular.as_ref(), &slot.strategies, among, &mut self.scratch)
    }

    /// Starts from stored state; bytes that are none leave it fresh. True when they were taken.
    pub fn restore(&mut self, snapshot: &[u8], now_ms: u64) -> bool {
        let restored = State::decode(snapshot);
        let taken = restored.is_some();
        self.adopt(restored.unwrap_or_default(), now_ms);
        taken
    }

    /// Folds journal entries into a stored snapshot and answers the new snapshot to store.
    ///
    /// Where the profile may be kept, the folded state becomes the live one, so that tabs agree.
    pub fn fold(&mut self, snapshot: &[u8], entries: &[u8], now_ms: u64) -> Vec<u8> {
        let mut state = State::decode(snapshot).unwrap_or_default();
        self.replay(&mut state, entries);
        let with_profile = self.consent.keeps_profile();
        let folded = state.encode(with_profile);
        if with_profile {
            self.adopt(state, now_ms);
        } else {
            self.state.session = state.session;
            for met in state.met {
                self.state.apply(&Entry::Met(met), &[]);
            }
        }
        folded
    }

    /// Brings the live state up to date with entries that were stored but not yet folded.
    pub fn catch_up(&mut self, entries: &[u8], now_ms: u64) {
        let mut state = std::mem::take(&mut self.state);
        self.replay(&mut state, entries);
        self.adopt(state, now_ms);
    }

    /// Stops at the first entry that cannot be read; what came before it counts.
    fn replay(&self, state: &mut State, entries: &[u8]) {
        let visitor = self.units.first().map_or(&[][..], AsRef::as_ref);
        let mut reader = Reader::new(entries);
        while !reader.is_empty() {
            let Some(entry) = Entry::read(&mut reader) else { return };
            state.apply(&entry, visitor);
        }
    }

    fn adopt(&mut self, state: State, now_ms: u64) {
        self.state = state;
        if self.state.session.number > 0 {
            self.set_unit(Unit::Session, &self.state.session.name());
        }
        self.refresh_derived(now_ms);
        self.stage = (self.state.session.number > 0).then(|| self.stage(now_ms));
    }

    /// Leaves nothing of the person: units, state, decisions. Plan, facts of the page and consent stay.
    pub fn forget(&mut self, now_ms: u64) {
        self.units = Default::default();
        self.held.clear();
        self.journal.bytes.clear();
        self.effects.clear();
        self.shown_on_page.clear();
        self.used.fill(None);
        self.forced.clear();
        self.adopt(State::default(), now_ms);
    }
}
