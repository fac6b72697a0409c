//! A thousand requests at once, over two services, through everything that a context can get lost in.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::get;
use futures_util::future::join_all;
use http_body_util::Full;
use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Context, InContextExt, InContextOf, Key};
use throughline_structlog::{Logger, info, testing};
use throughline_tower::{Client, ClientLayer, ServerLayer};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};
use tower::{Layer, ServiceExt};

use crate::site::{HttpClient, Site, http1, lines, read, request_for, within};

const REQUESTS: u64 = 1000;
const NUMBER: Key<u64> =
    Key::propagated("number.of_request", "Which of the test's requests this is");

/// A job for the worker: what to say, and whom to tell when it is said.
type Job = (u64, oneshot::Sender<()>);

#[derive(Clone)]
struct Service {
    log: Logger,
    jobs: mpsc::Sender<InContextOf<Job>>,
    next: Option<(Client<HttpClient>, http::Uri)>,
}

/// Says the number of the request in a task, on a blocking thread, in a set of tasks, and through a channel; and asks the next service.
async fn handle(State(service): State<Service>, request: Request) {
    let number: u64 = request.headers()["number"].to_str().unwrap().parse().unwrap();
    let ctx = Context::current().unwrap();
    let say = {
        let log = service.log.clone();
        move |place: &'static str| info!(logger: log, "said", place, number)
    };

    let in_task = say.clone();
    tokio::spawn(
        async move {
            tokio::task::yield_now().await;
            in_task("task");
        }
        .in_context(ctx.clone()),
    )
    .await
    .unwrap();

    let on_thread = say.clone();
    spawn_blocking(ctx.wrap(move || on_thread("thread"))).await.unwrap();

    let mut set = JoinSet::new();
    for _ in 0..2 {
        let in_set = say.clone();
        set.spawn(async move { in_set("set") }.in_context(ctx.clone()));
    }
    set.join_all().await;

    let (done, said) = oneshot::channel();
    service.jobs.send(InContextOf::current((number, done))).await.unwrap();
    said.await.unwrap();

    if let Some((client, uri)) = service.next {
        let mut request = request_for(uri);
        request.headers_mut().insert("number", number.into());
        let response = client.oneshot(request).await.unwrap();
        read(response).await.unwrap();
    }
    say("handler");
}

/// Does the jobs of all requests, one after the other, each in its own context.
async fn work(log: Logger, mut jobs: mpsc::Receiver<InContextOf<Job>>) {
    while let Some(job) = jobs.recv().await {
        job.handle(|(number, done)| {
            info!(logger: log, "said", place = "channel", number);
            done.send(()).unwrap();
        });
    }
}

async fn start(log: &Logger, next: Option<(Client<HttpClient>, http::Uri)>) -> Site {
    let (jobs, receiver) = mpsc::channel(8);
    tokio::spawn(work(log.clone(), receiver));
    let service = Service { log: log.clone(), jobs, next };
    let layer = ServerLayer::internal(log).propagator(Propagator::new().key(&NUMBER));
    Site::start(Router::new().route("/", get(handle)).with_state(service).layer(layer)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_context_is_lost_or_mixed_up() {
    let (log, captured) = testing::capture();
    let back = start(&log, None).await;
    let to_back = ClientLayer::internal(&log).layer(http1());
    let front = start(&log, Some((to_back, back.uri("/")))).await;

    let client = ClientLayer::internal(&Logger::disabled()).layer(http1());
    let calls = (0..REQUESTS).map(|number| {
        let request = http::Request::get(front.uri("/"))
            .header("number", number)
            .extension(Context::root().with(&NUMBER, number))
            .body(Full::default())
            .unwrap();
        let call = client.clone().oneshot(request);
        tokio::spawn(async move { read(call.await.unwrap()).await.unwrap() })
    });
    for call in within("all responses", join_all(calls.collect::<Vec<_>>())).await {
        assert_eq!(call.unwrap().0.status(), 200);
    }
    drop(client);
    front.stop().await;
    back.stop().await;

    let mut ids = BTreeMap::<String, u64>::new();
    let mut said = BTreeMap::<u64, usize>::new();
    for line in lines(&captured) {
        let number = line["context"]["number.of_request"].as_u64().unwrap();
        let id = line["context"]["id"].as_str().unwrap().to_owned();
        assert_eq!(*ids.entry(id).or_insert(number), number, "one id is one request: {line}");
        if line["event"] == "log" {
            assert_eq!(line["number"], number, "{line}");
            *said.entry(number).or_default() += 1;
        }
    }
    assert_eq!(ids.len() as u64, REQUESTS);
    // A task, a thread, two in a set, a channel and the handler, in each of two services.
    assert!(said.values().all(|&count| count == 12) && said.len() as u64 == REQUESTS);
}
