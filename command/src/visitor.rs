//! The visitor that `assign`, `decide` and `simulate` ask about: known by one id, allows measuring, no bot.

use parlour::assignment::Trace;
use parlour::authoring::tell;
use parlour::consent::Consent;
use parlour::decision::{Decision, Reason};
use parlour::engine::{Engine, FlagAnswer, Input};
use parlour::plan::Unit;
use serde_json::{Map, Value};

use crate::plan_file::Opened;

pub struct Visitor<'a> {
    opened: &'a Opened,
    engine: Engine,
    now_ms: u64,
}

impl<'a> Visitor<'a> {
    pub fn new(opened: &'a Opened, now_ms: u64) -> Self {
        let mut engine = Engine::new(opened.plan.clone());
        engine.handle(Input::Consent(Consent::Measure), now_ms);
        engine.handle(Input::Bot(false), now_ms);
        Self { opened, engine, now_ms }
    }

    /// Makes it a visitor of that id, which is the unit of every kind of experiment.
    pub fn becomes(&mut self, id: &str) {
        for unit in Unit::ALL {
            self.engine.handle(Input::Unit { unit, id: id.as_bytes() }, self.now_ms);
        }
    }

    /// Tells facts. Those the plan does not ask for change nothing, as on a page. Regular expressions that only a browser
    /// can run, as GrowthBook's may be, hold for nothing here.
    pub fn knows(&mut self, facts: &Map<String, Value>) {
        tell(&mut self.engine, &self.opened.names, facts, &|_, _, _| false);
    }

    pub fn flag(&self, flag: usize) -> FlagAnswer {
        // Beyond all flags: unknown.
        self.engine.flag(u16::try_from(flag).unwrap_or(u16::MAX), self.now_ms)
    }

    /// Why it decides so, beyond the reason.
    pub fn trace(&self, experiment: usize) -> (Decision, Trace) {
        u16::try_from(experiment).map_or((Decision::out(Reason::Unknown), Trace::default()), |index| {
            self.engine.explain(index, self.now_ms)
        })
    }

    pub fn decide(&self, experiment: usize) -> Decision {
        u16::try_from(experiment)
            .map_or(Decision::out(Reason::Unknown), |index| self.engine.decide(index, self.now_ms))
    }
}
