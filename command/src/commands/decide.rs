use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file::{self, Opened};
use crate::visitor::Visitor;

/// Says what every experiment decides for each visitor: one JSON object a line on standard input.
///
/// Takes {"unit":"…","facts":{…}} and prints {"unit":"…","decisions":{KEY:{"variant":…,"reason":"…"}}}. Each visitor is a
/// new one who allows measuring. Facts may nest: {"page":{"type":"home"}} is the fact page.type.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan, as `parlour build` wrote it.
    plan: PathBuf,
    /// The time to decide at (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    unit: String,
    #[serde(default)]
    facts: Map<String, Value>,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let opened = plan_file::read(&self.plan, host)?;
        let now_ms = host.instant(self.at);
        let mut out = host.stdout();
        for line in host.lines("facts") {
            let (number, line) = line?;
            if line.trim().is_empty() {
                continue;
            }
            let wrong = || format!("line {number} of the facts: write {{\"unit\":\"…\",\"facts\":{{…}}}}");
            let asked: Asked = serde_json::from_str(&line).with_context(wrong)?;
            let mut visitor = Visitor::new(&opened, now_ms);
            visitor.becomes(&asked.unit);
            visitor.knows(&asked.facts);
            let decisions = all_decisions(&opened, &visitor);
            writeln!(out, "{}", json!({ "unit": asked.unit, "decisions": decisions }))?;
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

fn all_decisions(opened: &Opened, visitor: &Visitor<'_>) -> Map<String, Value> {
    let answers = opened.names.experiments.iter().enumerate().map(|(index, named)| {
        let decision = visitor.decide(index);
        let variant = decision.variant.map(|_| opened.names.variant(index, decision.variant));
        (named.key.clone(), json!({ "variant": variant, "reason": decision.reason.name() }))
    });
    answers.collect()
}
