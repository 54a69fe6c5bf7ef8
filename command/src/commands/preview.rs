use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use parlour_signing::{MomentError, Token, lifetime_ms};

use super::sign::private_key;
use super::{Outcome, Task};
use crate::host::Host;

/// Longer links would be forgotten rather than used.
const LONGEST_MS: u64 = 90 * 24 * 60 * 60 * 1_000;

/// Prints a link that shows one variant to whoever opens it, drafts included, and counts nothing.
///
/// The key is the one of the plan's previewKey: `parlour serve` keeps its own beside its store.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The experiment's key.
    #[arg(short, long, value_name = "KEY")]
    experiment: String,
    /// The variant's key.
    #[arg(short, long, value_name = "KEY")]
    variant: String,
    /// The page to open.
    #[arg(short, long)]
    url: String,
    /// How long the link works: 30m, 12h or 7d; 90d at most.
    #[arg(long = "for", value_name = "TIME", default_value = "7d", value_parser = lifetime)]
    lifetime_ms: u64,
    /// The private key.
    #[arg(short, long, value_name = "FILE", default_value = "parlour.preview-key")]
    key: PathBuf,
}

fn lifetime(text: &str) -> Result<u64, MomentError> {
    lifetime_ms(text)
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        anyhow::ensure!(self.lifetime_ms <= LONGEST_MS, "--for is longer than 90d");
        let site = Token::host_of(&self.url)
            .with_context(|| format!("--url {} is no address that begins with https://", self.url))?;
        let key = private_key(&self.key, host)?;
        let expires_ms = host.now_ms().saturating_add(self.lifetime_ms);
        let token = Token { site, experiment: self.experiment, variant: self.variant, expires_ms };
        let mut out = host.stdout();
        writeln!(out, "{}", Token::link(&token.sign(&key), &self.url))?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
