//! What is drawn is what the table below it says: bars are as long as their numbers, and each number of the report is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use regex::Regex;

fn page() -> String {
    parlour_pictures::report(&common::report("")).unwrap()
}

fn figure<'a>(page: &'a str, title: &str) -> &'a str {
    let start = page.find(&format!(">{title}</strong>")).unwrap_or_else(|| panic!("no figure {title}"));
    &page[start..start + page[start..].find("</figure>").unwrap()]
}

fn cells(figure: &str) -> Vec<Vec<String>> {
    let row = Regex::new("(?s)<tr>(.*?)</tr>").unwrap();
    let cell = Regex::new("(?s)<t[dh][^>]*>(.*?)</t[dh]>").unwrap();
    row.captures_iter(figure)
        .map(|row| cell.captures_iter(&row[1]).map(|cell| cell[1].to_owned()).collect())
        .collect()
}

fn number(text: &str) -> f64 {
    text.replace(',', "")
        .replace('−', "-")
        .split(' ')
        .next()
        .unwrap()
        .trim_start_matches('+')
        .parse()
        .unwrap()
}

/// Of what is filled with a series' colour, in pixels.
fn bars(figure: &str, class: &str) -> Vec<f64> {
    let svg =
        figure.split(&format!("<svg class=\"{class}\"")).nth(1).unwrap().split("</svg>").next().unwrap();
    let bar =
        Regex::new(r#"<rect x="0" y="\d+" width="(\d+)" height="13" opacity="1" fill="var\(--series-\d\)""#)
            .unwrap();
    bar.captures_iter(svg).map(|bar| bar[1].parse().unwrap()).collect()
}

#[test]
fn bars_are_as_long_as_the_numbers_in_their_table() {
    let page = page();
    let mut met = 0;
    for (title, rows, series) in [
        ("Funnel: shop", 4, 1),
        ("Funnel shop by variant of shipping-banner", 4, 2),
        ("Visitors by variant", 3, 2),
        ("Stages", 6, 2),
        ("Purchases owed to each channel", 4, 4),
        ("product-similar by place", 6, 2),
        ("order by variant", 3, 1),
        ("Reach", 4, 1),
    ] {
        let figure = figure(&page, title);
        let told: Vec<f64> =
            cells(figure).iter().skip(1).flat_map(|row| row[1..].iter().map(|cell| number(cell))).collect();
        assert_eq!(told.len(), rows * series, "{title}");
        let most = told.iter().copied().fold(0.0, f64::max);
        for class in ["wide", "narrow"] {
            let drawn = bars(figure, class);
            assert_eq!(drawn.len(), told.len(), "{title} {class}");
            let longest = drawn.iter().copied().fold(0.0, f64::max);
            for (pixels, value) in drawn.iter().zip(&told) {
                // Half a pixel of rounding, and what the number's last digit hides.
                let apart = (pixels - value / most * longest).abs();
                assert!(apart <= 0.5 + longest * 0.006, "{title} {class}: {value} is {pixels} of {longest}");
                met += 1;
            }
        }
    }
    assert_eq!(met, 2 * (4 + 8 + 6 + 12 + 16 + 12 + 3 + 4));
}

#[test]
fn a_bar_that_lies_would_be_found_out() {
    let page = page();
    let told = bars(figure(&page, "Funnel: shop"), "wide");
    let planted =
        page.replace(&format!("width=\"{}\" height=\"13\"", told[1]), "width=\"600\" height=\"13\"");
    assert_ne!(bars(figure(&planted, "Funnel: shop"), "wide"), told);
}

#[test]
fn forests_tell_each_interval_in_the_picture_and_in_the_table() {
    let page = page();
    let figure = figure(&page, "Uplift of each goal");
    let rows = cells(figure);
    assert_eq!(rows[1][1..], ["+12.1 %", "1.80 %", "22.4 %"]);
    for row in &rows[1..] {
        let low = row[2].trim_end_matches(" %");
        let drawn = format!("{} ({low} to {})", row[1], row[3]);
        let alike = rows.iter().filter(|other| other[1..] == row[1..]).count();
        assert_eq!(figure.matches(&drawn).count(), 2 * alike, "{drawn}, wide and narrow");
    }
}

#[test]
fn courses_have_a_point_and_a_row_for_each_day() {
    let page = page();
    let figure = figure(&page, "order over time: banner less the control");
    assert_eq!(figure.matches("<circle").count(), 2 * 21);
    assert_eq!(cells(figure).len(), 1 + 21);
}

#[test]
fn cohorts_and_stages_tell_their_cells() {
    let page = page();
    let cohorts = cells(figure(&page, "Cohorts: came"));
    assert_eq!(cohorts[0][1..], ["+0", "+1", "+2", "+3", "+4", "+5", "+6"]);
    assert_eq!(cohorts[1][1..3], ["100.0 %", "25.0 %"]);
    let flow = figure(&page, "From stage to stage");
    assert_eq!(cells(flow)[1][2], "7,311");
    assert_eq!(flow.matches("7,311\n").count(), 2, "wide and narrow");
}

#[test]
fn decisions_questions_notes_and_sources_are_told() {
    let page = page();
    for text in [
        "ship banner: +12.1 % orders, 95 % interval 1.8 to 22.4",
        "Visitors who know the limit place more orders",
        "variant teal was removed: it is left out",
        "Waudby-Smith et al., arXiv:2103.06476",
        "lost exposures on /checkout",
        "412 ids are 200 people",
        "events by programs that call themselves bots",
        "a loss beyond what is borne is not ruled out yet",
        "model wins against popular, p = 0.01",
        "1,200.00 EUR",
        "912.00 EUR",
    ] {
        let missing = text == "912.00 EUR";
        assert_eq!(page.contains(text), !missing, "{text}; money is in minor units");
    }
    assert!(page.contains("9.12 EUR"));
}
