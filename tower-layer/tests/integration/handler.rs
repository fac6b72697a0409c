//! What the code of a service sees of its context.

use std::convert::Infallible;
use std::task::Poll;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use http::Response;
use throughline_ctx::{Context, Key};
use throughline_structlog::testing::Captured;
use throughline_structlog::{Logger, info, testing};
use throughline_tower::ServerLayer;
use tokio::sync::mpsc;

use crate::site::{Raw, Site, events, fetch, lines, only, within};

#[tokio::test]
async fn the_context_is_current_and_in_the_extensions() {
    let (log, captured) = testing::capture();
    let app = Router::new().route(
        "/",
        get(async |Extension(given): Extension<Context>| {
            tokio::task::yield_now().await;
            let current = Context::current().unwrap();
            assert_eq!(current.span_id(), given.span_id());
            given.span_id().to_string()
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let (response, body) = fetch(site.uri("/")).await;
    site.stop().await;
    let event = only(&captured, "server.request");
    assert_eq!(event["context"]["span_id"], String::from_utf8_lossy(&body).as_ref());
    assert_eq!(event["context"]["id"], response.headers()["x-request-id"].to_str().unwrap());
    assert!(Context::current().is_none());
}

#[tokio::test]
async fn a_body_is_polled_in_the_context() {
    let (log, captured) = testing::capture();
    let handler_log = log.clone();
    let app = Router::new().route(
        "/",
        get(async move || {
            let mut left = 3;
            let frames = futures_util::stream::poll_fn(move |_| {
                info!(logger: handler_log, "polled", left);
                left -= 1;
                Poll::Ready((left > 0).then(|| Ok::<_, Infallible>(Bytes::from("x"))))
            });
            Response::new(Body::from_stream(frames))
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    assert_eq!(fetch(site.uri("/")).await.1, "xx");
    site.stop().await;
    let span = only(&captured, "server.request")["context"]["span_id"].clone();
    let polled = events(&captured, "log");
    assert_eq!(polled.len(), 3);
    assert!(polled.iter().all(|event| event["context"]["span_id"] == span));
}

/// Says something when it is dropped.
struct LastWords(Logger);

impl Drop for LastWords {
    fn drop(&mut self) {
        info!(logger: self.0, "dropped");
    }
}

/// Checks that the last words and then the event of the request were written, in one context.
#[track_caller]
fn assert_last_words(captured: &Captured) {
    let lines = lines(captured);
    let names: Vec<_> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(names, ["log", "server.request"]);
    assert_eq!(lines[1]["outcome"], "cancelled");
    assert_eq!(lines[0]["context"], lines[1]["context"]);
}

#[tokio::test]
async fn the_last_words_of_a_handler_stand_in_the_context_and_before_the_event() {
    let (log, captured) = testing::capture();
    let (began, mut handling) = mpsc::channel(1);
    let handler_log = log.clone();
    let app = Router::new().route(
        "/",
        get(async move || {
            let _words = LastWords(handler_log);
            began.send(()).await.unwrap();
            std::future::pending::<()>().await
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let client = Raw::send(site.addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    within("the handler", handling.recv()).await.unwrap();
    drop(client);
    site.stop().await;
    assert_last_words(&captured);
}

#[tokio::test]
async fn the_last_words_of_a_body_stand_in_the_context_and_before_the_event() {
    let (log, captured) = testing::capture();
    let handler_log = log.clone();
    let app = Router::new().route(
        "/",
        get(async move || {
            let words = LastWords(handler_log);
            let mut first = Some(Ok::<_, Infallible>(Bytes::from("begin")));
            Body::from_stream(futures_util::stream::poll_fn(move |_| {
                let _held = &words;
                first.take().map_or(Poll::Pending, |chunk| Poll::Ready(Some(chunk)))
            }))
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let mut client = Raw::send(site.addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.until("begin").await;
    drop(client);
    site.stop().await;
    assert_last_words(&captured);
}

#[tokio::test]
async fn what_is_recorded_while_a_request_is_handled_stands_in_its_event() {
    const ITEMS: Key<u64> = Key::local("cart.items", "How many things were bought");
    const USER: Key<str> = Key::propagated("user.name", "Account name as typed").personal();
    let (log, captured) = testing::capture();
    let (later, mut told) = mpsc::unbounded_channel();
    let handler_log = log.clone();
    let app = Router::new().route(
        "/",
        get(async move |Extension(ctx): Extension<Context>| {
            let deep = ctx.child();
            assert!(deep.record(&ITEMS, 2_u64) && deep.record(&USER, "ada"));
            info!(logger: handler_log, &ctx, "before");
            assert!(deep.record(&ITEMS, 3_u64));
            later.send(deep).unwrap();
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    fetch(site.uri("/")).await;
    site.stop().await;
    let event = only(&captured, "server.request");
    assert_eq!(event["context"]["cart.items"], 3);
    assert_eq!(event["context"]["user.name"], "[redacted]");
    assert_eq!(event["context"]["url.path"], "/");
    assert_eq!(only(&captured, "log")["context"]["cart.items"], serde_json::Value::Null);
    // It is too late now, and whoever tries is told.
    assert!(!told.recv().await.unwrap().record(&ITEMS, 4_u64));
}
