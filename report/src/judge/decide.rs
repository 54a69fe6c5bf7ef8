//! What to do, and why, in one sentence.

use crate::model::{Action, Arm, Comparison, Decision, Goal, GoalKind, Guardrail, SampleRatio, Verdict};
use crate::units::OfExperiment;

pub fn decide(of: &OfExperiment, arms: &[Arm], split: Option<&SampleRatio>, goals: &[Goal]) -> Decision {
    if let Some(split) = split.filter(|split| split.is_broken) {
        let shares: Vec<_> = arms.iter().map(|arm| format!("{:.1}", arm.share * 100.0)).collect();
        let likely =
            split.likely.as_ref().map(|likely| format!("; most likely {likely}")).unwrap_or_default();
        let sentence =
            format!("stop: the split is broken, {}, p = {:.1e}{likely}", shares.join("/"), split.p);
        return Decision { action: Action::Stop, arm: None, sentence };
    }
    let Some(main) = goals.first() else { return keep("no goal was reached yet") };
    let harmed = |goal: &&Goal, arm: &str| {
        of_arm(goal, arm).is_some_and(|one| one.guardrail == Some(Guardrail::Harmed))
    };
    let going: Vec<&Comparison> =
        main.comparisons.iter().filter(|one| !goals.iter().any(|goal| harmed(&goal, &one.arm))).collect();
    if let (true, Some(first)) = (going.is_empty(), main.comparisons.first())
        && let Some(goal) = goals.iter().find(|goal| harmed(goal, &first.arm))
        && let Some(one) = of_arm(goal, &first.arm)
    {
        let bound = goal.harm.unwrap_or_default() * 100.0;
        let sentence =
            format!("keep the control: {}, beyond the {bound:.1} % that are borne", told(one, goal));
        return Decision { action: Action::Drop, arm: None, sentence };
    }
    let sign = |one: &Comparison| one.absolute.map_or(0.0, |effect| effect.estimate.abs());
    let better = going.iter().filter(|one| one.verdict == Verdict::Better);
    if let Some(best) = better.max_by(|a, b| sign(a).total_cmp(&sign(b))) {
        let unsure = goals
            .iter()
            .find(|goal| of_arm(goal, &best.arm).is_some_and(|one| one.guardrail == Some(Guardrail::Unsure)));
        if let Some(goal) = unsure {
            let bound = goal.harm.unwrap_or_default() * 100.0;
            return keep(&format!(
                "{} is better ({}), but it may still cost more than {bound:.1} % of {}",
                best.arm,
                told(best, main),
                goal.key
            ));
        }
        let sentence = format!("ship {}: {}", best.arm, told(best, main));
        return Decision { action: Action::Ship, arm: Some(best.arm.clone()), sentence };
    }
    if !going.is_empty() && going.iter().all(|one| one.verdict == Verdict::Worse) {
        let worst = going.first().map(|one| told(one, main)).unwrap_or_default();
        return Decision { action: Action::Drop, arm: None, sentence: format!("keep the control: {worst}") };
    }
    if arms.iter().filter(|arm| arm.units > 0).count() < 2 {
        return keep("fewer than two variants were met, there is nothing to compare");
    }
    let days = going.iter().filter_map(|one| one.days_left).min();
    let why = going
        .iter()
        .find_map(|one| one.refused.clone())
        .unwrap_or_else(|| format!("{} may still be the same in all variants", main.key));
    match days {
        Some(days) => {
            let more = if days == 1 { "1 more day".to_owned() } else { format!("{days} more days") };
            let if_so = if going.iter().any(|one| one.absolute.is_some()) {
                " if the effect stays as it looks"
            } else {
                ""
            };
            keep(&format!("{more} at this traffic{if_so}; {why}"))
        }
        None if of.last_ms.is_some() && going.iter().any(|one| one.absolute.is_some()) => {
            keep(&format!("{why}, and at this traffic no end is in sight"))
        }
        None => keep(&why),
    }
}

fn keep(why: &str) -> Decision {
    Decision { sentence: format!("keep running: {why}"), ..Decision::default() }
}

fn of_arm<'a>(goal: &'a Goal, arm: &str) -> Option<&'a Comparison> {
    goal.comparisons.iter().find(|one| one.arm == arm)
}

pub fn told(one: &Comparison, goal: &Goal) -> String {
    let key = &goal.key;
    let unit = if goal.kind == GoalKind::Time { " hours until " } else { " " };
    match (one.relative, one.absolute) {
        (Some(effect), _) => format!(
            "{:+.1} %{unit}{key}, 95 % interval {:.1} to {:.1}",
            effect.estimate * 100.0,
            effect.low * 100.0,
            effect.high * 100.0
        ),
        (None, Some(effect)) => {
            format!(
                "{:+.4}{unit}{key}, 95 % interval {:.4} to {:.4}",
                effect.estimate, effect.low, effect.high
            )
        }
        (None, None) => key.clone(),
    }
}
