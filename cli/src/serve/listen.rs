//! Connections: as many as the system allows, each with a limit on the time a request's head may take, and an orderly end.
//! A slow connection costs a file descriptor and some kilobytes for that time, and nothing else waits for it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use super::metrics::Metrics;
use super::peer::Peer;

/// For the head of a request, and between two requests of a connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HEAD_BYTES: usize = 64 << 10;
const MAX_CONNECTIONS: u64 = 50_000;
/// Left for the store, the plan, and the files of a site.
const SPARE_FILES: u64 = 256;
/// After an error of accept, as when file descriptors are used up.
const PAUSE: Duration = Duration::from_millis(50);

/// How many connections there may be: what the system's limit on open files allows, raised as far as we may.
#[must_use]
pub fn most_connections() -> usize {
    let allowed = rlimit::increase_nofile_limit(MAX_CONNECTIONS + SPARE_FILES).unwrap_or(1_024);
    let most = allowed.saturating_sub(SPARE_FILES).clamp(64, MAX_CONNECTIONS);
    usize::try_from(most).unwrap_or(64)
}

/// Serves until `stop` is true; returns once every connection has finished its request.
pub async fn serve(listener: TcpListener, router: Router, metrics: Metrics, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(most_connections()));
    let (alive, mut gone) = tokio::sync::mpsc::channel::<()>(1);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            metrics.refused_connections.inc();
            continue;
        };
        let (router, stop, alive, metrics) = (router.clone(), stop.clone(), alive.clone(), metrics.clone());
        tokio::spawn(async move {
            metrics.connections.inc();
            connection(stream, Peer(peer), router, stop).await;
            metrics.connections.dec();
            drop((place, alive));
        });
    }
    drop((listener, alive));
    // Ends when the last connection has dropped its sender.
    let _: Option<()> = gone.recv().await;
}

async fn connection(stream: TcpStream, peer: Peer, router: Router, mut stop: watch::Receiver<bool>) {
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    tokio::select! {
        // A client that breaks off is no event here: it will send again.
        _ = serving.as_mut() => {}
        () = asked(&mut stop) => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

async fn asked(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
