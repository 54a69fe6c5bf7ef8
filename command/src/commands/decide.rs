use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use parlour::authoring::{clauses, explain};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file::{self, Opened};
use crate::visitor::Visitor;

/// Says what every experiment decides for each visitor: one JSON object a line on standard input.
///
/// Takes {"unit":"…","facts":{…}} and prints {"unit":"…","decisions":{KEY:{"variant":…,"reason":"…"}}}. Each visitor is a
/// new one who allows measuring. With --explain each decision has an "explanation" besides. Where the plan has flags,
/// "flags":{KEY:{"value":…,"variant":…,"reason":"…"}} follows: the value is null where code gets what it falls back to.
/// Facts may nest: {"page":{"type":"home"}} is the fact page.type.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan, as `parlour build` wrote it.
    plan: PathBuf,
    /// Say the way to each answer, too: steps passed, the step that settled it, the clause of the audience that failed.
    #[arg(long)]
    explain: bool,
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
        let clauses = self.explain.then(|| clauses(&opened.plan));
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
            let mut answer = Map::new();
            answer.insert("unit".into(), asked.unit.into());
            answer.insert("decisions".into(), all_decisions(&opened, &visitor, clauses.as_deref()).into());
            if !opened.names.flags.is_empty() {
                answer.insert("flags".into(), all_flags(&opened, &visitor).into());
            }
            writeln!(out, "{}", Value::Object(answer))?;
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

/// Explained where `clauses` are given.
fn all_decisions(opened: &Opened, visitor: &Visitor<'_>, clauses: Option<&[String]>) -> Map<String, Value> {
    let answers = opened.names.experiments.iter().enumerate().map(|(index, named)| {
        let (decision, trace) = visitor.trace(index);
        let variant = decision.variant.map(|_| opened.names.variant(index, decision.variant));
        let mut answer = json!({ "variant": variant, "reason": decision.reason.name() });
        if let (Some(clauses), Some(answer)) = (clauses, answer.as_object_mut()) {
            answer.insert("explanation".into(), json!(explain(decision, trace, &opened.names, clauses)));
        }
        (named.key.clone(), answer)
    });
    answers.collect()
}

fn all_flags(opened: &Opened, visitor: &Visitor<'_>) -> Map<String, Value> {
    let answers = opened.names.flags.iter().enumerate().map(|(index, named)| {
        let answer = visitor.flag(index);
        let told = opened.names.flag(index, answer);
        let mut row = Map::new();
        row.insert("value".into(), told.value.cloned().unwrap_or_default());
        row.insert("variant".into(), told.variant.into());
        row.insert("reason".into(), answer.decision.reason.name().into());
        if let Some(experiment) = told.experiment {
            row.insert("experiment".into(), experiment.into());
        }
        (named.key.clone(), row.into())
    });
    answers.collect()
}
