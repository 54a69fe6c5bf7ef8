//! How often the estimators are wrong, by simulated experiments. `cargo test` runs a few thousand of each against bands that a sound
//! estimator leaves once in a million; `npm run test:long -- statistics` runs 100,000 against the published bands and writes the
//! table of docs/statistics.md.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod cells;
mod draw;
mod looks;
mod run;
mod sabotage;

use run::{Cell, Measured, measure};

const FULL: u64 = 100_000;

fn all_cells() -> Vec<Cell> {
    [cells::fixed(), cells::other(), looks::cells()].concat()
}

fn check(cells: &[Cell], simulations: impl Fn(&Cell) -> u64) -> Vec<String> {
    let mut wrong = Vec::new();
    for cell in cells {
        let simulations = simulations(cell);
        for measured in measure(cell, simulations) {
            println!("{}", measured.row(cell, simulations));
            if !measured.holds(simulations) {
                wrong.push(measured.row(cell, simulations));
            }
        }
    }
    wrong
}

#[test]
fn no_estimator_is_wrong_more_often_than_it_says() {
    let few: Vec<Cell> = all_cells().into_iter().map(|cell| cell.shortened()).collect();
    let wrong = check(&few, |cell| cell.few);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "minutes: npm run test:long -- statistics"]
fn a_hundred_thousand_experiments_each() {
    let wrong = check(&all_cells(), |_| FULL);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What each minimum was read from: error rates around it.
#[test]
#[ignore = "minutes: npm run test:long -- statistics"]
fn error_rates_around_each_minimum() {
    for cell in cells::minima() {
        let rates = measure(&cell, FULL);
        println!("{}", Measured::minimum_row(&cell, &rates));
    }
}

/// Estimators that are known to be wrong must be found so, by the few simulations of every change.
#[test]
fn each_sabotaged_estimator_is_caught() {
    for cell in sabotage::cells() {
        let caught = measure(&cell, cell.few).iter().any(|measured| !measured.holds(cell.few));
        assert!(caught, "{} passed", cell.name);
    }
}
