//! What is believed of the headers of a request, and what never reaches a line.

use axum::Router;
use axum::routing::get;
use serde_json::Value as Json;
use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Context, RequestId};
use throughline_structlog::testing;
use throughline_tower::ServerLayer;

use crate::site::{Raw, Site, only};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Sends header lines to a server, and returns the context of its event and the id on its response.
async fn send(layer: ServerLayer, captured: &testing::Captured, headers: &[u8]) -> (Json, String) {
    let app = Router::new().route("/", get(async || ())).layer(layer);
    let site = Site::start(app).await;
    let request =
        [b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n", headers, b"\r\n"].concat();
    let response = Raw::send(site.addr, request).await.rest().await;
    site.stop().await;
    let context = only(captured, "server.request")["context"].clone();
    let header = |name: &str| {
        let value = response.lines().find_map(|line| line.strip_prefix(name));
        value.map(str::to_owned)
    };
    let id = header("x-request-id: ").or(header("x-correlation-id: "));
    (context, id.expect("an id on the response"))
}

async fn at_edge(headers: &[u8]) -> (Json, String) {
    let (log, captured) = testing::capture();
    send(ServerLayer::edge(&log), &captured, headers).await
}

async fn at_internal(headers: &[u8]) -> (Json, String) {
    let (log, captured) = testing::capture();
    send(ServerLayer::internal(&log), &captured, headers).await
}

#[track_caller]
fn assert_new(context: &Json, id: &str) {
    assert_eq!(context["id"], id);
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'7'), "{id} is not a UUIDv7");
    assert_eq!(context["parent_span_id"], Json::Null);
    assert_ne!(context["trace_id"], TRACE);
}

fn well_formed() -> String {
    format!("x-request-id: abc/1\r\ntraceparent: 00-{TRACE}-{PARENT}-01\r\n")
}

#[tokio::test]
async fn an_internal_server_goes_on_with_the_request_and_the_trace() {
    let (context, id) = at_internal(well_formed().as_bytes()).await;
    assert_eq!((&context["id"], id.as_str()), (&"abc/1".into(), "abc/1"));
    assert_eq!(context["trace_id"], TRACE);
    assert_eq!(context["parent_span_id"], PARENT);
    assert_ne!(context["span_id"], PARENT);
    assert_eq!(context["upstream.id"], Json::Null);
}

#[tokio::test]
async fn an_edge_begins_anew_and_remembers_what_it_was_told() {
    let (context, id) = at_edge(well_formed().as_bytes()).await;
    assert_new(&context, &id);
    assert_eq!(context["upstream.id"], "abc/1");
    assert_eq!(context["upstream.trace_id"], TRACE);
}

#[tokio::test]
async fn without_headers_both_begin_anew() {
    for (context, id) in [at_edge(b"").await, at_internal(b"").await] {
        assert_new(&context, &id);
        assert_eq!(context["upstream.id"], Json::Null);
        assert_eq!(context["upstream.trace_id"], Json::Null);
    }
}

#[tokio::test]
async fn what_is_malformed_is_as_good_as_absent_and_reaches_no_line() {
    let long = "g4rbage".repeat(64 * 1024 / 7);
    let garbage: Vec<Vec<u8>> = vec![
        format!("x-request-id: {long}\r\n").into(),
        format!("traceparent: {long}\r\n").into(),
        format!("traceparent: 00-{TRACE}-{PARENT}-01-g4rbage\r\n").into(),
        format!("traceparent: 00-{TRACE}-{PARENT}-01, 00-{TRACE}-{PARENT}-01\r\n").into(),
        format!("traceparent: 00-{}-{PARENT}-01\r\n", TRACE.to_uppercase()).into(),
        format!("traceparent: 00-{}-{PARENT}-01\r\n", "0".repeat(32)).into(),
        format!("x-request-timeout-ms: {long}\r\n").into(),
        b"x-request-id: \r\n".into(),
        b"x-request-id: g4rbage\xff\xfe\r\n".into(),
        "x-request-id: g4rbage\u{2028}\u{202e}\r\n".into(),
        b"x-request-id: g4rbage with spaces\r\n".into(),
        b"x-request-id: g4rbage\tand\ttabs\r\n".into(),
        b"x-request-id: \"},\"g4rbage\":{\"\r\n".into(),
        b"x-request-id: g4rbage-a\r\nx-request-id: g4rbage-b\r\n".into(),
        b"traceparent: \xff\xff\r\n".into(),
    ];
    for headers in garbage {
        for edge in [true, false] {
            let (log, captured) = testing::capture();
            let layer = if edge { ServerLayer::edge(&log) } else { ServerLayer::internal(&log) };
            let (context, id) = send(layer, &captured, &headers).await;
            assert_new(&context, &id);
            let line = captured.lines().remove(0);
            assert!(line.len() < 1024 && line.is_ascii(), "{line}");
            assert!(!line.contains("g4rbage") && !line.contains("upstream"), "{line}");
        }
    }
}

#[tokio::test]
async fn an_id_of_the_greatest_length_is_kept_whole() {
    let longest = "x".repeat(RequestId::MAX_LEN);
    let (context, id) = at_internal(format!("x-request-id: {longest}\r\n").as_bytes()).await;
    assert_eq!((&context["id"], &id), (&longest.as_str().into(), &longest));
    let (context, id) = at_edge(format!("x-request-id: {longest}\r\n").as_bytes()).await;
    assert_new(&context, &id);
    assert_eq!(context["upstream.id"], longest);
}

#[tokio::test]
async fn an_id_goes_by_the_name_that_the_propagator_gives_it() {
    let (log, captured) = testing::capture();
    let propagator = Propagator::new().request_id_header("x-correlation-id");
    let layer = ServerLayer::internal(&log).propagator(propagator);
    let headers = b"x-correlation-id: abc\r\nx-request-id: no\r\n";
    let (context, id) = send(layer, &captured, headers).await;
    assert_eq!((&context["id"], id.as_str()), (&"abc".into(), "abc"));
}

#[tokio::test]
async fn who_only_says_that_a_request_is_grpc_forges_no_failure_and_hides_no_path() {
    let (log, captured) = testing::capture();
    let headers = b"content-type: application/grpc\r\n";
    let (context, _) = send(ServerLayer::edge(&log), &captured, headers).await;
    assert_eq!(
        (&context["http.request.method"], &context["url.path"]),
        (&"GET".into(), &"/".into())
    );
    let event = only(&captured, "server.request");
    assert_eq!((&event["outcome"], &event["level"]), (&"ok".into(), &"INFO".into()));
}

#[tokio::test]
async fn only_an_internal_server_lets_its_caller_decide_how_much_it_says() {
    let (log, _captured) = testing::capture();
    let headers = b"connection: close\r\nbaggage: throughline.verbosity=trace,a=1\r\n";
    for (layer, seen) in [
        (ServerLayer::internal(&log), r#"Some(Trace) "throughline.verbosity=trace,a=1""#),
        (ServerLayer::edge(&log), r#"None """#),
    ] {
        let say = async || {
            let ctx = Context::current().unwrap();
            format!("{:?} {:?}", ctx.verbosity(), ctx.baggage().as_str())
        };
        let site = Site::start(Router::new().route("/", get(say)).layer(layer)).await;
        let request = [b"GET / HTTP/1.1\r\nhost: x\r\n", &headers[..], b"\r\n"].concat();
        let response = Raw::send(site.addr, request).await.rest().await;
        site.stop().await;
        assert!(response.ends_with(&format!("\r\n\r\n{seen}")), "{response}");
    }
}
