//! What every page of a report keeps to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::HashSet;

use html5gum::{Token, Tokenizer};
use proptest::prelude::*;

/// A start tag with its attributes.
type Tag = (String, Vec<(String, String)>);

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn tags(html: &str) -> Vec<Tag> {
    Tokenizer::new(html)
        .map(Result::unwrap)
        .filter_map(|token| match token {
            Token::StartTag(tag) => {
                let attributes =
                    tag.attributes.iter().map(|(key, value)| (text_of(key), text_of(value))).collect();
                Some((text_of(&tag.name), attributes))
            }
            _ => None,
        })
        .collect()
}

fn texts(html: &str) -> String {
    let pieces = Tokenizer::new(html).map(Result::unwrap).filter_map(|token| match token {
        Token::String(text) => Some(text_of(&text)),
        _ => None,
    });
    pieces.collect()
}

/// What a page would run, ask for, or be taken to; nothing, if it keeps to its word.
fn reaching_out(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, attributes) in tags(html) {
        if ["script", "iframe", "object", "embed", "img", "image", "form", "base", "use", "foreignobject"]
            .contains(&name.as_str())
        {
            found.push(format!("<{name}>"));
        }
        for (key, value) in attributes {
            let is_address =
                ["href", "src", "xlink:href", "action", "srcset", "poster"].contains(&key.as_str());
            let is_ours = value.starts_with('#') || value == "data:,";
            if key.starts_with("on") || (is_address && !is_ours) || value.contains("url(") {
                found.push(format!("{key}={value}"));
            }
        }
    }
    found.extend(
        ["url(", "@import"].iter().filter(|part| html.contains(*part)).map(|part| (*part).to_owned()),
    );
    found
}

#[test]
fn a_page_runs_nothing_and_asks_for_nothing() {
    let page = parlour_pictures::report(&common::report("")).unwrap();
    assert_eq!(reaching_out(&page), Vec::<String>::new());
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
}

#[test]
fn a_page_that_did_would_be_found_out() {
    let page = parlour_pictures::report(&common::report("")).unwrap();
    for planted in [
        "<script>1</script>",
        "<img src=x>",
        "<p onclick=1>",
        "<a href='https://example.org'>",
        "<p style='background:url(//x)'>",
        "<style>@import 'x'</style>",
    ] {
        let page = page.replace("</main>", &format!("{planted}</main>"));
        assert!(!reaching_out(&page).is_empty(), "{planted}");
    }
}

#[test]
fn ids_are_used_once_and_what_names_them_finds_them() {
    let page = parlour_pictures::report(&common::report("")).unwrap();
    let tags = tags(&page);
    let values = |wanted: &'static [&str]| {
        let attributes = tags.iter().flat_map(|(_, attributes)| attributes);
        attributes.filter(move |(key, _)| wanted.contains(&key.as_str())).map(|(_, value)| value.clone())
    };
    let ids: Vec<String> = values(&["id"]).collect();
    let known: HashSet<&String> = ids.iter().collect();
    assert_eq!(known.len(), ids.len());
    let links: Vec<String> =
        values(&["href"]).filter_map(|value| value.strip_prefix('#').map(str::to_owned)).collect();
    assert_eq!(links.len(), 2);
    for named in values(&["aria-labelledby", "aria-describedby"]).chain(links) {
        assert!(known.contains(&named), "{named}");
    }
}

#[test]
fn every_chart_has_a_title_a_description_and_its_numbers() {
    let page = parlour_pictures::report(&common::report("")).unwrap();
    let figures: Vec<&str> = page.split("<figure>").skip(1).collect();
    assert!(figures.len() > 20, "{}", figures.len());
    for figure in figures {
        let figure = figure.split("</figure>").next().unwrap();
        for part in [
            "role=\"img\"",
            "aria-labelledby=",
            "aria-describedby=",
            "<details>",
            "<summary>",
            "scope=\"row\"",
        ] {
            assert!(figure.contains(part), "{part} is not in {figure}");
        }
    }
}

#[test]
fn colours_are_the_pages_own() {
    let page = parlour_pictures::report(&common::report("")).unwrap();
    for (name, attributes) in tags(&page) {
        for (key, value) in attributes {
            let is_named = value == "none" || value.starts_with("var(--");
            assert!(!["fill", "stroke"].contains(&key.as_str()) || is_named, "<{name} {key}={value}>");
        }
    }
}

#[test]
fn an_empty_report_is_a_page() {
    let page = parlour_pictures::report(&parlour_report::model::Report::default()).unwrap();
    assert!(texts(&page).contains("No experiment was met by anybody."));
}

fn hostile() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "<script>alert(1)</script>",
        "</style></svg></table><img src=x onerror=alert(1)>",
        "\" onload=\"alert(1)",
        "'><a href=javascript:alert(1)>",
        "&lt;b&gt; &amp;",
        "<!--",
        "]]>",
        "\u{0}\u{1b}[2J\r\n",
        "\u{202e}txt.exe",
        "fill=\"#010001\"",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "\\PC{0,30}", any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names_are_text_whatever_they_hold(name in hostile()) {
        let page = parlour_pictures::report(&common::report(&name)).unwrap();
        let plain = parlour_pictures::report(&common::report("")).unwrap();
        prop_assert_eq!(reaching_out(&page), Vec::<String>::new());
        let shape = |html: &str| -> Vec<String> { tags(html).into_iter().map(|(tag, _)| tag).filter(|tag| !is_drawn(tag)).collect() };
        prop_assert_eq!(shape(&page), shape(&plain));
        let bad = |letter: char| letter != '\n' && letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter);
        prop_assert!(!texts(&page).contains(bad));
    }

    #[test]
    fn numbers_that_are_none_draw_and_tell_all_the_same(value in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), any::<f64>()]) {
        let mut report = common::report("");
        for goal in report.experiments.iter_mut().flat_map(|one| &mut one.goals) {
            for of in &mut goal.values { of.mean = value; }
            for one in &mut goal.comparisons {
                for effect in [&mut one.absolute, &mut one.relative].into_iter().flatten() { effect.low = value; effect.high = -value; }
                if let Some(bayes) = &mut one.bayes { bayes.mean = value; bayes.deviation = value.abs(); }
            }
            for day in goal.over_time.iter_mut().flat_map(|course| &mut course.days) { day.high = value; day.estimate = value; }
        }
        let page = parlour_pictures::report(&report).unwrap();
        prop_assert!(page.ends_with("</html>"));
    }
}

/// Legends take a line more where names are long; nothing else may.
fn is_drawn(tag: &str) -> bool {
    ["rect", "text", "line", "polyline", "polygon", "circle"].contains(&tag)
}
