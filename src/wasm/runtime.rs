//! What every visitor's page calls. Arguments and answers are numbers; bytes go through `room` and `out`.
//!
//! Time is in milliseconds since 1970 as f64. An answer's bytes are valid until the next call.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::consent::Consent;
use crate::decision::Decision;
use crate::engine::{Effect, Engine, FlagAnswer, Input};
use crate::hash::id64;
use crate::journey::Touchpoint;
use crate::plan::bytes::{Reader, Writer};
use crate::plan::{Plan, Unit};
use crate::targeting::Scalar;

struct Host {
    engine: Option<Engine>,
    /// What the page writes before a call.
    room: Vec<u8>,
    /// What the page reads after one.
    out: Writer,
}

thread_local! {
    // Known when it is compiled, so that no call looks whether it was made yet.
    static HOST: RefCell<Host> =
        const { RefCell::new(Host { engine: None, room: Vec::new(), out: Writer { bytes: Vec::new() } }) };
}

/// Larger requests are refused: no plan, snapshot or journal is this long.
const MAX_ROOM: usize = 4 << 20;

fn host<T: Default>(call: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with(|host| host.try_borrow_mut().map(|mut host| call(&mut host)).unwrap_or_default())
}

pub(super) fn engine<T: Default>(call: impl FnOnce(&mut Engine, &[u8], &mut Writer) -> T) -> T {
    host(|host| {
        host.out.bytes.clear();
        host.engine.as_mut().map(|engine| call(engine, &host.room, &mut host.out)).unwrap_or_default()
    })
}

fn time(now: f64) -> u64 {
    now as u64
}

/// Makes room for `len` bytes and answers their address; 0 if that is too much.
#[wasm_bindgen]
pub fn room(len: usize) -> usize {
    host(|host| {
        if len > MAX_ROOM {
            return 0;
        }
        host.room.resize(len, 0);
        host.room.as_ptr() as usize
    })
}

/// Address of the last answer's bytes; each call that answers with bytes returns their number.
#[wasm_bindgen]
pub fn out() -> usize {
    host(|host| host.out.bytes.as_ptr() as usize)
}

/// Takes the plan in the room: 0, or the number of a `PlanError`.
#[wasm_bindgen]
pub fn load() -> u32 {
    host(|host| match Plan::decode(&host.room) {
        Ok(plan) => {
            // An instance takes one plan: what would free an engine is code that never runs.
            std::mem::forget(host.engine.replace(Engine::new(plan)));
            host.room = Vec::new();
            0
        }
        Err(error) => error as u32,
    })
}

/// The plan's page part: JSON.
#[wasm_bindgen]
pub fn page() -> usize {
    engine(|engine, _, out| {
        out.bytes.extend_from_slice(engine.plan().page());
        out.bytes.len()
    })
}

/// hash u64, version u32, experiments u32
#[wasm_bindgen]
pub fn about() -> usize {
    engine(|engine, _, out| {
        out.u64(engine.plan().hash());
        out.u32(engine.plan().version());
        out.u32(engine.plan().experiments().len() as u32);
        out.bytes.len()
    })
}

/// 0 visitor, 1 user, 3 page view; the id lies in the room.
#[wasm_bindgen]
pub fn unit(kind: u8) {
    engine(|engine, id, _| {
        if let Some(unit) = Unit::from_code(kind) {
            engine.handle(Input::Unit { unit, id }, 0);
        }
    });
}

#[wasm_bindgen]
pub fn consent(state: u32, now: f64) {
    engine(|engine, _, _| engine.handle(Input::Consent(Consent::from_code(state)), time(now)));
}

#[wasm_bindgen]
pub fn bot(is_bot: bool) {
    engine(|engine, _, _| engine.handle(Input::Bot(is_bot), 0));
}

/// 0 absent, 1 false, 2 true, 3 the number; of 4 the text lies in the room, of 5 a value as `targeting::View` reads it.
#[wasm_bindgen]
pub fn fact(index: u16, kind: u8, number: f64) {
    engine(|engine, room, _| {
        let value = match kind {
            1 | 2 => Some(Scalar::Bool(kind == 2)),
            3 => Some(Scalar::Number(number)),
            4 => Some(Scalar::Text(room.into())),
            _ => None,
        };
        engine.handle(
            if kind == 5 { Input::FactTree { index, bytes: room } } else { Input::Fact { index, value } },
            0,
        );
    });
}

/// The touchpoint lies in the room, as `Touchpoint::read` has it. Answers effects; see `effects`.
#[wasm_bindgen]
pub fn touchpoint(now: f64) -> usize {
    engine(|engine, bytes, out| {
        if let Some(touchpoint) = Touchpoint::read(&mut Reader::new(bytes)) {
            engine.handle(Input::Touchpoint(touchpoint), time(now));
        }
        effects(engine, out)
    })
}

/// A row lies in the room.
#[wasm_bindgen]
pub fn row() {
    engine(|engine, bytes, _| engine.handle(Input::Row(bytes), 0));
}

/// The experiment's targets were found, or its answer used. Answers effects.
#[wasm_bindgen]
pub fn met(experiment: u16, now: f64) -> usize {
    engine(|engine, _, out| {
        engine.handle(Input::Met { experiment }, time(now));
        effects(engine, out)
    })
}

/// (reason << 8) | (variant + 1); the low byte is 0 for out.
fn packed(decision: Decision) -> u32 {
    (u32::from(decision.reason.code()) << 8) | decision.variant.map_or(0, |variant| u32::from(variant) + 1)
}

/// `uses` holds on to the answer for this page view.
#[wasm_bindgen]
pub fn decide(experiment: u16, uses: bool, now: f64) -> u32 {
    engine(|engine, _, _| {
        packed(if uses {
            engine.use_decision(experiment, time(now))
        } else {
            engine.decide(experiment, time(now))
        })
    })
}

/// A signed link asks for this variant; 255 ends it.
#[wasm_bindgen]
pub fn force(experiment: u16, variant: u8) {
    engine(|engine, _, _| {
        engine.handle(Input::Force { experiment, variant: (variant < 255).then_some(variant) }, 0);
    });
}

/// Decided anew: the packed decision, the last hash, and the detail of `Trace`, a u32 each.
#[wasm_bindgen]
pub fn explain(experiment: u16, now: f64) -> usize {
    engine(|engine, _, out| {
        let (decision, trace) = engine.explain(experiment, time(now));
        out.u32(packed(decision));
        out.u32(trace.bucket);
        out.u32(trace.detail);
        out.bytes.len()
    })
}

/// The plan's texts for explanations: JSON, a list by node.
#[wasm_bindgen]
pub fn clauses() -> usize {
    engine(|engine, _, out| {
        out.bytes.extend_from_slice(engine.plan().clauses());
        out.bytes.len()
    })
}

/// All of them, a u32 each.
#[wasm_bindgen]
pub fn decide_all(now: f64) -> usize {
    engine(|engine, _, out| {
        for experiment in 0..engine.plan().experiments().len() as u16 {
            out.u32(packed(engine.decide(experiment, time(now))));
        }
        out.bytes.len()
    })
}

/// (rule << 16) | what `decide` answers; the rule is 0xffff where code gets what it falls back to.
#[wasm_bindgen]
pub fn flag(index: u16, now: f64) -> u32 {
    engine(|engine, _, _| {
        let FlagAnswer { rule, decision } = engine.flag(index, time(now));
        (u32::from(rule.unwrap_or(u16::MAX)) << 16) | packed(decision)
    })
}

/// Item, score, because: a u32 each. The numbers of the items to choose among lie in the room, a u32 each; none means all.
#[wasm_bindgen]
pub fn recommend(slot: u16) -> usize {
    engine(|engine, room, out| {
        let mut reader = Reader::new(room);
        let mut among = Vec::new();
        while !reader.is_empty() {
            among.push(reader.u32());
        }
        for recommendation in engine.recommend(slot, &among) {
            out.u32(recommendation.item);
            out.u32(recommendation.score);
            out.u32(recommendation.because);
        }
        out.bytes.len()
    })
}

/// What the visitor did with the item whose key lies in the room: 1 in the cart, 2 bought.
#[wasm_bindgen]
pub fn item_state() -> u32 {
    engine(|engine, key, _| {
        let item = id64(key);
        let journey = &engine.state().journey;
        u32::from(journey.cart.contains(&item)) | (u32::from(journey.owned.contains(&item)) << 1)
    })
}

/// What lists are made of: the length of a snapshot as u32, the snapshot, and the popular row.
#[wasm_bindgen]
pub fn known() -> usize {
    engine(|engine, _, out| {
        let snapshot = engine.state().encode(true);
        out.u32(snapshot.len() as u32);
        out.bytes.extend_from_slice(&snapshot);
        if let Some(popular) = engine.popular() {
            out.bytes.extend_from_slice(&popular.encode());
        }
        out.bytes.len()
    })
}

/// Session id (16 characters), its number and touchpoints as u32, stage u8.
#[wasm_bindgen]
pub fn session(now: f64) -> usize {
    engine(|engine, _, out| {
        let session = engine.state().session;
        out.bytes.extend_from_slice(&session.name());
        out.u32(session.number as u32);
        out.u32(session.touchpoints as u32);
        out.u8(engine.stage(time(now)) as u8);
        out.bytes.len()
    })
}

/// Journal entries to store, since last asked.
#[wasm_bindgen]
pub fn journal() -> usize {
    engine(|engine, _, out| {
        out.bytes = engine.take_journal();
        out.bytes.len()
    })
}

/// Starts from the snapshot in the room.
#[wasm_bindgen]
pub fn restore(now: f64) -> bool {
    engine(|engine, snapshot, _| engine.restore(snapshot, time(now)))
}

/// Brings the state up to date with the journal entries in the room.
#[wasm_bindgen]
pub fn catch_up(now: f64) {
    engine(|engine, entries, _| engine.catch_up(entries, time(now)));
}

/// The room holds a snapshot of `snapshot_len` bytes, then journal entries. Answers the new snapshot.
#[wasm_bindgen]
pub fn fold(snapshot_len: usize, now: f64) -> usize {
    engine(|engine, room, out| {
        let (snapshot, entries) = room.split_at_checked(snapshot_len).unwrap_or_default();
        out.bytes = engine.fold(snapshot, entries, time(now));
        out.bytes.len()
    })
}

#[wasm_bindgen]
pub fn forget(now: f64) {
    engine(|engine, _, _| engine.forget(time(now)));
}

/// Effects are three u32 each: kind, index, packed decision or detail.
fn effects(engine: &mut Engine, out: &mut Writer) -> usize {
    for effect in engine.take_effects() {
        let (kind, index, detail) = match effect {
            Effect::Expose { experiment, decision } => (1, u32::from(experiment), packed(decision)),
            Effect::Goal { goal } => (2, u32::from(goal), 0),
            Effect::SessionStarted => (3, 0, 0),
            Effect::Show { experience } => (4, u32::from(experience), 0),
            Effect::HoldOut { experience } => (5, u32::from(experience), 0),
            Effect::StageChanged { stage } => (6, stage as u32, 0),
        };
        out.u32(kind);
        out.u32(index);
        out.u32(detail);
    }
    out.bytes.len()
}
