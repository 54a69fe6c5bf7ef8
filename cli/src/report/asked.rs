//! parlour.json, or a plan → what a report is asked.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use parlour::authoring::{BANDIT_CONTROL, Bound, CompileOptions, Names, Severity, compile, to_utc_ms};
use parlour::money;
use parlour::plan::{Plan, Unit};
use parlour_command::host::Host;
use parlour_report::asked::{Asked, AskedAnalysis, AskedGoal, DAY_MS, Rates, Site};
use parlour_report::model::{Better, Choice, Dimension, GoalKind};
use serde_json::Value;

/// Days that are looked at where a goal needs an end and says none.
const USUAL_WINDOW_DAYS: f64 = 14.0;

#[derive(Debug, Default)]
pub struct Known {
    pub asked: Vec<Asked>,
    /// Experiments whose unit is neither visitor nor user, and what it is.
    pub others: Vec<(String, String)>,
    pub site: Site,
    /// Host names.
    pub hosts: Vec<String>,
    /// Keys of bandits, of the experiments that tell what they are worth, and their controls.
    pub bandits: Vec<Bandit>,
}

/// An experiment whose shares move, and the one that its control is compared in with all others together.
#[derive(Debug)]
pub struct Bandit {
    pub key: String,
    pub whole: String,
    control: String,
}

/// All variants of a bandit but its control.
const CHOSEN: &str = "the bandit";

impl Bandit {
    /// The arm of the whole that a variant is of.
    #[must_use]
    pub fn arm<'a>(&self, variant: &'a str) -> &'a str {
        if variant == self.control { variant } else { CHOSEN }
    }
}

impl Known {
    /// # Errors
    /// When the file cannot be read, or is neither.
    pub fn read(path: &Path, host: &dyn Host) -> anyhow::Result<Self> {
        let bytes = host.bytes_of(path)?;
        if let Some(known) = Self::of_plan(&bytes) {
            return Ok(known);
        }
        let text = String::from_utf8(bytes).with_context(|| {
            format!("{} is neither a parlour.json nor a plan of this version", path.display())
        })?;
        let file: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no parlour.json: see parlour check", path.display()))?;
        ensure!(file.is_object(), "{} holds no object: see parlour check", path.display());
        let found = compile(&text, &CompileOptions::default()).diagnostics;
        if let Some(wrong) = found.iter().find(|one| one.severity == Severity::Error) {
            anyhow::bail!("{}: {wrong}", path.display());
        }
        Ok(Self::of_file(&file))
    }

    /// Keys, names and weights; hypotheses and goals are not in a plan.
    #[must_use]
    pub fn of_plan(bytes: &[u8]) -> Option<Self> {
        let plan = Plan::decode(bytes).ok()?;
        let names = Names::read(&plan);
        let mut known = Self::default();
        if !names.currency.is_empty() {
            known.site.currency.clone_from(&names.currency);
        }
        known.hosts = names.site;
        for (named, experiment) in names.experiments.into_iter().zip(plan.experiments()) {
            if !matches!(experiment.unit, Unit::Visitor | Unit::User) {
                known.others.push((named.key, format!("{:?}", experiment.unit).to_lowercase()));
                continue;
            }
            let weights = (0..).map(|variant| experiment.buckets(variant) as f64);
            known.asked.push(Asked {
                key: named.key,
                name: (!named.name.is_empty()).then_some(named.name),
                is_by_user: experiment.unit == Unit::User,
                variants: named.variants.into_iter().map(|variant| variant.key).zip(weights).collect(),
                ..Asked::default()
            });
        }
        Some(known)
    }

    /// Weights of the plans that were served, by their hash.
    pub fn follow(&mut self, plans: impl Iterator<Item = (String, Vec<u8>)>) {
        for (hash, bytes) in plans {
            let Some(served) = Self::of_plan(&bytes) else { continue };
            for one in served.asked {
                // Without weights of its own it is one whose split is not tested.
                let is_tested = |asked: &&mut Asked| asked.variants.iter().any(|(_, weight)| *weight > 0.0);
                let mut known = self.asked.iter_mut().filter(|asked| asked.key == one.key);
                let Some(asked) = known.find(is_tested) else { continue };
                let weight = |(key, _): &(String, f64)| {
                    one.variants.iter().find(|(other, _)| other == key).map_or(0.0, |(_, weight)| *weight)
                };
                asked.weights.insert(hash.clone(), asked.variants.iter().map(weight).collect());
            }
        }
    }

    #[must_use]
    pub fn of_file(file: &Value) -> Self {
        let mut known = Self::default();
        if let Some(currency) = file["currency"].as_str() {
            currency.clone_into(&mut known.site.currency);
        }
        if let Some(zone) = file["timezone"].as_str() {
            zone.clone_into(&mut known.site.zone);
        }
        let hosts = file["site"].as_array().into_iter().flatten().chain([&file["site"]]);
        known.hosts = hosts.filter_map(Value::as_str).map(str::to_owned).collect();
        known.site.rates = rates(&file["rates"], &known.site);
        for (key, json) in file["experiments"].as_object().into_iter().flatten() {
            let unit = json["unit"].as_str().unwrap_or("visitor");
            if !matches!(unit, "visitor" | "user") {
                known.others.push((key.clone(), unit.to_owned()));
                continue;
            }
            let mut asked = experiment(file, key, json, &known.site);
            if let (Some(bandit), Some((control, _))) = (json["bandit"].as_object(), asked.variants.first()) {
                let share = bandit.get("control").and_then(Value::as_f64).unwrap_or(BANDIT_CONTROL);
                let whole = format!("{key}, as a bandit");
                let arms = vec![(control.clone(), share), (CHOSEN.to_owned(), 1.0 - share)];
                known.bandits.push(Bandit {
                    key: key.clone(),
                    whole: whole.clone(),
                    control: control.clone(),
                });
                known.asked.push(Asked { key: whole, variants: arms, ..asked.clone() });
                // Their shares move: no split is the right one.
                asked.variants.iter_mut().for_each(|(_, weight)| *weight = 0.0);
            }
            known.asked.push(asked);
        }
        known
    }
}

fn experiment(file: &Value, key: &str, json: &Value, site: &Site) -> Asked {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    let weight = |variant: &Value| variant["weight"].as_f64().unwrap_or(1.0);
    let goals = json["goals"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let variants = || json["variants"].as_object().into_iter().flatten();
    let redirects = variants().filter(|(_, variant)| {
        variant["changes"]
            .as_array()
            .is_some_and(|all| all.iter().any(|change| change["redirect"].is_string()))
    });
    Asked {
        key: key.to_owned(),
        name: text("name"),
        question: text("hypothesis"),
        owner: text("owner"),
        status: text("status"),
        is_by_user: json["unit"] == "user" && json["fallback"] != "visitor",
        variants: variants().map(|(key, variant)| (key.clone(), weight(variant))).collect(),
        redirects: redirects.map(|(key, _)| key.clone()).collect(),
        goals: goals.map(|key| goal(key, file["goals"].get(key).unwrap_or(&Value::Null), site)).collect(),
        analysis: analysis(&json["analysis"], &json["power"], variants().count()),
        ..Asked::default()
    }
}

fn goal(key: &str, json: &Value, site: &Site) -> AskedGoal {
    let kind = match json["kind"].as_str() {
        Some("count") => GoalKind::Count,
        Some("revenue") => GoalKind::Revenue,
        Some("ratio") => GoalKind::Ratio,
        Some("time") => GoalKind::Time,
        Some("retention") => GoalKind::Retention,
        _ => GoalKind::Conversion,
    };
    let ms = |days: f64| (days * DAY_MS as f64) as i64;
    let needs_end = matches!(kind, GoalKind::Time | GoalKind::Retention);
    let window = json["window"].as_f64().or(needs_end.then_some(USUAL_WINDOW_DAYS));
    let is_lower = json["better"].as_str().map_or(kind == GoalKind::Time, |better| better == "lower");
    let is_money = kind == GoalKind::Revenue;
    let minor = 10f64.powi(i32::from(money::exponent(&site.currency).unwrap_or(2)));
    AskedGoal {
        key: key.to_owned(),
        kind,
        better: if is_lower { Better::Lower } else { Better::Higher },
        window_ms: window.map(ms),
        from_ms: json["from"].as_f64().map_or(DAY_MS, ms),
        per: json["per"].as_str().map(str::to_owned),
        cap: json["winsorise"].as_f64().map(|cap| if is_money { cap * minor } else { cap }),
        harm: json["harm"].as_f64(),
        of_purchases: is_money && json["touchpoint"] == "purchase",
    }
}

fn analysis(json: &Value, power: &Value, variants: usize) -> AskedAnalysis {
    let method = match json["method"].as_str() {
        Some("fixed") => Choice::Fixed,
        Some("group-sequential") => Choice::GroupSequential,
        Some("bayesian") => Choice::Bayesian,
        _ => Choice::Sequential,
    };
    let strata = match json["stratify"].as_str() {
        Some("device") => Some(Dimension::Device),
        Some("source") => Some(Dimension::Source),
        Some("page") => Some(Dimension::Page),
        Some("returning") => Some(Dimension::Returning),
        _ => None,
    };
    let planned = || {
        let needed = parlour_stats::power::Power {
            alpha: power["alpha"].as_f64().unwrap_or(parlour_stats::power::Power::ALPHA),
            power: power["power"].as_f64().unwrap_or(parlour_stats::power::Power::POWER),
            ..parlour_stats::power::Power::usual(
                power["baseline"].as_f64()?,
                power["mde"].as_f64()?,
                u32::try_from(variants).ok()?,
            )
        };
        Some(needed.visitors_per_variant()? * variants as u64)
    };
    AskedAnalysis {
        method,
        units: json["units"].as_u64().or_else(planned),
        looks: json["looks"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect(),
        cuped_ms: json["cuped"].as_i64().map(|days| days * DAY_MS),
        strata,
    }
}

/// Minor units for minor units: yen have no cents.
fn rates(json: &Value, site: &Site) -> Rates {
    let zone = jiff::tz::TimeZone::get(&site.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let exponent = |code: &str| money::exponent(code).map(i32::from);
    let table = |table: &Value| {
        let from = to_utc_ms(table["from"].as_str()?, Bound::Start, &zone)?;
        let own = exponent(&site.currency)?;
        let of: HashMap<String, f64> = table["worth"]
            .as_object()?
            .iter()
            .filter_map(|(code, worth)| {
                Some((code.clone(), worth.as_f64()? * 10f64.powi(own - exponent(code)?)))
            })
            .collect();
        Some((i64::try_from(from).ok()?, of))
    };
    Rates(json.as_array().into_iter().flatten().filter_map(table).collect())
}
