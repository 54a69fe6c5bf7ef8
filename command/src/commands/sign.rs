use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use parlour::plan::Plan;
use parlour_signing::PrivateKey;

use super::{Outcome, Task};
use crate::host::Host;

/// Signs a plan, so that pages with the key's public half take it and no other.
///
/// The signature stands behind the plan, which stays as it is. While keys are changed a plan may carry two: sign with
/// both, or again with the other.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan, as `parlour build` wrote it.
    plan: PathBuf,
    /// A private key, as `parlour keygen` wrote it; once or twice.
    #[arg(short, long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// Where to write the signed plan, rather than over PLAN.
    #[arg(short, long, value_name = "PLAN")]
    output: Option<PathBuf>,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let mut file = host.bytes_of(&self.plan)?;
        let mut signers = Vec::new();
        for path in &self.keys {
            let key = private_key(path, host)?;
            file = parlour_signing::sign(&file, &key).with_context(|| self.plan.display().to_string())?;
            signers.push(key.public());
        }
        let output = self.output.as_ref().unwrap_or(&self.plan);
        host.replace(output, &file)?;
        let plan = Plan::decode(&file)?;
        let mut out = host.stdout();
        for signer in signers {
            let (hash, version) = (plan.hash(), plan.version());
            writeln!(out, "{}: plan {hash:016x} version {version} signed by {signer}", output.display())?;
        }
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

pub fn private_key(path: &Path, host: &dyn Host) -> anyhow::Result<PrivateKey> {
    PrivateKey::parse(&host.text_of(path)?).with_context(|| path.display().to_string())
}
