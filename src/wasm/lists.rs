//! What parlour-lists.js calls: lists for slots that ask for more than rows.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::room::{answer, lent, numbers, taken};
use crate::engine::State;
use crate::plan::bytes::Reader;
use crate::recommend::Scratch;
use crate::recommend::lists::{Catalogue, Listed, Options, Visitor, compose, interleave};
use crate::recommend::row::Row;

struct Host {
    catalogues: Vec<Catalogue>,
    options: Vec<Options>,
    state: Option<State>,
    popular: Option<Row>,
    again: Vec<u32>,
    baskets: Vec<Row>,
    scratch: Option<Scratch>,
}

thread_local! {
    // Known when it is compiled, so that no call looks whether it was made yet.
    static HOST: RefCell<Host> = const {
        RefCell::new(Host {
            catalogues: Vec::new(),
            options: Vec::new(),
            state: None,
            popular: None,
            again: Vec::new(),
            baskets: Vec::new(),
            scratch: None,
        })
    };
}

const REFUSED: u32 = u32::MAX;

fn host<T: Default>(call: impl FnOnce(&mut Host) -> T) -> T {
    lent(&HOST, call)
}

fn kept<T>(list: &mut Vec<T>, read: Option<T>) -> u32 {
    let Some(read) = read else { return REFUSED };
    list.push(read);
    list.len() as u32 - 1
}

/// Cards lie in the room, as `Catalogue::read` has them: their number from now on, all ones for bytes that are none.
#[wasm_bindgen]
pub fn catalogue() -> u32 {
    host(|host| kept(&mut host.catalogues, Catalogue::read(&mut Reader::new(&taken()))))
}

/// What a slot asks for lies in the room, as `Options::read` has it: its number from now on, all ones for bytes that are none.
#[wasm_bindgen]
pub fn options() -> u32 {
    host(|host| kept(&mut host.options, Options::read(&mut Reader::new(&taken()))))
}

/// What the runtime knows lies in the room: a length u32 and so many bytes of snapshot, then the popular row.
#[wasm_bindgen]
pub fn visitor() {
    host(|host| {
        let room = taken();
        let mut reader = Reader::new(&room);
        let length = reader.u32() as usize;
        host.state = State::decode(reader.take(length));
        host.popular = Row::decode(reader.take_rest());
    });
}

/// Repeat scores lie in the room, a u32 each.
#[wasm_bindgen]
pub fn again() {
    host(|host| host.again = numbers(&taken()));
}

/// Basket rows lie in the room, each with its length before it. What is damaged is passed over.
#[wasm_bindgen]
pub fn baskets() {
    host(|host| {
        host.baskets.clear();
        let room = taken();
        let mut reader = Reader::new(&room);
        while !reader.is_empty() {
            host.baskets.extend(Row::decode(reader.text()));
        }
    });
}

/// Numbers of what lies in the cart, a u32 each.
#[wasm_bindgen]
pub fn cart(catalogue: u32) -> usize {
    host(|host| {
        let (Some(catalogue), Some(state)) = (host.catalogues.get(catalogue as usize), &host.state) else {
            return 0;
        };
        let cards = state.journey.cart.iter().filter_map(|id| catalogue.named(*id));
        answer(|out| cards.for_each(|card| out.u32(card.number)))
    })
}

/// The items to choose among lie in the room, a u32 each; none means all. `other` are the options of the list to interleave
/// with, all ones for none; `seed` throws the coins. Four u32 an item: number, score, because, and its source, with 256 for
/// the other list's.
#[wasm_bindgen]
pub fn list(catalogue: u32, options: u32, other: u32, own: u32, count: usize, seed: u32) -> usize {
    host(|host| {
        let among = numbers(&taken());
        let Host { state, popular, again, baskets, catalogues, options: known, scratch } = host;
        let (Some(catalogue), Some(state)) = (catalogues.get(catalogue as usize), state) else { return 0 };
        let scratch = scratch.get_or_insert_default();
        let visitor = Visitor {
            rows: &state.rows,
            popular: popular.as_ref(),
            again,
            baskets,
            cart: &state.journey.cart,
            bought: &state.journey.owned,
            own,
            among: &among,
            seed: state.session.id as u32,
        };
        let mut of = |options: u32| {
            known.get(options as usize).map(|options| compose(&visitor, options, catalogue, count, scratch))
        };
        let first = of(options).unwrap_or_default();
        let listed: Vec<(Listed, bool)> = match of(other) {
            Some(second) => interleave(&first, &second, count, seed),
            None => first.into_iter().map(|listed| (listed, false)).collect(),
        };
        answer(|out| {
            for (listed, is_second) in &listed {
                out.u32(listed.item);
                out.u32(listed.score);
                out.u32(listed.because);
                out.u32(listed.source as u32 | u32::from(*is_second) << 8);
            }
        })
    })
}
