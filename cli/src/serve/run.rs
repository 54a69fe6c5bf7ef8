//! The life of `parlour serve`: open everything, say where, serve until asked to stop, write out what was taken.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use parlour::authoring::CompileOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::plan::{Served, Source};
use super::preview::PreviewKey;
use super::upkeep::Upkeep;
use super::{Policy, Server, Setup, Stores, files, listen, now_ms};
use crate::demo::{self, Seed, Shop};
use parlour_command::plan_file;

/// How long open requests may take to finish once we are asked to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Options {
    pub bind: IpAddr,
    pub port: u16,
    pub db: PathBuf,
    pub plan: Option<Source>,
    pub www: Option<PathBuf>,
    /// The directory of the demonstration shop.
    pub demo: Option<PathBuf>,
    pub policy: Policy,
    pub admin: Admin,
    /// Events received longer ago are erased; `None` keeps them.
    pub retain_days: Option<u32>,
    pub alert: Option<String>,
}

/// How the admin's pages are reached.
#[derive(Debug, Clone, Default)]
pub struct Admin {
    /// An address of their own, without a token.
    pub address: Option<SocketAddr>,
    pub token: Option<String>,
}

/// Serves until asked to stop.
///
/// # Errors
/// When the store, the plan or the address cannot be had.
pub async fn run(mut options: Options) -> anyhow::Result<()> {
    let stores =
        Stores::open(&options.db).with_context(|| format!("cannot open {}", options.db.display()))?;
    let preview = PreviewKey::beside(&options.db)?;
    let compile = CompileOptions { preview_key: preview.chars(), ..CompileOptions::default() };
    let setup = Setup {
        source: options.plan.clone(),
        compile,
        policy: std::mem::take(&mut options.policy),
        token: options.admin.token.take(),
        db: Some(options.db.clone()),
    };
    let server = Server::start_with(stores, setup)?;
    for problem in &server.problems {
        eprintln!("{problem}");
    }
    let rest = match &options.www {
        Some(www) => files::router(www),
        None => Router::new().fallback(|| async { files::not_found() }),
    };
    let rest = match &options.demo {
        Some(dir) => demo::router(Arc::new(open_shop(dir, &server)?), rest),
        None => rest,
    };
    let listener = bind(SocketAddr::new(options.bind, options.port), "--port").await?;
    let admin = match options.admin.address {
        Some(address) if !address.ip().is_loopback() => {
            eprintln!(
                "parlour: --admin-addr {address} is no address of this machine alone: whoever reaches it reads everything"
            );
            Some(bind(address, "--admin-addr").await?)
        }
        Some(address) => Some(bind(address, "--admin-addr").await?),
        None => None,
    };
    greet(&options, &server, &preview, listener.local_addr()?, admin.as_ref());
    let (stopping, stopped) = (server.stopping.clone(), server.app.stopped.clone());
    let mut upkeep = Upkeep::new(&options, &server, stopped.clone())?;
    tokio::spawn(async move {
        stop_asked().await;
        stopping.send_replace(true);
    });
    let metrics = server.app.metrics.clone();
    let router = match admin {
        None => server.router(rest),
        Some(_) => server.router_without_admin(rest),
    };
    let serving = listen::serve(listener, router, metrics.clone(), stopped.clone());
    let admin = async {
        if let Some(admin) = admin {
            listen::serve(admin, server.admin_router(), metrics, stopped.clone()).await;
        }
    };
    tokio::select! {
        _ = async { tokio::join!(serving, admin) } => {}
        () = out_of_patience(stopped.clone()) => eprintln!("parlour: some requests did not finish in time"),
    }
    upkeep.end();
    server.stop().await;
    Ok(())
}

async fn bind(wanted: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(wanted).await.with_context(|| {
        format!("cannot listen on {wanted}: choose another {option}, or port 0 for any that is free")
    })
}

/// Fills the store with simulated shoppers, the first time, and the shop with what all shoppers taught.
fn open_shop(dir: &Path, server: &Server) -> anyhow::Result<Shop> {
    let mut shop = Shop::open(dir).with_context(|| format!("cannot open the shop in {}", dir.display()))?;
    let served = server.app.live.borrow().served.clone();
    let opened = served.map(|served| plan_file::open(dir, served.bytes().to_vec())).transpose()?;
    let live = server.app.live.clone();
    shop.show(move || live.borrow().served.as_ref().map(|served| served.bytes().to_vec()));
    server.app.reader.with(|store| {
        if let Some(opened) = opened {
            let seeded = demo::seed(store, &opened, &shop.catalogue, Seed::until(now_ms()))?;
            if seeded.added > 0 {
                println!("seeded     {} events of simulated shoppers", seeded.added);
            }
        }
        shop.learn(store)
    })?;
    Ok(shop)
}

async fn out_of_patience(mut stopped: watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(STOP_TIMEOUT).await;
}

async fn stop_asked() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

fn greet(
    options: &Options,
    server: &Server,
    preview: &PreviewKey,
    address: SocketAddr,
    admin: Option<&TcpListener>,
) {
    println!("collector  http://{address}/v1/batch → {}", options.db.display());
    if let Some(served) = server.app.live.borrow().served.as_ref() {
        println!("plan       http://{address}/plan.bin ({} version {})", served.hash, served.version);
    }
    let takes_ours = |served: &Served| served.rules.preview_key() == Some(preview.public);
    if server.app.live.borrow().served.as_deref().is_some_and(takes_ours) {
        let key = preview.path.display();
        println!(
            "previews   parlour preview --key {key} --experiment KEY --variant KEY --url http://{address}/"
        );
    }
    if let Some(dir) = &options.demo {
        println!("shop       http://{address}/ from {}", dir.display());
    }
    if let Some(www) = &options.www {
        println!("files      http://{address}/ from {}", www.display());
    }
    match admin.and_then(|admin| admin.local_addr().ok()) {
        Some(admin) => println!("admin      http://{admin}/_parlour"),
        None => println!("admin      http://{address}/_parlour?token={}", server.app.keys.token),
    }
}
