//! Many requests at once, on several threads.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::get;
use futures_util::future::join_all;
use http_body_util::Full;
use throughline_ctx::{Context, InContextExt};
use throughline_structlog::{Logger, info, testing};
use throughline_tower::ServerLayer;

use crate::site::{Site, http1, http2, lines, read, within};

const REQUESTS: usize = 200;

/// Logs twice, in itself and in a task, with the number of the request as the request states it.
async fn handle(State(log): State<Logger>, request: Request) {
    let number: usize = request.headers()["number"].to_str().unwrap().parse().unwrap();
    tokio::task::yield_now().await;
    tokio::time::sleep(Duration::from_micros(number as u64 % 7 * 300)).await;
    info!(logger: log, "after awaits", number);
    let ctx = Context::current().unwrap();
    let task = async move {
        tokio::task::yield_now().await;
        info!(logger: log, "in a task", number);
    };
    tokio::spawn(task.in_context(ctx)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_stands_under_the_context_of_another_request() {
    let (log, captured) = testing::capture();
    let app = Router::new().route("/", get(handle)).with_state(log.clone());
    let site = Site::start(app.layer(ServerLayer::internal(&log))).await;
    let clients = [http1(), http2()];
    let calls = (0..REQUESTS).map(|number| {
        let request = axum::http::Request::get(site.uri("/"))
            .header("number", number.to_string())
            .header("x-request-id", format!("request-{number}"))
            .body(Full::default())
            .unwrap();
        let call = clients[number % 2].request(request);
        tokio::spawn(async move { read(call.await.unwrap()).await.unwrap() })
    });
    for call in within("all responses", join_all(calls.collect::<Vec<_>>())).await {
        let id = call.unwrap().0.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(id.starts_with("request-"));
    }
    drop(clients);
    site.stop().await;

    let mut of_request = BTreeMap::<String, Vec<_>>::new();
    for line in lines(&captured) {
        let id = line["context"]["id"].as_str().unwrap().to_owned();
        if let Some(number) = line["number"].as_u64() {
            assert_eq!(id, format!("request-{number}"));
        }
        of_request.entry(id).or_default().push(line);
    }
    assert_eq!(of_request.len(), REQUESTS);
    for (id, lines) in of_request {
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["after awaits", "in a task", "Request handled"], "{id}");
        assert!(lines.iter().all(|line| line["context"] == lines[0]["context"]), "{id}");
    }
}
