//! Facts that the treatment itself may change, asked again and again.

use super::super::diagnostic::Diagnostics;
use super::super::json::{Json, Value};
use super::{Entry, members};
use crate::profile::DERIVED_FACTS;

pub fn check(entry: &Entry<'_>, file: &Json, diagnostics: &mut Diagnostics<'_>) {
    if entry.text("applies") != Some("always") {
        return;
    }
    let Some(audience) = entry.json().get("audience") else { return };
    let named = audience
        .text()
        .and_then(|name| members(file, "audiences").iter().find(|member| member.name == name))
        .map(|member| &member.json);
    if let Some(fact) = changeable(named.unwrap_or(audience)) {
        let message = format!(
            "`{fact}` may change by what a variant shows, and the audience is asked at every decision: arms lose different visitors"
        );
        let cure = "Use `applies` `entry`, or facts that stay as they are";
        entry.warn("W311", "audience", message, cure, diagnostics);
    }
}

/// The first fact that follows from what visitors do.
fn changeable(condition: &Json) -> Option<&'static str> {
    match &condition.value {
        Value::List(list) => list.iter().find_map(changeable),
        Value::Object(members) => members.iter().find_map(|member| {
            let known = DERIVED_FACTS.iter().find(|(_, name, _)| *name == member.name);
            known
                .map(|(_, name, _)| *name)
                .or_else(|| member.name.starts_with('$').then(|| changeable(&member.json)).flatten())
        }),
        _ => None,
    }
}
