//! The checked file → [`Plan`]: names become ids, weights become ranges, dates become UTC.

use jiff::tz::TimeZone;

use super::CompileOptions;
use super::condition::{self, Conditions, Dialect};
use super::dates::{self, Bound};
use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, Member, Value, below};
use super::{page, share};
use crate::consent::Basis;
use crate::hash::{id64, murmur3_32};
use crate::journey::{Stage, TouchpointKind};
use crate::money;
use crate::plan::{
    Cap, CapPer, Experience, Experiment, FULL, Goal, Layer, MAX_PLAN_BYTES, Plan, Range, Share, Slot, Status,
    Strategy, Unit,
};

/// Parts whose members fail alone: the rest of the plan still runs.
const PARTS: [&str; 6] = ["/groups", "/audiences", "/goals", "/experiments", "/experiences", "/slots"];
const MAX_VARIANTS: usize = 64;

struct Builder<'a, 'd, 't> {
    config: &'a Json,
    site: &'a str,
    zone: TimeZone,
    exempts_experiments: bool,
    conditions: Conditions,
    diagnostics: &'d mut Diagnostics<'t>,
}

pub fn build(config: &Json, options: &CompileOptions, diagnostics: &mut Diagnostics<'_>) -> Option<Plan> {
    let site = config.get("site").map_or(&[][..], Json::one_or_many).first();
    let Some(site) = site.and_then(Json::text).filter(|site| !site.is_empty()) else {
        if config
            .get("site")
            .is_some_and(|site| site.list().is_empty() && site.text().is_none_or(str::is_empty))
        {
            let cure = "Write the host names the plan is for, such as [\"shop.example\"]".to_owned();
            diagnostics.error("E105", ("/site", config.at), "no site is named".into(), cure);
        }
        return None;
    };
    let zone = zone(config, diagnostics);
    let currency_exponent = currency_exponent(config, diagnostics);
    let dialect = match config.get("dialect").and_then(Json::text) {
        Some("growthbook") => Dialect::GrowthBook,
        _ => Dialect::Parlour,
    };
    let exempt = config.get("consent").and_then(|consent| consent.get("exempt")).map_or(&[][..], Json::list);
    let mut builder = Builder {
        config,
        site,
        zone,
        exempts_experiments: exempt.iter().any(|purpose| purpose.text() == Some("experiments")),
        conditions: Conditions::new(dialect, currency_exponent),
        diagnostics,
    };
    builder.groups();
    builder.audiences();
    let goals = builder.goals();
    let experiments = builder.experiments();
    let experiences = builder.experiences();
    let slots = builder.slots();
    builder.refuse_collisions();
    let Builder { conditions, diagnostics, .. } = builder;
    if diagnostics.is_broken_outside(&PARTS) {
        return None;
    }
    let kept = page::Kept {
        goals: goals.iter().map(|(member, _)| *member).collect(),
        experiments: experiments.iter().map(|(member, _)| *member).collect(),
        experiences: experiences.iter().map(|(member, _)| *member).collect(),
        slots: slots.iter().map(|(member, _)| *member).collect(),
    };
    let page = page::write(config, &kept, &conditions);
    if page.len() > MAX_PLAN_BYTES / 2 {
        let message = format!("the plan's page part has {} bytes", page.len());
        diagnostics.error("E101", ("", config.at), message, "Move large values to files of their own".into());
        return None;
    }
    Some(Plan {
        hash: 0,
        version: options.version,
        issued_ms: options.issued_ms,
        expires_ms: u64::MAX,
        killed: config.get("kill").is_some_and(Json::is_true),
        holdout: config
            .get("holdout")
            .map(|json| Share { seed: seed(site, "holdout"), below: share_of(json) }),
        facts: conditions.facts.iter().map(|fact| fact.source).collect(),
        conditions: conditions.set,
        experiments: experiments.into_iter().map(|(_, experiment)| experiment).collect(),
        experiences: experiences.into_iter().map(|(_, experience)| experience).collect(),
        goals: goals.into_iter().map(|(_, goal)| goal).collect(),
        slots: slots.into_iter().map(|(_, slot)| slot).collect(),
        page,
    })
}

fn zone(config: &Json, diagnostics: &mut Diagnostics<'_>) -> TimeZone {
    let Some(json) = config.get("timezone") else { return TimeZone::UTC };
    let name = json.text().unwrap_or("UTC");
    dates::zone(name).unwrap_or_else(|| {
        let cure = "Write an IANA name such as \"Europe/Berlin\"".to_owned();
        diagnostics.error("E106", ("/timezone", json.at), format!("unknown time zone `{name}`"), cure);
        TimeZone::UTC
    })
}

fn currency_exponent(config: &Json, diagnostics: &mut Diagnostics<'_>) -> u8 {
    let Some(json) = config.get("currency") else { return 2 };
    let code = json.text().unwrap_or("EUR");
    money::exponent(code).unwrap_or_else(|| {
        let cure = "Write the ISO 4217 code in capitals, such as \"EUR\"".to_owned();
        diagnostics.error("E106", ("/currency", json.at), format!("`{code}` is no currency code"), cure);
        2
    })
}

/// The seed of a purpose: murmur3 of "site/purpose".
fn seed(site: &str, purpose: &str) -> u32 {
    murmur3_32(format!("{site}/{purpose}").as_bytes(), 0)
}

fn share_of(json: &Json) -> u64 {
    match &json.value {
        Value::Number(text) => share::below(text).unwrap_or(0),
        _ => 0,
    }
}

impl<'a> Builder<'a, '_, '_> {
    fn members(&self, part: &str) -> &'a [Member] {
        self.config.get(part).map_or(&[], Json::members)
    }

    /// What is no list stays named, so that nobody is in it.
    fn groups(&mut self) {
        for member in self.members("groups") {
            let list = match &member.json.value {
                Value::List(list) => Some(list),
                _ => match member.json.get("values").map(|values| &values.value) {
                    Some(Value::List(list)) if self.conditions.dialect == Dialect::GrowthBook => Some(list),
                    _ => None,
                },
            };
            if list.is_none() && self.conditions.dialect == Dialect::Parlour {
                let pointer = below("/groups", &member.name);
                let message = format!("{} stands where a list is expected", member.json.kind());
                let cure = "Write the values in [ ]".to_owned();
                self.diagnostics.error("E104", (&pointer, member.json.at), message, cure);
            }
            let values = list.map(|list| list.iter().filter_map(condition::scalar).collect());
            self.conditions.groups.push((member.name.clone(), values));
        }
    }

    /// Every audience is compiled once on its own, so that mistakes show also in those nobody uses.
    fn audiences(&mut self) {
        for member in self.members("audiences") {
            let before = self.conditions.mark();
            self.conditions.add(&member.json, &below("/audiences", &member.name), self.diagnostics);
            self.conditions.take_back(&before);
        }
    }

    fn goals(&mut self) -> Vec<(&'a Member, Goal)> {
        let mut goals = Vec::new();
        for member in self.members("goals") {
            let pointer = below("/goals", &member.name);
            let ways = ["touchpoint", "click", "submit", "visible", "page"];
            let count = ways.iter().filter(|way| member.json.get(way).is_some()).count();
            if count != 1 {
                let cure = format!("Give exactly one of: {}", ways.join(", "));
                self.diagnostics.error(
                    "E107",
                    (&pointer, member.json.at),
                    format!("the goal can be reached in {count} ways"),
                    cure,
                );
            }
            if self.diagnostics.is_broken(&pointer) {
                continue;
            }
            let touchpoint = member.json.get("touchpoint").and_then(Json::text).map(TouchpointKind::named);
            goals.push((member, Goal { id: id64(member.name.as_bytes()), touchpoint }));
        }
        goals
    }

    fn experiments(&mut self) -> Vec<(&'a Member, Experiment)> {
        let mut experiments = Vec::new();
        for member in self.members("experiments") {
            let pointer = below("/experiments", &member.name);
            let status = member.json.get("status").and_then(Json::text).unwrap_or("draft");
            let before = self.conditions.mark();
            let experiment = self.experiment(member, &pointer, status);
            let is_served = !matches!(status, "draft" | "archived") && !self.diagnostics.is_broken(&pointer);
            match experiment {
                Some(experiment) if is_served => experiments.push((member, experiment)),
                _ => self.conditions.take_back(&before),
            }
        }
        experiments
    }

    fn experiment(&mut self, member: &'a Member, pointer: &str, status: &str) -> Option<Experiment> {
        let json = &member.json;
        self.check_goals(json, pointer);
        let variants = self.variants(json, pointer)?;
        let names: Vec<&str> = json
            .get("variants")
            .map_or(&[][..], Json::members)
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        let status = self.status(json, pointer, status, &names);
        let (start_ms, end_ms) = self.schedule(json, pointer);
        let seed = json
            .get("seed")
            .and_then(Json::whole)
            .map_or_else(|| seed(self.site, &member.name), |seed| seed as u32);
        let basis = self.basis(json, pointer);
        let before = self.conditions.mark();
        let audience = self.audience(json, pointer);
        if basis == Basis::Exempt && self.conditions.uses_profile_since(&before) {
            let message = "an exempt experiment may not target behaviour".to_owned();
            let cure = "Use only page, device and session facts in its audience, or set `basis` to `consent`"
                .to_owned();
            self.diagnostics.error("E209", (pointer, json.at), message, cure);
        }
        Some(Experiment {
            id: id64(member.name.as_bytes()),
            version: json.get("version").and_then(Json::whole).unwrap_or(1) as u32,
            status,
            killed: json.get("kill").is_some_and(Json::is_true),
            unit: match json.get("unit").and_then(Json::text) {
                Some("user") => Unit::User,
                Some("session") => Unit::Session,
                Some("page view") => Unit::PageView,
                _ => Unit::Visitor,
            },
            basis,
            sticky: json.get("sticky").is_none_or(Json::is_true),
            start_ms,
            end_ms,
            seed,
            traffic: Share {
                seed: murmur3_32(b"traffic", seed),
                below: json.get("traffic").map_or(FULL, share_of),
            },
            layer: self.layer(json, pointer),
            audience,
            variants,
        })
    }

    fn variants(&mut self, json: &Json, pointer: &str) -> Option<Vec<Range>> {
        let variants = json.get("variants")?;
        let members = variants.members();
        let pointer = below(pointer, "variants");
        if members.len() < 2 || members.len() > MAX_VARIANTS {
            let message = format!("{} variants are no experiment", members.len());
            let cure = format!("Name from 2 to {MAX_VARIANTS}; the first is the control");
            self.diagnostics.error("E107", (&pointer, variants.at), message, cure);
            return None;
        }
        for variant in members {
            let pointer = below(&pointer, &variant.name);
            self.check_changes(&variant.json, &pointer);
        }
        let weights: Vec<&str> = members
            .iter()
            .map(|variant| match variant.json.get("weight").map(|weight| &weight.value) {
                Some(Value::Number(text)) => text.as_str(),
                _ => "1",
            })
            .collect();
        let ranges = share::ranges(&weights);
        if ranges.is_none() && !self.diagnostics.is_broken(&pointer) {
            let cure = "Give at least one variant a weight above 0".to_owned();
            self.diagnostics.error("E204", (&pointer, variants.at), "all weights are 0".into(), cure);
        }
        ranges
    }

    fn check_changes(&mut self, json: &Json, pointer: &str) {
        for (index, change) in json.get("changes").map_or(&[][..], Json::list).iter().enumerate() {
            let kinds: Vec<&str> =
                super::shape::CHANGE_KINDS.into_iter().filter(|kind| change.get(kind).is_some()).collect();
            if kinds.is_empty() && !change.members().is_empty() {
                let pointer = format!("{pointer}/changes/{index}");
                let cure = format!("Add one of: {}", super::shape::CHANGE_KINDS.join(", "));
                self.diagnostics.error(
                    "E107",
                    (&pointer, change.at),
                    "the change changes nothing".into(),
                    cure,
                );
            }
        }
    }

    fn check_goals(&mut self, json: &Json, pointer: &str) {
        let known: Vec<&str> = self.members("goals").iter().map(|goal| goal.name.as_str()).collect();
        for (index, goal) in json.get("goals").map_or(&[][..], Json::list).iter().enumerate() {
            let Some(name) = goal.text().filter(|name| !known.contains(name)) else { continue };
            let pointer = format!("{pointer}/goals/{index}");
            let cure = did_you_mean(name, known.iter().copied())
                .map_or_else(|| "Add it to `goals`".into(), |word| format!("Did you mean `{word}`"));
            self.diagnostics.error("E202", (&pointer, goal.at), format!("unknown goal `{name}`"), cure);
        }
    }

    fn status(&mut self, json: &Json, pointer: &str, status: &str, variants: &[&str]) -> Status {
        let winner = json.get("winner").and_then(Json::text);
        match (status, winner) {
            ("ended", Some(name)) => {
                let place = variants.iter().position(|variant| *variant == name);
                if place.is_none() {
                    let cure = did_you_mean(name, variants.iter().copied()).map_or_else(
                        || format!("Write one of: {}", variants.join(", ")),
                        |word| format!("Did you mean `{word}`"),
                    );
                    let at = json.get("winner").map_or(json.at, |winner| winner.at);
                    self.diagnostics.error(
                        "E210",
                        (&below(pointer, "winner"), at),
                        format!("unknown variant `{name}`"),
                        cure,
                    );
                }
                Status::Ended(place.map(|place| place as u8))
            }
            ("ended", None) => Status::Ended(None),
            (_, Some(_)) => {
                let at = json.get("winner").map_or(json.at, |winner| winner.at);
                let cure = "Set `status` to `ended`, or remove the winner".to_owned();
                self.diagnostics.warning(
                    "W211",
                    (&below(pointer, "winner"), at),
                    "the winner has no effect yet".into(),
                    cure,
                );
                if status == "paused" { Status::Paused } else { Status::Running }
            }
            ("paused", None) => Status::Paused,
            _ => Status::Running,
        }
    }

    fn schedule(&mut self, json: &Json, pointer: &str) -> (u64, u64) {
        let mut moment = |name: &str, bound, open| {
            let Some((at, text)) = json.get(name).and_then(|date| date.text().map(|text| (date.at, text)))
            else {
                return open;
            };
            dates::to_utc_ms(text, bound, &self.zone).unwrap_or_else(|| {
                let cure =
                    "Write a day such as \"2026-12-01\" or a time such as \"2026-12-01T09:00\"".to_owned();
                self.diagnostics.error(
                    "E106",
                    (&below(pointer, name), at),
                    format!("`{text}` is no date"),
                    cure,
                );
                open
            })
        };
        let start = moment("start", Bound::Start, 0);
        let end = moment("end", Bound::End, u64::MAX);
        if start >= end {
            let at = json.get("end").map_or(json.at, |end| end.at);
            let cure = "Set `end` after `start`".to_owned();
            self.diagnostics.error(
                "E205",
                (&below(pointer, "end"), at),
                "the experiment ends before it starts".into(),
                cure,
            );
        }
        (start, end)
    }

    fn basis(&mut self, json: &Json, pointer: &str) -> Basis {
        let Some(basis) = json.get("basis").filter(|basis| basis.text() == Some("exempt")) else {
            return Basis::Consent;
        };
        if !self.exempts_experiments {
            let cure = "Add \"consent\": {\"exempt\": [\"experiments\"]} to the file if your counsel agrees, or use `consent`".to_owned();
            let message = "the file names no exempt purpose for experiments".to_owned();
            self.diagnostics.error("E209", (&below(pointer, "basis"), basis.at), message, cure);
        }
        Basis::Exempt
    }

    fn audience(&mut self, json: &'a Json, pointer: &str) -> Option<u32> {
        let audience = json.get("audience")?;
        let pointer = below(pointer, "audience");
        let Some(name) = audience.text() else {
            return Some(self.conditions.add(audience, &pointer, self.diagnostics));
        };
        let known = self.members("audiences");
        if let Some(member) = known.iter().find(|member| member.name == name) {
            let place = below("/audiences", name);
            if self.diagnostics.is_broken(&place) {
                let cure = format!("Mend {place} first");
                self.diagnostics.error(
                    "E201",
                    (&pointer, audience.at),
                    format!("audience `{name}` has mistakes"),
                    cure,
                );
                return None;
            }
            return Some(self.conditions.add(&member.json, &place, self.diagnostics));
        }
        let cure = did_you_mean(name, known.iter().map(|member| member.name.as_str()))
            .map_or_else(|| "Add it to `audiences`".into(), |word| format!("Did you mean `{word}`"));
        self.diagnostics.error("E201", (&pointer, audience.at), format!("unknown audience `{name}`"), cure);
        None
    }

    fn layer(&mut self, json: &Json, pointer: &str) -> Option<Layer> {
        let layer = json.get("layer")?;
        let name = layer.get("name")?.text()?;
        let range = layer.get("range")?;
        let edges: Vec<u64> = range.list().iter().map(share_of).collect();
        match edges.as_slice() {
            [start, end] if start < end => Some(Layer {
                seed: seed(self.site, &format!("layer/{name}")),
                range: Range { start: *start, end: *end },
            }),
            _ => {
                let pointer = below(&below(pointer, "layer"), "range");
                let cure = "Write from and to, such as [0, 0.5]".to_owned();
                self.diagnostics.error(
                    "E206",
                    (&pointer, range.at),
                    "the range holds no bucket".into(),
                    cure,
                );
                None
            }
        }
    }

    fn experiences(&mut self) -> Vec<(&'a Member, Experience)> {
        let mut experiences = Vec::new();
        for member in self.members("experiences") {
            let pointer = below("/experiences", &member.name);
            let json = &member.json;
            let before = self.conditions.mark();
            self.check_changes(json, &pointer);
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

    fn slots(&mut self) -> Vec<(&'a Member, Slot)> {
        let mut slots = Vec::new();
        for member in self.members("slots") {
            if self.diagnostics.is_broken(&below("/slots", &member.name)) {
                continue;
            }
            let strategies = match member.json.get("strategies") {
                Some(list) => list
                    .list()
                    .iter()
                    .map(|strategy| {
                        if strategy.text() == Some("popular") { Strategy::Popular } else { Strategy::Covisit }
                    })
                    .collect(),
                None => vec![Strategy::Covisit, Strategy::Popular],
            };
            slots.push((member, Slot { id: id64(member.name.as_bytes()), strategies }));
        }
        slots
    }

    /// Two keys of one kind with the same 64-bit id could not be told apart in what is stored.
    fn refuse_collisions(&mut self) {
        for part in ["experiments", "experiences", "goals", "slots"] {
            let mut seen: Vec<(u64, &str)> = Vec::new();
            for member in self.members(part) {
                let id = id64(member.name.as_bytes());
                if let Some((_, other)) =
                    seen.iter().find(|(known, name)| *known == id && *name != member.name)
                {
                    let message = format!("`{}` and `{other}` have the same id", member.name);
                    let pointer = below(&format!("/{part}"), &member.name);
                    self.diagnostics.error(
                        "E207",
                        (&pointer, member.name_at),
                        message,
                        "Rename the newer one".into(),
                    );
                }
                seen.push((id, &member.name));
            }
        }
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
