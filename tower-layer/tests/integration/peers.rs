//! What the services of others are told: no more than they should be.

use axum::Router;
use axum::routing::get;
use http::{HeaderMap, Request};
use http_body_util::Full;
use throughline_ctx::{Context, Key, Verbosity};
use throughline_structlog::testing;
use throughline_tower::{ClientLayer, Peer};
use tower::{Layer, ServiceExt};

use crate::site::{Site, http1, only, read, within};

const USER: Key<str> = Key::propagated("user.name", "Who is asking").personal();
const TOKEN: Key<str> = Key::propagated("token", "What opens the door").secret();

/// The headers that arrive at a server which is called with a full context, by a client that passes on what it was sent.
async fn headers_at(layer: ClientLayer) -> (HeaderMap, Context) {
    let ctx = Context::root().with(&USER, "ada").with(&TOKEN, "hunter2");
    let ctx = ctx.with_timeout(std::time::Duration::from_secs(60));
    let ctx = ctx.with_verbosity(Verbosity::Debug);
    let echo = async |headers: HeaderMap| {
        let lines =
            headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
        lines.collect::<String>()
    };
    let site = Site::start(Router::new().route("/", get(echo))).await;
    let request = Request::get(site.uri("/"))
        .header("x-request-id", "passed-on")
        .header("baggage", "user.name=eve")
        .header("tracestate", "other=1")
        .header("x-request-timeout-ms", "30000")
        .extension(ctx.clone())
        .body(Full::default());
    let call = layer.layer(http1()).oneshot(request.unwrap());
    let (_, body) = read(within("a response", call).await.unwrap()).await.unwrap();
    site.stop().await;
    let mut headers = HeaderMap::new();
    for line in str::from_utf8(&body).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    (headers, ctx)
}

#[tokio::test]
async fn our_own_are_told_all() {
    let (log, _captured) = testing::capture();
    let (headers, ctx) = headers_at(ClientLayer::internal(&log)).await;
    assert_eq!(headers["x-request-id"], ctx.request_id().as_str());
    assert_eq!(headers["baggage"], "user.name=ada,token=hunter2,throughline.verbosity=debug");
    assert!(headers["traceparent"].to_str().unwrap().contains(&ctx.trace_id().to_string()));
    assert!(!headers.contains_key("tracestate"), "nobody said that of this trace");
    assert!(headers.contains_key("x-request-timeout-ms"));
}

#[tokio::test]
async fn others_are_told_the_trace_or_nothing_and_no_entry_leaves() {
    let (log, captured) = testing::capture();
    let (headers, ctx) = headers_at(ClientLayer::external(&log)).await;
    assert!(headers["traceparent"].to_str().unwrap().contains(&ctx.trace_id().to_string()));
    let call = only(&captured, "client.request");
    let span = call["context"]["span_id"].as_str().unwrap();
    assert!(headers["traceparent"].to_str().unwrap().contains(span), "each call has its own span");
    for absent in ["x-request-id", "baggage", "tracestate", "x-request-timeout-ms"] {
        assert!(!headers.contains_key(absent), "{absent}: {headers:?}");
    }

    let layer = ClientLayer::internal(&log).host("127.0.0.1", Peer::Untold);
    let (headers, _) = headers_at(layer).await;
    for absent in ["traceparent", "x-request-id", "baggage", "tracestate", "x-request-timeout-ms"] {
        assert!(!headers.contains_key(absent), "{absent}: {headers:?}");
    }
}
