//! How much is said of a request: what it asks for, and what is held back until it goes wrong.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join_all;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::Value as Json;
use throughline_ctx::{Context, Edit, Hold, InContextExt, Verbosity};
use throughline_schema::Level;
use throughline_structlog::testing::{self, Captured};
use throughline_structlog::{Logger, debug, error, info, trace};
use throughline_tower::{Ended, Policy, RequestHead, ServerLayer};
use tower::{BoxError, Layer, ServiceExt, service_fn};

use crate::grpc;
use crate::site::{Site, http1, http2, lines, read, request_for, within};

const ROOM: usize = 64 * 1024;

/// A logger that leaves `debug` and `trace` out.
fn capture() -> (Logger, Captured) {
    let captured = Captured::default();
    let log = Logger::builder("test").filter(Level::Info).sink(captured.clone()).build();
    (log, captured)
}

fn messages(lines: &[Json]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

/// Says things in several places, in order, and then answers with the status that the request asks for.
async fn handle(State(log): State<Logger>, headers: HeaderMap) -> StatusCode {
    let ctx = Context::current().unwrap();
    debug!(logger: log, "first");
    info!(logger: log, "at once");
    tokio::time::sleep(Duration::from_micros(100)).await;
    let (in_task, on_thread) = (log.clone(), log.clone());
    let task = async move { trace!(logger: in_task, "in a task") };
    tokio::spawn(task.in_context(ctx.child())).await.unwrap();
    let work = ctx.wrap(move || debug!(logger: on_thread, "on a thread"));
    tokio::task::spawn_blocking(work).await.unwrap();
    headers["status"].to_str().unwrap().parse().unwrap()
}

/// The handler at work for requests that ask for a status each, over HTTP/1.1 and HTTP/2 in turns, all at once.
async fn serve(layer: ServerLayer, log: &Logger, statuses: &[&'static str]) {
    let app = Router::new().route("/", get(handle)).with_state(log.clone());
    let site = Site::start(app.layer(layer)).await;
    let clients = [http1(), http2()];
    let calls = statuses.iter().enumerate().map(|(at, status)| {
        let mut request = request_for(site.uri("/"));
        request.headers_mut().insert("status", status.parse().unwrap());
        request.headers_mut().insert("x-request-id", format!("{status}-{at}").parse().unwrap());
        let call = clients[at % 2].request(request);
        async move {
            let (response, _) = read(call.await.unwrap()).await.unwrap();
            assert_eq!(response.status().as_str(), *status);
        }
    });
    within("all responses", join_all(calls)).await;
    drop(clients);
    site.stop().await;
}

#[tokio::test]
async fn detail_that_is_missing_is_told_in_the_context_of_its_request() {
    let (log, captured) = capture();
    serve(ServerLayer::internal(&log).hold_detail(1), &log, &["500", "500"]).await;
    let lines = lines(&captured);
    let missing = lines.iter().filter(|line| line["event"] == "throughline.detail_dropped");
    let mut ids: Vec<_> = missing.map(|line| line["context"]["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["500-0", "500-1"]);
}

#[tokio::test]
async fn a_request_that_fails_tells_its_detail_in_order_and_with_its_own_times() {
    let (log, captured) = capture();
    serve(ServerLayer::internal(&log).hold_detail(ROOM), &log, &["500"]).await;
    let lines = lines(&captured);
    let order = ["at once", "first", "in a task", "on a thread", "Request handled"];
    assert_eq!(messages(&lines), order);
    assert!(lines.iter().all(|line| line["context"]["id"] == "500-0"), "{lines:#?}");
    let times: Vec<_> = lines.iter().map(|line| line["timestamp"].as_str().unwrap()).collect();
    assert!(times[1] <= times[0], "the first is older than what was written before it");
    assert!(times[0] < times[2] && times[1..].is_sorted(), "{times:?}");
    assert_eq!(log.withheld(), Default::default());
}

#[tokio::test]
async fn the_detail_of_a_request_that_goes_well_vanishes_and_is_counted() {
    let (log, captured) = capture();
    serve(ServerLayer::internal(&log).hold_detail(ROOM), &log, &["200"]).await;
    assert_eq!(messages(&lines(&captured)), ["at once", "Request handled"]);
    assert_eq!(log.withheld().vanished, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_requests_at_once_each_tells_its_own_detail() {
    let (log, captured) = capture();
    let statuses: Vec<_> = (0..100).map(|at| ["200", "404", "503"][at % 3]).collect();
    serve(ServerLayer::internal(&log).hold_detail(ROOM), &log, &statuses).await;
    let mut of_request = BTreeMap::<String, Vec<Json>>::new();
    for line in lines(&captured) {
        let id = line["context"]["id"].as_str().unwrap().to_owned();
        of_request.entry(id).or_default().push(line);
    }
    assert_eq!(of_request.len(), statuses.len());
    for (id, lines) in of_request {
        if id.starts_with("503") {
            let order = ["at once", "first", "in a task", "on a thread", "Request handled"];
            assert_eq!(messages(&lines), order, "{id}");
        } else {
            assert_eq!(messages(&lines), ["at once", "Request handled"], "{id}");
        }
    }
    let well = statuses.iter().filter(|status| **status != "503").count() as u64;
    assert_eq!((log.withheld().vanished, log.withheld().dropped), (3 * well, 0));
    assert_eq!(log.lost(), Default::default());
}

#[tokio::test]
async fn an_error_on_the_way_releases_what_was_held_and_what_follows_is_written_at_once() {
    let (log, captured) = capture();
    let handle = async |State(log): State<Logger>| {
        debug!(logger: log, "before");
        error!(logger: log, "it goes wrong");
        debug!(logger: log, "after");
    };
    let app = Router::new().route("/", get(handle)).with_state(log.clone());
    let site = Site::start(app.layer(ServerLayer::edge(&log).hold_detail(ROOM))).await;
    within("a response", http1().request(request_for(site.uri("/")))).await.unwrap();
    site.stop().await;
    let lines = lines(&captured);
    assert_eq!(messages(&lines), ["before", "it goes wrong", "after", "Request handled"]);
    assert_eq!(lines[3]["outcome"], "ok");
}

/// A gateway over axum that asks a service over tonic, both of which hold their detail back. It answers with 502 if the service fails, unless it `forgives`.
async fn ask_over_two_hops(question: &'static str, forgives: bool) -> [(Logger, Captured); 2] {
    let [(log_a, captured_a), (log_b, captured_b)] = [capture(), capture()];
    let said = log_b.clone();
    let layer = ServerLayer::internal(&log_b).hold_detail(ROOM);
    let callee = grpc::serve(layer, move || debug!(logger: said, "asked")).await;
    let client = grpc::connect(&callee, &log_a).await;
    let log = log_a.clone();
    let ask = async move |State(mut client): State<_>| {
        debug!(logger: log, "asking");
        match grpc::ask(&mut client, question).await {
            Err(_) if !forgives => StatusCode::BAD_GATEWAY,
            _ => StatusCode::OK,
        }
    };
    let app = Router::new().route("/", get(ask)).with_state(client);
    let layer = ServerLayer::internal(&log_a).hold_detail(ROOM);
    let caller = Site::start(app.layer(layer)).await;
    within("a response", http1().request(request_for(caller.uri("/")))).await.unwrap();
    caller.stop().await;
    callee.stop().await;
    [(log_a, captured_a), (log_b, captured_b)]
}

#[tokio::test]
async fn each_service_knows_by_itself_whether_its_part_went_wrong() {
    const INTERNAL: &str = "13";
    for (question, forgives, told) in [
        ("hello", false, [false, false]),
        (INTERNAL, true, [false, true]),
        (INTERNAL, false, [true, true]),
    ] {
        let services = ask_over_two_hops(question, forgives).await;
        let ids: Vec<_> = services
            .iter()
            .map(|(_, captured)| lines(captured)[0]["context"]["id"].clone())
            .collect();
        assert_eq!(ids[0], ids[1]);
        for (at, (log, captured)) in services.iter().enumerate() {
            let lines = lines(captured);
            let detail =
                messages(&lines).iter().filter(|message| message.starts_with("ask")).count();
            assert_eq!(detail, usize::from(told[at]), "{at}: {lines:#?}");
            assert_eq!(log.withheld().vanished, u64::from(!told[at]));
        }
    }
}

#[tokio::test]
async fn a_request_that_asks_for_more_gets_it_on_both_hops_and_only_from_its_own() {
    let (log, captured) = capture();
    let said = log.clone();
    let callee =
        grpc::serve(ServerLayer::internal(&log), move || debug!(logger: said, "asked")).await;
    let client = grpc::connect(&callee, &log).await;
    let asks = log.clone();
    let ask = async move |State(mut client): State<_>| {
        debug!(logger: asks, "asking");
        trace!(logger: asks, "too much");
        grpc::ask(&mut client, "hello").await.unwrap()
    };
    let app = Router::new().route("/", get(ask)).with_state(client);
    let app = app
        .clone()
        .layer(ServerLayer::internal(&log))
        .merge(Router::new().nest("/edge", app.layer(ServerLayer::edge(&log))));
    let caller = Site::start(app).await;
    for (path, id, baggage) in [
        ("/", "loud", "throughline.verbosity=debug"),
        ("/", "quiet", ""),
        ("/edge", "stranger", "throughline.verbosity=debug"),
    ] {
        let mut request = request_for(caller.uri(path));
        request.headers_mut().insert("x-request-id", id.parse().unwrap());
        request.headers_mut().insert("baggage", baggage.parse().unwrap());
        let response = within("a response", http1().request(request)).await.unwrap();
        assert_eq!(read(response).await.unwrap().1, "hello");
    }
    caller.stop().await;
    callee.stop().await;
    let lines = lines(&captured);
    let detail: Vec<_> = lines.iter().filter(|line| line["level"] == "DEBUG").cloned().collect();
    assert_eq!(messages(&detail), ["asking", "asked"]);
    assert!(detail.iter().all(|line| line["context"]["id"] == "loud"), "{detail:#?}");
    assert_eq!(lines.len(), 3 * 3 + 2, "of each request two that were handled and a call");
}

/// Handles one request, and says whether that released what was held, if anything was.
fn released(
    layer: impl Fn(ServerLayer) -> ServerLayer,
    answer: fn() -> Option<Result<StatusCode, BoxError>>,
) -> Option<bool> {
    let (log, _captured) = testing::capture();
    let seen = Arc::new(Mutex::new(None));
    let service = service_fn({
        let seen = seen.clone();
        move |request: Request<()>| {
            *seen.lock().unwrap() = request.extensions().get::<Context>().cloned();
            async move {
                let Some(answer) = answer() else { return std::future::pending().await };
                let mut response = Response::new(Full::<Bytes>::default());
                *response.status_mut() = answer?;
                Ok::<_, BoxError>(response)
            }
        }
    });
    let service = layer(ServerLayer::edge(&log)).layer(service);
    let handled = AssertUnwindSafe(service.oneshot(Request::new(())));
    // One that is not answered is dropped, as by a caller that leaves.
    let _ = handled.catch_unwind().now_or_never();
    let ctx: Context = seen.lock().unwrap().take().unwrap();
    ctx.hold().map(Hold::is_released)
}

#[test]
fn it_is_released_by_an_outcome_that_is_a_failure_and_by_no_other() {
    let held = |layer: ServerLayer| layer.hold_detail(1000);
    assert_eq!(released(held, || Some(Ok(StatusCode::OK))), Some(false));
    assert_eq!(released(held, || Some(Ok(StatusCode::NOT_FOUND))), Some(false));
    assert_eq!(released(held, || None), Some(false), "cancelled");
    assert_eq!(released(held, || Some(Ok(StatusCode::BAD_GATEWAY))), Some(true));
    assert_eq!(released(held, || Some(Err("failed".into()))), Some(true));
    assert_eq!(released(held, || panic!("on purpose")), Some(true));
    let late = |layer: ServerLayer| held(layer).deadline(Duration::ZERO);
    assert_eq!(released(late, || None), Some(true), "timeout");
}

#[test]
fn nothing_is_held_unless_the_layer_is_told_so() {
    assert_eq!(released(|layer| layer, || Some(Err("failed".into()))), None);
}

/// Reports nothing, and holds by itself.
struct Quiet;

impl Policy for Quiet {
    fn context(&self, ctx: Edit, _: &RequestHead<'_>) -> Edit {
        ctx.with_hold(Hold::new(1000))
    }

    fn level(&self, _: &Ended<'_>) -> Option<Level> {
        None
    }
}

#[test]
fn it_is_released_whoever_set_it_and_whether_or_not_the_request_is_reported() {
    let quiet = |layer: ServerLayer| layer.policy(Quiet);
    assert_eq!(released(quiet, || Some(Ok(StatusCode::BAD_GATEWAY))), Some(true));
    assert_eq!(released(quiet, || Some(Ok(StatusCode::OK))), Some(false));
}

/// Grants a verbosity to those who know the word.
struct Grants;

impl Policy for Grants {
    fn context(&self, ctx: Edit, request: &RequestHead<'_>) -> Edit {
        match request.headers.get("debug") {
            Some(word) if word == "please" => ctx.with_verbosity(Verbosity::Debug),
            _ => ctx,
        }
    }
}

#[test]
fn an_edge_can_decide_for_itself_whose_requests_say_more() {
    for (word, granted) in [("please", Some(Verbosity::Debug)), ("now!", None)] {
        let (log, _captured) = testing::capture();
        let service = service_fn(async |_: Request<()>| {
            let ctx = Context::current().unwrap();
            let mut response = Response::new(Full::<Bytes>::default());
            response.extensions_mut().insert(ctx);
            Ok::<_, BoxError>(response)
        });
        let request = Request::builder()
            .header("debug", word)
            .header("baggage", "throughline.verbosity=trace,a=1")
            .body(())
            .unwrap();
        let response = ServerLayer::edge(&log).policy(Grants).layer(service).oneshot(request);
        let response = response.now_or_never().unwrap().unwrap();
        let ctx = response.extensions().get::<Context>().unwrap();
        assert_eq!(ctx.verbosity(), granted);
        let onward = if granted.is_some() { "throughline.verbosity=debug" } else { "" };
        assert_eq!(ctx.baggage().as_str(), onward);
    }
}
