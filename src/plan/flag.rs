//! Flags in plan bytes: only which rule answers whom. What it answers lies in the page part, for the host.

use super::bytes::Reader;
use super::decode::{condition, share, unit};
use super::{Share, Unit};

/// Rules of one flag, its default included; the number of a rule crosses the boundary in 16 bits.
pub const MAX_RULES: usize = 256;

#[derive(Clone, Debug)]
pub struct Flag {
    /// Nothing is served: code gets what it falls back to.
    pub killed: bool,
    /// What the shares of its rules count.
    pub unit: Unit,
    /// The first that answers. The last one is the default: it answers everyone.
    pub rules: Vec<Rule>,
}

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

/// killed u8 · unit u8 · rules: condition, then 0 | 1 share | 2 experiment varint
pub fn read(reader: &mut Reader<'_>, node_count: u64, experiment_count: u64) -> Flag {
    Flag {
        killed: reader.flag(),
        unit: unit(reader),
        rules: reader.many(|reader| Rule {
            audience: condition(reader, node_count),
            serves: match reader.u8() {
                0 => Serves::Everyone,
                1 => Serves::Share(share(reader)),
                _ => {
                    let index = reader.varint();
                    reader.require(index < experiment_count);
                    Serves::Experiment(index as u16)
                }
            },
        }),
    }
}

#[cfg(feature = "authoring")]
pub fn write(writer: &mut super::bytes::Writer, flag: &Flag) {
    writer.u8(u8::from(flag.killed));
    writer.u8(flag.unit.code());
    super::encode::many(writer, &flag.rules, |writer, rule| {
        super::encode::optional(writer, rule.audience.as_ref(), |writer, start| {
            writer.varint(u64::from(*start));
        });
        match &rule.serves {
            Serves::Everyone => writer.u8(0),
            Serves::Share(share) => {
                writer.u8(1);
                super::encode::share(writer, share);
            }
            Serves::Experiment(index) => {
                writer.u8(2);
                writer.varint(u64::from(*index));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_names_only_conditions_and_experiments_of_the_plan(bytes in prop::collection::vec(0u8..8, 0..64)) {
            let mut reader = Reader::new(&bytes);
            let flag = read(&mut reader, 3, 2);
            if !reader.is_whole() {
                return Ok(());
            }
            for rule in flag.rules {
                prop_assert!(rule.audience.is_none_or(|start| start < 3));
                prop_assert!(!matches!(rule.serves, Serves::Experiment(index) if index >= 2));
            }
        }
    }
}
