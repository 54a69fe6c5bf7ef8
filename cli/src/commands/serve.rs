use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context;

use super::Outcome;
use crate::serve::{self, plan::Source};

/// Collects events, serves the plan and the site's files, and shows what arrives under /_parlour.
///
/// Events are taken at POST /v1/batch and answered once they are on the disk. The plan is at /plan.bin and follows its
/// file. The address of the admin page, with its token, is printed at start.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on. Anything but this machine's own should stand behind a server that speaks HTTPS.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// The SQLite file that keeps events and plans; made if there is none.
    #[arg(long, default_value = "parlour.db", value_name = "FILE")]
    db: PathBuf,
    /// A plan as `parlour build` wrote it.
    #[arg(long, conflicts_with = "config", value_name = "FILE")]
    plan: Option<PathBuf>,
    /// A parlour.json, compiled now and whenever it changes.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A directory of files to serve.
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<Outcome> {
    if let Some(www) = &args.www {
        anyhow::ensure!(www.is_dir(), "--www {} is not a directory", www.display());
    }
    let plan = args.plan.map(Source::Built).or(args.config.map(Source::Config));
    let options = serve::Options { bind: args.bind, port: args.port, db: args.db, plan, www: args.www };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(serve::run(options))?;
    // A reader still at work must not keep us from ending.
    runtime.shutdown_background();
    Ok(Outcome::Clean)
}
