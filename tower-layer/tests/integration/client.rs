//! Every way in which a call can end for its client.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use throughline_ctx::{Context, InContextExt};
use throughline_structlog::testing::Captured;
use throughline_structlog::{Logger, info, testing};
use throughline_tower::{Client, ClientLayer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::{Layer, ServiceExt, service_fn};

use crate::site::{
    HttpClient, Site, assert_ended, channel_body, events, http1, http2, lines, only, read,
    request_for, within,
};

const NAME: &str = "client.request";

fn clients() -> (Logger, Captured, [Client<HttpClient>; 2]) {
    let (log, captured) = testing::capture();
    let layer = ClientLayer::internal(&log);
    (log, captured, [layer.layer(http1()), layer.layer(http2())])
}

#[tokio::test]
async fn a_call_that_goes_well() {
    let site = Site::start(
        Router::new().route("/in", post(async |body: Bytes| [body, "!".into()].concat())),
    )
    .await;
    let (_log, captured, clients) = clients();
    for client in clients {
        let request = Request::post(site.uri("/in?secret=x")).header("content-length", "3");
        let request = request.body(Full::<Bytes>::from("abc")).unwrap();
        let response = within("a response", client.oneshot(request)).await.unwrap();
        assert_eq!(within("a body", read(response)).await.unwrap().1, "abc!");
    }
    let events = events(&captured, NAME);
    assert_eq!(events.len(), 2);
    for event in events {
        assert_ended(&event, "ok", Some(200), None);
        assert_eq!(event["http.request.method"], "POST");
        assert_eq!(event["url.path"], "/in");
        assert_eq!(event["server.address"], "127.0.0.1");
        assert_eq!(event["server.port"], site.addr.port());
        assert_eq!(event["http.request.body.size"], 3);
        assert_eq!(event["http.response.body.size"], 4);
        assert!(event["context"]["parent_span_id"].is_string());
    }
    site.stop().await;
}

#[tokio::test]
async fn every_status_from_400_is_an_error_whether_the_body_is_read_or_not() {
    let app = Router::new()
        .route("/500", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "sorry")))
        .route("/404", get(async || (StatusCode::NOT_FOUND, "where?")))
        .route("/304", get(async || StatusCode::NOT_MODIFIED));
    let site = Site::start(app).await;
    for read_body in [true, false] {
        let (_log, captured, [client, _]) = clients();
        for path in ["/500", "/404", "/304"] {
            let call = client.clone().oneshot(request_for(site.uri(path)));
            let response = within("a response", call).await.unwrap();
            if read_body {
                within("a body", read(response)).await.unwrap();
            }
        }
        let events = events(&captured, NAME);
        assert_eq!(events.len(), 3);
        assert_ended(&events[0], "error", Some(500), Some("500"));
        assert_ended(&events[1], "error", Some(404), Some("404"));
        assert_ended(&events[2], "ok", Some(304), None);
    }
    site.stop().await;
}

#[tokio::test]
async fn a_response_to_head_has_no_body_to_wait_for() {
    let site = Site::start(Router::new().route("/", get(async || "hello"))).await;
    let (_log, captured, clients) = clients();
    for client in clients {
        let request = Request::head(site.uri("/")).body(Full::<Bytes>::default()).unwrap();
        let response = within("a response", client.oneshot(request)).await.unwrap();
        assert_eq!(response.headers()["content-length"], "5");
    }
    site.stop().await;
    let events = events(&captured, NAME);
    assert_eq!(events.len(), 2);
    for event in events {
        assert_ended(&event, "ok", Some(200), None);
        assert_eq!(event["http.response.body.size"], 0);
    }
}

#[tokio::test]
async fn a_response_that_is_not_read_to_its_end() {
    let app = Router::new().route(
        "/",
        get(async || {
            let (chunks, body) = channel_body();
            chunks.send(Ok("begin".into())).await.unwrap();
            tokio::spawn(async move { chunks.closed().await });
            Response::new(body)
        }),
    );
    let site = Site::start(app).await;
    let (_log, captured, clients) = clients();
    for client in clients {
        let call = client.oneshot(request_for(site.uri("/")));
        let mut response = within("a response", call).await.unwrap();
        within("data", response.body_mut().frame()).await.unwrap().unwrap();
        assert!(events(&captured, NAME).len() < 2);
    }
    let events = events(&captured, NAME);
    assert_eq!(events.len(), 2);
    for event in events {
        assert_ended(&event, "cancelled", Some(200), Some("cancelled"));
        assert_eq!(event["http.response.body.size"], 5);
    }
    site.stop().await;
}

#[tokio::test]
async fn a_call_that_is_given_up() {
    let (began, mut handling) = mpsc::channel(1);
    let app = Router::new().route(
        "/",
        get(async move || {
            began.send(()).await.unwrap();
            std::future::pending::<()>().await
        }),
    );
    let site = Site::start(app).await;
    for (timeout, outcome) in
        [(Duration::from_secs(600), "cancelled"), (Duration::from_millis(1), "timeout")]
    {
        let (_log, captured, [client, _]) = clients();
        let ctx = Context::root().with_timeout(timeout);
        let call = client.oneshot(request_for(site.uri("/"))).in_context(ctx.clone());
        tokio::select! {
            _ = call => panic!("nobody answers"),
            () = async {
                within("the handler", handling.recv()).await.unwrap();
                if outcome == "timeout" {
                    tokio::time::sleep_until(ctx.deadline().unwrap().into()).await;
                }
            } => {}
        }
        assert_ended(&only(&captured, NAME), outcome, None, Some(outcome));
    }
    site.stop().await;
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (_log, captured, [client, _]) = clients();
    let call = client.oneshot(request_for(uri.parse().unwrap()));
    let error = within("an error", call).await.unwrap_err();
    let event = only(&captured, NAME);
    assert_ended(&event, "error", None, Some("_OTHER"));
    assert_eq!(event["error"], error.to_string());
    assert_eq!(event["http.response.body.size"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_server_that_breaks_off() {
    let app = Router::new().route(
        "/",
        get(async || {
            let (chunks, body) = channel_body();
            chunks.send(Ok("begin".into())).await.unwrap();
            tokio::spawn(async move {
                let _ = chunks.send(Err(std::io::Error::other("the disk is gone"))).await;
            });
            Response::new(body)
        }),
    );
    let site = Site::start(app).await;
    let (_log, captured, clients) = clients();
    for client in clients {
        let call = client.oneshot(request_for(site.uri("/")));
        let response = within("a response", call).await.unwrap();
        within("a body", read(response)).await.unwrap_err();
    }
    let events = events(&captured, NAME);
    assert_eq!(events.len(), 2);
    for event in events {
        assert_ended(&event, "error", Some(200), Some("_OTHER"));
        assert!(event["error"].is_string());
    }
    site.stop().await;
}

#[tokio::test]
async fn what_is_below_works_in_the_context_of_the_call() {
    let site = Site::start(Router::new().route("/", get(async || ()))).await;
    let (log, captured) = testing::capture();
    let http = http1();
    let below = service_fn(async |request| {
        info!(logger: log, "sent");
        let response = http.request(request).await;
        info!(logger: log, "answered");
        response
    });
    let client = ClientLayer::internal(&log).layer(below);
    let response = within("a response", client.oneshot(request_for(site.uri("/")))).await.unwrap();
    within("a body", read(response)).await.unwrap();
    let lines = lines(&captured);
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line["context"] == lines[2]["context"]), "{lines:#?}");
    site.stop().await;
}

#[tokio::test]
async fn the_context_of_the_request_wins_over_the_current_one_and_that_over_none() {
    let echo = async |headers: HeaderMap| headers["traceparent"].to_str().unwrap().to_owned();
    let site = Site::start(Router::new().route("/", get(echo))).await;
    let (_log, captured, [client, _]) = clients();
    let (given, current) = (Context::root(), Context::root());

    let mut with_context = request_for(site.uri("/"));
    with_context.extensions_mut().insert(given.clone());
    let first = client.clone().oneshot(with_context).in_context(current.clone());
    let without = request_for(site.uri("/"));
    let second = client.clone().oneshot(without.clone()).in_context(current.clone());
    let third = client.oneshot(without);
    let mut sent = Vec::new();
    for response in [
        within("a response", first).await,
        within("a response", second).await,
        within("a response", third).await,
    ] {
        let (_, body) = within("a body", read(response.unwrap())).await.unwrap();
        sent.push(String::from_utf8(body.to_vec()).unwrap());
    }

    let events = events(&captured, NAME);
    for (event, header) in events.iter().zip(&sent) {
        assert_eq!(header.split('-').nth(1).unwrap(), event["context"]["trace_id"]);
        assert_eq!(header.split('-').nth(2).unwrap(), event["context"]["span_id"]);
    }
    let ids: Vec<_> = events.iter().map(|event| &event["context"]["id"]).collect();
    assert_eq!(ids[..2], [given.request_id().as_str(), current.request_id().as_str()]);
    assert_eq!(events[0]["context"]["parent_span_id"], given.span_id().to_string());
    assert_eq!(events[1]["context"]["parent_span_id"], current.span_id().to_string());
    assert!(ids[2].is_string() && !ids[..2].contains(&ids[2]));
    site.stop().await;
}
