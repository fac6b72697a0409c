//! gRPC, with a server and a client of tonic. Messages are strings: `prost` knows them as `google.protobuf.StringValue`.

use std::convert::Infallible;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response};
use serde_json::Value as Json;
use throughline_ctx::{Context, InContextExt};
use throughline_structlog::testing::Captured;
use throughline_structlog::{Logger, testing};
use throughline_tower::{Client, ClientLayer, ServerLayer};
use tonic::transport::{Channel, Endpoint, Server, server::TcpIncoming};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;
use tower::util::MapRequestLayer;
use tower::{Layer, Service, service_fn};

use crate::site::{BoxFuture, Site, assert_ended, events, http2, only, read, request_for, within};

type Grpc = tonic::client::Grpc<Client<Channel>>;

/// Answers as it is asked to.
#[derive(Clone)]
pub(crate) struct Oracle;

impl tonic::server::NamedService for Oracle {
    const NAME: &'static str = "test.v1.Oracle";
}

impl Service<Request<tonic::body::Body>> for Oracle {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let mut grpc = tonic::server::Grpc::new(codec());
        Box::pin(async move {
            Ok(match request.uri().path() {
                "/test.v1.Oracle/Ask" => grpc.unary(service_fn(answer), request).await,
                "/test.v1.Oracle/Listen" => grpc.server_streaming(service_fn(speak), request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

fn codec() -> ProstCodec<String, String> {
    ProstCodec::default()
}

async fn answer(request: tonic::Request<String>) -> Result<tonic::Response<String>, Status> {
    let given = request.extensions().get::<Context>().unwrap();
    let current = Context::current().unwrap();
    assert_eq!(given.span_id(), current.span_id());
    match request.get_ref().as_str() {
        "the time left" => {
            let left = current.remaining().map(|left| left.as_micros().to_string());
            Ok(tonic::Response::new(left.unwrap_or_default()))
        }
        "silence" => std::future::pending().await,
        code => match code.parse().map(Code::from_i32) {
            Ok(code) => Err(Status::new(code, "as you wish")),
            Err(_) => Ok(tonic::Response::new(code.to_owned())),
        },
    }
}

async fn speak(
    request: tonic::Request<String>,
) -> Result<tonic::Response<impl Stream<Item = Result<String, Status>>>, Status> {
    let words = ["well", "now"].map(|word| Ok(word.to_owned()));
    let last: Option<Result<String, Status>> = match request.get_ref().parse() {
        Ok(0) => None,
        Ok(code) => Some(Err(Status::new(Code::from_i32(code), "as you wish"))),
        Err(_) => {
            return Ok(tonic::Response::new(stream::iter(words).chain(stream::pending()).boxed()));
        }
    };
    Ok(tonic::Response::new(stream::iter(words.into_iter().chain(last)).boxed()))
}

pub(crate) async fn start(log: &Logger) -> Site {
    serve(ServerLayer::internal(log), || ()).await
}

/// Serves with `layer`, under which `before` is called before each call is answered.
pub(crate) async fn serve(layer: ServerLayer, before: impl Fn() + Clone + Send + 'static) -> Site {
    let before = MapRequestLayer::new(move |request: Request<tonic::body::Body>| {
        before();
        request
    });
    Site::serve(|listener, stopped| async move {
        let server = Server::builder().layer(layer).layer(before).add_service(Oracle);
        let incoming = TcpIncoming::from(listener);
        server.serve_with_incoming_shutdown(incoming, stopped).await.unwrap();
    })
    .await
}

pub(crate) async fn connect(site: &Site, log: &Logger) -> Grpc {
    let origin = site.uri("");
    let endpoint = Endpoint::from(origin.clone());
    let channel = within("a connection", endpoint.connect()).await.unwrap();
    tonic::client::Grpc::with_origin(ClientLayer::internal(log).layer(channel), origin)
}

pub(crate) async fn ask(grpc: &mut Grpc, question: &str) -> Result<String, Status> {
    let path = PathAndQuery::from_static("/test.v1.Oracle/Ask");
    within("the client", grpc.ready()).await.unwrap();
    let question = tonic::Request::new(question.to_owned());
    Ok(within("an answer", grpc.unary(question, path, codec())).await?.into_inner())
}

async fn listen(grpc: &mut Grpc, question: &str) -> Result<tonic::Streaming<String>, Status> {
    let path = PathAndQuery::from_static("/test.v1.Oracle/Listen");
    within("the client", grpc.ready()).await.unwrap();
    let question = tonic::Request::new(question.to_owned());
    let answer = grpc.server_streaming(question, path, codec());
    Ok(within("an answer", answer).await?.into_inner())
}

/// The events of the one call that was made, of the server and of the client.
#[track_caller]
fn both(captured: &Captured) -> (Json, Json) {
    let (server, client) = (only(captured, "server.request"), only(captured, "client.request"));
    assert_eq!(server["context"]["id"], client["context"]["id"]);
    assert_eq!(server["context"]["trace_id"], client["context"]["trace_id"]);
    assert_eq!(server["context"]["parent_span_id"], client["context"]["span_id"]);
    assert_eq!(server["context"]["rpc.method"], client["rpc.method"]);
    assert_eq!(server["context"]["http.request.method"], Json::Null);
    assert_eq!(client["url.path"], Json::Null);
    assert_eq!(client["server.address"], "127.0.0.1");
    (server, client)
}

#[tokio::test]
async fn ok_with_trailers() {
    let (log, captured) = testing::capture();
    let site = start(&log).await;
    let mut grpc = connect(&site, &log).await;
    assert_eq!(ask(&mut grpc, "hello").await.unwrap(), "hello");
    drop(grpc);
    site.stop().await;
    let (server, client) = both(&captured);
    for event in [server, client] {
        assert_ended(&event, "ok", Some(200), None);
        assert_eq!(event["rpc.status_code"], "OK");
        assert_eq!(event["http.response.body.size"], 5 + 2 + 5); // the frame's head, the field's, the text
    }
}

/// Every code but `OK`, and whether it is a fault of the server (`spec/event.md`, "Outcomes").
const CODES: [(Code, &str, bool); 16] = [
    (Code::Cancelled, "CANCELLED", false),
    (Code::Unknown, "UNKNOWN", true),
    (Code::InvalidArgument, "INVALID_ARGUMENT", false),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", true),
    (Code::NotFound, "NOT_FOUND", false),
    (Code::AlreadyExists, "ALREADY_EXISTS", false),
    (Code::PermissionDenied, "PERMISSION_DENIED", false),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", false),
    (Code::FailedPrecondition, "FAILED_PRECONDITION", false),
    (Code::Aborted, "ABORTED", false),
    (Code::OutOfRange, "OUT_OF_RANGE", false),
    (Code::Unimplemented, "UNIMPLEMENTED", true),
    (Code::Internal, "INTERNAL", true),
    (Code::Unavailable, "UNAVAILABLE", true),
    (Code::DataLoss, "DATA_LOSS", true),
    (Code::Unauthenticated, "UNAUTHENTICATED", false),
];

#[tokio::test]
async fn a_status_alone_and_one_after_data() {
    for (code, name, is_fault_of_server) in CODES {
        let outcome = if code == Code::DeadlineExceeded { "timeout" } else { "error" };
        let at_client = (outcome, Some(name));
        let at_server = if is_fault_of_server { at_client } else { ("ok", None) };
        for streaming in [false, true] {
            let (log, captured) = testing::capture();
            let site = start(&log).await;
            let mut grpc = connect(&site, &log).await;
            let question = (code as i32).to_string();
            let status = if streaming {
                let mut words = listen(&mut grpc, &question).await.unwrap();
                for expected in ["well", "now"] {
                    let word = within("a word", words.message()).await.unwrap();
                    assert_eq!(word.as_deref(), Some(expected));
                }
                within("the status", words.message()).await.unwrap_err()
            } else {
                ask(&mut grpc, &question).await.unwrap_err()
            };
            assert_eq!(status.code(), code);
            drop(grpc);
            site.stop().await;

            let (server, client) = both(&captured);
            let size = if streaming { 2 * (5 + 2) + "wellnow".len() } else { 0 };
            for (event, (outcome, error_type)) in [(server, at_server), (client, at_client)] {
                assert_ended(&event, outcome, Some(200), error_type);
                assert_eq!(event["rpc.status_code"], name);
                assert_eq!(event["http.response.body.size"], size);
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_goes_well_and_one_that_is_left() {
    let (log, captured) = testing::capture();
    let site = start(&log).await;
    let mut grpc = connect(&site, &log).await;
    let mut words = listen(&mut grpc, "0").await.unwrap();
    while within("a word", words.message()).await.unwrap().is_some() {}
    let mut words = listen(&mut grpc, "for ever").await.unwrap();
    within("a word", words.message()).await.unwrap().unwrap();
    drop(words);
    drop(grpc);
    site.stop().await;
    for name in ["server.request", "client.request"] {
        let events = events(&captured, name);
        assert_eq!(events.len(), 2);
        assert_ended(&events[0], "ok", Some(200), None);
        assert_ended(&events[1], "cancelled", Some(200), Some("cancelled"));
    }
}

#[tokio::test]
async fn a_method_that_is_not_there() {
    let (log, captured) = testing::capture();
    let site = start(&log).await;
    let mut grpc = connect(&site, &log).await;
    within("the client", grpc.ready()).await.unwrap();
    let path = PathAndQuery::from_static("/test.v1.Nobody/Ask");
    let call = grpc.unary(tonic::Request::new(String::new()), path, codec());
    assert_eq!(within("a status", call).await.unwrap_err().code(), Code::Unimplemented);
    drop(grpc);
    site.stop().await;
    let (server, client) = both(&captured);
    assert_eq!(server["context"]["rpc.method"], "test.v1.Nobody/Ask");
    for event in [server, client] {
        assert_ended(&event, "error", Some(200), Some("UNIMPLEMENTED"));
    }
}

#[tokio::test]
async fn the_time_that_is_left_travels_and_is_not_longer() {
    let (log, _) = testing::capture();
    let site = start(&log).await;
    let mut grpc = connect(&site, &log).await;
    assert_eq!(ask(&mut grpc, "the time left").await.unwrap(), "");
    let timeout = Duration::from_secs(600);
    let ctx = Context::root().with_timeout(timeout);
    let left = ask(&mut grpc, "the time left").in_context(ctx.clone()).await.unwrap();
    let left = Duration::from_micros(left.parse().unwrap());
    assert!(left <= timeout && left >= ctx.remaining().unwrap() - Duration::from_millis(1));
    drop(grpc);
    site.stop().await;
}

#[tokio::test]
async fn a_client_whose_deadline_passes() {
    let (log, captured) = testing::capture();
    let site = start(&Logger::disabled()).await;
    let mut grpc = connect(&site, &log).await;
    let ctx = Context::root().with_timeout(Duration::from_millis(20));
    ask(&mut grpc, "silence").in_context(ctx).await.unwrap_err();
    drop(grpc);
    site.stop().await;
    assert_ended(&only(&captured, "client.request"), "timeout", None, Some("timeout"));
}

#[tokio::test]
async fn a_timeout_of_one_call_holds_within_that_of_the_context() {
    let (log, captured) = testing::capture();
    let site = start(&Logger::disabled()).await;
    let mut grpc = connect(&site, &log).await;
    for ctx in [Context::root(), Context::root().with_timeout(Duration::from_secs(600))] {
        within("the client", grpc.ready()).await.unwrap();
        let mut question = tonic::Request::new("silence".to_owned());
        question.set_timeout(Duration::from_millis(20));
        let path = PathAndQuery::from_static("/test.v1.Oracle/Ask");
        let call = grpc.unary(question, path, codec()).in_context(ctx);
        within("the timeout", call).await.unwrap_err();
    }
    drop(grpc);
    site.stop().await;
    for event in events(&captured, "client.request") {
        assert_ended(&event, "timeout", None, Some("timeout"));
    }
}

#[tokio::test]
async fn a_server_whose_deadline_passes() {
    // The client has all the time in the world: it is the server that gives up.
    let (log, captured) = testing::capture();
    let site = start(&log).await;
    let mut request = request_for(site.uri("/test.v1.Oracle/Ask"));
    *request.method_mut() = http::Method::POST;
    *request.body_mut() = tonic_frame("silence").into();
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-timeout", HeaderValue::from_static("5m"));
    let client = http2();
    let response = within("a response", client.request(request)).await.unwrap();
    let (response, _) = within("a body", read(response)).await.unwrap();
    assert!(response.headers().contains_key("grpc-status"));
    drop(client);
    site.stop().await;
    assert_ended(&only(&captured, "server.request"), "timeout", None, Some("timeout"));
}

/// A message as it stands in a body: not compressed, its length, and field 1 as text.
fn tonic_frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    [&[0, 0, 0, 0, length + 2, 0x0a, length], text.as_bytes()].concat()
}
