//! Warnings that save an experiment: nothing here is wrong to write, and all of it spoils what would be learnt.

mod audience;
mod dates;
mod email;
mod goals;
mod layers;
mod never;
mod size;
mod traffic;
mod weights;

pub use never::contradiction;

use jiff::tz::TimeZone;

use super::CompileOptions;
use super::diagnostic::Diagnostics;
use super::json::{Json, Member, below};
use super::shape::MAX_MEMBERS;

/// Of a file that was checked. `plan` are the bytes that visitors load.
pub fn warn(file: &Json, plan: Option<&[u8]>, options: &CompileOptions, diagnostics: &mut Diagnostics<'_>) {
    let zone = file.get("timezone").and_then(Json::text).and_then(super::dates::zone);
    let zone = zone.unwrap_or(TimeZone::UTC);
    let mut running: Vec<Entry<'_>> = Vec::new();
    for member in members(file, "experiments") {
        let pointer = below("/experiments", &member.name);
        let entry = Entry { member, pointer, zone: &zone };
        match entry.text("status").unwrap_or("draft") {
            "archived" => continue,
            "ended" => dates::ended(&entry, options.now_ms, diagnostics),
            status => {
                weights::check(&entry, diagnostics);
                traffic::check(&entry, options.now_ms, diagnostics);
                audience::check(&entry, file, diagnostics);
                if status == "running" && !entry.json().get("kill").is_some_and(Json::is_true) {
                    dates::running(&entry, options.now_ms, diagnostics);
                    running.push(entry);
                }
            }
        }
    }
    layers::check(&running, diagnostics);
    goals::check(file, diagnostics);
    if let Some(plan) = plan {
        size::check(file, plan, diagnostics);
        email::check(file, plan, diagnostics);
    }
}

pub(super) fn members<'a>(file: &'a Json, part: &str) -> &'a [Member] {
    let members = file.get(part).map_or(&[][..], Json::members);
    members.get(..MAX_MEMBERS).unwrap_or(members)
}

/// An experiment of the file.
struct Entry<'a> {
    member: &'a Member,
    pointer: String,
    zone: &'a TimeZone,
}

impl<'a> Entry<'a> {
    fn json(&self) -> &'a Json {
        &self.member.json
    }

    fn text(&self, field: &str) -> Option<&'a str> {
        self.json().get(field).and_then(Json::text)
    }

    fn variants(&self) -> &'a [Member] {
        self.json().get("variants").map_or(&[], Json::members)
    }

    /// From and to, open where the author set none or no date.
    fn period_ms(&self) -> (u64, u64) {
        use super::dates::{Bound, to_utc_ms};
        let moment = |field, bound| self.text(field).and_then(|text| to_utc_ms(text, bound, self.zone));
        (moment("start", Bound::Start).unwrap_or(0), moment("end", Bound::End).unwrap_or(u64::MAX))
    }

    /// The field's pointer and place, the experiment's own where it has none.
    fn at(&self, field: &str) -> (String, usize) {
        match self.json().get(field) {
            Some(json) => (below(&self.pointer, field), json.at),
            None => (self.pointer.clone(), self.member.name_at),
        }
    }

    fn warn(
        &self,
        code: &'static str,
        field: &str,
        message: String,
        cure: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let (pointer, at) = self.at(field);
        diagnostics.warning(code, (&pointer, at), message, cure.to_owned());
    }
}
