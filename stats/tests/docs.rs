//! The page that people read names what the code names.
#![allow(clippy::unwrap_used)]

use parlour_stats::Method;

#[test]
fn every_method_stands_in_the_docs_with_its_source() {
    let page = include_str!("../../docs/statistics.md");
    for method in Method::ALL {
        let row = format!("| {} |", method.name());
        let line = page.lines().find(|line| line.starts_with(&row));
        assert!(
            line.is_some_and(|line| line.ends_with(&format!("| {} |", method.source()))),
            "{}",
            method.name()
        );
    }
}
