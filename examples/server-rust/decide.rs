//! What a visitor gets, and the texts that hand it over: the native twin of www/server.js.

use std::fs::File;
use std::io::Read as _;

use parlour::authoring::tell;
use parlour::consent::Consent;
use parlour::engine::{Engine, Input};
use parlour::plan::{Plan, Unit};
use serde_json::{Map, Value, json};

use crate::request::Request;

/// 13 months.
const LIFE_S: u32 = 395 * 86_400;

pub struct Shop {
    pub bytes: Vec<u8>,
    plan: Plan,
    names: parlour::authoring::Names,
    /// What the plan tells pages.
    page: Value,
}

/// An experiment's key and its variant's, `None` for out.
pub type Variants<'a> = Vec<(&'a str, Option<&'a str>)>;

pub struct Decisions<'a> {
    pub consent: &'static str,
    pub variants: Variants<'a>,
    pub script: String,
    pub set_cookie: Option<String>,
}

impl Shop {
    pub fn open(bytes: Vec<u8>) -> Result<Self, Box<dyn std::error::Error>> {
        let plan = Plan::decode(&bytes).map_err(|error| error.explain())?;
        let page = serde_json::from_slice(plan.page())?;
        Ok(Self { names: parlour::authoring::Names::read(&plan), bytes, plan, page })
    }

    pub fn decide(&self, request: &Request, now_ms: u64) -> Decisions<'_> {
        let (consent, word) = match request.cookie("consent") {
            Some("measure") => (Consent::Measure, "measure"),
            Some("personalise") => (Consent::Personalise, "personalise"),
            Some("denied") => (Consent::Denied, "denied"),
            _ => (Consent::Unknown, "unknown"),
        };
        let known = request.cookie("parlour_id").filter(|id| is_id(id)).map(str::to_owned);
        let is_new = consent.keeps_units() && known.is_none();
        let visitor = known.or_else(random_id).filter(|_| consent.keeps_units());

        let mut engine = Engine::new(self.plan.clone());
        engine.handle(Input::Consent(consent), now_ms);
        let id = visitor.as_deref().unwrap_or_default();
        engine.handle(Input::Unit { unit: Unit::Visitor, id: id.as_bytes() }, now_ms);
        tell(&mut engine, &self.names, &request.facts(), &|_, _, _| false);

        let mut variants = Vec::new();
        let mut handed = Map::new();
        for (index, (named, row)) in (0u16..).zip(self.names.experiments.iter().zip(self.rows())) {
            let place = engine.decide(index, now_ms).variant.map(usize::from);
            let variant =
                place.and_then(|place| named.variants.get(place)).map(|variant| variant.key.as_str());
            variants.push((named.key.as_str(), variant));
            // Sessions and page views begin in the page, and so do redirects.
            if let (Some(variant), "visitor", false) = (variant, unit(row), redirects(row)) {
                handed.insert(named.key.clone(), json!({ "variant": variant }));
            }
        }
        let script = visitor.as_ref().map_or_else(String::new, |visitor| {
            let plan = format!("{:016x}", self.plan.hash());
            let text = json!({ "plan": plan, "visitorId": visitor, "decisions": handed }).to_string();
            let text =
                text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
            format!(r#"<script type="application/json" id="parlour-decisions">{text}</script>"#)
        });
        let set_cookie = visitor.filter(|_| is_new).map(|visitor| {
            let domain = self
                .domain(request.hostname())
                .map_or_else(String::new, |domain| format!("; Domain={domain}"));
            format!("parlour_id={visitor}; Path=/; Max-Age={LIFE_S}; SameSite=Lax{domain}")
        });
        Decisions { consent: word, variants, script, set_cookie }
    }

    /// One of the values of what an experiment gave.
    pub fn value(&self, variants: &Variants<'_>, experiment: &str, name: &str) -> Option<&str> {
        let (_, variant) = variants.iter().find(|(key, _)| *key == experiment)?;
        let row =
            self.rows().iter().find(|row| row.get("key").and_then(Value::as_str) == Some(experiment))?;
        let known = row.get("variants")?.as_array()?;
        known
            .iter()
            .find(|known| known.get("key").and_then(Value::as_str) == *variant)?
            .get("values")?
            .get(name)?
            .as_str()
    }

    fn rows(&self) -> &[Value] {
        self.page.get("experiments").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The widest domain the plan names that this host is part of.
    fn domain(&self, host: &str) -> Option<&str> {
        let is_address =
            host == "localhost" || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let names = self.names.site.iter().map(|name| name.strip_prefix("*.").unwrap_or(name));
        let fitting = names.filter(|name| {
            let rest = host.strip_suffix(name);
            !is_address
                && name.contains('.')
                && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        fitting.min_by_key(|name| name.len())
    }
}

fn unit(row: &Value) -> &str {
    row.get("unit").and_then(Value::as_str).unwrap_or("visitor")
}

fn redirects(row: &Value) -> bool {
    let variants = row.get("variants").and_then(Value::as_array).into_iter().flatten();
    let mut changes =
        variants.filter_map(|variant| variant.get("changes").and_then(Value::as_array)).flatten();
    changes.any(|change| change.get("redirect").is_some())
}

fn is_id(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(is_letter)
}

/// A UUIDv4 from the system's random source; none without one, or all who are new would be one visitor.
fn random_id() -> Option<String> {
    let mut bytes = [0u8; 16];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).ok()?;
    let number = u128::from_be_bytes(bytes) & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{number:032x}");
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    Some([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}
