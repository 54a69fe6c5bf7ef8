use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ipnet::IpNet;

use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;

use crate::serve::keys::WriteKeys;
use crate::serve::{self, Admin, Policy, plan::Source};

/// Shorter, and an event sent again after a long time offline would not be known for the one that was there.
const LEAST_RETAIN_DAYS: u32 = 31;
/// Gives the admin token, so that it is not seen in the list of processes.
const TOKEN_VARIABLE: &str = "PARLOUR_ADMIN_TOKEN";

/// Collects events, serves the plan and the site's files, and shows what arrives under /_parlour.
///
/// Events are taken at POST /v1/batch (and where the clients of Segment, RudderStack, PostHog, Snowplow and Plausible send
/// them) and answered once they are on the disk. The plan is at /plan.bin and follows its file. The address of the admin
/// page, with its token, is printed at start; PARLOUR_ADMIN_TOKEN sets the token.
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
    /// A JSON file of write keys with the origins each is for; without it any page may send.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Events a second that one address may send, with ten seconds' worth at once; 0 for no limit. This machine's own
    /// address has none.
    #[arg(long, value_name = "EVENTS", default_value_t = 200)]
    rate: u32,
    /// Address or network of a proxy whose X-Forwarded-For tells the visitor's address. May be given again.
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    trusted_proxy: Vec<IpNet>,
    /// Serve the admin page and /metrics at this address and port alone, without a token.
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin_addr: Option<SocketAddr>,
    /// Erase events received so many days ago; 0 keeps them for good.
    #[arg(long, value_name = "DAYS", default_value_t = 390)]
    retain: u32,
    /// POST JSON to this address when an experiment's split is broken, or nobody meets it any more.
    #[arg(long, value_name = "URL")]
    alert: Option<String>,
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_| address())
        .map_err(|_| "is neither an address (10.0.0.1) nor a network (10.0.0.0/8)".to_owned())
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
    let policy = policy(&args)?;
    let Args { port, bind, db, plan, config, www, demo, admin_addr, retain, alert, .. } = args;
    anyhow::ensure!(
        retain == 0 || retain >= LEAST_RETAIN_DAYS,
        "--retain {retain} is too short: pages send events again for 30 days, and what was erased would be taken for new; \
         give {LEAST_RETAIN_DAYS} or more, or 0 to keep all"
    );
    if let Some(alert) = &alert {
        let url = url::Url::parse(alert).with_context(|| format!("--alert {alert}"))?;
        anyhow::ensure!(
            matches!(url.scheme(), "http" | "https"),
            "--alert {alert}: give an http or https address"
        );
    }
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
    let token = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty());
    Ok(serve::Options {
        bind,
        port,
        db: db.unwrap_or_else(|| PathBuf::from("parlour.db")),
        plan,
        www,
        demo,
        policy,
        admin: Admin { address: admin_addr, token },
        retain_days: Some(retain).filter(|days| *days > 0),
        alert,
    })
}

fn policy(args: &Args) -> anyhow::Result<Policy> {
    Ok(Policy {
        keys: args.keys.as_deref().map(WriteKeys::read).transpose()?.unwrap_or_default(),
        trusted: args.trusted_proxy.clone(),
        per_address: NonZeroU32::new(args.rate),
    })
}
