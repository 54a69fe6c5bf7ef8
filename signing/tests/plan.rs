//! Signed plans: what is taken, and everything that is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use parlour::authoring::{CompileOptions, compile};
use parlour::plan::{Plan, SIGNATURE_BYTES};
use parlour_signing::{
    Expected, PrivateKey, PublicKey, Refusal, Report, Signature, sign, signatures, verify,
};
use proptest::prelude::*;

const NOW_MS: u64 = 1_795_305_600_000;
const DAY_MS: u64 = 86_400_000;
const CONFIG: &str = r#"{"site": ["shop.example", "*.shop.example"], "experiments": {"one": {"status": "running", "variants": {"a": {}, "b": {"values": {"n": 1}}}}}}"#;

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed([seed; 32])
}

fn plan(version: u32, expires_ms: u64) -> Vec<u8> {
    compile(CONFIG, &CompileOptions { version, expires_ms, ..CompileOptions::default() }).plan.unwrap()
}

fn expected(keys: &[PublicKey]) -> Expected<'_> {
    Expected { keys, site: Some("shop.example"), version: 3, now_ms: NOW_MS }
}

/// As a page would with one key and version 3 accepted before.
fn refusal(file: &[u8], keys: &[PublicKey]) -> Option<Refusal> {
    verify(file, &expected(keys)).err()
}

#[test]
fn a_plan_signed_by_a_known_key_is_taken() {
    let file = sign(&plan(3, NOW_MS + 1), &key(1)).unwrap();
    assert_eq!(refusal(&file, &[key(1).public()]), None);
    assert_eq!(refusal(&file, &[key(2).public(), key(1).public()]), None, "one of two keys suffices");
}

#[test]
fn a_signed_plan_keeps_its_hash_and_runs_where_no_key_is_set() {
    let unsigned = plan(3, u64::MAX);
    let once = sign(&unsigned, &key(1)).unwrap();
    let twice = sign(&once, &key(2)).unwrap();
    let hash = |file: &[u8]| Plan::decode(file).unwrap().hash();
    assert_eq!((hash(&unsigned), hash(&unsigned)), (hash(&once), hash(&twice)));
    assert_eq!(Plan::split(&twice).unwrap().0, unsigned);
    assert_eq!(twice.len(), unsigned.len() + 2 * SIGNATURE_BYTES);
    let rows = signatures(&twice).unwrap();
    assert_eq!(rows, [1, 2].map(|seed| Signature { key: key(seed).public(), is_sound: true }));
}

#[test]
fn during_a_change_of_keys_pages_with_either_take_the_plan() {
    let file = sign(&sign(&plan(3, u64::MAX), &key(1)).unwrap(), &key(2)).unwrap();
    for keys in [vec![key(1).public()], vec![key(2).public()], vec![key(3).public(), key(2).public()]] {
        assert_eq!(refusal(&file, &keys), None);
    }
    let unknown = Refusal::UnknownKey(vec![key(1).public(), key(2).public()]);
    assert_eq!(refusal(&file, &[key(3).public()]), Some(unknown));
    assert_eq!(sign(&file, &key(3)).err(), Some(Refusal::TooManySignatures));
    assert_eq!(
        sign(&sign(&file, &key(2)).unwrap(), &key(1)).map(|file| file.len()),
        Ok(file.len()),
        "signed anew"
    );
}

#[test]
fn every_reason_to_refuse_is_told() {
    let known = [key(1).public()];
    let signed = |plan: &[u8]| sign(plan, &key(1)).unwrap();
    assert_eq!(refusal(&plan(3, u64::MAX), &known), Some(Refusal::Unsigned));
    let file = sign(&plan(3, u64::MAX), &key(9)).unwrap();
    assert_eq!(refusal(&file, &known), Some(Refusal::UnknownKey(vec![key(9).public()])));
    assert_eq!(refusal(&file, &[]), Some(Refusal::UnknownKey(vec![key(9).public()])));
    let older = Refusal::Older { version: 2, accepted: 3 };
    assert_eq!(refusal(&signed(&plan(2, u64::MAX)), &known), Some(older));
    assert_eq!(refusal(&signed(&plan(3, NOW_MS)), &known), Some(Refusal::Expired { ms: NOW_MS }));
    let elsewhere = Expected { site: Some("other.example"), ..expected(&known) };
    let wrong = verify(&signed(&plan(3, u64::MAX)), &elsewhere).unwrap_err();
    assert_eq!(wrong.to_string(), "the plan is for shop.example, *.shop.example and not for other.example");
}

/// Another's signature, a stranger's key in front of ours, ours over other bytes: nothing made of sound parts passes.
#[test]
fn parts_of_sound_files_put_together_anew_are_refused() {
    let known = [key(1).public()];
    let (ours, other) = (plan(3, u64::MAX), plan(4, u64::MAX));
    let (signed, theirs) = (sign(&ours, &key(1)).unwrap(), sign(&ours, &key(9)).unwrap());
    let trailer = |file: &[u8]| Plan::split(file).unwrap().1.to_vec();
    let moved = [other, trailer(&signed)].concat();
    assert_eq!(refusal(&moved, &known), Some(Refusal::Unsound(known[0])));
    let mut renamed = theirs.clone();
    renamed[ours.len()..ours.len() + 32].copy_from_slice(&known[0].to_bytes());
    assert_eq!(refusal(&renamed, &known), Some(Refusal::Unsound(known[0])));
    let three = [theirs.clone(), trailer(&signed), trailer(&signed)].concat();
    assert_eq!(refusal(&three, &known), Some(Refusal::TooManySignatures));
    assert_eq!(refusal(&[theirs, trailer(&signed)].concat(), &known), None);
}

#[test]
fn every_flipped_bit_of_a_file_with_two_signatures_is_refused_by_pages_with_one_key() {
    let known = [key(1).public()];
    let file = sign(&sign(&plan(3, u64::MAX), &key(1)).unwrap(), &key(2)).unwrap();
    assert_eq!(refusal(&file, &known), None);
    for at in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert!(refusal(&flipped, &known).is_some(), "bit {at} of {}", file.len() * 8);
    }
}

#[test]
fn a_file_cut_short_or_grown_is_refused() {
    let known = [key(1).public()];
    let file = sign(&plan(3, u64::MAX), &key(1)).unwrap();
    for len in 0..file.len() {
        assert!(refusal(&file[..len], &known).is_some(), "{len} bytes");
    }
    for more in [1, SIGNATURE_BYTES - 1, SIGNATURE_BYTES] {
        assert!(refusal(&[file.clone(), vec![0; more]].concat(), &known).is_some(), "{more} bytes more");
    }
}

#[test]
fn a_report_warns_from_14_days_before_the_expiry() {
    for (expires_ms, line, has_problems) in [
        (u64::MAX, None, false),
        (NOW_MS + 14 * DAY_MS, None, false),
        (
            NOW_MS + 14 * DAY_MS - 1,
            Some("warning: the plan expires in 14 days: build it anew with --expires"),
            false,
        ),
        (NOW_MS + 1, Some("warning: the plan expires in 1 day: build it anew with --expires"), false),
        (
            NOW_MS,
            Some("error: the plan has expired, and pages show their original: build it anew with --expires"),
            true,
        ),
    ] {
        let report = Report::read(&plan(1, expires_ms), NOW_MS).unwrap();
        let text = report.to_string();
        let told = text.lines().find(|line| line.contains("expires in") || line.contains("has expired"));
        assert_eq!((told, report.has_problems()), (line, has_problems), "{text}");
    }
}

#[test]
fn a_report_says_who_signed_and_whether_it_still_holds() {
    let mut file = sign(&plan(7, NOW_MS + 90 * DAY_MS), &key(1)).unwrap();
    let text = Report::read(&file, NOW_MS).unwrap().to_string();
    let hash = Plan::decode(&file).unwrap().hash();
    let expect = format!(
        "site       shop.example, *.shop.example\nversion    7\nhash       {hash:016x}\nsize       {} bytes\nexpires    2027-02-20T00:00:00Z\nsignature  {} sound\n",
        file.len(),
        key(1).public()
    );
    assert_eq!(text, expect);
    *file.last_mut().unwrap() ^= 1;
    let report = Report::read(&file, NOW_MS).unwrap();
    assert!(report.has_problems() && report.to_string().contains("NOT SOUND"), "{report}");
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes: Vec<u8>) {
        let _ = (verify(&bytes, &expected(&[])), Report::read(&bytes, NOW_MS), sign(&bytes, &key(1)));
        let file = [plan(3, u64::MAX), bytes].concat();
        let _ = (verify(&file, &expected(&[])), Report::read(&file, NOW_MS), sign(&file, &key(1)));
    }
}
