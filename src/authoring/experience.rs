//! Experiences of the file → those of the plan.

use super::diagnostic::did_you_mean;
use super::json::{Json, Member, below};
use super::plan::{Builder, seed, share_of};
use crate::hash::id64;
use crate::journey::{Stage, TouchpointKind};
use crate::plan::{Cap, CapPer, Experience, Share};

impl<'a> Builder<'a, '_, '_> {
    pub fn experiences(&mut self) -> Vec<(&'a Member, Experience)> {
        let mut experiences = Vec::new();
        for member in self.members("experiences") {
            let pointer = below("/experiences", &member.name);
            let json = &member.json;
            let before = self.conditions.mark();
            self.check_changes(json, &pointer);
            self.refuse_redirects(json, &pointer);
            let basis = self.basis(json, &pointer);
            let condition = self.experience_condition(json, &pointer);
            if self.diagnostics.is_broken(&pointer) {
                self.conditions.take_back(&before);
                continue;
            }
            let when = json.get("when");
            let seed = seed(self.site, &format!("experience/{}", member.name));
            experiences.push((
                member,
                Experience {
                    id: id64(member.name.as_bytes()),
                    basis,
                    trigger: when
                        .and_then(|when| when.get("touchpoint"))
                        .and_then(Json::text)
                        .map(TouchpointKind::named),
                    condition,
                    holdout: Share { seed, below: json.get("holdout").map_or(0, share_of) },
                    cap: json.get("cap").and_then(cap),
                },
            ));
        }
        experiences
    }

    /// Stage and audience together.
    fn experience_condition(&mut self, json: &'a Json, pointer: &str) -> Option<u32> {
        let stage = json.get("when").and_then(|when| when.get("stage"));
        let Some((at, name)) = stage.and_then(|stage| stage.text().map(|name| (stage.at, name))) else {
            return self.audience(json, pointer);
        };
        if !Stage::ALL.iter().any(|(_, known)| *known == name) {
            let cure = did_you_mean(name, Stage::ALL.iter().map(|(_, known)| *known)).map_or_else(
                || format!("Write one of: {}", Stage::ALL.map(|(_, known)| known).join(", ")),
                |word| format!("Did you mean `{word}`"),
            );
            self.diagnostics.error(
                "E106",
                (&below(&below(pointer, "when"), "stage"), at),
                format!("unknown stage `{name}`"),
                cure,
            );
        }
        let start = self.conditions.open_stage(name);
        self.audience(json, pointer);
        self.conditions.close(start);
        Some(start as u32)
    }
}

fn cap(json: &Json) -> Option<Cap> {
    let per = match json.get("per")?.text()? {
        "page view" => CapPer::PageView,
        "session" => CapPer::Session,
        _ => CapPer::Ever,
    };
    Some(Cap { per, times: json.get("times")?.whole()? as u32 })
}
