//! States over bytes → the table that hosts walk: the subset construction, then as few rows and columns as do the same.
//!
//! A row stands for what may be going on before the next byte is known: the states just reached, and what places such as
//! `\b` need to know of the byte before. Places are decided when the next byte, or the end, is there.

use std::collections::HashMap;

use super::nfa::{Look, Nfa, State};
use super::{Refused, too_large};
use crate::targeting::{MAX_STATES, Pattern};

/// A column for every class of bytes that no state tells apart, and one for the end.
const MAX_CELLS: usize = 20_000;

/// Before a byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Row {
    states: Vec<u32>,
    is_start: bool,
    follows_word: bool,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Is it a later byte of a character?
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

pub fn table(nfa: &Nfa) -> Result<Pattern, Refused> {
    let looks = |wanted: &[Look]| {
        nfa.states.iter().any(|state| matches!(state, State::Look(look, _) if wanted.contains(look)))
    };
    let uses_start = looks(&[Look::Start]);
    let uses_words = looks(&[Look::WordBoundary, Look::NotWordBoundary]);
    let (classes, samples) = classes(nfa, uses_words);
    let columns = samples.len() + 1;

    // Rows 0 and 1 have failed and matched; they are in no map.
    let first = Row { states: vec![nfa.start], is_start: uses_start, follows_word: false };
    let mut numbers = HashMap::from([(first.clone(), 2usize)]);
    let mut rows = vec![first];
    let mut cells: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(row) = rows.get(at).cloned() {
        at += 1;
        for byte in samples.iter().copied().map(Some).chain([None]) {
            let (reached, has_matched) = nfa.step(&row, byte);
            cells.push(match byte {
                _ if has_matched => 1,
                None => 0,
                Some(byte) => {
                    let next =
                        Row { states: reached, is_start: false, follows_word: uses_words && is_word(byte) };
                    let number = rows.len() + 2;
                    *numbers.entry(next).or_insert_with_key(|next| {
                        rows.push(next.clone());
                        number
                    })
                }
            });
        }
        if rows.len() > MAX_STATES || cells.len() > MAX_CELLS {
            return Err(too_large());
        }
    }
    Ok(smallest(&cells, columns, &classes))
}

impl Nfa {
    /// The states after `byte` (`None` at the end), and whether the pattern has matched before it.
    fn step(&self, row: &Row, byte: Option<u8>) -> (Vec<u32>, bool) {
        let is_boundary = row.follows_word != byte.is_some_and(is_word);
        let mut seen = vec![false; self.states.len()];
        let mut todo = row.states.clone();
        // A match may start anywhere.
        let mut reached = vec![self.start];
        while let Some(at) = todo.pop() {
            let at = at as usize;
            if std::mem::replace(seen.get_mut(at).unwrap_or(&mut true), true) {
                continue;
            }
            match self.states.get(at) {
                None => {}
                Some(State::Accept) => return (Vec::new(), true),
                Some(State::Byte(low, high, next))
                    if byte.is_some_and(|byte| (*low..=*high).contains(&byte)) =>
                {
                    reached.push(*next);
                }
                Some(State::Byte(..)) => {}
                Some(State::Split(ways)) => todo.extend(ways),
                Some(State::Look(look, next)) => {
                    let holds = match look {
                        Look::Start => row.is_start,
                        Look::End => byte.is_none(),
                        Look::WordBoundary => is_boundary,
                        // Between the bytes of one character is no place.
                        Look::NotWordBoundary => !is_boundary && !byte.is_some_and(is_continuation),
                    };
                    if holds {
                        todo.push(*next);
                    }
                }
            }
        }
        reached.sort_unstable();
        reached.dedup();
        (reached, false)
    }
}

/// The class of every byte, and a byte of every class.
fn classes(nfa: &Nfa, uses_words: bool) -> (Vec<u8>, Vec<u8>) {
    let mut starts = [false; 257];
    let mut mark = |at: usize| {
        if let Some(start) = starts.get_mut(at) {
            *start = true;
        }
    };
    for state in &nfa.states {
        if let State::Byte(low, high, _) = state {
            mark(usize::from(*low));
            mark(usize::from(*high) + 1);
        }
    }
    if uses_words {
        (1..=255u8)
            .filter(|byte| {
                is_word(*byte) != is_word(byte - 1) || is_continuation(*byte) != is_continuation(byte - 1)
            })
            .for_each(|byte| mark(usize::from(byte)));
    }
    let (mut classes, mut samples) = (Vec::with_capacity(256), vec![0]);
    for (byte, starts) in (0..=255u8).zip(starts) {
        if starts && byte > 0 {
            samples.push(byte);
        }
        classes.push((samples.len() - 1) as u8);
    }
    (classes, samples)
}

/// Rows that do the same become one (Moore), and so do columns; numbers are given in the order of first use.
fn smallest(cells: &[usize], columns: usize, classes: &[u8]) -> Pattern {
    let rows: Vec<&[usize]> = cells.chunks_exact(columns).collect();
    let mut block = hopeful(&rows);
    let mut count = 0;
    loop {
        let mut signatures = HashMap::new();
        let mut next = vec![0, 1];
        for (row, own) in rows.iter().zip(block.iter().skip(2)) {
            let leads: Vec<usize> =
                row.iter().map(|to| block.get(*to).copied().unwrap_or_default()).collect();
            let number = signatures.len() + 2;
            next.push(if *own == 0 { 0 } else { *signatures.entry((*own, leads)).or_insert(number) });
        }
        let is_stable = signatures.len() == count;
        count = signatures.len();
        block = next;
        if is_stable {
            break;
        }
    }
    let mut numbers = HashMap::from([(0usize, 0u16), (1, 1)]);
    let mut todo = std::collections::VecDeque::from([2usize]);
    numbers.insert(block.get(2).copied().unwrap_or_default(), 2);
    let mut table: Vec<Vec<u16>> = Vec::new();
    while let Some(row) = todo.pop_front() {
        let mut line = Vec::with_capacity(columns);
        for to in rows.get(row - 2).copied().unwrap_or_default() {
            let own = block.get(*to).copied().unwrap_or_default();
            let number = numbers.len().max(3) as u16;
            line.push(*numbers.entry(own).or_insert_with(|| {
                todo.push_back(*to);
                number
            }));
        }
        table.push(line);
    }
    merge_columns(&table, columns, classes)
}

/// 2 for rows from which a match can be reached, 0 for those that have failed without knowing it.
fn hopeful(rows: &[&[usize]]) -> Vec<usize> {
    let mut block = vec![0usize; rows.len() + 2];
    block.splice(..2, [0, 1]);
    loop {
        let mut is_stable = true;
        for (at, row) in (2..).zip(rows) {
            let leads = row.iter().any(|to| block.get(*to).is_some_and(|block| *block > 0));
            if let Some(block) = block.get_mut(at).filter(|block| **block == 0 && leads) {
                *block = 2;
                is_stable = false;
            }
        }
        if is_stable {
            return block;
        }
    }
}

fn merge_columns(table: &[Vec<u16>], columns: usize, classes: &[u8]) -> Pattern {
    let column =
        |at: usize| table.iter().map(|row| row.get(at).copied().unwrap_or_default()).collect::<Vec<u16>>();
    let mut kept: Vec<Vec<u16>> = Vec::new();
    let renumbered: Vec<u8> = (0..columns - 1)
        .map(|at| {
            let column = column(at);
            kept.iter().position(|known| *known == column).unwrap_or_else(|| {
                kept.push(column);
                kept.len() - 1
            }) as u8
        })
        .collect();
    kept.push(column(columns - 1));
    let classes = classes
        .iter()
        .map(|class| renumbered.get(usize::from(*class)).copied().unwrap_or_default())
        .collect();
    let rows = 0..table.len();
    let table = rows
        .flat_map(|row| kept.iter().map(move |column| column.get(row).copied().unwrap_or_default()))
        .collect();
    Pattern { classes, columns: kept.len(), table }
}
