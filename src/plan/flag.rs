//! Flags in plan bytes: only which rule answers whom. What it answers lies in the page part, for the host.
//!
//! They are read where they lie, when asked for: what cannot be read there answers nothing.
//!
//! ```text
//! flag: len varint, then killed u8 · unit u8 · rules to its end, the last being the default
//! rule: audience varint (0 none, else its first node + 1) · 0 | 1 share | 2 experiment varint
//! ```

use super::bytes::Reader;
use super::decode::share;
use super::{Share, Unit};

/// Rules of one flag, its default included; the number of a rule crosses the boundary in 16 bits.
pub const MAX_RULES: usize = 256;

#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// First node of the condition.
    pub audience: Option<u32>,
    pub serves: Serves,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    Everyone,
    Share(Share),
    /// Whoever has a variant of this experiment.
    Experiment(u16),
}

/// A flag as it lies in the plan.
#[derive(Clone, Debug)]
pub struct Flag<'a> {
    /// Nothing is served: code gets what it falls back to.
    pub killed: bool,
    /// What the shares of its rules count.
    pub unit: Unit,
    rules: Reader<'a>,
}

impl<'a> Flag<'a> {
    pub fn read(flags: &'a [u8], index: u16) -> Option<Self> {
        let mut reader = Reader::new(flags);
        for _ in 0..index {
            reader.text();
        }
        let mut rules = Reader::new(reader.text());
        let killed = rules.flag();
        let unit = Unit::from_code(rules.u8())?;
        rules.is_whole().then_some(Self { killed, unit, rules })
    }
}

/// The rules, in order.
impl Iterator for Flag<'_> {
    type Item = Rule;

    fn next(&mut self) -> Option<Rule> {
        let reader = &mut self.rules;
        let audience = reader.index().checked_sub(1);
        let serves = match reader.u8() {
            0 => Serves::Everyone,
            1 => Serves::Share(share(reader)),
            _ => Serves::Experiment(reader.small()),
        };
        reader.is_whole().then_some(Rule { audience, serves })
    }
}

#[cfg(feature = "authoring")]
pub fn write(writer: &mut super::bytes::Writer, killed: bool, unit: Unit, rules: &[Rule]) {
    let mut flag = super::bytes::Writer::default();
    flag.u8(u8::from(killed));
    flag.u8(unit.code());
    for rule in rules {
        flag.varint(rule.audience.map_or(0, |start| u64::from(start) + 1));
        match &rule.serves {
            Serves::Everyone => flag.u8(0),
            Serves::Share(share) => {
                flag.u8(1);
                super::encode::share(&mut flag, share);
            }
            Serves::Experiment(index) => {
                flag.u8(2);
                flag.varint(u64::from(*index));
            }
        }
    }
    writer.text(&flag.bytes);
}

#[cfg(all(test, feature = "authoring"))]
mod tests {
    use super::super::bytes::Writer;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let rules = [
            Rule { audience: None, serves: Serves::Everyone },
            Rule { audience: Some(0), serves: Serves::Share(Share { seed: 7, below: 1 << 31 }) },
            Rule { audience: Some(9), serves: Serves::Experiment(300) },
        ];
        let mut writer = Writer::default();
        write(&mut writer, false, Unit::Visitor, &[]);
        write(&mut writer, true, Unit::Session, &rules);
        let flag = Flag::read(&writer.bytes, 1).unwrap_or_else(|| unreachable!());
        assert!(flag.killed && flag.unit == Unit::Session);
        let read: Vec<(Option<u32>, Serves)> = flag.map(|rule| (rule.audience, rule.serves)).collect();
        assert_eq!(read, rules.map(|rule| (rule.audience, rule.serves)));
        assert!(Flag::read(&writer.bytes, 2).is_none());
    }
}
