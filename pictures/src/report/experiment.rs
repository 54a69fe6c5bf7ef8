//! One experiment: what to do, who was in, and what each goal came to.

use maud::{Markup, html};
use parlour_report::model::{Action, Choice, Experiment, Reach, SampleRatio};
use parlour_report::text;

use super::{behind, date, goal, left_out, notes};
use crate::canvas::Fault;
use crate::charts::{Bars, Forest, Interval};
use crate::figure::Figures;
use crate::unit::Unit;
use crate::words::clean;

pub fn show(at: usize, one: &Experiment, zone: &str, figures: &mut Figures) -> Result<Markup, Fault> {
    let action = match one.decision.action {
        Action::Ship => "ship",
        Action::KeepRunning => "open",
        Action::Drop => "drop",
        Action::Stop => "stop",
    };
    Ok(html! {
        article id={ "experiment-" (at) } {
            h2 { (clean(one.name.as_ref().unwrap_or(&one.key))) }
            p.soft { (clean(&about(one, zone))) }
            p.decision.(action) { (clean(&one.decision.sentence)) }
            @if let Some(question) = &one.question { p { b { "Question: " } (clean(question)) } }
            (overview(one, figures)?)
            h3 { "Who was in" }
            (arms(one, figures)?)
            @if let Some(split) = &one.sample_ratio { (sample_ratio(split)?) }
            (left_out(&one.excluded))
            @for goal in &one.goals { (goal::show(goal, figures)?) }
            (behind::show(&one.diagnosis, one.goals.iter().find(|goal| goal.is_main), figures)?)
            (reach(&one.reach, figures)?)
            (notes(&one.notes))
            small { (clean(&methods(one))) }
        }
    })
}

fn about(one: &Experiment, zone: &str) -> String {
    let mut parts = vec![one.key.clone()];
    parts.extend(one.status.clone());
    parts.extend(one.owner.as_ref().map(|owner| format!("owned by {owner}")));
    if let (Some(first), Some(last)) = (one.first_ms, one.last_ms) {
        parts.push(format!("{} to {}", date(first, zone), date(last, zone)));
    }
    parts.join(" · ")
}

/// All goals at a glance, as parts of what the control has.
fn overview(one: &Experiment, figures: &mut Figures) -> Result<Markup, Fault> {
    let rows: Vec<Interval> = one
        .goals
        .iter()
        .flat_map(|goal| goal.comparisons.iter().map(move |comparison| (goal, comparison)))
        .filter_map(|(goal, comparison)| {
            let effect = comparison.relative?;
            Some(Interval {
                name: format!("{}, {}", goal.key, comparison.arm),
                estimate: effect.estimate,
                low: effect.low,
                high: effect.high,
                is_good: goal::is_good(comparison.verdict),
            })
        })
        .collect();
    if rows.is_empty() {
        return Ok(html! {});
    }
    let chart = Forest { head: "goal, variant".to_owned(), unit: Unit::Share, even: 0.0, rows };
    let about = "Relative to the control, with 95 % intervals. Green is better and red is worse for sure; an interval \
                 across the upright line is open.";
    figures.show("Uplift of each goal", about, &chart)
}

const BESIDE: &str = "The share of visitors in each variant, beside what was asked for.";

fn arms(one: &Experiment, figures: &mut Figures) -> Result<Markup, Fault> {
    let is_known = one.arms.iter().any(|arm| arm.expected_share.is_some());
    let series: &[&str] = if is_known { &["share", "share it should have"] } else { &["share"] };
    let mut chart = Bars::new("variant", Unit::Share, series);
    for arm in &one.arms {
        let role = if arm.is_control && arm.key != "control" { " (control)" } else { "" };
        let name = format!("{}{role}: {} visitors", arm.key, Unit::Count.text(arm.units as f64));
        let shares = [Some(arm.share), arm.expected_share];
        chart.row(&name, shares.get(..series.len()).unwrap_or_default());
    }
    if one.arms.iter().all(|arm| arm.units == 0) {
        return Ok(html! { p { "Nobody yet." } });
    }
    figures.show(
        "Visitors by variant",
        if is_known { BESIDE } else { "The share of visitors in each variant." },
        &chart,
    )
}

fn sample_ratio(split: &SampleRatio) -> Result<Markup, Fault> {
    let mut written = String::new();
    text::of_split(split, &mut written)?;
    Ok(html! { ul { @for line in written.lines() { li { (clean(line.trim())) } } } })
}

fn reach(of: &Reach, figures: &mut Figures) -> Result<Markup, Fault> {
    let mut chart = Bars::new("part", Unit::Share, &["share"]);
    chart.whole = Some(1.0);
    for (name, share) in [
        ("Late, of page views", of.late),
        ("Bots, of exposures", of.bots),
        ("With a visitor's id, of all events", of.with_id),
        ("Visitors younger than the experiment", of.younger),
    ] {
        if share.is_some() {
            chart.row(name, &[share]);
        }
    }
    if chart.rows.is_empty() {
        return Ok(html! {});
    }
    Ok(html! {
        h3 { "Whom the result covers" }
        @if let Some(days) = of.age_days { p { "The newest exposure is " (Unit::Days.text(days)) " old." } }
        @if let Some(cure) = &of.cure { p { b { "To mend: " } (clean(cure)) } }
        (figures.show("Reach", "What part of views, exposures, events and visitors the result rests on.", &chart)?)
    })
}

fn methods(one: &Experiment) -> String {
    let method = match one.analysis.method {
        Choice::Sequential => "sequential: holds at every look",
        Choice::Fixed => "one look, once all planned units are in",
        Choice::GroupSequential => "the looks that were planned",
        Choice::Bayesian => "Bayesian",
    };
    let mut named: Vec<String> = Vec::new();
    let goals = one.goals.iter().map(|goal| &goal.method);
    let bayes = one.goals.iter().flat_map(|goal| &goal.comparisons).filter_map(|one| one.bayes.as_ref());
    let split = one.sample_ratio.iter().map(|split| &split.method);
    let a_a = one.diagnosis.a_a.iter().map(|check| &check.method);
    for method in
        goals.chain(bayes.map(|of| &of.method)).chain(split).chain(a_a).chain(&one.analysis.corrections)
    {
        let told = if method.source.is_empty() {
            method.name.clone()
        } else {
            format!("{} ({})", method.name, method.source)
        };
        if !told.is_empty() && !named.contains(&told) {
            named.push(told);
        }
    }
    format!("Analysis: {method}. Methods: {}.", named.join("; "))
}
