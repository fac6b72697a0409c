//! Opens a context at the edge of a service, closes it on every exit, and carries it onward.
//!
//! Two layers for anything that is a tower service over HTTP: axum, tonic, hyper.
//! - [`ServerLayer`] reads the context that a request brings, makes it current while the request is handled, and writes one event when the
//!   request has ended, whatever way it ended.
//! - [`ClientLayer`] sends the context along with an outgoing call, and writes one event for the call.
//!
//! ```
//! use axum::{Router, routing::get};
//! use throughline_ctx::Context;
//! use throughline_structlog::{Logger, info};
//! use throughline_tower::ServerLayer;
//!
//! # async fn serve() -> std::io::Result<()> {
//! let log = Logger::builder("shop").stdout().build();
//! let app: Router = Router::new()
//!     .route("/", get(|| async { info!("in the context of the request") }))
//!     .layer(ServerLayer::edge(&log));
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! axum::serve(listener, app).await
//! # }
//! ```
//!
//! # Where the context is
//!
//! A handler finds it as [`Context::current`](throughline_ctx::Context::current), and in the extensions of the request: with axum as `Extension<Context>`, with tonic as
//! `request.extensions().get::<Context>()`. Take it from there to hand it to a task: a spawned task begins with no current context, until
//! [`in_context`](throughline_ctx::InContextExt::in_context) gives it one.
//!
//! A client finds the context of a call in the extensions of its request, and else takes the current one. [`clients`] shows it for hyper-util, tonic and reqwest.
//!
//! # The events
//!
//! | event | of | fields, beside `duration_us` and `outcome` |
//! |---|---|---|
//! | `server.request` | [`ServerLayer`] | `http.response.status_code`, `rpc.status_code`, `http.request.body.size`, `http.response.body.size`, `error.type`, `error` and `error.causes`, `baggage.dropped` |
//! | `client.request` | [`ClientLayer`] | `http.request.method` and `url.path`, or `rpc.method`; `server.address`, `server.port`; and those of the server |
//!
//! On the side of the server, what is known when the request comes in is part of its context, and so of all its events: `http.request.method` and `url.path` (without the query), or
//! `rpc.method`; and `http.route` where the router knows it. A server's event is an `error` if the outcome is `error` or `timeout`, `debug` for a health check, and `info` otherwise, unless its
//! [`Policy`] says something else; a client's is a `warn`, since it is for its caller to say what a failure means. Sizes are those of the bodies, in bytes, without framing; that of the request is what `content-length` states.
//!
//! What a handler learns later goes into the server's event by [`Context::record`](throughline_ctx::Context::record):
//!
//! ```
//! use axum::Extension;
//! use throughline_ctx::{Context, Key};
//!
//! const ITEMS: Key<u64> = Key::local("cart.items", "How many things were bought");
//!
//! async fn buy(Extension(ctx): Extension<Context>) {
//!     ctx.record(&ITEMS, 3_u64);
//! }
//! ```
//!
//! # Detail
//!
//! How much is said of one request can be decided beforehand or afterwards: by its [verbosity](throughline_ctx::Verbosity), which an [internal](ServerLayer::internal) layer takes over from the caller,
//! and by [`hold_detail`](ServerLayer::hold_detail), which keeps what is left out of other requests until it is known whether this one went wrong.
//!
//! # Where to go next
//!
//! [`ServerLayer::edge`] and [`ServerLayer::internal`] say what is believed of a caller, [`ClientLayer::internal`] and [`ClientLayer::external`] what is told to a callee, and [`Policy`] changes what is said of requests.
//! The example `login` of the repository shows all of them, with axum and tonic.
//!
//! # Features
//!
//! | feature | by default | what it adds |
//! |---|---|---|
//! | `axum` | no | the extractor `Ctx`, and the entry `http.route` as axum's router knows it |

#![forbid(unsafe_code)]

mod body;
mod call;
mod causes;
mod client;
#[cfg(any(doc, doctest))]
#[doc = include_str!("clients.md")]
pub mod clients {}
mod events;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod grpc;
mod headers;
mod keys;
mod policy;
mod propagators;
mod server;

pub use body::CallBody;
pub use client::{Client, ClientLayer, Peer};
#[cfg(feature = "axum")]
pub use extract::Ctx;
pub use future::CallFuture;
pub use headers::Headers;
pub use policy::{Ended, Policy, RequestHead};
pub use server::{Server, ServerLayer};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
