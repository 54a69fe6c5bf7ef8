use std::io::Write as _;
use std::path::PathBuf;

use parlour_signing::{Expected, KeyError, PublicKey};

use super::{Outcome, Task};
use crate::host::Host;

/// Would a page with these keys take this plan?
///
/// Exits with 1, and says why, when it would not.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The signed plan.
    plan: PathBuf,
    /// A public key that the page knows, as `parlour keygen` printed it; once or twice.
    #[arg(short, long = "key", value_name = "KEY", required = true, allow_hyphen_values = true, value_parser = public_key)]
    keys: Vec<PublicKey>,
    /// The host of the page.
    #[arg(long, value_name = "HOST")]
    site: Option<String>,
    /// The version the page accepted last.
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u32,
    /// The time to verify at (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

fn public_key(text: &str) -> Result<PublicKey, KeyError> {
    PublicKey::parse(text)
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let expected = Expected {
            keys: &self.keys,
            site: self.site.as_deref(),
            version: self.after,
            now_ms: host.instant(self.at),
        };
        let verified = parlour_signing::verify(&host.bytes_of(&self.plan)?, &expected);
        let mut out = host.stdout();
        match &verified {
            Ok(plan) => {
                let (hash, version) = (plan.hash(), plan.version());
                writeln!(out, "{}: plan {hash:016x} version {version} is taken", self.plan.display())?;
            }
            Err(refusal) => writeln!(out, "{}: {refusal}", self.plan.display())?,
        }
        out.flush()?;
        Ok(if verified.is_ok() { Outcome::Clean } else { Outcome::FoundProblems })
    }
}
