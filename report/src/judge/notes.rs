//! What was wrong with the events, and what was done about it: nothing is left out in silence.

use super::{note, split};
use crate::model::{Arm, Exclusion, Goal, Note};
use crate::tally::Tally;
use crate::text::shown;
use crate::units::OfExperiment;

pub fn of_report(tally: &Tally) -> Vec<Note> {
    let survey = &tally.survey;
    let mut notes = Vec::new();
    let is_experience = |key: &str| key.starts_with(crate::seen::EXPERIENCE);
    let experiments = tally.experiments.iter().filter(|one| !is_experience(&one.asked.key));
    if experiments.into_iter().all(|one| one.units.iter().all(|units| *units == 0)) {
        notes.push(note("no exposure is in the store", "nothing is compared"));
    }
    for (reason, count) in &tally.excluded {
        let currency = &tally.site.currency;
        let (what, done) = match reason {
            Exclusion::AbsurdAmount => (
                format!("{count} amounts below 0 or absurdly high"),
                "the orders count, their amounts do not",
            ),
            Exclusion::UnknownOrder => {
                (format!("{count} refunds of orders that are not in the store"), "they are left out")
            }
            _ => (
                format!("{count} amounts in other currencies than {currency}, without a rate for their day"),
                "the orders count, their amounts do not: add `rates` to the file",
            ),
        };
        notes.push(note(what, done));
    }
    for (count, what, done) in [
        (survey.same_orders, "orders were told again under the same order id", "each counts once"),
        (survey.impossible_times, "events are dated before 2000, or after they arrived", "they are left out"),
        (
            survey.moved_clocks,
            "events came from clocks that were wrong",
            "the time of arrival, or the clock's error, mended theirs",
        ),
        (
            survey.people.counts().shared,
            "links between ids would make one person of more than 1,000",
            "they were not followed",
        ),
    ] {
        if count > 0 {
            notes.push(note(format!("{count} {what}"), done));
        }
    }
    notes
}

pub fn of_experiment(tally: &Tally, of: &OfExperiment, arms: &[Arm], goals: &[Goal]) -> Vec<Note> {
    let mut notes: Vec<Note> = arms
        .iter()
        .filter(|arm| arm.units == 0)
        .map(|arm| note(format!("nobody met {}", arm.key), "it is compared with nothing"))
        .collect();
    notes.extend(of.unknown_variants.iter().map(|(variant, count)| {
        note(
            format!(
                "{count} exposures to {}, which the file does not have: renamed or removed",
                shown(variant)
            ),
            "they are left out",
        )
    }));
    if let Some(count) = of.excluded.get(&Exclusion::OlderVersion) {
        notes.push(note(
            format!("{count} exposures of versions before {}", of.version),
            "they are left out: a new version starts anew",
        ));
    }
    if of.plans > 1 {
        let done = if split::has_moved_weights(tally, of) {
            "weights changed: each unit is expected by those of the plan it was first met under, and effects by day say more than the whole"
        } else if of.asked.weights.is_empty() {
            "they are not in the archive: the split is told by the file's weights"
        } else {
            "their weights are the same, all of them count"
        };
        notes.push(note(format!("exposures came under {} different plans", of.plans), done));
    }
    notes.extend(goals.iter().filter(|goal| goal.values.iter().all(|value| value.reached == 0)).map(
        |goal| {
            note(format!("nobody reached {}", goal.key), "nothing is told of it: is it still on the page?")
        },
    ));
    notes.extend(goals.iter().filter(|goal| goal.winsorised_units > 0).map(|goal| {
        note(
            format!(
                "{} units came to more than {} in {}",
                goal.winsorised_units,
                goal.winsorised_at.unwrap_or_default(),
                goal.key
            ),
            "they count as that much",
        )
    }));
    notes
}
