//! Standard input as `assign` and `decide` take it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Memory, Ran};

const CONFIG: &str = r#"{ "site": ["shop.example"], "experiments": {
  "one": { "status": "running", "variants": { "control": {}, "b": {} } } } }"#;

fn assign(input: &[u8]) -> Ran {
    let host = Memory::built(CONFIG);
    *host.input.borrow_mut() = input.to_vec();
    host.run(&["assign", "plan.bin", "-e", "one"])
}

fn decide(input: &str) -> Ran {
    let host = Memory::built(CONFIG);
    *host.input.borrow_mut() = input.as_bytes().to_vec();
    host.run(&["decide", "plan.bin"])
}

#[test]
fn line_ends_of_any_system_and_none_at_the_end_are_read() {
    let ran = assign("a\r\nb\n\n\r\nmüller\r\r\nlast".as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let units: Vec<_> = ran.out.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(units, ["a", "b", "müller\r", "last"]);
}

#[test]
fn what_is_no_text_or_no_list_is_refused_with_its_line() {
    let endless = vec![b'a'; (16 << 20) + 1];
    let sound = [b"a\n".to_vec(), vec![b'a'; (16 << 20) - 1], b"\n".to_vec()].concat();
    assert_eq!(assign(&sound).code, 0);
    for (input, expect) in [
        (&b"a\n\xff\xfe\n"[..], "line 2 of the ids is not UTF-8 text"),
        (&endless, "line 1 of the ids is longer than 16777216 bytes"),
        (b"a\nb\tc\n", "line 2 of the ids holds a tab"),
    ] {
        let ran = assign(input);
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains(expect), "{}", ran.err);
    }
}

#[test]
fn hostile_json_is_refused_with_its_line() {
    let deep =
        format!("{{\"unit\":\"a\",\"facts\":{{\"x\":{}1{}}}}}", "[".repeat(10_000), "]".repeat(10_000));
    for line in [
        deep.as_str(),
        "{\"unit\":\"\\ud800\"}",
        "{\"unit\":1}",
        "{\"unit\":\"a\",\"facts\":{\"x\":NaN}}",
        "{\"unit\":\"a\",\"facts\":{\"x\":1e400}}",
        "{\"unit\":\"a\",\"__proto__\":{}}",
        "null",
    ] {
        let ran = decide(&format!("{{\"unit\":\"fine\"}}\n{line}\n"));
        assert_eq!(ran.code, 2, "{line}");
        assert!(ran.err.contains("line 2 of the facts: write {\"unit\":\"…\",\"facts\":{…}}"), "{}", ran.err);
    }
    let ran = decide("{\"unit\":\"a\",\"facts\":{\"__proto__\":{\"x\":1},\"c\":null}}\n");
    assert_eq!(ran.code, 0, "a name like any other: {}", ran.err);
}

/// One in 64 does.
#[test]
fn a_public_key_may_begin_with_a_hyphen() {
    let host = Memory::built(r#"{"site":["shop.example"],"experiments":{}}"#);
    let ran = host.run(&["verify", "plan.bin", "--key", "-iMSY0EExPr01MGOTOeCE87l4X0k4ZEPgw9dlU2JWEQ"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
}
