use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;

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
    /// The SQLite file that keeps events and plans, made if there is none [default: parlour.db, or .parlour/demo.db].
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// A plan as `parlour build` wrote it.
    #[arg(long, conflicts_with = "config", value_name = "FILE")]
    plan: Option<PathBuf>,
    /// A parlour.json, compiled now and whenever it changes.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A directory of files to serve [with --demo: dist, once it was built].
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,
    /// Serve the demonstration shop in DIR [default: www/demo], with its parlour.json and simulated shoppers.
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "www/demo")]
    demo: Option<PathBuf>,
}

impl Task for Args {
    fn run(self, _: &dyn Host) -> anyhow::Result<Outcome> {
        let options = options(self)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
        runtime.block_on(serve::run(options))?;
        // A reader still at work must not keep us from ending.
        runtime.shutdown_background();
        Ok(Outcome::Clean)
    }
}

/// What was asked for, with the demonstration's own defaults where nothing was.
fn options(args: Args) -> anyhow::Result<serve::Options> {
    let Args { port, bind, db, plan, config, www, demo } = args;
    let is_directory = |flag: &str, path: &Path| {
        anyhow::ensure!(path.is_dir(), "{flag} {} is not a directory", path.display());
        Ok(())
    };
    let mut plan = plan.map(Source::Built).or(config.map(Source::Config));
    let (mut db, mut www) = (db, www);
    if let Some(dir) = &demo {
        is_directory("--demo", dir)?;
        plan = plan.or_else(|| Some(Source::Config(dir.join("parlour.json"))));
        www = www.or_else(|| Some(PathBuf::from("dist")).filter(|dist| dist.is_dir()));
        if www.is_none() {
            eprintln!(
                "parlour: the shop's pages will not find parlour.iife.js: run `npm run build`, or give --www"
            );
        }
        if db.is_none() {
            std::fs::create_dir_all(".parlour").context("cannot make .parlour")?;
            db = Some(PathBuf::from(".parlour/demo.db"));
        }
    }
    if let Some(www) = &www {
        is_directory("--www", www)?;
    }
    let db = db.unwrap_or_else(|| PathBuf::from("parlour.db"));
    Ok(serve::Options { bind, port, db, plan, www, demo })
}
