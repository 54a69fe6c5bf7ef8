//! Too few visitors for the power asked, in the time there is.

use parlour_stats::power::Power;

use super::super::diagnostic::Diagnostics;
use super::super::json::Json;
use super::super::plan::share_of;
use super::Entry;
use crate::plan::FULL;

const DAY_MS: u64 = 86_400_000;
/// Where the experiment has no end: beyond, cookies go and seasons change.
const USUAL_DAYS: u64 = 60;

pub fn check(entry: &Entry<'_>, now_ms: Option<u64>, diagnostics: &mut Diagnostics<'_>) {
    let Some(power) = entry.json().get("power") else { return };
    let number = |field: &str| power.get(field).and_then(Json::number);
    let (Some(baseline), Some(mde)) = (number("baseline"), number("mde")) else { return };
    let variants = entry.variants().len();
    let asked = Power {
        baseline,
        mde,
        variants: variants as u32,
        alpha: number("alpha").unwrap_or(Power::ALPHA),
        power: number("power").unwrap_or(Power::POWER),
    };
    let Some(needed) = asked.visitors_per_variant() else {
        let message = "no number of visitors can show this".to_owned();
        let cure =
            "Write `baseline` between 0 and 1 and an `mde` above 0 that keeps baseline × (1 + mde) below 1";
        return entry.warn("W306", "power", message, cure, diagnostics);
    };
    let Some(per_day) = number("visitorsPerDay") else { return };
    let (start, end) = entry.period_ms();
    let start = if start == 0 { now_ms.unwrap_or(0) } else { start };
    let planned = (end != u64::MAX && start != 0).then(|| end.saturating_sub(start).div_ceil(DAY_MS));
    let days = number("days").map(|days| days as u64).or(planned).unwrap_or(USUAL_DAYS);
    let days_needed = needed as f64 / (per_day * smallest_share(entry)).max(f64::MIN_POSITIVE);
    if days_needed > days as f64 {
        let days_needed =
            if days_needed < 1e6 { format!("{:.0}", days_needed.ceil()) } else { "over a million".into() };
        let message = format!(
            "each of {variants} variants needs {needed} visitors, which takes {days_needed} days, and there are {days}"
        );
        let cure = "Raise `traffic`, run it longer, try fewer variants, or look for a larger change";
        entry.warn("W306", "power", message, cure, diagnostics);
    }
}

/// Of the variant that gets fewest, of all visitors.
fn smallest_share(entry: &Entry<'_>) -> f64 {
    let share = |json: &Json| share_of(json) as f64 / FULL as f64;
    let traffic = entry.json().get("traffic").map_or(1.0, share);
    let ramp = entry.json().get("ramp").map_or(&[][..], Json::list).last();
    let traffic = ramp.and_then(|step| step.get("traffic")).map_or(traffic, share);
    let range = entry.json().get("layer").and_then(|layer| layer.get("range")).map_or(&[][..], Json::list);
    let layer = match range {
        [from, to] => (share(to) - share(from)).max(0.0),
        _ => 1.0,
    };
    let weight =
        |variant: &super::Member| variant.json.get("weight").map_or(Some(1.0), Json::number).unwrap_or(1.0);
    let weights: Vec<f64> = entry.variants().iter().map(weight).filter(|weight| *weight > 0.0).collect();
    let smallest = weights.iter().copied().fold(f64::INFINITY, f64::min);
    traffic * layer * smallest / weights.iter().sum::<f64>().max(f64::MIN_POSITIVE)
}
