//! Random (id, experiment) pairs natively. `tests/vectors/pairs.mjs` draws the same in Node and in pages, and every host
//! has to come to the digests in `pairs.txt`, a line for each block of 1,000 pairs.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::fmt::Write as _;

use parlour::authoring::{CompileOptions, Names, compile, tell};
use parlour::consent::Consent;
use parlour::decision::Decision;
use parlour::engine::{Effect, Engine, Input};
use parlour::hash::id64;
use parlour::journey::{TOUCHPOINTS, Touchpoint};
use parlour::plan::{Plan, Unit};
use serde_json::{Map, Value};

const BLOCK: u32 = 1_000;
const BLOCKS: u32 = 1_000;
const LONG: u32 = 10_000;
const DIGESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/pairs.txt");

/// splitmix32
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9);
        let mut t = self.0 ^ (self.0 >> 16);
        t = t.wrapping_mul(0x21f0_aaad);
        t = (t ^ (t >> 15)).wrapping_mul(0x735a_2d97);
        t ^ (t >> 15)
    }

    fn below(&mut self, n: u32) -> u32 {
        self.next() % n
    }

    fn pick<'a>(&mut self, list: &'a Value) -> &'a Value {
        let list = list.as_array().unwrap();
        &list[self.below(list.len() as u32) as usize]
    }

    fn some(&mut self, count: u32, one: impl Fn(&mut Self) -> String) -> String {
        (0..count).map(|_| one(self)).collect()
    }

    fn character(&mut self) -> String {
        match char::from_u32(self.below(0x11_0000)) {
            Some(character) => character.to_string(),
            None => "\u{fffd}-".to_owned(),
        }
    }

    fn id(&mut self, pieces: &Value) -> String {
        let piece = |random: &mut Self| random.pick(pieces).as_str().unwrap().to_owned();
        match self.below(8) {
            0 => format!("visitor-{}", self.next()),
            1 => self.some(4, |random| format!("{:08x}", random.next())),
            2 if self.below(8) > 0 => self.below(1_000).to_string(),
            2 => String::new(),
            3 => {
                let count = 1 + self.below(12);
                self.some(count, piece)
            }
            4 => {
                let count = 1 + self.below(20);
                self.some(count, Self::character)
            }
            5 => {
                let count = 1 + self.below(64);
                self.some(count, |random| char::from(32 + random.below(95) as u8).to_string())
            }
            6 => {
                let count = 1 + self.below(6);
                self.some(count, |random| char::from(random.below(32) as u8).to_string())
            }
            _ if self.below(16) > 0 => {
                let number = self.next();
                format!("{number}@{}.example", self.below(100))
            }
            _ => {
                let piece = self.some(3, piece);
                piece.repeat(1 + self.below(LONG) as usize / 12)
            }
        }
    }
}

struct Digest(u32);

impl Digest {
    fn mix(&mut self, value: u32) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b1);
        self.0 ^= self.0 >> 15;
    }

    fn effects(&mut self, engine: &mut Engine) {
        for effect in engine.take_effects() {
            let row = match effect {
                Effect::Expose { experiment, decision } => [1, experiment.into(), packed(decision)],
                Effect::Goal { goal } => [2, goal.into(), 0],
                Effect::SessionStarted => [3, 0, 0],
                Effect::Show { experience } => [4, experience.into(), 0],
                Effect::HoldOut { experience } => [5, experience.into(), 0],
                Effect::StageChanged { stage } => [6, stage as u32, 0],
            };
            for value in row {
                self.mix(value);
            }
        }
    }
}

/// As it crosses the boundary of the wasm.
fn packed(decision: Decision) -> u32 {
    (u32::from(decision.reason.code()) << 8) | decision.variant.map_or(0, |variant| u32::from(variant) + 1)
}

fn consent(name: &str) -> Consent {
    let states = ["denied", "unknown", "measure", "personalise"];
    Consent::from_code(states.iter().position(|state| *state == name).unwrap() as u32)
}

struct Pairs {
    vectors: Value,
    engine: Engine,
    names: Names,
}

impl Pairs {
    fn read() -> Self {
        let vectors: Value = serde_json::from_str(include_str!("vectors/pairs.json")).unwrap();
        let compiled = compile(&vectors["config"].to_string(), &CompileOptions::default());
        assert!(!compiled.has_errors(), "{:#?}", compiled.diagnostics);
        let plan = Plan::decode(&compiled.plan.unwrap()).unwrap();
        assert_eq!(plan.experiments().len(), vectors["config"]["experiments"].as_object().unwrap().len());
        Self { names: Names::read(&plan), engine: Engine::new(plan), vectors }
    }

    fn fact(&mut self, name: &Value, value: &Value) {
        let facts = Map::from_iter([(name.as_str().unwrap().to_owned(), value.clone())]);
        tell(&mut self.engine, &self.names, &facts, &|_, _, _| unreachable!("no host predicates here"));
    }

    fn unit(&mut self, unit: Unit, id: &str) {
        self.engine.handle(Input::Unit { unit, id: id.as_bytes() }, 0);
    }

    /// The digest of a block, and its decisions as text for whoever looks for the first that differs.
    fn block(&mut self, block: u32, mut told: Option<&mut String>) -> u32 {
        let vectors = self.vectors.clone();
        let (from, seconds) =
            (vectors["from"].as_u64().unwrap(), vectors["seconds"].as_u64().unwrap() as u32);
        let mut random = Random((block + 1).wrapping_mul(0x9e37_79b1));
        let mut digest = Digest(block);
        self.engine.forget(from);
        self.engine.handle(Input::Consent(Consent::Measure), from);
        self.engine.handle(Input::Bot(false), from);
        for fact in vectors["facts"].as_array().unwrap() {
            self.fact(&fact[0], &Value::Null);
        }
        for n in block * BLOCK..(block + 1) * BLOCK {
            let now = if random.below(8) > 0 {
                let second = u64::from(random.below(seconds));
                from + second * 1_000 + u64::from(random.below(1_000))
            } else {
                random.pick(&vectors["moments"]).as_u64().unwrap()
            };
            if random.below(32) == 0 {
                let state = consent(random.pick(&vectors["consents"]).as_str().unwrap());
                self.engine.handle(Input::Consent(state), now);
            }
            let visitor = random.id(&vectors["pieces"]);
            self.unit(Unit::Visitor, &visitor);
            if random.below(4) == 0 {
                let id = if random.below(3) > 0 { random.id(&vectors["pieces"]) } else { String::new() };
                self.unit(Unit::User, &id);
            }
            if random.below(4) == 0 {
                let id = random.id(&vectors["pieces"]);
                self.unit(Unit::PageView, &id);
            }
            for _ in 0..random.below(3) {
                let fact = random.pick(&vectors["facts"]);
                let value = random.pick(&fact[1]);
                self.fact(&fact[0], value);
            }
            if random.below(128) == 0 {
                let is_bot = random.below(4) == 0;
                self.engine.handle(Input::Bot(is_bot), now);
            }
            if random.below(16) == 0 {
                let name = random.pick(&vectors["touchpoints"]).as_str().unwrap();
                let (kind, _) = TOUCHPOINTS.into_iter().find(|(_, known)| *known == name).unwrap();
                let touchpoint = Touchpoint { kind, at_ms: now, value_minor: 0, items: vec![id64(b"mug")] };
                self.engine.handle(Input::Touchpoint(touchpoint), now);
                digest.effects(&mut self.engine);
            }
            let experiment = random.below(self.engine.plan().experiments().len() as u32) as u16;
            if random.below(64) == 0 {
                let variant = random.below(4).checked_sub(1).map(|variant| variant as u8);
                self.engine.handle(Input::Force { experiment, variant }, now);
            }
            let decision = self.engine.decide(experiment, now);
            digest.mix(packed(decision));
            if let Some(told) = &mut told {
                let key = &self.names.experiments[usize::from(experiment)].key;
                let variant = decision.variant.map_or(-1, i32::from);
                writeln!(told, "{n} {key} {variant} {} {visitor:?}", decision.reason.name()).unwrap();
            }
            if random.below(4) == 0 {
                let index = random.below(self.names.flags.len() as u32) as u16;
                let flag = self.engine.flag(index, now);
                digest.mix(packed(flag.decision));
                digest.mix(flag.rule.map_or(u32::from(u16::MAX), u32::from));
            }
            if random.below(8) == 0 {
                self.engine.handle(Input::Met { experiment }, now);
                digest.effects(&mut self.engine);
            }
            if random.below(256) == 0 {
                self.engine.forget(now);
            }
        }
        digest.0
    }
}

fn compare(blocks: u32) {
    let digests = std::fs::read_to_string(DIGESTS).unwrap();
    let expected: Vec<&str> = digests.lines().collect();
    assert_eq!(expected.len(), BLOCKS as usize);
    let mut pairs = Pairs::read();
    for block in 0..blocks {
        let digest = format!("{:08x}", pairs.block(block, None));
        assert_eq!(digest, expected[block as usize], "block {block}: decisions have changed");
    }
}

#[test]
fn twenty_thousand_pairs_are_decided_as_on_every_host() {
    compare(20);
}

#[test]
#[ignore = "npm run test:long"]
fn a_million_pairs_are_decided_as_on_every_host() {
    if std::env::var_os("PARLOUR_WRITE").is_some() {
        let mut pairs = Pairs::read();
        let digests: String =
            (0..BLOCKS).map(|block| format!("{:08x}\n", pairs.block(block, None))).collect();
        std::fs::write(DIGESTS, digests).unwrap();
    }
    compare(BLOCKS);
}

/// What is drawn reaches every kind of answer; else equal digests would say little.
#[test]
fn the_pairs_reach_every_experiment_and_almost_every_reason() {
    let mut pairs = Pairs::read();
    let mut told = String::new();
    for block in 0..20 {
        pairs.block(block, Some(&mut told));
    }
    let rows: Vec<Vec<&str>> = told.lines().map(|line| line.splitn(5, ' ').collect()).collect();
    let seen = |column: usize| {
        rows.iter()
            .map(|row| row[column])
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(1).len(), pairs.names.experiments.len());
    let reasons = [
        "audience",
        "bot",
        "bucketed",
        "consent",
        "ended",
        "holdout",
        "killed",
        "layer",
        "no-unit",
        "prerequisite",
        "preview",
        "not-started",
        "paused",
        "sticky",
        "traffic",
        "winner",
    ];
    for reason in reasons {
        assert!(seen(3).contains(&reason), "{reason} is missing in {:?}", seen(3));
    }
    // Each experiment with an audience lets some in and keeps some out.
    for experiment in &pairs.names.experiments {
        let answers =
            |wanted: &dyn Fn(&str) -> bool| rows.iter().any(|row| row[1] == experiment.key && wanted(row[3]));
        if answers(&|reason| reason == "audience") {
            assert!(
                answers(&|reason| matches!(reason, "bucketed" | "winner" | "sticky")),
                "nobody gets into {}",
                experiment.key
            );
        }
    }
}

#[test]
#[ignore = "prints the decisions of block PARLOUR_PAIRS_BLOCK for tests/node/pairs.mjs"]
fn print_a_block() {
    let block = std::env::var("PARLOUR_PAIRS_BLOCK").unwrap().parse().unwrap();
    let mut told = String::new();
    Pairs::read().block(block, Some(&mut told));
    println!("{told}");
}
