//! The plan's page part: what the glue needs to act, and nothing that visitors need not read.

use serde_json::{Map, Value, json};

use super::condition::{Conditions, Fact, HASHED};
use super::json::{Json, Member};
use super::pattern::Case;
use super::redirect::{KEPT, is_redirect};
use super::slot::Slots;
use crate::plan::FactSource;

/// What made it into the plan, in plan order.
pub struct Kept<'a> {
    pub goals: Vec<&'a Member>,
    pub experiments: Vec<&'a Member>,
    pub flags: Vec<Value>,
    pub experiences: Vec<&'a Member>,
    pub slots: Vec<&'a Member>,
}

pub fn write(config: &Json, kept: &Kept<'_>, conditions: &Conditions, preview_key: Option<&str>) -> Vec<u8> {
    let site: Vec<Value> =
        config.get("site").map_or(&[][..], Json::one_or_many).iter().map(Json::plain).collect();
    let slots = Slots::new(&kept.experiments);
    let facts: Vec<Value> = conditions.facts.iter().map(fact).collect();
    let mut page = json!({
        "site": site,
        "env": config.get("environments").map(Json::plain),
        "previewKey": preview_key,
        "consent": config.get("consent").map_or_else(|| json!({}), Json::plain),
        "currency": config.get("currency").map_or_else(|| "EUR".into(), Json::plain),
        "capture": config.get("capture").map_or_else(|| json!({}), Json::plain),
        "facts": facts,
        "goals": kept.goals.iter().map(|goal| copy(goal, &["value", "click", "submit", "visible", "page"])).collect::<Vec<_>>(),
        "experiments": kept.experiments.iter().map(|experiment| self::experiment(config, experiment)).collect::<Vec<_>>(),
        "flags": &kept.flags,
        "experiences": kept.experiences.iter().map(|experience| self::experience(config, experience)).collect::<Vec<_>>(),
        "slots": kept.slots.iter().map(|slot| slots.page(slot)).collect::<Vec<_>>(),
    });
    if let (Some(redirects), Value::Object(page)) = (redirects(config, kept), &mut page) {
        page.insert("redirects".into(), redirects);
    }
    // Only where it says something: the page takes what is missing for all.
    if let (Some(share), Some(page)) = (config.get("problems").map(Json::plain), page.as_object_mut()) {
        page.insert("problems".into(), share);
    }
    for part in ["rows", "baskets"] {
        if let (Some(rows), Some(page)) = (config.get(part).map(Json::plain), page.as_object_mut()) {
            page.insert(part.into(), rows);
        }
    }
    page.to_string().into_bytes()
}

/// Only where a variant redirects: the page then fetches what it needs for it.
fn redirects(config: &Json, kept: &Kept<'_>) -> Option<Value> {
    kept.experiments.iter().any(|row| is_redirect(&row.json)).then(|| {
        let listed = |name| config.get("redirects").and_then(|json| json.get(name)).map(Json::plain);
        json!({
            "origins": listed("origins").unwrap_or_else(|| json!([])),
            "keep": listed("keep").unwrap_or_else(|| json!(KEPT)),
        })
    })
}

/// 0 for what the engine derives, or the host tells by another way; the path; or path, whether texts are told in lower case, too, and the source and flags
/// of each host predicate.
fn fact(fact: &Fact) -> Value {
    if fact.source != FactSource::Host || fact.name.starts_with(HASHED) {
        return 0.into();
    }
    if !fact.is_folded && fact.predicates.is_empty() {
        return fact.name.as_str().into();
    }
    let mut row: Vec<Value> = vec![fact.name.as_str().into(), u8::from(fact.is_folded).into()];
    for (pattern, case) in &fact.predicates {
        row.push(pattern.as_str().into());
        row.push(if *case == Case::Ignored { "i" } else { "" }.into());
    }
    row.into()
}

pub fn copy(member: &Member, fields: &[&str]) -> Map<String, Value> {
    let mut copy = Map::new();
    copy.insert("key".into(), member.name.as_str().into());
    for field in fields {
        if let Some(value) = member.json.get(field) {
            copy.insert((*field).into(), value.plain());
        }
    }
    copy
}

fn experience(config: &Json, member: &Member) -> Map<String, Value> {
    let mut experience = copy(member, &["name", "changes"]);
    say_late(&mut experience, config, member, "skip");
    with_targets(experience, std::slice::from_ref(&member.json), Vec::new())
}

/// What becomes of late changes, where it is not what is done anyway.
fn say_late(row: &mut Map<String, Value>, config: &Json, member: &Member, unusual: &str) {
    let said = member.json.get("late").or_else(|| config.get("late"));
    if said.and_then(Json::text) == Some(unusual) {
        row.insert("late".into(), unusual.into());
    }
}

fn experiment(config: &Json, member: &Member) -> Map<String, Value> {
    let mut experiment = copy(member, &["name", "version", "unit"]);
    say_late(&mut experiment, config, member, "apply");
    let variants = member.json.get("variants").map_or(&[][..], Json::members);
    let rows: Vec<Value> =
        variants.iter().map(|variant| copy(variant, &["name", "values", "changes"]).into()).collect();
    experiment.insert("variants".into(), rows.into());
    let variants: Vec<Json> = variants.iter().map(|variant| variant.json.clone()).collect();
    with_targets(experiment, &variants, slots_of(config, &variants))
}

/// Elements of the slots that a variant fills in its own way: it is met where one of them is found.
fn slots_of<'a>(config: &'a Json, variants: &[Json]) -> Vec<&'a str> {
    let named = variants.iter().flat_map(|variant| variant.get("slots").map_or(&[][..], Json::members));
    let slots = config.get("slots");
    named.filter_map(|way| slots?.get(&way.name)?.get("select")?.text()).collect()
}

/// How long a change waits for its element, in milliseconds, as in `www/apply.js`.
const WAIT_MS: u64 = 10_000;

/// The union of all that is changed: every arm is exposed by finding one of these. Every arm waits for each as long as
/// the change that waits longest, which stands in `waits` where a change has a wait of its own.
fn with_targets(mut row: Map<String, Value>, parts: &[Json], slots: Vec<&str>) -> Map<String, Value> {
    let mut targets: Vec<Value> = Vec::new();
    let mut waits: Map<String, Value> = Map::new();
    for change in parts.iter().flat_map(|part| part.get("changes").map_or(&[][..], Json::list)) {
        let wait = change.get("wait").and_then(Json::whole).unwrap_or(WAIT_MS);
        for selector in change.get("select").map_or(&[][..], Json::one_or_many).iter().filter_map(Json::text)
        {
            if !targets.iter().any(|target| target == selector) {
                targets.push(selector.into());
            }
            let longest = waits.get(selector).and_then(Value::as_u64).unwrap_or(0);
            waits.insert(selector.into(), longest.max(wait).into());
        }
    }
    for selector in slots {
        if !targets.iter().any(|target| target == selector) {
            targets.push(selector.into());
        }
    }
    waits.retain(|_, wait| wait.as_u64() != Some(WAIT_MS));
    row.insert("targets".into(), targets.into());
    if !waits.is_empty() {
        row.insert("waits".into(), waits.into());
    }
    row
}
