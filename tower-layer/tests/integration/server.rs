//! Every way in which a request can end at a server.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get, post};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::Value as Json;
use throughline_ctx::Context;
use throughline_structlog::{Logger, testing};
use throughline_tower::ServerLayer;
use tokio::sync::{mpsc, oneshot};
use tower::{ServiceBuilder, ServiceExt};

use crate::site::{
    Raw, Site, assert_ended, channel_body, events, fetch, http1, http2, only, read, request_for,
    stream, within,
};

const NAME: &str = "server.request";

/// Answers one GET with `app`, and returns the event.
async fn serve_once(path: &str, app: Router) -> Json {
    let (log, captured) = testing::capture();
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    fetch(site.uri(path)).await;
    site.stop().await;
    only(&captured, NAME)
}

#[tokio::test]
async fn a_response_of_known_size() {
    let (log, captured) = testing::capture();
    let app = Router::new().route("/in", post(async |_: Bytes| "hello"));
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let request = Request::post(site.uri("/in?password=x")).body(Full::from("abc")).unwrap();
    let response = within("a response", http1().request(request)).await.unwrap();
    let (_, body) = within("a body", read(response)).await.unwrap();
    assert_eq!(body, "hello");
    site.stop().await;

    let event = only(&captured, NAME);
    assert_ended(&event, "ok", Some(200), None);
    assert_eq!(event["http.request.body.size"], 3);
    assert_eq!(event["http.response.body.size"], 5);
    assert_eq!(event["context"]["http.request.method"], "POST");
    assert_eq!(event["context"]["url.path"], "/in");
    assert_eq!(captured.lines().len(), 1);
}

#[tokio::test]
async fn a_stream_is_reported_when_it_has_ended() {
    for client in [http1(), http2()] {
        let (log, captured) = testing::capture();
        let (chunks, body) = channel_body();
        let body = Arc::new(Mutex::new(Some(body)));
        let app = Router::new()
            .route("/", get(async move || Response::new(body.lock().unwrap().take().unwrap())));
        let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
        chunks.send(Ok("begin".into())).await.unwrap();
        let request = client.request(request_for(site.uri("/")));
        let mut response = within("a response", request).await.unwrap();
        let first = http_body_util::BodyExt::frame(response.body_mut());
        assert_eq!(
            within("data", first).await.unwrap().unwrap().into_data().unwrap(),
            Bytes::from("begin")
        );
        assert!(events(&captured, NAME).is_empty());
        chunks.send(Ok(" and end".into())).await.unwrap();
        drop(chunks);
        within("a body", read(response)).await.unwrap();
        drop(client);
        site.stop().await;

        let event = only(&captured, NAME);
        assert_ended(&event, "ok", Some(200), None);
        assert_eq!(event["http.response.body.size"], 13);
    }
}

#[tokio::test]
async fn responses_without_a_body() {
    let app = Router::new()
        .route("/none", get(async || StatusCode::NO_CONTENT))
        .route("/empty", get(async || ()));
    let event = serve_once("/none", app.clone()).await;
    assert_ended(&event, "ok", Some(204), None);
    assert_eq!(event["http.response.body.size"], 0);
    assert_ended(&serve_once("/empty", app).await, "ok", Some(200), None);
}

#[tokio::test]
async fn responses_whose_body_is_never_sent() {
    // HEAD and 304 have a body's headers, but no body: servers drop it unread.
    let (log, captured) = testing::capture();
    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/cached", get(async || (StatusCode::NOT_MODIFIED, "hello")))
        .layer(ServerLayer::edge(&log));
    let site = Site::start(app).await;
    for client in [http1(), http2()] {
        let head = Request::head(site.uri("/")).body(Full::default()).unwrap();
        let response = within("a response", client.request(head)).await.unwrap();
        assert_eq!(response.headers()["content-length"], "5");
        let cached = request_for(site.uri("/cached"));
        within("a response", client.request(cached)).await.unwrap();
    }
    site.stop().await;
    let events = events(&captured, NAME);
    assert_eq!(events.len(), 4);
    for pair in events.chunks(2) {
        assert_ended(&pair[0], "ok", Some(200), None);
        assert_ended(&pair[1], "ok", Some(304), None);
    }
}

#[tokio::test]
async fn a_body_that_ends_with_trailers() {
    for client in [http1(), http2()] {
        let (log, captured) = testing::capture();
        let respond = async || {
            let trailers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-sum"),
                HeaderValue::from_static("1"),
            )]);
            let frames = [Frame::data(Bytes::from("data")), Frame::trailers(trailers)];
            let frames = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
            Response::builder()
                .header("trailer", "x-sum")
                .body(Body::new(StreamBody::new(frames)))
                .unwrap()
        };
        let app = Router::new().route("/", get(respond));
        let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
        let mut request = request_for(site.uri("/"));
        request.headers_mut().insert("te", HeaderValue::from_static("trailers"));
        let response = within("a response", client.request(request)).await.unwrap();
        within("a body", read(response)).await.unwrap();
        drop(client);
        site.stop().await;
        let event = only(&captured, NAME);
        assert_ended(&event, "ok", Some(200), None);
        assert_eq!(event["http.response.body.size"], 4);
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_the_body() {
    let (log, captured) = testing::capture();
    let app = Router::new().route(
        "/",
        get(async || {
            let (chunks, body) = channel_body();
            chunks.send(Ok("begin".into())).await.unwrap();
            tokio::spawn(async move { chunks.closed().await });
            Response::new(body)
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let mut client = Raw::send(site.addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.until("begin").await;
    drop(client);
    site.stop().await;
    let event = only(&captured, NAME);
    assert_ended(&event, "cancelled", Some(200), Some("cancelled"));
    assert_eq!(event["http.response.body.size"], 5);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_response() {
    let (log, captured) = testing::capture();
    let (began, mut handling) = mpsc::channel(1);
    let (tell, told) = oneshot::channel();
    let tell = Arc::new(Mutex::new(Some(tell)));
    let app = Router::new().route(
        "/",
        get(async move || {
            let ctx = Context::current().unwrap();
            let tell = tell.lock().unwrap().take().unwrap();
            tokio::spawn(async move {
                ctx.cancelled().await;
                tell.send(ctx.is_cancelled()).unwrap();
            });
            began.send(()).await.unwrap();
            std::future::pending::<()>().await
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let client = Raw::send(site.addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    within("the handler", handling.recv()).await.unwrap();
    assert!(events(&captured, NAME).is_empty());
    drop(client);
    assert!(within("the task to hear of it", told).await.unwrap());
    site.stop().await;
    let event = only(&captured, NAME);
    assert_ended(&event, "cancelled", None, Some("cancelled"));
    assert_eq!(event["http.response.body.size"], Json::Null);
}

#[tokio::test]
async fn a_stream_that_a_client_resets() {
    let (log, captured) = testing::capture();
    let (began, mut handling) = mpsc::channel(1);
    let app = Router::new().route(
        "/",
        get(async move || {
            began.send(Context::current().unwrap()).await.unwrap();
            std::future::pending::<()>().await
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let client = http2();
    let request = tokio::spawn(client.request(request_for(site.uri("/"))));
    let ctx = within("the handler", handling.recv()).await.unwrap();
    request.abort();
    within("the reset", ctx.cancelled()).await;
    drop(client);
    site.stop().await;
    assert_ended(&only(&captured, NAME), "cancelled", None, Some("cancelled"));
}

#[tokio::test]
async fn a_client_that_leaves_after_a_deadline() {
    let ours = |log: &Logger| ServerLayer::edge(log).deadline(Duration::from_millis(5));
    for (layer, asked, outcome) in [
        (ServerLayer::internal as fn(&Logger) -> ServerLayer, "5", "timeout"),
        (ServerLayer::edge, "5", "cancelled"), // anyone can be impatient
        (ours, "99999999", "timeout"),
    ] {
        let (log, captured) = testing::capture();
        let (late, mut is_late) = mpsc::channel(1);
        let app = Router::new().route(
            "/",
            get(async move || {
                let ctx = Context::current().unwrap();
                tokio::time::sleep_until(ctx.deadline().unwrap().into()).await;
                late.send(()).await.unwrap();
                std::future::pending::<()>().await
            }),
        );
        let site = Site::start(app.layer(layer(&log))).await;
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx-request-timeout-ms: {asked}\r\n\r\n");
        let client = Raw::send(site.addr, request).await;
        within("the deadline", is_late.recv()).await.unwrap();
        drop(client);
        site.stop().await;
        assert_ended(&only(&captured, NAME), outcome, None, Some(outcome));
    }
}

/// The event of a request that is answered after its caller's deadline.
async fn answered_late(status: StatusCode, layer: fn(&Logger) -> ServerLayer) -> Json {
    let (log, captured) = testing::capture();
    let app = Router::new().route(
        "/",
        get(async move || {
            let deadline = Context::current().unwrap().deadline().unwrap();
            tokio::time::sleep_until(deadline.into()).await;
            status
        }),
    );
    let site = Site::start(app.layer(layer(&log))).await;
    let mut request = request_for(site.uri("/"));
    request.headers_mut().insert("x-request-timeout-ms", HeaderValue::from_static("1"));
    within("a response", http1().request(request)).await.unwrap();
    site.stop().await;
    only(&captured, NAME)
}

#[tokio::test]
async fn an_answer_after_the_deadline_counts_as_what_it_is_unless_it_is_a_failure() {
    let event = answered_late(StatusCode::OK, ServerLayer::internal).await;
    assert_ended(&event, "ok", Some(200), None);
    let event = answered_late(StatusCode::BAD_GATEWAY, ServerLayer::internal).await;
    assert_ended(&event, "timeout", Some(502), Some("timeout"));
}

#[tokio::test]
async fn no_caller_from_the_world_makes_a_timeout_of_a_failure() {
    let event = answered_late(StatusCode::BAD_GATEWAY, ServerLayer::edge).await;
    assert_ended(&event, "error", Some(502), Some("502"));
    let event = answered_late(StatusCode::BAD_GATEWAY, |log| {
        ServerLayer::edge(log).deadline(Duration::ZERO)
    });
    assert_ended(&event.await, "timeout", Some(502), Some("timeout"));
}

#[tokio::test]
async fn a_service_that_fails() {
    let (log, captured) = testing::capture();
    let service = ServiceBuilder::new().layer(ServerLayer::edge(&log)).service_fn(
        async |_: Request<hyper::body::Incoming>| {
            Err::<Response<Full<Bytes>>, _>(std::io::Error::other("no shelf left"))
        },
    );
    let site = Site::serve(|listener, _| async move {
        let io = TokioIo::new(listener.accept().await.unwrap().0);
        let service = TowerToHyperService::new(service);
        let served = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
        assert!(served.unwrap_err().is_user());
    })
    .await;
    let mut client = Raw::send(site.addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.rest().await, "");
    site.stop().await;
    let event = only(&captured, NAME);
    assert_ended(&event, "error", None, Some("_OTHER"));
    assert_eq!(event["error"], "no shelf left");
}

#[tokio::test]
async fn a_body_that_fails() {
    let (log, captured) = testing::capture();
    let app = Router::new().route(
        "/",
        get(async || {
            let (chunks, receiver) = mpsc::channel(2);
            chunks.send(Ok(Bytes::from("begin"))).await.unwrap();
            chunks.send(Err(std::io::Error::other("the disk is gone"))).await.unwrap();
            Response::new(Body::from_stream(stream(receiver)))
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    Raw::send(site.addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.rest().await;
    site.stop().await;
    let event = only(&captured, NAME);
    assert_ended(&event, "error", Some(200), Some("_OTHER"));
    assert_eq!(event["error"], "the disk is gone");
    assert_eq!(event["http.response.body.size"], 5);
}

#[tokio::test]
async fn a_panic_is_reported_and_goes_on() {
    let (log, captured) = testing::capture();
    let app = Router::new()
        .route("/panic", get(async || -> () { panic!("on purpose") }))
        .route(
            "/panic/later",
            get(async || {
                let panics = |_: &mut Task<'_>| -> Poll<Option<Result<Bytes, Infallible>>> {
                    panic!("on purpose")
                };
                Body::from_stream(futures_util::stream::poll_fn(panics))
            }),
        )
        .route("/well", get(async || "well"));
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    for path in ["/panic", "/panic/later"] {
        for client in [http1(), http2()] {
            let failed = within("a failure", async {
                read(client.request(request_for(site.uri(path))).await.ok()?).await.ok()
            });
            assert!(failed.await.is_none(), "{path}");
        }
    }
    assert_eq!(fetch(site.uri("/well")).await.1, "well");
    site.stop().await;

    let events = events(&captured, NAME);
    assert_eq!(events.len(), 5);
    for (event, status) in events.iter().zip([None, None, Some(200), Some(200)]) {
        assert_ended(event, "error", status, Some("panic"));
    }
    assert_ended(&events[4], "ok", Some(200), None);
}

#[tokio::test]
async fn a_status_from_500_is_a_fault_of_the_server_and_one_below_is_not() {
    let app = Router::new().route("/fails", get(async || StatusCode::SERVICE_UNAVAILABLE));
    let event = serve_once("/fails", app.clone()).await;
    assert_ended(&event, "error", Some(503), Some("503"));
    assert_eq!(event["error"], Json::Null);
    assert_ended(&serve_once("/missing", app).await, "ok", Some(404), None);
}

#[tokio::test]
async fn a_failure_stays_one_if_the_client_does_not_read_all_of_it() {
    let (log, captured) = testing::capture();
    let app = Router::new().route(
        "/",
        get(async || {
            let (chunks, body) = channel_body();
            chunks.send(Ok("sorry".into())).await.unwrap();
            tokio::spawn(async move { chunks.closed().await });
            (StatusCode::INTERNAL_SERVER_ERROR, body)
        }),
    );
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let mut client = Raw::send(site.addr, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.until("sorry").await;
    drop(client);
    site.stop().await;
    assert_ended(&only(&captured, NAME), "error", Some(500), Some("500"));
}

#[tokio::test]
async fn a_connection_that_is_upgraded() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let (log, captured) = testing::capture();
    let upgrade = async |mut request: Request<Body>| {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut io = TokioIo::new(upgrade.await.unwrap());
            let mut word = [0; 4];
            io.read_exact(&mut word).await.unwrap();
            io.write_all(&word).await.unwrap();
        });
        let response = Response::builder().status(101).header("upgrade", "echo");
        response.header("connection", "upgrade").body(Body::empty()).unwrap()
    };
    let app = Router::new().route("/", any(upgrade)).layer(ServerLayer::edge(&log));
    let site = Site::start(app).await;
    let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\necho";
    let mut client = Raw::send(site.addr, request).await;
    assert!(client.rest().await.ends_with("\r\n\r\necho"));
    site.stop().await;
    assert_ended(&only(&captured, NAME), "ok", Some(101), None);
}

#[tokio::test]
async fn http_2() {
    let (log, captured) = testing::capture();
    let app = Router::new().route("/", get(async || "hello"));
    let site = Site::start(app.layer(ServerLayer::edge(&log))).await;
    let client = http2();
    for _ in 0..3 {
        let response = client.request(request_for(site.uri("/")));
        within("a body", read(within("a response", response).await.unwrap())).await.unwrap();
    }
    drop(client);
    site.stop().await;
    let events = events(&captured, NAME);
    assert_eq!(events.len(), 3);
    for event in &events {
        assert_ended(event, "ok", Some(200), None);
        assert_eq!(event["http.response.body.size"], 5);
    }
}

#[test]
fn a_request_that_is_handled_while_another_thing_panics_did_not_panic() {
    struct Cleanup<F: FnMut()>(F);

    impl<F: FnMut()> Drop for Cleanup<F> {
        fn drop(&mut self) {
            self.0();
        }
    }

    let (log, captured) = testing::capture();
    let service =
        ServiceBuilder::new().layer(ServerLayer::edge(&log)).service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _cleanup = Cleanup(|| {
            let request = service.clone().oneshot(Request::new(()));
            request.now_or_never().unwrap().unwrap();
        });
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert_ended(&only(&captured, NAME), "ok", Some(200), None);
}
