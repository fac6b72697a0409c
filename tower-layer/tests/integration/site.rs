//! Servers and clients, and what they wrote.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value as Json;
use throughline_structlog::testing::Captured;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long a test waits for what should happen at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something, but not for ever.
#[track_caller]
pub(crate) fn within<T>(
    what: &'static str,
    work: impl Future<Output = T>,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => done,
            Err(_) => panic!("waited too long for {what}, at {caller}"),
        }
    }
}

/// A server on a free port.
pub(crate) struct Site {
    pub(crate) addr: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Site {
    /// Serves `app` with HTTP/1.1 and, to who begins with it, HTTP/2.
    pub(crate) async fn start(app: Router) -> Site {
        Site::serve(|listener, stopped| async move {
            axum::serve(listener, app).with_graceful_shutdown(stopped).await.unwrap();
        })
        .await
    }

    pub(crate) async fn serve<F>(server: impl FnOnce(TcpListener, BoxFuture<()>) -> F) -> Site
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = Box::pin(async { stopped.await.unwrap_or_default() });
        Site { addr, stop, running: tokio::spawn(server(listener, stopped)) }
    }

    pub(crate) fn uri(&self, path: &str) -> Uri {
        format!("http://{}{path}", self.addr).parse().unwrap()
    }

    /// Returns when every connection has ended, so that all that will ever be written of them is.
    #[track_caller]
    pub(crate) fn stop(self) -> impl Future<Output = ()> {
        let _ = self.stop.send(());
        within("the server to stop", async { self.running.await.unwrap() })
    }
}

pub(crate) type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

pub(crate) type HttpClient = Pool<HttpConnector, Full<Bytes>>;

pub(crate) fn http1() -> HttpClient {
    Pool::builder(TokioExecutor::new()).build_http()
}

pub(crate) fn http2() -> HttpClient {
    Pool::builder(TokioExecutor::new()).http2_only(true).build_http()
}

pub(crate) fn request_for(uri: Uri) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).unwrap()
}

/// The response to a GET, and its body as far as it came.
#[track_caller]
pub(crate) fn fetch(uri: Uri) -> impl Future<Output = (Response<()>, Bytes)> {
    within("a response", async {
        read(http1().request(request_for(uri)).await.unwrap()).await.unwrap()
    })
}

pub(crate) async fn read<B: http_body::Body>(
    response: Response<B>,
) -> Result<(Response<()>, Bytes), B::Error> {
    let (head, body) = response.into_parts();
    Ok((Response::from_parts(head, ()), body.collect().await?.to_bytes()))
}

/// A connection on which a test says what no client would, or leaves when none would.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) async fn send(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> Raw {
        let mut stream = within("a connection", TcpStream::connect(addr)).await.unwrap();
        within("the server to read", stream.write_all(bytes.as_ref())).await.unwrap();
        Raw(stream)
    }

    /// Reads until `end` has come.
    #[track_caller]
    pub(crate) fn until(&mut self, end: &'static str) -> impl Future<Output = String> {
        within(end, async move {
            let mut seen = Vec::new();
            while !String::from_utf8_lossy(&seen).contains(end) {
                let read = self.0.read_buf(&mut seen).await.unwrap();
                assert_ne!(read, 0, "closed after {}", String::from_utf8_lossy(&seen));
            }
            String::from_utf8(seen).unwrap()
        })
    }

    /// Reads until the server closes.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> impl Future<Output = String> {
        within("the server to close", async {
            let mut seen = Vec::new();
            self.0.read_to_end(&mut seen).await.unwrap();
            String::from_utf8(seen).unwrap()
        })
    }
}

/// A body that is what comes out of a channel.
pub(crate) fn channel_body() -> (mpsc::Sender<std::io::Result<Bytes>>, Body) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Body::from_stream(stream(receiver)))
}

pub(crate) fn stream<T>(mut receiver: mpsc::Receiver<T>) -> impl Stream<Item = T> {
    futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx))
}

pub(crate) fn lines(captured: &Captured) -> Vec<Json> {
    captured.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines of one event.
pub(crate) fn events(captured: &Captured, name: &str) -> Vec<Json> {
    lines(captured).into_iter().filter(|line| line["event"] == name).collect()
}

/// The line of an event that was written once.
#[track_caller]
pub(crate) fn only(captured: &Captured, name: &str) -> Json {
    let mut events = events(captured, name);
    assert_eq!(events.len(), 1, "{name}: {:#?}", lines(captured));
    events.remove(0)
}

/// Checks how a call ended, and that its level says the same.
#[track_caller]
pub(crate) fn assert_ended(
    event: &Json,
    outcome: &str,
    status: Option<u16>,
    error_type: Option<&str>,
) {
    assert_eq!(event["kind"], "span", "{event:#}");
    assert!(event["duration_us"].is_u64(), "{event:#}");
    assert_eq!(event["outcome"], outcome, "{event:#}");
    assert_eq!(event["http.response.status_code"], Json::from(status), "{event:#}");
    assert_eq!(event["error.type"], Json::from(error_type), "{event:#}");
    let level = match (outcome, event["event"].as_str()) {
        ("ok" | "cancelled", _) => "INFO",
        (_, Some("client.request")) => "WARN",
        _ => "ERROR",
    };
    assert_eq!(event["level"], level, "{event:#}");
}
