//! `{"$savedGroup": {"id": …}}` of GrowthBook: the group's own condition, or its list on the attribute it names, in place
//! of the reference. What cannot be resolved matches nobody.

use super::super::diagnostic::Diagnostics;
use super::super::json::{Json, Member, Value, below};
use super::{Conditions, Here};

/// Groups of groups are written out: more nodes than this help nobody.
const MAX_NODES: usize = 50_000;

impl Conditions {
    pub(super) fn saved_group(
        &mut self,
        reference: &Json,
        at: (&str, usize),
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let id = reference.get("id").and_then(Json::text).unwrap_or_default().to_owned();
        let entry = self.saved.iter().find(|member| member.name == id).map(|member| member.json.clone());
        let Some(entry) = entry.filter(|_| !self.resolving.contains(&id)) else {
            return self.constant(false);
        };
        if self.set.nodes.len() > MAX_NODES {
            let cure = "Write fewer groups that refer to groups".into();
            diagnostics.error("E101", at, format!("the conditions have more than {MAX_NODES} parts"), cure);
            return self.constant(false);
        }
        let own = match entry.get("type").and_then(Json::text) {
            Some("list") => list(&entry, reference),
            Some("condition") => {
                entry.get("condition").filter(|json| matches!(json.value, Value::Object(_))).cloned()
            }
            Some(_) => return self.unknown(here),
            None => None,
        };
        match own {
            Some(condition) => {
                self.resolving.push(id.clone());
                self.group(&condition, &below("/growthbook/savedGroups", &id), here, diagnostics);
                self.resolving.pop();
            }
            None => self.constant(false),
        }
    }

    /// Is it of a type that came after this compiler? Then nothing is known of its members.
    pub(super) fn is_unknown_group(&self, name: &Json) -> bool {
        let entry = self.saved.iter().find(|member| Some(member.name.as_str()) == name.text());
        let kind = entry.and_then(|member| member.json.get("type")).and_then(Json::text);
        kind.is_some_and(|kind| !matches!(kind, "list" | "condition"))
    }
}

/// The attribute that the reference names, or else the group's, in the group's list.
fn list(entry: &Json, reference: &Json) -> Option<Json> {
    let values = entry.get("values").filter(|json| matches!(json.value, Value::List(_)))?;
    let name = reference.get("attributeKey").or_else(|| entry.get("attributeKey"))?.text()?;
    let object = |name: &str, json: Json| Json {
        at: entry.at,
        value: Value::Object(vec![Member { name: name.to_owned(), name_at: entry.at, json }]),
    };
    Some(object(name, object("$in", values.clone())))
}
