//! Goals that nothing will ever reach.

use super::super::diagnostic::{Diagnostics, did_you_mean};
use super::super::json::{Json, Value, below};
use crate::journey::TOUCHPOINTS;

pub fn check(file: &Json, diagnostics: &mut Diagnostics<'_>) {
    for goal in super::members(file, "goals") {
        let Some((name, at)) = goal.json.get("touchpoint").and_then(|json| Some((json.text()?, json.at)))
        else {
            continue;
        };
        let is_off = file
            .get("capture")
            .and_then(|capture| capture.get(name))
            .is_some_and(|capture| matches!(capture.value, Value::Bool(false)));
        let near =
            did_you_mean(name, TOUCHPOINTS.iter().map(|(_, known)| *known)).filter(|near| *near != name);
        let pointer = below(&below("/goals", &goal.name), "touchpoint");
        let (message, cure) = match near {
            _ if is_off => (
                format!("`{name}` is switched off, so that this goal is never reached"),
                format!("Remove `{name}` from `capture`, or choose another touchpoint"),
            ),
            // A site may record touchpoints of its own; one that is nearly ours is rather a slip.
            Some(near) => (
                format!("`{name}` is no touchpoint that pages record by themselves"),
                format!("Did you mean `{near}`? If it is your own, give it a name less like ours"),
            ),
            None => continue,
        };
        diagnostics.warning("W304", (&pointer, at), message, cure);
    }
}
