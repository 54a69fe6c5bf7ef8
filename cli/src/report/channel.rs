//! By which channel a page view came: `page.channel` of the core, asked as a flag whose rules are its channels. So the one
//! table of channels (`src/authoring/condition/channels.json`) has the one meaning that audiences have.

use std::collections::HashMap;

use anyhow::{Context as _, ensure};
use parlour::authoring::{CompileOptions, Names, channels, compile, tell};
use parlour::consent::Consent;
use parlour::engine::{Engine, Input};
use parlour::plan::Plan;
use serde_json::{Map, Value, json};
use url::Url;

use parlour_report::beyond::touches::{DIRECT, INTERNAL};

const FLAG: &str = "channel";
/// A host that nothing comes from (RFC 2606), where no plan says which are the site's.
const NOWHERE: &str = "site.invalid";
/// Landing pages repeat: most answers are remembered.
const MOST_REMEMBERED: usize = 10_000;

#[derive(Debug)]
pub struct Classifier {
    plan: Plan,
    names: Names,
    known: HashMap<String, usize>,
    channels: Vec<String>,
}

impl Classifier {
    /// `site` are the hosts of the site, `*.` for any sub-domain, as in parlour.json.
    ///
    /// # Errors
    /// When a host of `site` is none.
    pub fn new(site: &[String]) -> anyhow::Result<Self> {
        let channels = channels();
        let rules: Vec<Value> = channels
            .iter()
            .map(|channel| json!({ "audience": { "page.channel": channel }, "force": channel }))
            .collect();
        let site = if site.is_empty() { vec![NOWHERE.to_owned()] } else { site.to_vec() };
        let file = json!({ "site": site, "flags": { FLAG: { "default": DIRECT, "rules": rules } } });
        let compiled = compile(&file.to_string(), &CompileOptions::default());
        ensure!(!compiled.has_errors(), "the channels cannot be compiled: {:?}", compiled.diagnostics);
        let plan = compiled.plan.as_deref().context("the channels make no plan")?;
        let plan = Plan::decode(plan).map_err(|error| anyhow::anyhow!("{}", error.explain()))?;
        Ok(Self { names: Names::read(&plan), plan, known: HashMap::new(), channels })
    }

    /// A host that is the page's own is of the site, too.
    pub fn channel(&mut self, url: Option<&str>, referrer: Option<&str>) -> &str {
        let url = url.and_then(|url| Url::parse(url).ok());
        let referrer = referrer.and_then(|referrer| Url::parse(referrer).ok());
        let host = |url: &Option<Url>| url.as_ref().and_then(Url::host_str).map(str::to_owned);
        let from = host(&referrer);
        let is_own = from.is_some() && from == host(&url);
        let mut facts = Map::new();
        for (name, value) in url.iter().flat_map(Url::query_pairs).filter(|(name, _)| matters(name)) {
            // The first of a name, as on the page.
            facts.entry(format!("page.query.{name}")).or_insert_with(|| value.into_owned().into());
        }
        if is_own && facts.is_empty() {
            return INTERNAL;
        }
        if let Some(from) = from.filter(|_| !is_own) {
            facts.insert("page.referrer".to_owned(), from.into());
        }
        let key = format!("{facts:?}");
        let at = match self.known.get(&key) {
            Some(at) => *at,
            None => {
                let at = self.asked(&facts);
                if self.known.len() < MOST_REMEMBERED {
                    self.known.insert(key, at);
                }
                at
            }
        };
        self.channels.get(at).map_or(DIRECT, String::as_str)
    }

    fn asked(&self, facts: &Map<String, Value>) -> usize {
        let mut engine = Engine::new(self.plan.clone());
        engine.handle(Input::Consent(Consent::Measure), 0);
        tell(&mut engine, &self.names, facts, &|_, _, _| false);
        let told = self.names.flag(0, engine.flag(0, 0));
        let name = told.value.and_then(Value::as_str).unwrap_or(DIRECT);
        self.channels.iter().position(|channel| channel == name).unwrap_or(usize::MAX)
    }
}

/// Query parameters that say where a visitor came from; all others may hold what is nobody's business here.
fn matters(name: &str) -> bool {
    const CLICK_IDS: [&str; 8] =
        ["gclid", "gbraid", "wbraid", "msclkid", "dclid", "ttclid", "twclid", "li_fat_id"];
    name.starts_with("utm_") || CLICK_IDS.contains(&name)
}
