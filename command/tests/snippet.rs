//! `parlour snippet`: what it prints for pages that check what they load. Browsers are asked in tests/browser/snippet.test.mjs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Memory;

/// An experiment with this change, in a file that says this besides.
fn config(change: &str, besides: &str) -> String {
    format!(
        r##"{{"site":["shop.example"]{besides},"experiments":{{"one":{{"status":"running","url":{{"path":"/a"}},"variants":{{"control":{{}},"new":{{"changes":[{change}]}}}}}}}}}}"##
    )
}

fn host(config: &str, names: &[&str]) -> Memory {
    let host = Memory::built(config);
    let digests: Vec<String> = names.iter().map(|name| format!("\"{name}\":\"sha384-{name}\"")).collect();
    host.files
        .borrow_mut()
        .insert("integrity.json".into(), format!("{{{}}}", digests.join(",")).into_bytes());
    host
}

const BASIC: &[&str] = &["parlour.iife.js", "parlour.wasm", "parlour-fallback.js"];

#[test]
fn digests_are_those_of_what_the_plan_needs() {
    let text = r##"{"select":"#a","text":"x"}"##;
    let markup = r##"{"select":"#a","html":"<b>x</b>"}"##;
    let rows: &[(String, &[&str], &[&str])] = &[
        (config(text, ""), &[], &[]),
        (config(text, ""), &["--first"], &["parlour-handover.js"]),
        (config(markup, r#","html":true"#), &[], &["parlour-html.js", "parlour-purify.js"]),
        (config(r#"{"redirect":"/b"}"#, ""), &[], &["parlour-redirect.js"]),
        (config(text, r#","rows":{"url":"/rows.json"}"#), &[], &["parlour-rows.js"]),
        (
            config(text, r##","slots":{"s":{"select":"#s","cards":"/c.json","rerank":"data-item"}}"##),
            &[],
            &["parlour-rerank.js"],
        ),
        (
            config(text, r##","slots":{"s":{"select":"#s","cards":"/c.json","least":2}}"##),
            &[],
            &["parlour-lists.js", "parlour-lists.wasm"],
        ),
        (
            config(text, r#","growthbook":{"features":{"f":{"defaultValue":1}}}"#),
            &[],
            &["parlour-growthbook.js", "parlour-growthbook.wasm"],
        ),
    ];
    for (config, options, chunks) in rows {
        let names = [BASIC, &["parlour.first.js"], chunks].concat();
        let ran = host(config, &names)
            .run(&[&["snippet", "plan.bin", "--integrity", "integrity.json"], *options].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains(",\"sha384-parlour.wasm\")</script>"), "{}", ran.out);
        assert!(ran.out.contains(" integrity=\"sha384-parlour.iife.js\""), "{}", ran.out);
        assert_eq!(ran.out.contains(" integrity=\"sha384-parlour.first.js\""), options.contains(&"--first"));
        let listed = ran.out.split("data-integrity=\"").nth(1).unwrap().split('"').next().unwrap();
        let listed: std::collections::BTreeMap<String, String> =
            serde_json::from_str(&listed.replace("&quot;", "\"")).unwrap();
        let mut wanted = [&["parlour.wasm", "parlour-fallback.js"], *chunks].concat();
        wanted.sort_unstable();
        assert_eq!(listed.keys().collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn without_digests_nothing_is_checked() {
    let ran = host(&config(r##"{"select":"#a","text":"x"}"##, ""), BASIC).run(&["snippet", "plan.bin"]);
    assert!(!ran.out.contains("sha384") && !ran.out.contains("data-integrity"), "{}", ran.out);
}

#[test]
fn a_digest_that_is_missing_and_a_file_that_is_none_are_named() {
    let config = config(r##"{"select":"#a","text":"x"}"##, "");
    let rows: &[(&[&str], &[u8], &str)] = &[
        (&["parlour.iife.js", "parlour.wasm"], b"", "no digest of `parlour-fallback.js`"),
        (BASIC, b"[1]", "integrity.json: not the integrity.json of a dist/"),
        (BASIC, b"\xff", "integrity.json: not the integrity.json of a dist/"),
    ];
    for (names, bytes, said) in rows {
        let host = host(&config, names);
        if !bytes.is_empty() {
            host.files.borrow_mut().insert("integrity.json".into(), bytes.to_vec());
        }
        let ran = host.run(&["snippet", "plan.bin", "--integrity", "integrity.json"]);
        assert_ne!(ran.code, 0);
        assert!(ran.err.contains(said), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
    let absent = Memory::built(&config).run(&["snippet", "plan.bin", "--integrity", "none.json"]);
    assert!(absent.err.contains("none.json"), "{}", absent.err);
}
