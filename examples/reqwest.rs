//! Calls with reqwest: each takes the context along, keeps to the deadline of its request, and is reported when it has ended.
//!
//! `cargo run --example reqwest`. It calls itself over TCP, once in time and once too late, and ends.

use std::error::Error;
use std::time::Duration;

use axum::http::{Request, Response};
use axum::{Router, routing::get};
use reqwest::Body;
use throughline::tower::{ClientLayer, Ctx, ServerLayer};
use throughline::{Context, InContextExt, Logger, info};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::{Layer, ServiceExt, service_fn};

/// Sends a request of reqwest through the layer, which is for services over HTTP, and so for reqwest as one.
async fn send(
    layer: &ClientLayer,
    request: reqwest::RequestBuilder,
) -> reqwest::Result<reqwest::Response> {
    let (client, request) = request.build_split();
    let over_http = service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move { client.execute(request.try_into()?).await.map(Response::from) }
    });
    let response = layer.layer(over_http).oneshot(request?.try_into()?).await?;
    Ok(response.map(Body::wrap).into())
}

/// What the shop does for one request, which is the current one.
async fn sell(
    log: &Logger,
    layer: &ClientLayer,
    request: reqwest::RequestBuilder,
) -> reqwest::Result<()> {
    let response = send(layer, request).await?;
    let (status, stock) = (response.status().as_u16(), response.text().await?);
    info!(logger: log, "the stock answered", status, stock);
    Ok(())
}

/// The service that is called.
async fn stock(Ctx(ctx): Ctx) -> &'static str {
    info!("counting", remaining = ctx.remaining()); // the logger of the program, and the current context
    "7 pairs"
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _guard = throughline::init("stock")?;
    let layer = ServerLayer::internal(throughline::logger()).enforce_deadline();
    let app = Router::new().route("/items/{id}", get(stock)).layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/items/7", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { _ = stopped.await };
    let server =
        tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(stopped).into_future());

    let log = Logger::builder("shop").stdout().build();
    let layer = ClientLayer::internal(&log);
    let client = reqwest::Client::new();
    let in_time = Context::root().with_timeout(Duration::from_secs(5));
    sell(&log, &layer, client.get(&url)).in_context(in_time).await?;
    let too_late = Context::root().with_timeout(Duration::ZERO); // its time went to something else
    sell(&log, &layer, client.get(&url)).in_context(too_late).await?;
    drop(stop);
    server.await??;
    eprintln!(
        "Both services have the same `context.id` and trace. The second call is refused, since nobody waits for its answer."
    );
    eprintln!("Next: `cargo run --example nats`, where the context crosses a queue.");
    Ok(())
}
