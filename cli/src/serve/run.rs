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
use super::{Server, Stores, files, now_ms};
use crate::demo::{self, Seed, Shop};
use parlour_command::plan_file;

/// How long open requests may take to finish once we are asked to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub struct Options {
    pub bind: IpAddr,
    pub port: u16,
    pub db: PathBuf,
    pub plan: Option<Source>,
    pub www: Option<PathBuf>,
    /// The directory of the demonstration shop.
    pub demo: Option<PathBuf>,
}

/// Serves until asked to stop.
///
/// # Errors
/// When the store, the plan or the address cannot be had.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let stores =
        Stores::open(&options.db).with_context(|| format!("cannot open {}", options.db.display()))?;
    let preview = PreviewKey::beside(&options.db)?;
    let compile = CompileOptions { preview_key: preview.chars(), ..CompileOptions::default() };
    let server = Server::start_with(stores, options.plan.clone(), compile)?;
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
    let wanted = SocketAddr::new(options.bind, options.port);
    let listener = TcpListener::bind(wanted).await.with_context(|| {
        format!("cannot listen on {wanted}: choose another --port, or 0 for any that is free")
    })?;
    greet(&options, &server, &preview, listener.local_addr()?);
    let (stopping, stopped) = watch::channel(false);
    let graceful = async move {
        stop_asked().await;
        // An error says that serving has ended already.
        let _ = stopping.send(true);
    };
    let serving = axum::serve(listener, server.router(rest)).with_graceful_shutdown(graceful);
    tokio::select! {
        ended = std::future::IntoFuture::into_future(serving) => ended?,
        () = out_of_patience(stopped) => eprintln!("parlour: some requests did not finish in time"),
    }
    server.stop().await;
    Ok(())
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

fn greet(options: &Options, server: &Server, preview: &PreviewKey, address: SocketAddr) {
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
    println!("admin      http://{address}/_parlour?token={}", server.app.keys.token);
}
