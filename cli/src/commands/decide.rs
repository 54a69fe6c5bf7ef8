use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Outcome;
use super::visitor::Visitor;
use crate::plan_file;

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

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let opened = plan_file::read(&args.plan)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (number, line) in (1u64..).zip(std::io::stdin().lock().lines()) {
        let line = line.with_context(|| format!("line {number} of the facts cannot be read"))?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = || format!("line {number} of the facts: write {{\"unit\":\"…\",\"facts\":{{…}}}}");
        let asked: Asked = serde_json::from_str(&line).with_context(wrong)?;
        let mut visitor = Visitor::new(&opened, args.at);
        visitor.becomes(&asked.unit);
        visitor.knows(&asked.facts);
        let mut decisions = Map::new();
        for named in &opened.names.experiments {
            let index = opened.experiment(&named.key)?;
            let decision = visitor.decide(index);
            let variant = decision.variant.map(|_| opened.names.variant(index, decision.variant));
            decisions
                .insert(named.key.clone(), json!({ "variant": variant, "reason": decision.reason.name() }));
        }
        writeln!(out, "{}", json!({ "unit": asked.unit, "decisions": decisions }))?;
    }
    out.flush()?;
    Ok(Outcome::Clean)
}
