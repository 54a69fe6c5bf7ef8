//! The checked file → [`Plan`]: names become ids, weights become ranges, dates become UTC.

use jiff::tz::TimeZone;

use super::condition::{self, Conditions, Dialect};
use super::dates;
use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, Member, Value, below};
use super::{CompileOptions, PREVIEW_KEY_CHARS, warnings};
use super::{flag, growthbook, page, shape, share, slot};
use crate::consent::Basis;
use crate::hash::{id64, murmur3_32};
use crate::journey::TouchpointKind;
use crate::money;
use crate::plan::{Goal, MAX_PLAN_BYTES, Plan, Share, Slot};

/// Parts whose members fail alone: the rest of the plan still runs.
const PARTS: [&str; 8] =
    ["/groups", "/audiences", "/goals", "/experiments", "/flags", "/experiences", "/slots", "/growthbook"];

pub struct Builder<'a, 'd, 't> {
    pub config: &'a Json,
    pub site: &'a str,
    pub zone: TimeZone,
    exempts_experiments: bool,
    pub holdouts: Vec<(&'a str, Share)>,
    /// Does the plan hold drafts?
    pub drafts: bool,
    pub previous: Option<&'a Plan>,
    pub conditions: Conditions,
    pub diagnostics: &'d mut Diagnostics<'t>,
}

/// Running experiments keep the ranges of the plan before, as far as their weights allow.
pub fn build(
    config: &Json,
    options: &CompileOptions,
    previous: Option<&Plan>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Plan> {
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
        holdouts: Vec::new(),
        drafts: options.drafts,
        previous,
        conditions: Conditions::new(dialect, currency_exponent),
        diagnostics,
    };
    let hosts = config.get("site").map_or(&[][..], Json::one_or_many).iter().filter_map(Json::text);
    builder.conditions.own_hosts = hosts.map(str::to_owned).collect();
    builder.groups();
    builder.audiences();
    builder.holdouts();
    builder.redirects();
    let goals = builder.goals();
    let experiments = builder.experiments();
    let flags = builder.flags(&experiments);
    let experiences = builder.experiences();
    let slots = builder.slots();
    let growthbook = config
        .get("growthbook")
        .map(|json| growthbook::compile(json, "/growthbook", &mut builder.conditions, builder.diagnostics));
    builder.refuse_collisions();
    let Builder { conditions, diagnostics, .. } = builder;
    if diagnostics.is_broken_outside(&PARTS) {
        return None;
    }
    let flag_bytes = flag::encode(&flags);
    let kept = page::Kept {
        flags: flags.into_iter().map(|flag| flag.page).collect(),
        goals: goals.iter().map(|(member, _)| *member).collect(),
        experiments: experiments.iter().map(|(member, _)| *member).collect(),
        experiences: experiences.iter().map(|(member, _)| *member).collect(),
        slots: slots.iter().map(|(member, _)| *member).collect(),
    };
    let preview_key = preview_key(config, options, diagnostics);
    let page = page::write(config, &kept, &conditions, preview_key);
    if page.len() > MAX_PLAN_BYTES / 2 {
        let message = format!("the plan's page part has {} bytes", page.len());
        diagnostics.error("E101", ("", config.at), message, "Move large values to files of their own".into());
        return None;
    }
    Some(Plan {
        hash: 0,
        version: options.version,
        issued_ms: options.issued_ms,
        expires_ms: options.expires_ms,
        killed: config.get("kill").is_some_and(Json::is_true),
        holdout: config
            .get("holdout")
            .map(|json| Share { seed: seed(site, "holdout"), below: share_of(json) }),
        clauses: serde_json::json!(conditions.clauses).to_string().into_bytes(),
        facts: conditions.facts.iter().map(|fact| fact.source).collect(),
        conditions: conditions.set,
        experiments: experiments.into_iter().map(|(_, experiment)| experiment).collect(),
        flags: flag_bytes,
        experiences: experiences.into_iter().map(|(_, experience)| experience).collect(),
        goals: goals.into_iter().map(|(_, goal)| goal).collect(),
        slots: slots.into_iter().map(|(_, slot)| slot).collect(),
        page,
        growthbook,
    })
}

/// The key that pages check preview tokens with, in the form that they read.
fn preview_key<'a>(
    config: &'a Json,
    options: &'a CompileOptions,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<&'a str> {
    let given = options.preview_key.as_ref().and_then(|key| std::str::from_utf8(key).ok());
    let Some(json) = config.get("previewKey") else { return given };
    let key = json.text()?;
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if key.len() != PREVIEW_KEY_CHARS || !key.bytes().all(is_base64url) {
        let cure = "Write the public key that `parlour keygen` printed, 43 characters".to_owned();
        diagnostics.error("E106", ("/previewKey", json.at), "this is no public key".into(), cure);
        return None;
    }
    Some(key)
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
pub fn seed(site: &str, purpose: &str) -> u32 {
    murmur3_32(format!("{site}/{purpose}").as_bytes(), 0)
}

pub fn share_of(json: &Json) -> u64 {
    match &json.value {
        Value::Number(text) => share::below(text).unwrap_or(0),
        _ => 0,
    }
}

impl<'a> Builder<'a, '_, '_> {
    pub fn members(&self, part: &str) -> &'a [Member] {
        let members: &[Member] = self.config.get(part).map_or(&[], Json::members);
        members.get(..shape::MAX_MEMBERS).unwrap_or(members)
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
            let too_many = list.filter(|list| list.len() > condition::MAX_LIST);
            if let Some(list) = too_many {
                let pointer = below("/groups", &member.name);
                let message = format!("{} values stand here, more than {}", list.len(), condition::MAX_LIST);
                let cure = "Tell pages a fact that says it in one word".to_owned();
                self.diagnostics.error("E101", (&pointer, member.json.at), message, cure);
            }
            let values = if too_many.is_some() { Some(Vec::new()) } else { values };
            self.conditions.groups.push((member.name.clone(), values));
        }
    }

    /// Every audience is compiled once on its own, so that mistakes show also in those nobody uses.
    fn audiences(&mut self) {
        for member in self.members("audiences") {
            let before = self.conditions.mark();
            let pointer = below("/audiences", &member.name);
            let start = self.conditions.add(&member.json, &pointer, self.diagnostics);
            self.warn_of_nobody(start, (&pointer, member.json.at));
            self.conditions.take_back(&before);
        }
    }

    fn holdouts(&mut self) {
        for member in self.members("holdouts") {
            let own = member.json.get("seed").and_then(Json::whole).map(|seed| seed as u32);
            let seed = own.unwrap_or_else(|| seed(self.site, &format!("holdout/{}", member.name)));
            let below = member.json.get("share").map_or(0, share_of);
            self.holdouts.push((&member.name, Share { seed, below }));
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

    pub fn check_changes(&mut self, json: &Json, pointer: &str) {
        for (index, change) in json.get("changes").map_or(&[][..], Json::list).iter().enumerate() {
            let pointer = format!("{pointer}/changes/{index}");
            let kinds: Vec<&str> =
                super::config::CHANGE_KINDS.into_iter().filter(|kind| change.get(kind).is_some()).collect();
            if kinds.is_empty() && !change.members().is_empty() {
                let cure = format!("Add one of: {}", super::config::CHANGE_KINDS.join(", "));
                self.diagnostics.error(
                    "E107",
                    (&pointer, change.at),
                    "the change changes nothing".into(),
                    cure,
                );
            }
            if change.get("select").is_none() && change.get("redirect").is_none() {
                let cure = "Add `select`: which elements".to_owned();
                self.diagnostics.error("E105", (&pointer, change.at), "`select` is missing".into(), cure);
            }
            if let (Some(html), false) = (change.get("html"), self.allows_html()) {
                let cure = "Add \"html\": true at the top of the file if all who write it may put markup into pages, or use `text` or `insert`".to_owned();
                let message = "the file does not allow `html`".to_owned();
                self.diagnostics.error("E225", (&below(&pointer, "html"), html.at), message, cure);
            }
        }
    }

    fn allows_html(&self) -> bool {
        self.config.get("html").is_some_and(Json::is_true)
    }

    pub fn basis(&mut self, json: &Json, pointer: &str) -> Basis {
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

    pub fn audience(&mut self, json: &'a Json, pointer: &str) -> Option<u32> {
        let audience = json.get("audience")?;
        let pointer = below(pointer, "audience");
        let Some(name) = audience.text() else {
            let start = self.condition(audience, &pointer, (&pointer, audience.at))?;
            self.warn_of_nobody(start, (&pointer, audience.at));
            return Some(start);
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
            return self.condition(&member.json, &place, (&pointer, audience.at));
        }
        let cure = did_you_mean(name, known.iter().map(|member| member.name.as_str()))
            .map_or_else(|| "Add it to `audiences`".into(), |word| format!("Did you mean `{word}`"));
        self.diagnostics.error("E201", (&pointer, audience.at), format!("unknown audience `{name}`"), cure);
        None
    }

    /// Conditions from GrowthBook may be never true for reasons of their own.
    fn warn_of_nobody(&mut self, start: u32, at: (&str, usize)) {
        if self.conditions.dialect != Dialect::Parlour || self.diagnostics.is_broken(at.0) {
            return;
        }
        if let Some(fact) = warnings::contradiction(&self.conditions, start) {
            let about = if fact.is_empty() {
                String::new()
            } else {
                format!(": what is asked of `{fact}` cannot be")
            };
            let cure = "Look for tests that exclude each other, and for the type of the value".to_owned();
            self.diagnostics.warning("W303", at, format!("nobody fits this condition{about}"), cure);
        }
    }

    /// `at` is blamed where the plan cannot hold it.
    fn condition(&mut self, json: &Json, pointer: &str, at: (&str, usize)) -> Option<u32> {
        let start =
            (!self.conditions.is_full()).then(|| self.conditions.add(json, pointer, self.diagnostics));
        if self.conditions.is_full() {
            let cure = "Shorten conditions, or archive experiments that are over".to_owned();
            let message = "the conditions are more than a plan can hold".to_owned();
            self.diagnostics.error("E101", at, message, cure);
            return None;
        }
        start
    }

    fn slots(&mut self) -> Vec<(&'a Member, Slot)> {
        let slots = self.members("slots").iter();
        slots
            .filter_map(|member| Some((member, slot::compile(member, self.config, self.diagnostics)?)))
            .collect()
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
