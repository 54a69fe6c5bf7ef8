//! Numbers as a table, whose first column names the rows.

use maud::{Markup, html};

use crate::words::clean;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub heads: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(heads: &[&str]) -> Self {
        Self { heads: heads.iter().map(|&head| head.to_owned()).collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// `label` is what a screen reader calls it; wide ones are scrolled, by keys as well.
    pub fn markup(&self, label: &str) -> Markup {
        html! {
            div.scroll role="region" tabindex="0" aria-label=(clean(label)) {
                table {
                    thead { tr { @for head in &self.heads { th scope="col" { (clean(head)) } } } }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (at, cell) in row.iter().enumerate() {
                                    @if at == 0 { th scope="row" { (clean(cell)) } } @else { td { (clean(cell)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
