//! Changes to a JSON text that leave every other byte as it is: order, comments and white space included.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

/// Replacements by place, applied from the end so that places stay true.
#[derive(Debug)]
pub struct Changes<'a> {
    text: &'a str,
    list: Vec<(usize, usize, String)>,
}

impl<'a> Changes<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, list: Vec::new() }
    }

    pub fn apply(mut self) -> String {
        let mut text = self.text.to_owned();
        // Stable, so that what is inserted at one place stays in order.
        self.list.sort_by_key(|(start, _, _)| *start);
        for (start, end, new) in self.list.into_iter().rev() {
            text.replace_range(start..end, &new);
        }
        text
    }

    /// Gives a member these values. New ones come after the last of `neighbours` that is there, else at the front.
    pub fn set(&mut self, object: &Object<'_>, neighbours: &[&str], members: &[(&str, String)]) {
        let mut added = Vec::new();
        for (name, value) in members {
            match object.get(name) {
                Some(known) => self.list.push((known.value.start(), known.value.end(), value.clone())),
                None => added.push((*name, value)),
            }
        }
        let beside = object.properties.iter().rfind(|known| neighbours.contains(&known.name.as_str()));
        let Some(model) = beside.or(object.properties.first()) else {
            let list: Vec<String> =
                added.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
            let at = object.start() + 1;
            return self.list.push((at, at, list.join(", ")));
        };
        let (lead, colon) = (self.lead(object, model), self.colon(model));
        let mut new = String::new();
        for (name, value) in added {
            match beside {
                Some(_) => new.push_str(&format!(",{lead}\"{name}\"{colon}{value}")),
                None => new.push_str(&format!("\"{name}\"{colon}{value},{lead}")),
            }
        }
        let at = beside.map_or(model.start(), Ranged::end);
        if !new.is_empty() {
            self.list.push((at, at, new));
        }
    }

    /// The white space before a member; of the first in a line of several, that before its neighbour.
    fn lead(&self, object: &Object<'_>, model: &ObjectProp<'_>) -> &'a str {
        let before = |member: &ObjectProp<'_>| {
            let before = self.text.get(..member.start()).unwrap_or_default();
            before.get(before.trim_end().len()..).unwrap_or_default()
        };
        let own = before(model);
        if own.contains('\n') {
            return own;
        }
        let alone = if self.colon(model).ends_with(' ') { " " } else { "" };
        object.properties.get(1).map_or(alone, before)
    }

    fn colon(&self, model: &ObjectProp<'_>) -> &'a str {
        let between = self.text.get(model.name.end()..model.value.start()).unwrap_or_default();
        if between.trim() == ":" { between } else { ": " }
    }
}

/// The object under a name.
pub fn object<'a, 't>(object: &'a Object<'t>, name: &str) -> Option<&'a Object<'t>> {
    match &object.get(name)?.value {
        Value::Object(inner) => Some(inner),
        _ => None,
    }
}

pub fn text<'a>(object: &'a Object<'_>, name: &str) -> Option<&'a str> {
    match &object.get(name)?.value {
        Value::StringLit(text) => Some(&text.value),
        _ => None,
    }
}
