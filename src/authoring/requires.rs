//! Prerequisites: the order in which experiments stand in the plan, so that each comes after those it requires.

use super::diagnostic::did_you_mean;
use super::json::{Json, Member, below};
use super::plan::Builder;
use crate::plan::{Experiment, MAX_ASKED, Requirement};

/// Index and pointer of each entry that names an experiment.
fn entries<'a>(member: &'a Member, pointer: &str) -> Vec<(String, &'a Json, &'a str)> {
    let list = member.json.get("requires").map_or(&[][..], Json::list);
    let named = |(index, entry): (usize, &'a Json)| {
        let name = entry.get("experiment")?.text()?;
        Some((format!("{pointer}/requires/{index}/experiment"), entry, name))
    };
    list.iter().enumerate().filter_map(named).collect()
}

impl<'a> Builder<'a, '_, '_> {
    /// In the order of the file as far as prerequisites allow. What waits for itself is refused and comes last.
    pub fn in_order_of_requirements(&mut self) -> Vec<&'a Member> {
        let mut waiting: Vec<&Member> = self.members("experiments").iter().collect();
        let mut ordered: Vec<&Member> = Vec::new();
        while !waiting.is_empty() {
            let ready = waiting.iter().position(|member| {
                entries(member, "")
                    .iter()
                    .all(|(_, _, name)| !waiting.iter().any(|other| other.name == *name))
            });
            match ready {
                Some(at) => ordered.push(waiting.remove(at)),
                None => {
                    for member in &waiting {
                        self.refuse_cycle(member, &waiting);
                    }
                    ordered.append(&mut waiting);
                }
            }
        }
        ordered
    }

    fn refuse_cycle(&mut self, member: &Member, waiting: &[&Member]) {
        let pointer = below("/experiments", &member.name);
        for (pointer, entry, name) in entries(member, &pointer) {
            if waiting.iter().any(|other| other.name == name) {
                let message = format!("`{}` and `{name}` wait for each other", member.name);
                let cure = "Prerequisites may not go in a circle: remove one of them".to_owned();
                self.diagnostics.error("E217", (&pointer, entry.at), message, cure);
            }
        }
    }

    /// `placed` are the experiments that stand before this one in the plan.
    pub fn requirements(
        &mut self,
        member: &'a Member,
        pointer: &str,
        placed: &[(&'a Member, Experiment)],
    ) -> Vec<Requirement> {
        let mut requirements = Vec::new();
        for (pointer, entry, name) in entries(member, pointer) {
            let Some(index) = placed.iter().position(|(known, _)| known.name == name) else {
                self.refuse_requirement(name, (&pointer, entry.at));
                continue;
            };
            let variants: Vec<&str> = placed
                .get(index)
                .and_then(|(required, _)| required.json.get("variants"))
                .map_or(&[][..], Json::members)
                .iter()
                .map(|variant| variant.name.as_str())
                .collect();
            let mut mask = if entry.get("variant").is_some() { 0 } else { u64::MAX };
            for wanted in entry.get("variant").map_or(&[][..], Json::one_or_many) {
                let Some(text) = wanted.text() else { continue };
                match variants.iter().position(|variant| *variant == text) {
                    Some(place) => mask |= 1 << place.min(63),
                    None => {
                        let cure = did_you_mean(text, variants.iter().copied()).map_or_else(
                            || format!("Write one of: {}", variants.join(", ")),
                            |word| format!("Did you mean `{word}`"),
                        );
                        let pointer = format!("{}variant", pointer.trim_end_matches("experiment"));
                        let message = format!("`{name}` has no variant `{text}`");
                        self.diagnostics.error("E210", (&pointer, wanted.at), message, cure);
                    }
                }
            }
            requirements.push(Requirement { experiment: index as u16, variants: mask });
        }
        self.refuse_costly(member, pointer, &requirements, placed);
        requirements
    }

    fn refuse_requirement(&mut self, name: &str, at: (&str, usize)) {
        let known = self.members("experiments");
        if known.iter().any(|member| member.name == name) {
            let message = format!("`{name}` is not in the plan: nobody could ever get in");
            let cure = "Mend or start it first, or remove this prerequisite".to_owned();
            return self.diagnostics.error("E216", at, message, cure);
        }
        let cure = did_you_mean(name, known.iter().map(|member| member.name.as_str()))
            .map_or_else(|| "Add it to `experiments`".into(), |word| format!("Did you mean `{word}`"));
        self.diagnostics.error("E216", at, format!("unknown experiment `{name}`"), cure);
    }

    /// Each decision asks its prerequisites anew, so that what they ask adds up.
    fn refuse_costly(
        &mut self,
        member: &Member,
        pointer: &str,
        requirements: &[Requirement],
        placed: &[(&'a Member, Experiment)],
    ) {
        let mut costs: Vec<u32> = Vec::with_capacity(placed.len());
        let cost_of = |requirements: &[Requirement], costs: &[u32]| {
            requirements
                .iter()
                .map(|required| costs.get(usize::from(required.experiment)).copied().unwrap_or(0))
                .fold(1, u32::saturating_add)
        };
        for (_, experiment) in placed {
            costs.push(cost_of(&experiment.requires, &costs));
        }
        if cost_of(requirements, &costs) > MAX_ASKED {
            let message = format!("its prerequisites ask for more than {MAX_ASKED} decisions");
            let cure = "Require fewer experiments, or those that themselves require fewer".to_owned();
            self.diagnostics.error("E217", (pointer, member.json.at), message, cure);
        }
    }
}
