//! What crosses to and from a page: bytes that it writes before a call, and reads after one.

use std::cell::RefCell;
use std::thread::LocalKey;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::plan::bytes::Writer;

thread_local! {
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUT: RefCell<Writer> = const { RefCell::new(Writer { bytes: Vec::new() }) };
}

/// Larger catalogues and models are refused.
const MAX_ROOM: usize = 64 << 20;

/// Makes room for `len` bytes and answers their address; 0 if that is too much.
#[wasm_bindgen]
pub fn room(len: usize) -> usize {
    lent(&ROOM, |room| {
        if len > MAX_ROOM {
            return 0;
        }
        room.resize(len, 0);
        room.as_ptr() as usize
    })
}

/// Address of the last answer's bytes.
#[wasm_bindgen]
pub fn out() -> usize {
    lent(&OUT, |out| out.bytes.as_ptr() as usize)
}

/// Nothing calls back, so that nothing is ever lent twice; the library's own way brings the text of its panic along.
pub fn lent<T, R: Default>(cell: &'static LocalKey<RefCell<T>>, call: impl FnOnce(&mut T) -> R) -> R {
    cell.with(|cell| cell.try_borrow_mut().map(|mut lent| call(&mut lent)).unwrap_or_default())
}

/// What the page wrote.
pub fn taken() -> Vec<u8> {
    lent(&ROOM, std::mem::take)
}

pub fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

/// Answers with bytes: how many.
pub fn answer(write: impl FnOnce(&mut Writer)) -> usize {
    lent(&OUT, |out| {
        out.bytes.clear();
        write(out);
        out.bytes.len()
    })
}
