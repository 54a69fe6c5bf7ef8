//! Mutations without libFuzzer: seeded, so that a failure comes again. Not guided by coverage; the seeds lie deep instead.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Body;

/// Where texts are mutated, whole words get us further than bytes.
const WORDS: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "-0",
    "1e999",
    "1e-7",
    "\\ud800",
    "\\u0000",
    "\"__proto__\":",
    "\"$and\":",
    "\"$or\":",
    "\"$not\":",
    "\"$in\":",
    "\"$elemMatch\":",
    "\"$regex\":",
    "\"$size\":",
    "\"$type\":",
    "\"status\":\"running\",",
    "\"requires\":",
    "*",
    "+",
    "{2,9}",
    "(",
    ")|",
    "\0",
    "\u{feff}",
    "😀",
    "4294967296",
];
const BYTES: [u8; 8] = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, b'"'];
const LONGEST: usize = 1 << 14;

/// splitmix64
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut t = self.0;
        t = (t ^ (t >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        t = (t ^ (t >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        t ^ (t >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &'a [&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

/// One to eight changes.
#[must_use]
pub fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        let end = at + random.below(bytes.len() - at + 1).min(1 << random.below(10));
        match random.below(10) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 if at < bytes.len() => bytes[at] = BYTES[random.below(BYTES.len())],
            3 => bytes.insert(at, random.next() as u8),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let copy = bytes[at..end].to_vec();
                let times = 1 + random.below(4);
                bytes.splice(at..at, copy.repeat(times));
            }
            6 => drop(bytes.splice(at..at, random.pick(&WORDS).bytes())),
            7 => {
                let word = random.pick(&WORDS).repeat(1 << random.below(12));
                bytes.splice(at..end, word.bytes());
            }
            8 => bytes.truncate(at),
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                bytes.splice(at..end, other[from..].iter().copied());
            }
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

/// The seeds themselves, then `count` mutations. The first input at which the body panics, and what it said.
///
/// # Errors
/// The input, and the message of the panic.
pub fn run(body: Body, seeds: &[Vec<u8>], count: usize) -> Result<(), (Vec<u8>, String)> {
    let mut random = Random(count as u64);
    let inputs = seeds.iter().cloned().chain((0..count).map(|_| mutated(&mut random, seeds)));
    for input in inputs {
        catch_unwind(AssertUnwindSafe(|| body(&input))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            (input.clone(), text.unwrap_or_default())
        })?;
    }
    Ok(())
}
