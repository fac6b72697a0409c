//! An HTTP service: one layer, the context of the request in its handler, events with a type and without, and one wide event for each request, to which its handler adds.
//!
//! `cargo run --example axum`. It listens on a free port, is called three times, and ends. A service of your own needs the feature `axum`.

use std::error::Error;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Router, routing::get};
use throughline::ctx::Edit;
use throughline::tower::{Ctx, Policy, RequestHead, ServerLayer};
use throughline::{Event, Key, info};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const TENANT: Key<str> = Key::local("tenant.id", "Whose data the request is about");
const SHELF: Key<u64> = Key::local("archive.shelf", "Where the order was found");

struct Ours; // what all events of a request say, beside what the layer knows by itself

impl Policy for Ours {
    fn context(&self, ctx: Edit, request: &RequestHead<'_>) -> Edit {
        match request.headers.get("x-tenant").and_then(|tenant| tenant.to_str().ok()) {
            Some(tenant) => ctx.with(&TENANT, tenant),
            None => ctx,
        }
    }
}

/// An order was found.
#[derive(Event)]
#[event(name = "order.found", version = 1, level = "info", message = "Order {order.id} found")]
struct OrderFound {
    /// Number of the order.
    #[event(rename = "order.id")]
    id: u32,
    /// How many things were ordered.
    items: u32,
}

async fn order(Ctx(ctx): Ctx, Path(id): Path<u32>) -> Result<String, StatusCode> {
    info!(&ctx, "asking the archive");
    ctx.record(&SHELF, id % 4); // for the wide event
    match id {
        1 => {
            throughline::logger().emit(&ctx, &OrderFound { id, items: 3 });
            Ok("3 items\n".to_owned())
        }
        2 => Err(StatusCode::NOT_FOUND), // the service did its job
        _ => Err(StatusCode::INTERNAL_SERVER_ERROR), // it did not
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _guard = throughline::init("orders")?;
    let layer = ServerLayer::edge(throughline::logger()).policy(Ours);
    let app = Router::new().route("/orders/{id}", get(order)).layer(layer);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async { _ = stopped.await });
    let server = tokio::spawn(server.into_future());

    let client = reqwest::Client::new();
    for id in 1..=3 {
        let request = client.get(format!("http://{address}/orders/{id}?token=not-logged"));
        request.header("x-tenant", "acme").send().await?.bytes().await?;
    }
    drop(stop);
    server.await??;
    eprintln!(
        "Each line is an event; those of one request have the same `context.id`. The wide one of"
    );
    eprintln!("each is `server.request`: how it ended, and what its handler has learnt by then.");
    eprintln!("Next: two services, with `cargo run --example reqwest`, or `tonic`.");
    Ok(())
}
