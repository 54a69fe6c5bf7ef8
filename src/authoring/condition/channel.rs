//! `page.channel`: how the visitor came to this page. No fact of the page: each channel stands for a condition over
//! referrer, campaign parameters and click ids, which `channels.json` says; every visit is in exactly one.

use serde::Deserialize;
use serde_json::{Map, Value as Plain};

use super::super::diagnostic::{Diagnostics, did_you_mean};
use super::super::json::{Json, Member, Value};
use super::{Conditions, Here};

pub const FACT: &str = "page.channel";
const TABLE: &str = include_str!("channels.json");

#[derive(Default, Deserialize)]
struct Table {
    /// Names for parts of conditions, used by other terms and by channels.
    terms: Map<String, Plain>,
    channels: Map<String, Plain>,
}

/// All channels there are.
#[must_use]
pub fn channels() -> Vec<String> {
    let table: Table = serde_json::from_str(TABLE).unwrap_or_default();
    table.channels.keys().cloned().collect()
}

impl Conditions {
    pub(super) fn channel(
        &mut self,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let table: Table = serde_json::from_str(TABLE).unwrap_or_default();
        let (operator, wanted) = match json.members() {
            [only] => (only.name.as_str(), &only.json),
            _ => ("$eq", json),
        };
        let names: Option<Vec<&str>> = wanted.one_or_many().iter().map(Json::text).collect();
        let (Some(names), "$eq" | "$ne" | "$in" | "$nin") = (names, operator) else {
            let message = "channels are compared by their names".to_owned();
            let cure = "Write a channel such as \"email\", or {\"$in\": [\"paid-search\", \"paid-social\"]}";
            diagnostics.error("E104", (pointer, json.at), message, cure.into());
            return self.constant(false);
        };
        let mut any = Vec::new();
        for name in names {
            match table.channels.get(name) {
                Some(channel) => any.push(self.resolved(channel, &table)),
                None => {
                    let known: Vec<&str> = table.channels.keys().map(String::as_str).collect();
                    let cure = did_you_mean(name, known.iter().copied()).map_or_else(
                        || format!("Write one of: {}", known.join(", ")),
                        |word| format!("Did you mean `{word}`"),
                    );
                    diagnostics.error("E106", (pointer, json.at), format!("unknown channel `{name}`"), cure);
                }
            }
        }
        let group = if operator.starts_with("$n") { "$nor" } else { "$or" };
        let condition = placed(&serde_json::json!({ group: any }), json.at);
        self.group(&condition, pointer, here, diagnostics);
    }

    /// Names of terms replaced by what they stand for.
    fn resolved(&self, part: &Plain, table: &Table) -> Plain {
        match part {
            Plain::String(name) if name == "own-site" => {
                let hosts: Vec<String> = self.own_hosts.iter().map(|host| own_host(host)).collect();
                serde_json::json!({ "page.referrer": { "$regexi": format!("^({})(:\\d+)?$", hosts.join("|")) } })
            }
            Plain::String(name) => {
                table.terms.get(name).map_or(Plain::Null, |term| self.resolved(term, table))
            }
            Plain::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let value = match (name.as_str(), value) {
                        ("$and" | "$or" | "$nor", Plain::Array(parts)) => {
                            parts.iter().map(|part| self.resolved(part, table)).collect()
                        }
                        ("$not", value) => self.resolved(value, table),
                        (_, value) => value.clone(),
                    };
                    (name.clone(), value)
                })
                .collect(),
            other => other.clone(),
        }
    }
}

/// `*.` stands for any sub-domain, as in `site`.
fn own_host(host: &str) -> String {
    match host.strip_prefix("*.") {
        Some(rest) => format!(".*\\.{}", regex_syntax::escape(rest)),
        None => regex_syntax::escape(host),
    }
}

fn placed(plain: &Plain, at: usize) -> Json {
    let value = match plain {
        Plain::Null => Value::Null,
        Plain::Bool(value) => Value::Bool(*value),
        Plain::Number(number) => Value::Number(number.to_string()),
        Plain::String(text) => Value::Text(text.clone()),
        Plain::Array(list) => Value::List(list.iter().map(|part| placed(part, at)).collect()),
        Plain::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| Member { name: name.clone(), name_at: at, json: placed(value, at) })
                .collect(),
        ),
    };
    Json { at, value }
}
