//! Made-up visitors: random ids from a seed, each with one of the sets of facts that were given.

use std::path::Path;

use anyhow::Context;
use parlour::authoring::Names;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Map, Value};

use crate::host::Host;

pub type Facts = Map<String, Value>;

/// How many visitors, from which seed, at which time.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub visitors: u64,
    pub seed: u64,
    pub now_ms: u64,
}

/// The same seed and facts give the same visitors on every host.
#[derive(Debug)]
pub struct Crowd {
    random: StdRng,
    sets: usize,
}

impl Crowd {
    #[must_use]
    pub fn new(seed: u64, sets: &[Facts]) -> Self {
        Self { random: StdRng::seed_from_u64(seed), sets: sets.len() }
    }

    /// The next visitor's id, and which of the sets of facts it has.
    pub fn next_visitor(&mut self) -> (String, usize) {
        let id = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
        let set = if self.sets > 1 { self.random.random_range(0..self.sets as u64) } else { 0 };
        (id.to_string(), usize::try_from(set).unwrap_or_default())
    }
}

/// What `--facts` means: a JSON object that holds for everyone, or a file with one, or with one a line to draw from.
/// Never empty: where nothing is told, nothing is known of anybody.
///
/// # Errors
/// Says which line of which file is no JSON object.
pub fn fact_sets(told: Option<&str>, host: &dyn Host) -> anyhow::Result<Vec<Facts>> {
    let Some(told) = told else { return Ok(vec![Facts::new()]) };
    if told.trim_start().starts_with('{') {
        return Ok(vec![serde_json::from_str(told).context("--facts is not a JSON object")?]);
    }
    let text = host
        .text_of(Path::new(told))
        .with_context(|| format!("--facts {told}: give a JSON object, or a file with one on each line"))?;
    if let Ok(facts) = serde_json::from_str(&text) {
        return Ok(vec![told_alone(facts)]);
    }
    let lines = (1u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let sets = lines.map(|(number, line)| {
        serde_json::from_str(line).map(told_alone).with_context(|| {
            format!("{told}:{number}: write a JSON object of facts, such as {{\"page.type\":\"home\"}}")
        })
    });
    let sets: Vec<Facts> = sets.collect::<anyhow::Result<_>>()?;
    anyhow::ensure!(!sets.is_empty(), "{told} holds no facts: give a JSON object on each line");
    Ok(sets)
}

/// What `parlour decide` reads, `{"unit":…,"facts":{…}}`, is taken for the facts in it.
fn told_alone(mut line: Facts) -> Facts {
    let is_asked = line.keys().all(|key| key == "unit" || key == "facts");
    match line.remove("facts") {
        Some(Value::Object(facts)) if is_asked => facts,
        Some(other) => {
            line.insert("facts".to_owned(), other);
            line
        }
        None => line,
    }
}

/// The same facts with null for each that the plan asks for and nothing was said of: of one visitor's nothing is left to
/// the next.
#[must_use]
pub fn complete(facts: &Facts, names: &Names) -> Facts {
    let mut whole = facts.clone();
    for asked in names.facts.iter().flatten() {
        let mut ends = asked.path.match_indices('.').map(|(at, _)| at).chain([asked.path.len()]);
        if !ends.any(|end| asked.path.get(..end).is_some_and(|start| facts.contains_key(start))) {
            whole.insert(asked.path.clone(), Value::Null);
        }
    }
    whole
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_visitors_whatever_the_facts() {
        let ids = |sets: &[Facts]| {
            let mut crowd = Crowd::new(7, sets);
            (0..3).map(|_| crowd.next_visitor().0).collect::<Vec<_>>()
        };
        let one = vec![Facts::new()];
        assert_eq!(ids(&one), ids(&one));
        let mut other = Crowd::new(8, &one);
        assert_ne!(ids(&one).first(), Some(&other.next_visitor().0));
    }

    #[test]
    fn what_nothing_was_said_of_becomes_null_and_what_was_said_stays() {
        let asked =
            |path: &str| Some(parlour::authoring::Asked { path: path.to_owned(), ..Default::default() });
        let names = Names { facts: vec![asked("a.b"), asked("c"), None, asked("d.e.f")], ..Names::default() };
        let facts = json!({ "a": { "x": 1 }, "d.e": 2, "other": 3 });
        let whole = complete(facts.as_object().unwrap(), &names);
        assert_eq!(Value::from(whole), json!({ "a": { "x": 1 }, "d.e": 2, "other": 3, "c": null }));
    }
}
