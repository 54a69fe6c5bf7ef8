//! What two plans say otherwise about one experiment, in words, and which of its variants show something else.

use parlour::plan::{Experiment, FULL, Layer, Plan, Status, Traffic, Unit};
use parlour::targeting::{Node, Subject, Test};
use serde_json::{Map, Value};

use crate::plan_file::Opened;
use crate::simulation::weights;

/// A line for each thing that differs. Both plans have an experiment at these places.
pub fn experiment(old: (&Opened, usize), new: (&Opened, usize)) -> Vec<String> {
    let at = |(opened, index): (&Opened, usize)| opened.plan.experiments().get(index).cloned();
    let (Some(before), Some(after)) = (at(old), at(new)) else { return Vec::new() };
    let mut lines = Lines(Vec::new());
    lines.texts("version", &before.version.to_string(), &after.version.to_string());
    lines.texts("status", &status(old.0, old.1, &before), &status(new.0, new.1, &after));
    lines.texts("unit", &unit(&before), &unit(&after));
    lines.texts("traffic", &traffic(&before.traffic), &traffic(&after.traffic));
    lines.texts("start", &moment(before.start_ms), &moment(after.start_ms));
    lines.texts("end", &moment(before.end_ms), &moment(after.end_ms));
    lines.texts("variants", &variants(old.0, old.1), &variants(new.0, new.1));
    lines.texts("layer", &layer(before.layer), &layer(after.layer));
    lines.texts("applies", applies(&before), applies(&after));
    lines.texts("version bump", bump(&before), bump(&after));
    lines.texts("sticky", yes(before.sticky), yes(after.sticky));
    lines.texts(
        "basis",
        &format!("{:?}", before.basis).to_lowercase(),
        &format!("{:?}", after.basis).to_lowercase(),
    );
    lines.differ("seed: all are bucketed anew", before.seed == after.seed);
    lines.differ("holdouts", before.holdouts == after.holdouts);
    lines.differ("requires", requirements(old.0, &before) == requirements(new.0, &after));
    lines.differ("audience", audience(old.0, before.audience) == audience(new.0, after.audience));
    for key in other_content(
        old.0,
        new.0,
        &old.0.names.experiments.get(old.1).map(|named| named.key.clone()).unwrap_or_default(),
    ) {
        lines.0.push(format!("{key}: changes or values"));
    }
    lines.0
}

/// The variants of both plans whose changes or values differ.
pub fn other_content<'a>(old: &'a Opened, new: &'a Opened, experiment: &str) -> Vec<&'a str> {
    let (before, after) = (contents(old, experiment), contents(new, experiment));
    let Some(named) = old.names.experiments.iter().find(|named| named.key == experiment) else {
        return Vec::new();
    };
    let keys = named.variants.iter().map(|variant| variant.key.as_str());
    keys.filter(|key| match (before.get(*key), after.get(*key)) {
        (Some(before), Some(after)) => before != after,
        _ => false,
    })
    .collect()
}

/// What is not an experiment's.
pub fn elsewhere(old: &Opened, new: &Opened) -> Vec<String> {
    let (before, after) = (page(&old.plan), page(&new.plan));
    let mut lines = Lines(Vec::new());
    for (field, what) in [
        ("site", "site"),
        ("consent", "consent"),
        ("currency", "currency"),
        ("capture", "capture"),
        ("goals", "goals"),
        ("experiences", "experiences"),
        ("slots", "slots"),
        ("flags", "flags"),
    ] {
        lines.differ(what, before.get(field) == after.get(field));
    }
    lines.0
}

struct Lines(Vec<String>);

impl Lines {
    fn texts(&mut self, what: &str, before: &str, after: &str) {
        if before != after {
            self.0.push(format!("{what}: {before} → {after}"));
        }
    }

    fn differ(&mut self, what: &str, is_same: bool) {
        if !is_same {
            self.0.push(what.to_owned());
        }
    }
}

fn status(opened: &Opened, index: usize, experiment: &Experiment) -> String {
    let status = match experiment.status {
        Status::Running => "running".to_owned(),
        Status::Paused => "paused".to_owned(),
        Status::Ended(None) => "ended".to_owned(),
        Status::Ended(winner) => format!("ended, winner {}", opened.names.variant(index, winner)),
    };
    if experiment.killed { format!("{status}, killed") } else { status }
}

fn unit(experiment: &Experiment) -> String {
    let unit = match experiment.unit {
        Unit::Visitor => "visitor",
        Unit::User => "user",
        Unit::Session => "session",
        Unit::PageView => "page view",
    };
    if experiment.falls_back { format!("{unit}, else visitor") } else { unit.to_owned() }
}

fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn part(buckets: u64) -> String {
    percent(buckets as f64 / FULL as f64)
}

fn traffic(traffic: &Traffic) -> String {
    match traffic.steps.as_slice() {
        [(0, share)] => part(*share),
        steps => {
            let steps = steps.iter().map(|(at, share)| format!("{} from {}", part(*share), moment(*at)));
            steps.collect::<Vec<_>>().join(", ")
        }
    }
}

fn moment(at_ms: u64) -> String {
    let time = i64::try_from(at_ms).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    time.filter(|_| at_ms > 0).map_or_else(|| "none".to_owned(), |time| time.to_string())
}

fn variants(opened: &Opened, index: usize) -> String {
    let shares = opened.plan.experiments().get(index).map(weights).unwrap_or_default();
    let named =
        opened.names.experiments.get(index).map(|named| named.variants.as_slice()).unwrap_or_default();
    let each = named.iter().zip(shares).map(|(variant, share)| format!("{} {}", variant.key, percent(share)));
    each.collect::<Vec<_>>().join(", ")
}

fn layer(layer: Option<Layer>) -> String {
    layer.map_or_else(
        || "none".to_owned(),
        |layer| {
            format!("{} to {} of layer {:08x}", part(layer.range.start), part(layer.range.end), layer.seed)
        },
    )
}

fn applies(experiment: &Experiment) -> &'static str {
    if experiment.applies_always { "always" } else { "at entry" }
}

fn bump(experiment: &Experiment) -> &'static str {
    if experiment.blocks_older { "block" } else { "reshuffle" }
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// By keys, as places differ from plan to plan.
fn requirements<'a>(opened: &'a Opened, experiment: &Experiment) -> Vec<(&'a str, Vec<&'a str>)> {
    let required = experiment.requires.iter().filter_map(|required| {
        let named = opened.names.experiments.get(usize::from(required.experiment))?;
        let variants = (0u32..).zip(&named.variants);
        let wanted =
            variants.filter(|(bit, _)| required.variants.checked_shr(*bit).unwrap_or_default() & 1 == 1);
        Some((named.key.as_str(), wanted.map(|(_, variant)| variant.key.as_str()).collect()))
    });
    required.collect()
}

/// The condition with all that it refers to by number written out, so that two plans' can be compared.
fn audience(opened: &Opened, start: Option<u32>) -> Vec<String> {
    let conditions = opened.plan.conditions();
    let Some(start) = start.and_then(|start| usize::try_from(start).ok()) else { return Vec::new() };
    let end = conditions.nodes.get(start).and_then(|node| usize::try_from(node.end).ok()).unwrap_or(start);
    let nodes = conditions.nodes.get(start..end).unwrap_or_default();
    let clause = |(at, node): (usize, &Node)| {
        let subject = match node.subject {
            Subject::It => "it".to_owned(),
            Subject::Fact(fact) => format!(
                "{:?} {:?}",
                opened.plan.facts().get(usize::from(fact)),
                opened.names.facts.get(usize::from(fact))
            ),
        };
        let test = match &node.test {
            Test::In(list) => format!("in {:?}", conditions.lists.get(usize::from(*list))),
            Test::InFolded(list) => format!("in folded {:?}", conditions.lists.get(usize::from(*list))),
            Test::Pattern(pattern) => format!("{:?}", conditions.patterns.get(usize::from(*pattern))),
            other => format!("{other:?}"),
        };
        let length = usize::try_from(node.end).unwrap_or_default().saturating_sub(start + at);
        format!("{length} {} {subject} {test}", node.is_negated)
    };
    nodes.iter().enumerate().map(clause).collect()
}

fn page(plan: &Plan) -> Map<String, Value> {
    serde_json::from_slice(plan.page()).unwrap_or_default()
}

/// What each variant of an experiment shows.
fn contents(opened: &Opened, experiment: &str) -> Map<String, Value> {
    let page = page(&opened.plan);
    let list =
        |value: &Value, field: &str| value.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let experiments = page.get("experiments").and_then(Value::as_array).cloned().unwrap_or_default();
    let found = experiments.iter().find(|found| found.get("key").and_then(Value::as_str) == Some(experiment));
    let variants = found.map(|found| list(found, "variants")).unwrap_or_default();
    let shown = variants.into_iter().filter_map(|variant| {
        let key = variant.get("key")?.as_str()?.to_owned();
        let parts = ["values", "changes"].map(|field| variant.get(field).cloned().unwrap_or_default());
        Some((key, parts.into_iter().collect()))
    });
    shown.collect()
}
