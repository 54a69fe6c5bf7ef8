//! Where a variant may redirect, which redirects are no test, and what reaches the page.

#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use parlour::authoring::{CompileOptions, compile};
use parlour::plan::Plan;
use serde_json::{Value, json};

const VECTORS: &str = include_str!("vectors/redirects.json");

/// Experiments as (key, pages, redirect of the second variant).
fn file(rows: &[(&str, &str, &str)]) -> Value {
    let experiments = rows.iter().map(|(key, path, to)| {
        let variants = json!({ "a": {}, "b": { "changes": [{ "redirect": to }] } });
        ((*key).to_owned(), json!({ "status": "running", "url": { "path": path }, "variants": variants }))
    });
    json!({
        "site": ["shop.example", "*.shop.example"],
        "redirects": { "origins": ["https://checkout.shop.example", "http://localhost:8080"] },
        "experiments": experiments.collect::<serde_json::Map<_, _>>(),
    })
}

fn one() -> Value {
    file(&[("one", "/a", "/b")])
}

fn findings(file: &Value) -> Vec<(&'static str, String, String)> {
    let found = compile(&file.to_string(), &CompileOptions::default()).diagnostics;
    found.into_iter().map(|found| (found.code, found.pointer, found.cure)).collect()
}

fn page(file: &Value) -> Value {
    let plan = compile(&file.to_string(), &CompileOptions::default()).plan.unwrap();
    serde_json::from_slice(Plan::decode(&plan).unwrap().page()).unwrap()
}

#[test]
fn addresses_are_taken_and_refused_as_the_page_does() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    for row in vectors["allowed"].as_array().unwrap() {
        let to = row[0].as_str().unwrap();
        assert_eq!(findings(&file(&[("one", "/from", to)])), [], "{to:?}");
    }
    for to in vectors["refused"].as_array().unwrap() {
        let to = to.as_str().unwrap();
        let found = findings(&file(&[("one", "/from", to)]));
        assert_eq!(found.len(), 1, "{to:?}: {found:?}");
        assert_eq!(found[0].0, "E226", "{to:?}");
    }
    for to in ["/a/../from", "/./b", "/%2e%2E/b", "/b/."] {
        assert_eq!(findings(&file(&[("one", "/from", to)]))[0].0, "E226", "{to:?}");
    }
}

#[test]
fn an_origin_is_scheme_and_host_alone() {
    for origin in [
        "checkout.shop.example",
        "https://a.example/",
        "https://A.example",
        "*",
        "https://*.shop.example",
        "ftp://a.example",
        "https://u@a.example",
        "//a.example",
        "",
    ] {
        let mut file = one();
        file["redirects"]["origins"] = json!(["https://a.example", origin]);
        let found = findings(&file);
        assert_eq!(
            (found.len(), found[0].0, found[0].1.as_str()),
            (1, "E226", "/redirects/origins/1"),
            "{origin}"
        );
    }
}

#[test]
fn a_redirect_stands_alone() {
    let to = json!({ "redirect": "/b" });
    let text = json!({ "select": "#x", "text": "T" });
    for (a, b, pointer) in [
        (json!([]), json!([{ "redirect": "/b", "select": "#x" }]), "b/changes/0"),
        (json!([]), json!([{ "redirect": "/b", "text": "T" }]), "b/changes/0"),
        (json!([]), json!([to, to]), "b/changes/1"),
        (json!([]), json!([text, to]), "b/changes/0"),
        (json!([]), json!([to, text]), "b/changes/1"),
        (json!([text]), json!([to]), "a/changes/0"),
    ] {
        let mut file = one();
        file["experiments"]["one"]["variants"] = json!({ "a": { "changes": a }, "b": { "changes": b } });
        let found = findings(&file);
        let pointer = format!("/experiments/one/variants/{pointer}");
        assert!(found.iter().any(|found| found.0 == "E227" && found.1 == pointer), "{pointer}: {found:?}");
        assert_eq!(page(&file)["experiments"], json!([]));
    }
    let experience = json!({ "site": "a", "experiences": { "x": { "changes": [to] } } });
    assert_eq!(findings(&experience)[0].1, "/experiences/x/changes/0/redirect");
    assert_eq!(findings(&experience)[0].0, "E227");
}

#[test]
fn it_names_the_pages_it_starts_from() {
    let mut file = one();
    file["experiments"]["one"]["url"] = json!({ "host": "shop.example" });
    assert_eq!(findings(&file)[0].0, "E228");
    assert!(findings(&file)[0].2.contains("\"path\": \"/a\""));
    file["experiments"]["one"]["audience"] = json!({ "page.path": "/a" });
    assert_eq!(findings(&file), []);
    file["experiments"]["one"]["audience"] = json!("home");
    file["audiences"] = json!({ "home": { "page.title": "Home" } });
    assert_eq!(findings(&file), []);
}

#[test]
fn it_asks_at_every_page_anew() {
    let is_always = |file: &Value| {
        let plan = compile(&file.to_string(), &CompileOptions::default()).plan.unwrap();
        Plan::decode(&plan).unwrap().experiments()[0].applies_always
    };
    let mut file = one();
    assert!(is_always(&file));
    file["experiments"]["one"]["applies"] = json!("entry");
    assert_eq!((findings(&file)[0].0, findings(&file)[0].1.as_str()), ("E228", "/experiments/one/applies"));
    file["experiments"]["one"]["variants"]["b"]["changes"] = json!([]);
    assert!(!is_always(&file));
}

#[test]
fn nobody_goes_in_circles() {
    let circles: [&[(&str, &str, &str)]; 7] = [
        &[("one", "/a", "/a")],
        &[("one", "/a", "/a?v=2#x")],
        &[("one", "/a*", "/ab")],
        &[("one", "/*", "https://shop.example/b")],
        &[("one", "/a", "/b"), ("two", "/b", "/a")],
        &[("one", "/a", "/b"), ("two", "/b", "/c"), ("three", "/c*", "/a")],
        &[("one", "/", "/b"), ("two", "/b", "https://shop.example")],
    ];
    for rows in circles {
        let errors: Vec<_> = findings(&file(rows)).into_iter().filter(|found| found.0 == "E228").collect();
        let last = rows.last().unwrap().0;
        assert_eq!(errors.len(), 1, "{rows:?}");
        assert_eq!(errors[0].1, format!("/experiments/{last}/variants/b/changes/0/redirect"));
    }
    let mut variants = one();
    variants["experiments"]["one"]["url"]["path"] = json!(["/a", "/c"]);
    variants["experiments"]["one"]["variants"]["c"] = json!({ "changes": [{ "redirect": "/c" }] });
    assert_eq!(findings(&variants)[0].1, "/experiments/one/variants/c/changes/0/redirect");
    let mut archived = file(&[("one", "/a", "/b"), ("two", "/b", "/a")]);
    archived["experiments"]["two"]["status"] = json!("archived");
    assert_eq!(findings(&archived), []);
}

#[test]
fn a_chain_is_warned_of_and_what_host_or_parameter_keep_apart_is_not() {
    assert_eq!(findings(&file(&[("one", "/a", "/b"), ("two", "/b", "/c")]))[0].0, "W229");
    assert_eq!(findings(&file(&[("two", "/b", "/c"), ("one", "/a", "/b")]))[0].0, "W229");
    let mut apart = file(&[("one", "/a", "/b"), ("two", "/b", "/a")]);
    apart["experiments"]["one"]["url"]["host"] = json!("de.shop.example");
    apart["experiments"]["two"]["url"]["host"] = json!(["en.shop.example", "fr.*"]);
    assert_eq!(findings(&apart), []);
    let mut by_query = file(&[("one", "/a", "/a?v=2")]);
    by_query["experiments"]["one"]["url"]["query"] = json!({ "v": "1*" });
    assert_eq!(findings(&by_query), []);
    by_query["experiments"]["one"]["url"]["query"] = json!({ "v": "*" });
    assert_eq!(findings(&by_query)[0].0, "E228");
}

#[test]
fn the_page_learns_the_rules_only_where_a_variant_redirects() {
    let mut file = one();
    assert_eq!(
        page(&file)["redirects"]["origins"],
        json!(["https://checkout.shop.example", "http://localhost:8080"])
    );
    assert!(page(&file)["redirects"]["keep"].as_array().unwrap().contains(&json!("utm_*")));
    file["redirects"]["keep"] = json!(["ref"]);
    assert_eq!(page(&file)["redirects"]["keep"], json!(["ref"]));
    assert_eq!(page(&file)["experiments"][0]["targets"], json!([]));
    file["experiments"]["one"]["variants"]["b"]["changes"] = json!([]);
    assert_eq!(page(&file).get("redirects"), None);
}

#[test]
fn markup_needs_the_consent_of_the_file() {
    let mut file = json!({ "site": "a", "experiments": { "one": { "variants": { "a": {}, "b": { "changes": [{ "select": "#x", "html": "<b>x</b>" }] } } } } });
    let found = findings(&file);
    assert_eq!((found[0].0, found[0].1.as_str()), ("E225", "/experiments/one/variants/b/changes/0/html"));
    assert!(found[0].2.contains("\"html\": true"));
    file["html"] = json!(true);
    assert_eq!(findings(&file), []);
}

#[test]
fn every_other_change_says_on_what() {
    let file = json!({ "site": "a", "experiments": { "one": { "variants": { "a": {}, "b": { "changes": [{ "text": "x" }] } } } } });
    assert_eq!(
        (findings(&file)[0].0, findings(&file)[0].1.as_str()),
        ("E105", "/experiments/one/variants/b/changes/0")
    );
}
