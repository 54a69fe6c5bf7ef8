//! What was forgotten: an end without a decision, a decision that never became part of the site.

use super::super::dates::{Bound, to_utc_ms};
use super::super::diagnostic::Diagnostics;
use super::Entry;

const DAY_MS: u64 = 86_400_000;
/// A winner served by experiment costs every visitor bytes and a moment of the original.
const WINNER_DAYS: u64 = 30;

pub fn running(entry: &Entry<'_>, now_ms: Option<u64>, diagnostics: &mut Diagnostics<'_>) {
    let (_, end) = entry.period_ms();
    if now_ms.is_some_and(|now| now >= end) {
        let message = "its end has passed, and no winner is named: everyone sees the original".to_owned();
        let cure = format!(
            "Decide: `parlour promote {0} VARIANT` serves the winner, `parlour archive {0}` puts it away",
            entry.member.name
        );
        entry.warn("W307", "end", message, &cure, diagnostics);
    }
}

pub fn ended(entry: &Entry<'_>, now_ms: Option<u64>, diagnostics: &mut Diagnostics<'_>) {
    let moment = |field| entry.text(field).and_then(|text| to_utc_ms(text, Bound::End, entry.zone));
    let (Some(now), Some(ended)) = (now_ms, moment("ended").or_else(|| moment("end"))) else { return };
    let days = now.saturating_sub(ended) / DAY_MS;
    if entry.text("winner").is_some() && days >= WINNER_DAYS {
        let message = format!("its winner is served by experiment for {days} days");
        let cure = format!("Build it into the site, then `parlour archive {}`", entry.member.name);
        entry.warn("W308", "winner", message, &cure, diagnostics);
    }
}
