use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::{Outcome, Task};
use crate::host::Host;
use crate::plan_file;
use crate::snippet::{Options, Snippet};

/// Prints what belongs into the head of each page, so that no visitor sees an original that is about to change.
///
/// It fetches script, core and plan side by side, and keeps what the plan changes from view until it is decided, for 200
/// ms after the first paint at most. Print it anew for each plan: it holds the plan's selectors.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan that pages fetch.
    plan: PathBuf,
    /// Address of the script.
    #[arg(long, value_name = "URL", default_value = "/parlour.iife.js")]
    src: String,
    /// Address of the plan.
    #[arg(long, value_name = "URL", default_value = "/plan.bin")]
    plan_url: String,
    /// Where beacons go.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Where consent starts, as `data-consent` says it.
    #[arg(long, value_name = "STATE")]
    consent: Option<String>,
    /// For policies with a nonce; others allow the inline script by its hash, which is printed.
    #[arg(long, value_name = "NONCE")]
    nonce: Option<String>,
    /// Also apply, before the first paint, what was decided at the last visit (parlour.first.js, beside the script).
    #[arg(long)]
    first: bool,
    /// Check script, core and chunks by these digests: the integrity.json that lies beside them.
    #[arg(long, value_name = "FILE")]
    integrity: Option<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Html,
    Json,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let opened = plan_file::read(&self.plan, host)?;
        let options = Options {
            src: self.src,
            plan: self.plan_url,
            endpoint: self.endpoint,
            consent: self.consent,
            nonce: self.nonce,
            first: self.first,
            digests: self.integrity.as_deref().map(|file| digests(file, host)).transpose()?,
        };
        let snippet = Snippet::of(&opened.plan, &options)?;
        let mut out = host.stdout();
        match self.format {
            Format::Html => {
                let Snippet { hash, html, .. } = &snippet;
                write!(
                    out,
                    "<!-- Plan {}; Content-Security-Policy: script-src '{hash}' -->\n{html}",
                    opened.hash()
                )?;
            }
            Format::Json => {
                let Snippet { html, script, hash, selectors } = snippet;
                let plan = opened.hash();
                writeln!(
                    out,
                    "{:#}",
                    json!({ "plan": plan, "html": html, "script": script, "hash": hash, "selectors": selectors })
                )?;
            }
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

fn digests(file: &Path, host: &dyn Host) -> anyhow::Result<BTreeMap<String, String>> {
    let read = || anyhow::Ok(serde_json::from_slice(&host.read(file)?)?);
    read().with_context(|| format!("{}: not the integrity.json of a dist/", file.display()))
}
