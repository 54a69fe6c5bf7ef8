//! What parlour-models.js calls: a whole model, in a page or on a server.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::room::{answer, lent, numbers, taken};
use crate::recommend::Scratch;
use crate::recommend::model::Fault;
use crate::recommend::opened::Opened;
use crate::recommend::session::{Rows, Task, after};

thread_local! {
    static MODEL: RefCell<Option<(Opened, Scratch)>> = const { RefCell::new(None) };
}

fn model<T: Default>(call: impl FnOnce(&mut Opened, &mut Scratch) -> T) -> T {
    lent(&MODEL, |model| model.as_mut().map(|(model, scratch)| call(model, scratch)).unwrap_or_default())
}

/// Takes the model in the room: 0, or why not (1 no model, 2 of a newer version, 3 damaged).
#[wasm_bindgen]
pub fn open() -> u32 {
    match Opened::open(taken()) {
        Ok(model) => {
            lent(&MODEL, |known| *known = Some((model, Scratch::default())));
            0
        }
        Err(Fault::NotAModel) => 1,
        Err(Fault::Newer(_)) => 2,
        Err(Fault::Damaged) => 3,
    }
}

#[wasm_bindgen]
pub fn items() -> usize {
    model(|model, _| model.len())
}

/// The number of the item whose key lies in the room; 0 for one the model does not have.
#[wasm_bindgen]
pub fn number() -> u32 {
    model(|model, _| model.number(&taken()))
}

#[wasm_bindgen]
pub fn key(item: u32) -> usize {
    model(|model, _| answer(|out| out.bytes.extend_from_slice(model.key(item))))
}

/// As pages carry it; nothing where nothing was learnt.
#[wasm_bindgen]
pub fn row(item: u32) -> usize {
    model(|model, _| answer(|out| out.bytes = model.row(item).map(|row| row.encode()).unwrap_or_default()))
}

/// Repeat scores, a u32 each.
#[wasm_bindgen]
pub fn again() -> usize {
    model(|model, _| answer(|out| model.again().iter().for_each(|score| out.u32(*score))))
}

/// What comes after the items in the room, oldest first, a u32 each. Three u32 an item: number, score, because.
#[wasm_bindgen]
pub fn next(discovery: bool, count: usize) -> usize {
    model(|model, scratch| {
        let task = if discovery { Task::Discovery } else { Task::Next };
        let list = after(model, &numbers(&taken()), task, count, scratch);
        answer(|out| {
            for one in &list {
                out.u32(one.item);
                out.u32(one.score);
                out.u32(one.because);
            }
        })
    })
}
