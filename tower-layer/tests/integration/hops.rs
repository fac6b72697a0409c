//! One request on its way through two services.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderMap, Request, Uri};
use http_body_util::Full;
use serde_json::Value as Json;
use throughline_ctx::Context;
use throughline_structlog::{Logger, testing};
use throughline_tower::{Client, ClientLayer, ServerLayer};
use tower::{Layer, ServiceExt};

use crate::grpc;
use crate::site::{
    HttpClient, Site, assert_ended, fetch, http1, http2, lines, only, read, request_for, within,
};

/// A service that asks another one, and answers with its answer.
fn gateway(log: &Logger, client: HttpClient, callee: Uri) -> Router {
    let client = ClientLayer::internal(log).layer(client);
    let ask = async move |State(client): State<Client<HttpClient>>| {
        let response = client.oneshot(request_for(callee)).await.unwrap();
        read(response).await.unwrap().1
    };
    Router::new().route("/", get(ask)).with_state(client).layer(ServerLayer::internal(log))
}

/// Checks that caller, call and callee are one request, one trace and one line of descent.
#[track_caller]
fn assert_linked(caller: &Json, call: &Json, callee: &Json) {
    let [caller, call, callee] = [caller, call, callee].map(|event| &event["context"]);
    for name in ["id", "trace_id"] {
        assert!(caller[name].is_string());
        assert_eq!(caller[name], call[name]);
        assert_eq!(caller[name], callee[name]);
    }
    assert_eq!(call["parent_span_id"], caller["span_id"]);
    assert_eq!(callee["parent_span_id"], call["span_id"]);
    assert_ne!(call["span_id"], caller["span_id"]);
    assert_ne!(callee["span_id"], call["span_id"]);
}

#[tokio::test]
async fn from_axum_to_axum() {
    for client in [http1(), http2()] {
        let ((log_a, captured_a), (log_b, captured_b)) = (testing::capture(), testing::capture());
        let callee = Router::new().route("/b", get(async || "from b"));
        let callee = Site::start(callee.layer(ServerLayer::internal(&log_b))).await;
        let caller = Site::start(gateway(&log_a, client, callee.uri("/b"))).await;
        let (response, body) = fetch(caller.uri("/")).await;
        assert_eq!(body, "from b");
        caller.stop().await;
        callee.stop().await;

        let (server, call) =
            (only(&captured_a, "server.request"), only(&captured_a, "client.request"));
        let callee = only(&captured_b, "server.request");
        for event in [&server, &call, &callee] {
            assert_ended(event, "ok", Some(200), None);
        }
        assert_linked(&server, &call, &callee);
        assert_eq!(server["context"]["id"], response.headers()["x-request-id"].to_str().unwrap());
        // What one service says of a request stays with its events.
        assert_eq!(server["context"]["url.path"], "/");
        assert_eq!(call["context"]["url.path"], "/");
        assert_eq!(callee["context"]["url.path"], "/b");
    }
}

#[tokio::test]
async fn from_axum_to_tonic() {
    let (log, captured) = testing::capture();
    let callee = grpc::start(&log).await;
    let client = grpc::connect(&callee, &log).await;
    let ask = async move |State(mut client): State<_>| grpc::ask(&mut client, "hi").await.unwrap();
    let app = Router::new().route("/", get(ask)).with_state(client);
    let caller = Site::start(app.layer(ServerLayer::edge(&log))).await;
    assert_eq!(fetch(caller.uri("/")).await.1, "hi");
    caller.stop().await;
    callee.stop().await;

    let lines = lines(&captured);
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let (server, call) = (
        |rpc: bool| {
            let is = move |line: &&Json| line["context"]["rpc.method"].is_string() == rpc;
            lines.iter().filter(|line| line["event"] == "server.request").find(is).unwrap()
        },
        only(&captured, "client.request"),
    );
    assert_linked(server(false), &call, server(true));
    assert_eq!(server(true)["rpc.status_code"], "OK");
}

#[tokio::test]
async fn the_time_that_is_left_travels_and_is_not_longer() {
    let log = Logger::disabled();
    let time_left = async || {
        let left = Context::current().unwrap().remaining();
        left.map(|left| left.as_micros().to_string()).unwrap_or_default()
    };
    let callee = Router::new().route("/", get(time_left));
    let callee = Site::start(callee.layer(ServerLayer::internal(&log))).await;
    let caller = Site::start(gateway(&log, http1(), callee.uri("/"))).await;
    assert_eq!(fetch(caller.uri("/")).await.1, "");

    let timeout = Duration::from_secs(600);
    let request = Request::get(caller.uri("/")).header("x-request-timeout-ms", "600000");
    let request = request.body(Full::default()).unwrap();
    let response = within("a response", http1().request(request)).await.unwrap();
    let (_, left) = within("a body", read(response)).await.unwrap();
    let left = Duration::from_micros(String::from_utf8(left.to_vec()).unwrap().parse().unwrap());
    assert!(!left.is_zero() && left <= timeout);
    caller.stop().await;
    callee.stop().await;
}

#[tokio::test]
async fn a_request_that_is_handed_on_as_it_came_is_a_child_of_the_one_that_came() {
    let (log, captured) = testing::capture();
    let callee = Router::new().route("/", get(async || ()));
    let callee = Site::start(callee.layer(ServerLayer::internal(&log))).await;
    let uri = callee.uri("/");
    let client = ClientLayer::internal(&log).layer(http1());
    // Handed to a task, which has no current context: the request brings its own.
    let forward = async move |mut request: Request<axum::body::Body>| {
        *request.uri_mut() = uri;
        let request = request.map(|_| Full::default());
        let call = tokio::spawn(client.oneshot(request));
        read(call.await.unwrap().unwrap()).await.unwrap().1
    };
    let app = Router::new().route("/proxy", get(forward)).layer(ServerLayer::internal(&log));
    let caller = Site::start(app).await;
    fetch(caller.uri("/proxy")).await;
    caller.stop().await;
    callee.stop().await;

    let by_path = |path: &str| {
        let is =
            |line: &&Json| line["event"] == "server.request" && line["context"]["url.path"] == path;
        lines(&captured).iter().find(is).unwrap().clone()
    };
    assert_linked(&by_path("/proxy"), &only(&captured, "client.request"), &by_path("/"));
}

#[tokio::test]
async fn an_edge_that_hands_on_a_request_as_it_came_hands_on_nothing_that_it_did_not_believe() {
    let log = Logger::disabled();
    let echo = async |headers: HeaderMap| format!("{headers:?}");
    let callee = Site::start(Router::new().route("/", get(echo))).await;
    let uri = callee.uri("/");
    let client = ClientLayer::internal(&log).layer(http1());
    let forward = async move |mut request: Request<axum::body::Body>| {
        *request.uri_mut() = uri;
        let response = client.oneshot(request.map(|_| Full::default())).await.unwrap();
        read(response).await.unwrap().1
    };
    let app = Router::new().route("/", get(forward)).layer(ServerLayer::edge(&log));
    let caller = Site::start(app).await;
    let request = Request::get(caller.uri("/"))
        .header("x-request-id", "g4rbage")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .header("tracestate", "g4rbage=1")
        .header("baggage", "g4rbage=1")
        .header("x-request-timeout-ms", "g4rbage")
        .body(Full::default())
        .unwrap();
    let response = within("a response", http1().request(request)).await.unwrap();
    let (_, headers) = within("a body", read(response)).await.unwrap();
    let headers = String::from_utf8(headers.to_vec()).unwrap();
    assert!(!headers.contains("g4rbage") && !headers.contains("4bf92f35"), "{headers}");
    assert!(headers.contains("x-request-id") && headers.contains("traceparent"), "{headers}");
    caller.stop().await;
    callee.stop().await;
}
