//! A server that reads a body and answers 200: what `npm run bench:collect` puts the collector beside.

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/v1/batch", post(|_: Bytes| async { "ok" }))).await
}
