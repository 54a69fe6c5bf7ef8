//! Funnels, stages and cohorts.

use maud::{Markup, html};
use parlour_report::beyond::model::{Beyond, Cohort, Funnel, Group, Journey};

use crate::canvas::Fault;
use crate::charts::{Bars, Heat};
use crate::figure::Figures;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::clean;

const DAY_MS: f64 = 86_400_000.0;
/// What is drawn: the newest cohorts, and their first weeks.
const MOST_COHORTS: usize = 16;
const MOST_WEEKS: usize = 10;

pub fn funnels(of: &Beyond, figures: &mut Figures) -> Result<Markup, Fault> {
    let mut keys: Vec<&str> = of.by_variant.iter().map(|one| one.experiment.as_str()).collect();
    keys.dedup();
    Ok(html! {
        @for (at, funnel) in of.all.funnels.iter().enumerate() {
            @if at == 0 { h3 { "Funnels" } }
            (whole(funnel, figures)?)
            @for key in &keys {
                @let arms: Vec<(&str, &Group)> = of.by_variant.iter()
                    .filter(|one| one.experiment == **key)
                    .map(|one| (one.variant.as_str(), &one.group))
                    .collect();
                (by_variant(key, at, &arms, figures)?)
            }
        }
    })
}

fn whole(funnel: &Funnel, figures: &mut Figures) -> Result<Markup, Fault> {
    if funnel.steps.iter().all(|step| step.visitors == 0) {
        return Ok(html! { p { (clean(&funnel.name)) ": nobody took its first step." } });
    }
    let mut chart = Bars::new("step", Unit::Count, &["visitors"]);
    for step in &funnel.steps {
        let lost = step.drop_off.map_or(String::new(), |part| format!(", {} lost", Unit::Share.text(part)));
        let share = step.share.map_or(String::new(), |part| format!(": {}", Unit::Share.text(part)));
        chart.row(&format!("{}{share}{lost}", step.name), &[Some(step.visitors as f64)]);
    }
    let within = funnel.within_ms.map_or(String::new(), |ms| {
        format!(" The last step counts within {} of the first.", Unit::Days.text(ms as f64 / DAY_MS))
    });
    let about = format!(
        "Visitors who took each step after all before it; what is lost is lost since the step before.{within}"
    );
    figures.show(&format!("Funnel: {}", funnel.name), &about, &chart)
}

/// Who was met by an experiment, as shares of the first step.
fn by_variant(key: &str, at: usize, arms: &[(&str, &Group)], figures: &mut Figures) -> Result<Markup, Fault> {
    let funnels: Vec<(&str, &Funnel)> =
        arms.iter().filter_map(|(arm, group)| Some((*arm, group.funnels.get(at)?))).collect();
    let Some((_, first)) = funnels.first() else { return Ok(html! {}) };
    let names: Vec<&str> = funnels.iter().map(|(arm, _)| *arm).collect();
    let mut chart = Bars::new("step", Unit::Share, &names);
    for (index, step) in first.steps.iter().enumerate() {
        let shares: Vec<_> =
            funnels.iter().map(|(_, funnel)| funnel.steps.get(index).and_then(|step| step.share)).collect();
        chart.row(&step.name, &shares);
    }
    let about = "Of the visitors who took the first step after their first exposure. Differences here are not tested.";
    figures.show(&format!("Funnel {} by variant of {key}", first.name), about, &chart)
}

pub fn stages(of: &Journey, figures: &mut Figures) -> Result<Markup, Fault> {
    if of.stages.iter().all(|stage| stage.visitors == 0) {
        return Ok(html! {});
    }
    let mut bars = Bars::new("stage", Unit::Count, &["ever in it", "last seen in it"]);
    for stage in &of.stages {
        let stay = stage
            .mean_ms
            .map_or(String::new(), |ms| format!(", {} on average", Unit::Days.text(ms / DAY_MS)));
        bars.row(&format!("{}{stay}", stage.stage), &[Some(stage.visitors as f64), Some(stage.ended as f64)]);
    }
    let names: Vec<&str> = of.stages.iter().map(|stage| stage.stage).collect();
    let count = |from: &str, to: &str| {
        of.moves.iter().find(|one| one.from == from && one.to == to).map(|one| one.count as f64)
    };
    let flow = Heat {
        head: "from".to_owned(),
        unit: Unit::Count,
        columns: names.iter().map(|&name| name.to_owned()).collect(),
        rows: names
            .iter()
            .map(|from| ((*from).to_owned(), names.iter().map(|to| count(from, to)).collect()))
            .collect(),
    };
    let weeks = Heat {
        head: "week of".to_owned(),
        unit: Unit::Count,
        columns: flow.columns.clone(),
        rows: of
            .weeks
            .iter()
            .rev()
            .take(MOST_COHORTS)
            .rev()
            .map(|week| (week.week.clone(), week.visitors.iter().map(|count| Some(*count as f64)).collect()))
            .collect(),
    };
    Ok(html! {
        h3 { "The journey" }
        (figures.show("Stages", "How many visitors were ever in a stage, how many were last seen in it, and how long they stay.", &bars)?)
        @if !of.moves.is_empty() {
            (figures.show("From stage to stage", "How often visitors went from the stage at the left to the one above.", &flow)?)
        }
        @if weeks.rows.len() > 1 {
            (figures.show("Stages by week", "Visitors by the stage they were last in that week.", &weeks)?)
        }
    })
}

pub fn cohorts(all: &[Cohort], figures: &mut Figures) -> Result<Markup, Fault> {
    let shown: Vec<&Cohort> = all.iter().skip(all.len().saturating_sub(MOST_COHORTS)).collect();
    let weeks = shown.iter().map(|cohort| cohort.active.len()).max().unwrap_or_default().min(MOST_WEEKS);
    if weeks < 2 {
        return Ok(html! { @if !all.is_empty() { h3 { "Who came back" } (few(all).markup("Cohorts")) } });
    }
    let heat = |of: fn(&Cohort) -> &[u64]| Heat {
        head: "first seen in the week of".to_owned(),
        unit: Unit::Share,
        columns: (0..weeks).map(|week| format!("+{week}")).collect(),
        rows: shown
            .iter()
            .map(|cohort| {
                let share = |week: usize| Some(*of(cohort).get(week)? as f64 / cohort.visitors.max(1) as f64);
                let name = format!("{} ({})", cohort.week, Unit::Count.text(cohort.visitors as f64));
                (name, (0..weeks).map(share).collect())
            })
            .collect(),
    };
    Ok(html! {
        h3 { "Who came back" }
        (figures.show(
            "Cohorts: came",
            "Of those first seen in a week, the share in % that came in that week, in the next, and so on.",
            &heat(|cohort| &cohort.active),
        )?)
        (figures.show("Cohorts: bought", "The same of those who bought.", &heat(|cohort| &cohort.bought))?)
    })
}

fn few(all: &[Cohort]) -> Table {
    let mut table = Table::new(&["first seen in the week of", "visitors"]);
    for cohort in all {
        table.row(vec![cohort.week.clone(), Unit::Count.text(cohort.visitors as f64)]);
    }
    table
}
