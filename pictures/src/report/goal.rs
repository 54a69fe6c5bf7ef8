//! One goal: what each variant came to, and what that says.

use maud::{Markup, html};
use parlour_report::model::{Better, Comparison, Effect, Goal, GoalKind, Guardrail, Verdict};

use super::left_out;
use crate::canvas::Fault;
use crate::charts::{Bars, Course, Curve, Density};
use crate::figure::Figures;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::{clean, kind, p_value, verdict};

pub fn show(goal: &Goal, figures: &mut Figures) -> Result<Markup, Fault> {
    Ok(html! {
        h3 { @if goal.is_main { "Main goal: " } @else { "Goal: " } (clean(&goal.key)) }
        p.soft { (clean(&about(goal))) }
        (values(goal, figures)?)
        @if goal.comparisons.iter().any(|one| one.absolute.is_some() || one.relative.is_some()) {
            (comparisons(goal).markup(&format!("{} against the control", goal.key)))
        }
        ul { @for one in &goal.comparisons { @for line in said(one) { li { (clean(&line)) } } } }
        @for course in &goal.over_time {
            @if course.days.len() > 1 {
                @let chart = Course { unit: difference(goal), days: course.days.clone() };
                (figures.show(
                    &format!("{} over time: {} less the control", goal.key, course.arm),
                    if chart.is_cut() { CUT } else { WHOLE },
                    &chart,
                )?)
            }
        }
        (posterior(goal, figures)?)
        (left_out(&goal.excluded))
    })
}

const WHOLE: &str =
    "The difference as it stood at the end of each day, with an interval that holds at every look.";
const CUT: &str = "The difference as it stood at the end of each day, with an interval that holds at every look. The first \
                   days' intervals reach beyond the picture.";

pub fn is_good(of: Verdict) -> Option<bool> {
    match of {
        Verdict::Better => Some(true),
        Verdict::Worse => Some(false),
        Verdict::Open => None,
    }
}

fn unit(goal: &Goal) -> Unit {
    match (goal.kind, &goal.currency) {
        (GoalKind::Conversion | GoalKind::Retention, _) => Unit::Share,
        (GoalKind::Time, _) => Unit::Hours,
        (_, Some(code)) => Unit::Minor(code.clone()),
        _ => Unit::Number,
    }
}

pub fn difference(goal: &Goal) -> Unit {
    match unit(goal) {
        Unit::Share => Unit::Points,
        other => other,
    }
}

fn about(goal: &Goal) -> String {
    let mut parts = vec![kind(goal.kind).to_owned()];
    if goal.better == Better::Lower {
        parts.push("lower is better".to_owned());
    }
    parts.extend(goal.per.as_ref().map(|per| format!("per {per}")));
    parts.extend(
        goal.window_days.map(|days| format!("within {} of the first exposure", Unit::Days.text(days))),
    );
    parts.extend(goal.from_days.map(|days| format!("from day {} on", Unit::Count.text(days))));
    parts.extend(goal.winsorised_at.map(|most| {
        format!(
            "a visitor counts {} at most, {} would have more",
            unit(goal).text(most),
            goal.winsorised_units
        )
    }));
    parts.extend(goal.harm.map(|harm| format!("guardrail: {} may be lost", Unit::Share.text(harm))));
    parts.join(" · ")
}

fn values(goal: &Goal, figures: &mut Figures) -> Result<Markup, Fault> {
    let mut chart = Bars::new("variant", unit(goal), &["mean"]);
    for value in &goal.values {
        let (reached, units) = (Unit::Count.text(value.reached as f64), Unit::Count.text(value.units as f64));
        // A bar has no place below 0, where refunds may take a mean; the table of comparisons tells it.
        chart.row(
            &format!("{}: {reached} of {units} visitors", value.arm),
            &[(value.mean >= 0.0).then_some(value.mean)],
        );
    }
    if goal.values.iter().all(|value| value.units == 0) {
        return Ok(html! {});
    }
    figures.show(
        &format!("{} by variant", goal.key),
        "What each variant came to, and how many visitors reached it.",
        &chart,
    )
}

fn comparisons(goal: &Goal) -> Table {
    let mut table = Table::new(&[
        "variant",
        "difference",
        "95 % interval",
        "relative",
        "95 % interval",
        "p, adjusted",
        "verdict",
    ]);
    for one in &goal.comparisons {
        let mut cells = vec![one.arm.clone()];
        for (effect, unit) in [(one.absolute, difference(goal)), (one.relative, Unit::Share)] {
            let told = |tell: &dyn Fn(Effect) -> String| effect.map_or("–".to_owned(), tell);
            cells.push(told(&|of| unit.signed(of.estimate)));
            cells.push(told(&|of| unit.interval(of.low, of.high)));
        }
        cells.push(one.adjusted_p.map_or("–".to_owned(), p_value));
        cells.push(verdict(one.verdict).to_owned());
        table.row(cells);
    }
    table
}

fn said(one: &Comparison) -> Vec<String> {
    let arm = &one.arm;
    let mut lines = Vec::new();
    lines.extend(one.refused.as_ref().map(|why| format!("{arm}: {why}")));
    lines.extend(one.guardrail.map(|guardrail| match guardrail {
        Guardrail::Safe => format!("{arm}: a loss beyond what is borne is ruled out"),
        Guardrail::Unsure => format!("{arm}: a loss beyond what is borne is not ruled out yet"),
        Guardrail::Harmed => format!("{arm}: the loss is surely beyond what is borne"),
    }));
    lines.extend(
        one.variance_taken
            .map(|part| format!("{arm}: CUPED took {} of the variance", Unit::Share.text(part))),
    );
    lines.extend(
        one.log_rank_p.map(|p| format!("{arm}: whole curves differ with p = {} (log-rank test)", p_value(p))),
    );
    lines.extend(
        one.days_left.map(|days| format!("{arm}: {days} more days, if the effect stays as it looks")),
    );
    lines
}

fn posterior(goal: &Goal, figures: &mut Figures) -> Result<Markup, Fault> {
    let curves: Vec<Curve> = goal
        .comparisons
        .iter()
        .filter_map(|one| Some((one.arm.clone(), one.bayes.as_ref()?)))
        .filter(|(_, bayes)| bayes.deviation > 0.0 && bayes.deviation.is_finite() && bayes.mean.is_finite())
        .map(|(name, bayes)| Curve {
            name,
            mean: bayes.mean,
            deviation: bayes.deviation,
            low: bayes.low,
            high: bayes.high,
            chance: bayes.chance_to_beat,
        })
        .collect();
    if curves.is_empty() {
        return Ok(html! {});
    }
    let chances: Vec<String> = curves
        .iter()
        .map(|curve| format!("{}: {} to beat the control", curve.name, Unit::Share.text(curve.chance)))
        .collect();
    let about = format!("Another view of the same numbers, without error rates. {}.", chances.join("; "));
    figures.show(
        &format!("{}: where the difference lies", goal.key),
        &about,
        &Density { unit: difference(goal), curves },
    )
}
