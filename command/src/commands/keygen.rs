use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use parlour_signing::PrivateKey;

use super::{Outcome, Task};
use crate::host::Host;

/// Makes a key pair (Ed25519) to sign plans or preview links with, and prints its public half.
///
/// The file is readable by its owner alone, and one that is there is never written over. Pages take the public half as
/// data-key; previewKey in parlour.json takes it for preview links.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to write the private half.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let mut seed = [0; 32];
        host.random(&mut seed).context("no random bytes")?;
        let key = PrivateKey::from_seed(seed);
        host.keep_secret(&self.output, key.to_file().as_bytes())?;
        let mut out = host.stdout();
        writeln!(out, "{}", key.public())?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}
