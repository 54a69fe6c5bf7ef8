//! Every visitor loads the plan.

use super::super::diagnostic::Diagnostics;
use super::super::json::{Json, below};

/// Above, the plan weighs as much as a third of all our code.
const LARGE_BYTES: usize = 10_240;

pub fn check(file: &Json, plan: &[u8], diagnostics: &mut Diagnostics<'_>) {
    if plan.len() <= LARGE_BYTES {
        return;
    }
    let parts = ["experiments", "experiences", "slots", "flags", "groups"].into_iter().flat_map(|part| {
        super::members(file, part)
            .iter()
            .map(move |member| (part, member, member.json.plain().to_string().len()))
    });
    let largest = parts
        .filter(|(_, member, _)| {
            !matches!(member.json.get("status").and_then(Json::text), Some("archived" | "draft"))
        })
        .max_by_key(|(_, _, bytes)| *bytes);
    let (pointer, at, most) = match largest {
        Some((part, member, _)) => (
            below(&format!("/{part}"), &member.name),
            member.name_at,
            format!("; `{}` takes most of them", member.name),
        ),
        None => (String::new(), file.at, String::new()),
    };
    let message = format!(
        "the plan has {} bytes, more than {LARGE_BYTES}, and every visitor loads it{most}",
        plan.len()
    );
    let cure = "Archive what is over, and move large values and markup to files of their own".to_owned();
    diagnostics.warning("W309", (&pointer, at), message, cure);
}
