//! What a policy and the other settings of a layer change.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use http::Request;
use http_body_util::Full;
use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Context, Edit, Key};
use throughline_schema::Level;
use throughline_structlog::{Logger, testing};
use throughline_tower::{Ended, Policy, RequestHead, ServerLayer};
use tower::{Layer, ServiceExt};

use crate::site::{Site, assert_ended, events, fetch, http1, http2, only, within};

const AGENT: Key<str> = Key::local("user_agent.original", "What the client says it is");
const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");
const WEIGHT: Key<u64> = Key::propagated("weight", "How many requests this one stands for");

struct Ours;

impl Policy for Ours {
    fn context(&self, ctx: Edit, request: &RequestHead<'_>) -> Edit {
        let agent = request.headers.get("user-agent").and_then(|value| value.to_str().ok());
        match agent {
            Some(agent) => ctx.with(&AGENT, agent),
            None => ctx,
        }
    }

    fn level(&self, ended: &Ended<'_>) -> Option<Level> {
        if ended.path == "/ping" { None } else { Some(Level::Warn) }
    }
}

#[tokio::test]
async fn a_policy_adds_to_the_context_and_decides_on_level_and_silence() {
    let (log, captured) = testing::capture();
    let app = Router::new().route("/", get(async || ())).route("/ping", get(async || ()));
    let site = Site::start(app.layer(ServerLayer::internal(&log).policy(Ours))).await;
    fetch(site.uri("/ping")).await;
    let request = Request::get(site.uri("/")).header("user-agent", "test/1").body(Full::default());
    within("a response", http1().request(request.unwrap())).await.unwrap();
    site.stop().await;
    let event = only(&captured, "server.request");
    assert_eq!(event["level"], "WARN");
    assert_eq!(event["context"]["user_agent.original"], "test/1");
    assert_eq!(event["context"]["url.path"], "/");
}

#[tokio::test]
async fn a_health_check_that_went_well_is_detail() {
    let (log, captured) = testing::capture();
    let app = Router::new().route("/healthz", get(async || ()));
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    fetch(site.uri("/healthz")).await;
    site.stop().await;
    assert_eq!(only(&captured, "server.request")["level"], "DEBUG");
}

#[tokio::test]
async fn a_request_whose_time_is_over_is_refused_before_it_is_handled_if_the_layer_is_told_so() {
    for enforced in [false, true] {
        let (log, captured) = testing::capture();
        let app = Router::new().route(
            "/",
            get({
                let log = log.clone();
                async move || throughline_structlog::info!(logger: log, "handled")
            }),
        );
        let layer = ServerLayer::internal(&log);
        let layer = if enforced { layer.enforce_deadline() } else { layer };
        let site = Site::start(app.layer(layer)).await;
        let request =
            Request::get(site.uri("/")).header("x-request-timeout-ms", "0").body(Full::default());
        let response = within("a response", http1().request(request.unwrap())).await.unwrap();
        assert_eq!(response.status(), if enforced { 504 } else { 200 });
        assert!(response.headers().contains_key("x-request-id"));
        drop(response);
        site.stop().await;
        assert_eq!(events(&captured, "log").len(), usize::from(!enforced));
        if enforced {
            let event = only(&captured, "server.request");
            assert_ended(&event, "timeout", Some(504), Some("timeout"));
        }
    }
}

#[tokio::test]
async fn a_request_to_which_its_caller_from_the_world_gives_no_time_is_no_failure_of_ours() {
    for (deadline, outcome, error_type) in
        [(Duration::from_secs(5), "cancelled", "cancelled"), (Duration::ZERO, "timeout", "timeout")]
    {
        let (log, captured) = testing::capture();
        let app = Router::new().route("/", get(not_handled));
        let layer = ServerLayer::edge(&log).deadline(deadline).enforce_deadline();
        let site = Site::start(app.layer(layer)).await;
        let request =
            Request::get(site.uri("/")).header("x-request-timeout-ms", "0").body(Full::default());
        let response = within("a response", http1().request(request.unwrap())).await.unwrap();
        assert_eq!(response.status(), 504);
        drop(response);
        site.stop().await;
        assert_ended(&only(&captured, "server.request"), outcome, Some(504), Some(error_type));
    }
}

#[tokio::test]
async fn a_grpc_call_that_only_its_caller_from_the_world_finds_late_is_no_failure_of_ours() {
    type Layer = fn(&Logger) -> ServerLayer;
    let ours: Layer = |log| ServerLayer::edge(log).deadline(Duration::ZERO);
    for (layer, outcome, error_type) in [
        (ServerLayer::edge as Layer, "cancelled", "cancelled"),
        (ServerLayer::internal, "timeout", "DEADLINE_EXCEEDED"),
        (ours, "timeout", "DEADLINE_EXCEEDED"),
    ] {
        let (log, captured) = testing::capture();
        let late = async || {
            let deadline = Context::current().unwrap().deadline().unwrap();
            tokio::time::sleep_until(deadline.into()).await;
            [("content-type", "application/grpc"), ("grpc-status", "4")]
        };
        let site = Site::start(Router::new().route("/B/C", post(late)).layer(layer(&log))).await;
        let request = Request::post(site.uri("/B/C"))
            .header("content-type", "application/grpc")
            .header("grpc-timeout", "1m")
            .body(Full::default());
        let client = http2();
        within("a response", client.request(request.unwrap())).await.unwrap();
        drop(client);
        site.stop().await;
        let event = only(&captured, "server.request");
        assert_ended(&event, outcome, Some(200), Some(error_type));
    }
}

async fn not_handled() {
    unreachable!("the deadline had passed before");
}

#[tokio::test]
async fn a_grpc_call_whose_time_is_over_is_refused_as_grpc_refuses() {
    let (log, captured) = testing::capture();
    let app = Router::new().route("/a.v1.B/C", post(not_handled));
    let site = Site::start(app.layer(ServerLayer::internal(&log).enforce_deadline())).await;
    let request = Request::post(site.uri("/a.v1.B/C"))
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "0n")
        .body(Full::default());
    let client = http2();
    let response = within("a response", client.request(request.unwrap())).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["grpc-status"], "4");
    assert_eq!(response.headers()["content-type"], "application/grpc");
    drop((response, client));
    site.stop().await;
    let event = only(&captured, "server.request");
    assert_ended(&event, "timeout", Some(200), Some("DEADLINE_EXCEEDED"));
    assert_eq!(event["rpc.status_code"], "DEADLINE_EXCEEDED");
    assert_eq!(event["context"]["rpc.method"], "a.v1.B/C");
}

#[tokio::test]
async fn callers_can_only_ask_for_less_time_than_the_server_has() {
    const OURS: Duration = Duration::from_secs(5);
    for (asked, most) in [("1000", Duration::from_secs(1)), ("99999999", OURS), ("", OURS)] {
        let (log, _captured) = testing::capture();
        let remaining = async || {
            let left = Context::current().unwrap().remaining().expect("a deadline");
            left.as_millis().to_string()
        };
        let app = Router::new().route("/", get(remaining));
        let site = Site::start(app.layer(ServerLayer::edge(&log).deadline(OURS))).await;
        let request =
            Request::get(site.uri("/")).header("x-request-timeout-ms", asked).body(Full::default());
        let response = within("a response", http1().request(request.unwrap())).await.unwrap();
        let (_, body) = crate::site::read(response).await.unwrap();
        let left: u64 = str::from_utf8(&body).unwrap().parse().unwrap();
        assert!(Duration::from_millis(left) <= most, "{left} ms of {asked:?}");
        site.stop().await;
    }
}

/// Sends a request with baggage, and returns the context of its event.
async fn with_baggage(layer: ServerLayer, captured: &testing::Captured) -> serde_json::Value {
    let app = Router::new().route("/", get(async || ()));
    let site = Site::start(app.layer(layer)).await;
    let request = Request::get(site.uri("/"))
        .header("baggage", "tenant.id=acme%20inc,weight=7;p=1")
        .header("baggage", "stranger=hunter2,mal formed=1")
        .body(Full::default());
    within("a response", http1().request(request.unwrap())).await.unwrap();
    site.stop().await;
    let event = only(captured, "server.request");
    if event["context"].get("tenant.id").is_some() {
        assert_eq!(event["baggage.dropped"], 1);
    }
    event["context"].clone()
}

#[tokio::test]
async fn declared_baggage_becomes_entries_inside_and_none_at_the_edge() {
    let propagator = || Propagator::new().key(&TENANT).key(&WEIGHT);
    let (log, captured) = testing::capture();
    let context =
        with_baggage(ServerLayer::internal(&log).propagator(propagator()), &captured).await;
    assert_eq!((&context["tenant.id"], &context["weight"]), (&"acme inc".into(), &7.into()));
    assert!(!captured.lines()[0].contains("hunter2"), "{}", captured.lines()[0]);

    let (log, captured) = testing::capture();
    let context = with_baggage(ServerLayer::edge(&log).propagator(propagator()), &captured).await;
    assert!(context.get("tenant.id").is_none() && context.get("weight").is_none(), "{context}");
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_route_that_axum_took_is_an_entry_and_its_handlers_can_ask_for_the_context() {
    use throughline_tower::Ctx;

    let (log, captured) = testing::capture();
    let app = Router::new()
        .route("/users/{id}", get(async |Ctx(ctx): Ctx| ctx.request_id().to_string()))
        .fallback(async || ());
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let (response, body) = fetch(site.uri("/users/7")).await;
    assert_eq!(response.headers()["x-request-id"].as_bytes(), body);
    fetch(site.uri("/elsewhere")).await;
    site.stop().await;
    let routes: Vec<_> = events(&captured, "server.request")
        .iter()
        .map(|event| event["context"]["http.route"].clone())
        .collect();
    assert_eq!(routes, ["/users/{id}".into(), serde_json::Value::Null]);
}

/// An error that cannot say what it is.
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("half of ")?;
        Err(std::fmt::Error)
    }
}

/// A policy that has a fault of its own.
struct Faulty;

impl Policy for Faulty {
    fn level(&self, _: &Ended<'_>) -> Option<Level> {
        panic!("a policy that panics, as this test wants it")
    }
}

#[tokio::test]
async fn neither_an_error_without_text_nor_a_policy_that_panics_costs_the_event() {
    let (log, captured) = testing::capture();
    let service = tower::service_fn(async |_: Request<()>| {
        Err::<http::Response<Full<bytes::Bytes>>, _>(Unspeakable)
    });
    let service = ServerLayer::internal(&log).policy(Faulty).layer(service);
    assert!(service.oneshot(Request::new(())).await.is_err());
    let event = only(&captured, "server.request");
    assert_ended(&event, "error", None, Some("_OTHER"));
    assert_eq!(event["error"], "[unprintable]");
}
