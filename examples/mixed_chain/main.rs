//! A link of a chain of services: `scripts/mixed-chain` puts one in Python, which OpenTelemetry instruments, between two of these.
//!
//! `cargo run --example mixed_chain NAME edge|internal [URL]` listens on a free port, which it prints, until it is interrupted, and passes every
//! request on to the URL.

use std::error::Error;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Router, body::Body};
use hyper_util::client::legacy::{Client as Http, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use throughline::ctx::propagation::Propagator;
use throughline::tower::{Client, ClientLayer, Ctx, ServerLayer};
use throughline::{Event, Key, debug, logger};
use tokio::signal::unix::{SignalKind, signal};
use tower::{Layer, ServiceExt};

const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");

/// A request was received: what its context says beside what stands in every line.
#[derive(Event)]
#[event(name = "chain.received", version = 1, level = "info", message = "Request received")]
struct Received<'a> {
    /// The flags of the trace: 1 for sampled, 2 for random.
    flags: u8,
    /// What other tracing systems say of the trace.
    tracestate: Option<&'a str>,
    /// What goes along on every call, as it came.
    baggage: &'a str,
    /// What is left until the deadline.
    remaining: Option<std::time::Duration>,
}

#[derive(Clone)]
struct Next(Client<Http<HttpConnector, Body>>, Option<String>);

async fn pass_on(
    State(Next(client, url)): State<Next>,
    Ctx(ctx): Ctx,
    request: Request,
) -> Result<Response, StatusCode> {
    let (tracestate, baggage) = (ctx.trace_state().map(|state| state.as_str()), ctx.baggage());
    let (flags, remaining) = (ctx.flags().bits(), ctx.remaining());
    let received = Received { flags, tracestate, baggage: baggage.as_str(), remaining };
    logger().emit(&ctx, &received);
    debug!(&ctx, "written where a request asks for more");
    let Some(url) = url else { return Ok(Response::new("the end of the chain\n".into())) };

    let ctx = if ctx.get(&TENANT).is_none() { ctx.with(&TENANT, "acme") } else { ctx };
    let call = Request::get(url + request.uri().path()).extension(ctx).body(Body::empty());
    let call = call.map_err(|_| StatusCode::BAD_REQUEST)?;
    let response = client.oneshot(call).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(response.map(Body::new))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: mixed_chain NAME edge|internal [URL]";
    let mut args = std::env::args().skip(1);
    let _guard = throughline::init(args.next().ok_or(usage)?)?;
    let layer = match args.next().as_deref() {
        Some("edge") => ServerLayer::edge(logger()),
        Some("internal") => ServerLayer::internal(logger()),
        _ => return Err(usage.into()),
    };
    let layer = layer.propagator(Propagator::new().key(&TENANT));
    let client = Http::builder(TokioExecutor::new()).build_http();
    let next = Next(ClientLayer::internal(logger()).layer(client), args.next());
    let app = Router::new().fallback(pass_on).with_state(next).layer(layer);
    let mut interrupt = signal(SignalKind::interrupt())?; // before anybody knows where to send one
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let interrupted = async move { _ = interrupt.recv().await };
    Ok(axum::serve(listener, app).with_graceful_shutdown(interrupted).await?)
}
