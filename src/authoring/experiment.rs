//! Experiments of the file → those of the plan.

use super::condition::Dialect;
use super::dates::{self, Bound};
use super::diagnostic::did_you_mean;
use super::json::{Json, Member, Value, below};
use super::plan::{Builder, seed, share_of};
use super::redirect::is_redirect;
use super::{follow, share};
use crate::consent::Basis;
use crate::hash::{id64, murmur3_32};
use crate::plan::{Experiment, FULL, Layer, Range, Share, Split, Status, Traffic, Unit};

const MAX_VARIANTS: usize = 64;

impl<'a> Builder<'a, '_, '_> {
    pub fn experiments(&mut self) -> Vec<(&'a Member, Experiment)> {
        let mut experiments = Vec::new();
        for member in self.in_order_of_requirements() {
            let pointer = below("/experiments", &member.name);
            let status = member.json.get("status").and_then(Json::text).unwrap_or("draft");
            let before = self.conditions.mark();
            let experiment = self.experiment(member, &pointer, status, &experiments);
            let is_served = status != "archived"
                && (status != "draft" || self.drafts)
                && !self.diagnostics.is_broken(&pointer);
            match experiment {
                Some(mut experiment) if is_served => {
                    if let Some(previous) = self.previous {
                        follow::keep_ranges(&mut experiment, previous, &weights(&member.json));
                    }
                    experiments.push((member, experiment));
                }
                // What is left out must not leave its conditions behind.
                _ => self.conditions.take_back(&before),
            }
        }
        experiments
    }

    fn experiment(
        &mut self,
        member: &'a Member,
        pointer: &str,
        status: &str,
        placed: &[(&'a Member, Experiment)],
    ) -> Option<Experiment> {
        let json = &member.json;
        self.check_goals(json, pointer);
        let ranges = self.variants(json, pointer)?;
        let names: Vec<&str> = json
            .get("variants")
            .map_or(&[][..], Json::members)
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        let status = self.status(json, pointer, status, &names);
        let (start_ms, end_ms) = self.schedule(json, pointer);
        let version = json.get("version").and_then(Json::whole).unwrap_or(1) as u32;
        let blocks_older = json.get("bump").and_then(Json::text) == Some("block");
        let own = json.get("seed").and_then(Json::whole).map(|seed| seed as u32);
        let own = own.unwrap_or_else(|| seed(self.site, &member.name));
        let seed = if version == 1 || blocks_older {
            own
        } else {
            murmur3_32(format!("version/{version}").as_bytes(), own)
        };
        self.refuse_equal_seed(member, pointer, seed, placed);
        self.check_rollout(json, pointer, &names);
        self.check_bandit(json, pointer, names.len());
        let basis = self.basis(json, pointer);
        let before = self.conditions.mark();
        let audience = self.entry_condition(json, pointer);
        if basis == Basis::Exempt && self.conditions.uses_profile_since(&before) {
            let message = "an exempt experiment may not target behaviour".to_owned();
            let cure = "Use only page, device and session facts in its audience, or set `basis` to `consent`"
                .to_owned();
            self.diagnostics.error("E209", (pointer, json.at), message, cure);
        }
        Some(Experiment {
            id: id64(member.name.as_bytes()),
            version,
            status,
            killed: json.get("kill").is_some_and(Json::is_true),
            unit: match json.get("unit").and_then(Json::text) {
                Some("user") => Unit::User,
                Some("session") => Unit::Session,
                Some("page view") => Unit::PageView,
                _ => Unit::Visitor,
            },
            falls_back: self.falls_back(json, pointer),
            basis,
            sticky: json.get("sticky").is_none_or(Json::is_true),
            start_ms,
            end_ms,
            // Who was sent on once would else be sent on from every page.
            applies_always: json.get("applies").and_then(Json::text) == Some("always") || is_redirect(json),
            blocks_older,
            seed,
            traffic: Traffic { seed: murmur3_32(b"traffic", seed), steps: self.traffic_steps(json, pointer) },
            layer: self.layer(json, pointer),
            holdouts: self.holdouts_of(json, pointer),
            requires: self.requirements(member, pointer, placed),
            audience,
            variants: names.iter().map(|name| murmur3_32(name.as_bytes(), 0)).collect(),
            splits: (0u8..).zip(ranges).map(|(variant, range)| Split { variant, range }).collect(),
        })
    }

    /// Two experiments of one seed split their units along the same lines, so that neither can be told from the other.
    fn refuse_equal_seed(
        &mut self,
        member: &Member,
        pointer: &str,
        seed: u32,
        placed: &[(&'a Member, Experiment)],
    ) {
        // Imports have seeds of their own.
        if self.conditions.dialect == Dialect::GrowthBook {
            return;
        }
        let Some((other, _)) = placed.iter().find(|(_, other)| other.seed == seed) else { return };
        let at = member.json.get("seed").map_or(member.name_at, |seed| seed.at);
        let message =
            format!("`{}` has the same seed: both would split visitors along the same lines", other.name);
        let cure = "Remove `seed`, or write another number".to_owned();
        self.diagnostics.error("E301", (&below(pointer, "seed"), at), message, cure);
    }

    fn check_rollout(&mut self, json: &Json, pointer: &str, variants: &[&str]) {
        let Some((name, at)) = json.get("rollout").and_then(|json| Some((json.text()?, json.at))) else {
            return;
        };
        if !variants.contains(&name) {
            let cure = did_you_mean(name, variants.iter().copied()).map_or_else(
                || format!("Write one of: {}", variants.join(", ")),
                |word| format!("Did you mean `{word}`"),
            );
            let message = format!("unknown variant `{name}`");
            self.diagnostics.error("E210", (&below(pointer, "rollout"), at), message, cure);
        }
    }

    /// Address and audience together.
    fn entry_condition(&mut self, json: &'a Json, pointer: &str) -> Option<u32> {
        let Some(url) = json.get("url") else { return self.audience(json, pointer) };
        let pointer_of_url = below(pointer, "url");
        let all = self.conditions.open_all(&pointer_of_url);
        self.add_url(url, &pointer_of_url);
        self.audience(json, pointer);
        self.conditions.close(all);
        Some(all as u32)
    }

    fn falls_back(&mut self, json: &Json, pointer: &str) -> bool {
        let Some(fallback) = json.get("fallback") else { return false };
        if json.get("unit").and_then(Json::text) != Some("user") {
            let message = "only the unit `user` has a fallback: the others are always there".to_owned();
            let cure = "Set `unit` to `user`, or remove `fallback`".to_owned();
            self.diagnostics.warning("W218", (&below(pointer, "fallback"), fallback.at), message, cure);
            return false;
        }
        true
    }

    fn holdouts_of(&mut self, json: &Json, pointer: &str) -> Vec<Share> {
        let mut holdouts = Vec::new();
        for name in json.get("holdout").map_or(&[][..], Json::one_or_many) {
            let Some(text) = name.text() else { continue };
            if let Some((_, share)) = self.holdouts.iter().find(|(known, _)| *known == text) {
                holdouts.push(*share);
                continue;
            }
            let cure = did_you_mean(text, self.holdouts.iter().map(|(known, _)| *known)).map_or_else(
                || "Add it to `holdouts` at the top of the file".into(),
                |word| format!("Did you mean `{word}`"),
            );
            let message = format!("unknown holdout `{text}`");
            self.diagnostics.error("E219", (&below(pointer, "holdout"), name.at), message, cure);
        }
        holdouts
    }

    /// `traffic` is a ramp of one step that was always there.
    fn traffic_steps(&mut self, json: &Json, pointer: &str) -> Vec<(u64, u64)> {
        let Some(ramp) = json.get("ramp") else {
            return vec![(0, json.get("traffic").map_or(FULL, share_of))];
        };
        let place = below(pointer, "ramp");
        if let Some(traffic) = json.get("traffic") {
            let cure = "Remove `traffic`, or the ramp".to_owned();
            let message = "`traffic` and `ramp` both say who takes part".to_owned();
            self.diagnostics.error("E220", (&below(pointer, "traffic"), traffic.at), message, cure);
        }
        let mut steps: Vec<(u64, u64)> = Vec::new();
        for (index, step) in ramp.list().iter().enumerate() {
            let Some(at) = step.get("at") else { continue };
            let pointer = format!("{place}/{index}/at");
            let at_ms = self.moment(at, &pointer, Bound::Start).unwrap_or(0);
            if steps.last().is_some_and(|(before, _)| *before >= at_ms) {
                let cure = "Write the steps in the order of their time".to_owned();
                let message = "this step is not after the one before".to_owned();
                self.diagnostics.error("E220", (&pointer, at.at), message, cure);
            }
            steps.push((at_ms, step.get("traffic").map_or(FULL, share_of)));
        }
        if steps.is_empty() {
            let cure = r#"Write steps such as {"at": "2026-12-01", "traffic": 0.1}"#.to_owned();
            self.diagnostics.error("E220", (&place, ramp.at), "the ramp has no step".into(), cure);
        }
        steps
    }

    fn moment(&mut self, date: &Json, pointer: &str, bound: Bound) -> Option<u64> {
        let text = date.text()?;
        let moment = dates::to_utc_ms(text, bound, &self.zone);
        if moment.is_none() {
            let cure = r#"Write a day such as "2026-12-01" or a time such as "2026-12-01T09:00""#.to_owned();
            self.diagnostics.error("E106", (pointer, date.at), format!("`{text}` is no date"), cure);
        }
        moment
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
            super::slot::check_variant(&variant.json, &pointer, self.config, self.diagnostics);
        }
        let ranges = share::ranges(&weights(json));
        if ranges.is_none() && !self.diagnostics.is_broken(&pointer) {
            let cure = "Give at least one variant a weight above 0".to_owned();
            self.diagnostics.error("E204", (&pointer, variants.at), "all weights are 0".into(), cure);
        }
        ranges
    }

    fn check_bandit(&mut self, json: &Json, pointer: &str, variants: usize) {
        let Some(bandit) = json.get("bandit") else { return };
        let pointer = below(pointer, "bandit");
        let mut says = |code, message: String, cure: &str| {
            self.diagnostics.error(code, (&pointer, bandit.at), message, cure.to_owned());
        };
        if variants < 3 {
            let cure = "Give it two variants beside the control, or leave `bandit` out: two are compared sooner by halves";
            says("E107", format!("a bandit chooses among {} variants", variants.saturating_sub(1)), cure);
        }
        let share = |name, unsaid: f64| bandit.get(name).and_then(Json::number).unwrap_or(unsaid);
        let reserved =
            share("control", BANDIT_CONTROL) + share("floor", BANDIT_FLOOR) * (variants.max(1) - 1) as f64;
        if reserved > 1.0 {
            let cure = "Lower `floor` or `control`";
            says(
                "E106",
                format!("`control` and the floors of all others come to {reserved:.2}, more than 1"),
                cure,
            );
        }
        if json.get("goals").is_none_or(|goals| goals.list().is_empty()) {
            says("E105", "a bandit has no goal to go by".into(), "Add `goals`: the first decides");
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
            (status, Some(_)) if status != "archived" => {
                let at = json.get("winner").map_or(json.at, |winner| winner.at);
                let cure = "Set `status` to `ended`, or remove the winner".to_owned();
                self.diagnostics.warning(
                    "W211",
                    (&below(pointer, "winner"), at),
                    "the winner has no effect yet".into(),
                    cure,
                );
                if matches!(status, "paused" | "draft") { Status::Paused } else { Status::Running }
            }
            // A draft is in plans made for previews alone, and decides nothing there.
            ("paused" | "draft", None) => Status::Paused,
            _ => Status::Running,
        }
    }

    fn schedule(&mut self, json: &Json, pointer: &str) -> (u64, u64) {
        let mut moment = |name: &str, bound, open| {
            json.get(name).and_then(|date| self.moment(date, &below(pointer, name), bound)).unwrap_or(open)
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
}

/// Of the variants, in decimal.
/// Where the file does not say.
pub const BANDIT_CONTROL: f64 = 0.2;
pub const BANDIT_FLOOR: f64 = 0.05;

fn weights(experiment: &Json) -> Vec<&str> {
    let variants = experiment.get("variants").map_or(&[][..], Json::members).iter();
    variants.map(|variant| weight(&variant.json)).collect()
}

fn weight(variant: &Json) -> &str {
    match variant.get("weight").map(|weight| &weight.value) {
        Some(Value::Number(text)) => text,
        _ => "1",
    }
}
