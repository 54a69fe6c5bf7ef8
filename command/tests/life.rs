//! Commands that follow an experiment through its life, over a machine in memory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::Memory;

fn file(experiment: &str) -> String {
    format!(r#"{{"site": "a.example", "experiments": {{"one": {{{experiment}}}}}}}"#)
}

/// 2026-12-24T00:00Z.
const NOW: u64 = 1_798_070_400_000;

struct Machine(Memory);

impl Machine {
    fn with(experiment: &str) -> Self {
        let memory = Memory::with(&[("parlour.json", &file(experiment))]);
        memory.now_ms.set(NOW);
        Self(memory)
    }

    fn put(&self, experiment: &str) {
        self.write("parlour.json", file(experiment).as_bytes());
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        self.0.files.borrow_mut().insert(path.into(), bytes.to_owned());
    }

    fn read(&self, path: &str) -> Vec<u8> {
        self.0.files.borrow()[std::path::Path::new(path)].clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.read("parlour.json")).unwrap()
    }

    /// Exit code, output and errors.
    fn run(&self, line: &str) -> (u8, String, String) {
        let ran = self.0.run(&line.split_whitespace().collect::<Vec<_>>());
        (ran.code, ran.out, ran.err)
    }
}

const TWO: &str = r#""status": "running", "variants": {"a": {}, "b": {}}"#;
const THREE: &str = r#""status": "running", "variants": {"a": {}, "b": {}, "c": {}}"#;

#[test]
fn a_build_that_follows_moves_the_fewest_and_says_so() {
    let machine = Machine::with(TWO);
    let (code, out, _) = machine.run("build parlour.json -o plan.bin");
    assert!(code == 0 && out.lines().count() == 1, "{out}");
    machine.put(THREE);
    let (code, out, _) = machine.run("build parlour.json -o afresh.bin --previous plan.bin");
    assert!(
        code == 0 && out.contains("one: 33.33 % of its units get another variant: no fewer are possible"),
        "{out}"
    );
    let (_, out, _) = machine.run("build parlour.json -o afresh.bin --previous afresh.bin");
    assert!(out.contains("one: nobody gets another variant"), "{out}");
    let (_, out, _) = machine.run("build parlour.json -o plan.bin");
    assert!(
        out.contains("one: 50.00 % of its units get another variant: with --previous it may be fewer"),
        "{out}"
    );
    let (code, _, err) = machine.run("build parlour.json -o plan.bin --previous missing.bin");
    assert!(code == 2 && err.contains("missing.bin"), "{err}");
}

#[test]
fn a_plan_that_follows_itself_stays_the_very_same() {
    let machine = Machine::with(TWO);
    machine.run("build parlour.json -o plan.bin");
    machine.put(THREE);
    machine.run("build parlour.json -o plan.bin --previous plan.bin");
    let first = machine.read("plan.bin");
    machine.run("build parlour.json -o plan.bin --previous plan.bin");
    assert!(first == machine.read("plan.bin"));
}

#[test]
fn a_check_against_what_is_live_fails_where_units_would_move() {
    let machine = Machine::with(TWO);
    machine.run("build parlour.json -o plan.bin");
    machine.write("old.json", machine.text().as_bytes());
    assert_eq!(machine.run("check parlour.json --against plan.bin").0, 0);
    machine.put(THREE);
    assert_eq!(machine.run("check parlour.json").0, 0);
    for old in ["plan.bin", "old.json"] {
        let (code, out, _) = machine.run(&format!("check parlour.json --against {old}"));
        assert!(code == 1 && out.contains("error E401 /experiments/one/variants"), "{old}: {out}");
    }
    let (code, out, _) = machine.run("check parlour.json --against plan.bin --format json");
    assert!(code == 1 && out.contains(r#""code": "E401""#), "{out}");
    machine.write("page.html", b"<html>");
    let (code, _, err) = machine.run("check parlour.json --against page.html");
    assert!(code == 2 && err.contains("page.html cannot be compared with"), "{err}");
}

#[test]
fn warnings_of_the_calendar_follow_the_clock_or_what_is_asked() {
    let machine = Machine::with(&format!(r#"{TWO}, "end": "2026-12-20""#));
    assert!(machine.run("check parlour.json").1.contains("warning W307"));
    assert_eq!(machine.run("check parlour.json --at 2026-12-19T00:00:00Z").1, "");
}

#[test]
fn promoting_and_archiving_write_the_file_and_check_it() {
    let machine = Machine::with(TWO);
    let (code, out, err) = machine.run("promote one c");
    assert!(
        code == 1 && out.is_empty() && err.contains("error E210") && err.contains("was not changed"),
        "{err}"
    );
    assert!(!machine.text().contains("ended"));
    let (code, out, _) = machine.run("promote one b --ramp");
    assert!(code == 0 && out.contains("b now gets 75 %"), "{out}");
    assert_eq!(machine.run("archive one").0, 1, "it runs");
    let (code, out, _) = machine.run("promote one b");
    assert!(code == 0 && out.contains("b is the winner"), "{out}");
    assert!(machine.text().contains(r#""winner": "b", "ended": "2026-12-24""#), "{}", machine.text());
    let (code, out, _) = machine.run("archive one --file parlour.json");
    assert!(code == 0 && out.contains("archived"), "{out}");
    machine.put(&format!(r#"{TWO}, "traffic": 7"#));
    let (code, _, err) = machine.run("promote one b --at 2026-01-01T00:00:00Z");
    assert!(code == 1 && err.contains("error E106"), "mistakes that were there are said: {err}");
    assert!(machine.text().contains(r#""ended": "2026-01-01""#));
}
