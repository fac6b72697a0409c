//! A receiver of OpenTelemetry's protocol, made of what the OpenTelemetry project and tonic provide: gRPC, or HTTP with axum.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::DefaultBodyLimit, response::IntoResponse, routing::post};
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
            logs_service_server::{LogsService, LogsServiceServer},
        },
        trace::v1::{
            ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::Span,
};
use prost::Message;
use tokio::runtime::{Builder, Runtime};
use tonic::{
    Request, Response, Status,
    codec::CompressionEncoding,
    transport::{Server, ServerTlsConfig, server::TcpIncoming},
};

/// What a receiver does with a request that has events with these numbers.
type Behaviour = dyn Fn(&[i64]) -> Reply + Send + Sync;

/// What it does.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Take,
    /// Takes it so much later.
    Late(Duration),
    /// Takes all but so many.
    Reject(i64, &'static str),
    /// With gRPC only.
    Grpc(Status),
    /// With HTTP only: a status, a header, and a body with its type.
    Http(u16, Option<(&'static str, &'static str)>, &'static str, Vec<u8>),
}

/// All that was taken.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) logs: Vec<(Resource, InstrumentationScope, LogRecord)>,
    pub(crate) spans: Vec<(Resource, InstrumentationScope, Span)>,
    pub(crate) headers: Vec<HeaderMap>,
    /// The numbers in each request, taken or not.
    pub(crate) requests: Vec<Vec<i64>>,
}

struct State {
    behaviour: Box<Behaviour>,
    got: Mutex<Got>,
}

/// A receiver. It can be stopped, and started again at its address.
pub(crate) struct Receiver {
    state: Arc<State>,
    address: SocketAddr,
    tls: Option<ServerTlsConfig>,
    over_http: bool,
    runtime: Option<Runtime>,
}

impl Receiver {
    /// One that takes everything over gRPC.
    pub(crate) fn grpc() -> Self {
        Self::grpc_with(|_| Reply::Take)
    }

    pub(crate) fn grpc_with(behaviour: impl Fn(&[i64]) -> Reply + Send + Sync + 'static) -> Self {
        Self::new(Box::new(behaviour), false, None)
    }

    pub(crate) fn grpc_with_tls(tls: ServerTlsConfig) -> Self {
        Self::new(Box::new(|_| Reply::Take), false, Some(tls))
    }

    pub(crate) fn http_with(behaviour: impl Fn(&[i64]) -> Reply + Send + Sync + 'static) -> Self {
        Self::new(Box::new(behaviour), true, None)
    }

    fn new(behaviour: Box<Behaviour>, over_http: bool, tls: Option<ServerTlsConfig>) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let state = Arc::new(State { behaviour, got: Mutex::default() });
        let mut receiver = Self { state, address, tls, over_http, runtime: None };
        receiver.start();
        receiver
    }

    pub(crate) fn start(&mut self) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut listener = None;
        // A connection of somebody else may have the port for a moment.
        crate::support::wait_until("the port is free", || {
            listener = TcpListener::bind(self.address).ok();
            listener.is_some()
        });
        let listener = listener.unwrap();
        listener.set_nonblocking(true).unwrap();
        let (service, tls) = (Service(self.state.clone()), self.tls.clone());
        let entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        drop(entered);
        if self.over_http {
            let (logs, spans) = (service.clone(), service);
            let app = Router::new()
                .route(
                    "/base/v1/logs",
                    post(move |head, body| async move { logs.posted_logs(head, body).await }),
                )
                .route(
                    "/base/v1/traces",
                    post(move |head, body| async move { spans.posted_spans(head, body).await }),
                )
                .layer(DefaultBodyLimit::disable());
            runtime.spawn(async move { axum::serve(listener, app).await.unwrap() });
        } else {
            runtime.spawn(async move {
                let mut server = Server::builder();
                if let Some(tls) = tls {
                    server = server.tls_config(tls).unwrap();
                }
                let gzip = CompressionEncoding::Gzip;
                server
                    .add_service(LogsServiceServer::new(service.clone()).accept_compressed(gzip))
                    .add_service(TraceServiceServer::new(service).accept_compressed(gzip))
                    .serve_with_incoming(TcpIncoming::from(listener))
                    .await
                    .unwrap();
            });
        }
        self.runtime = Some(runtime);
    }

    /// Closes all connections at once, and listens no more.
    pub(crate) fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(crate::support::PATIENCE);
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What `--forward` is told.
    pub(crate) fn destination(&self) -> String {
        let path = if self.over_http { "/base" } else { "" };
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("otlp:{scheme}://{}{path}", self.address)
    }

    pub(crate) fn endpoint(&self) -> String {
        self.destination().replacen("otlp:", "", 1)
    }

    pub(crate) fn got(&self) -> MutexGuard<'_, Got> {
        self.state.got.lock().unwrap()
    }

    /// The numbers of the events that were taken as log records, in the order in which they came.
    pub(crate) fn numbers(&self) -> Vec<i64> {
        self.got().logs.iter().filter_map(|(_, _, log)| number(&log.attributes)).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The attribute `name`.
pub(crate) fn find<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    found.value.as_ref()?.value.as_ref()
}

pub(crate) fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

/// The text of the resource's attribute.
pub(crate) fn resource_text(resource: &Resource, name: &str) -> Option<String> {
    match find(&resource.attributes, name)? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

pub(crate) fn body(log: &LogRecord) -> Option<&Value> {
    log.body.as_ref().and_then(|AnyValue { value }| value.as_ref())
}

fn number(attributes: &[KeyValue]) -> Option<i64> {
    match find(attributes, "n")? {
        Value::IntValue(number) => Some(*number),
        _ => None,
    }
}

#[derive(Clone)]
struct Service(Arc<State>);

impl Service {
    async fn reply(&self, headers: HeaderMap, numbers: Vec<i64>) -> Reply {
        let reply = (self.0.behaviour)(&numbers);
        {
            let mut got = self.0.got.lock().unwrap();
            got.requests.push(numbers);
            got.headers.push(headers);
        }
        if let Reply::Late(time) = reply {
            tokio::time::sleep(time).await;
        }
        reply
    }

    async fn logs(&self, headers: HeaderMap, request: ExportLogsServiceRequest) -> Reply {
        let mut logs = Vec::new();
        for group in request.resource_logs {
            for scoped in group.scope_logs {
                for log in scoped.log_records {
                    logs.push((
                        group.resource.clone().unwrap(),
                        scoped.scope.clone().unwrap(),
                        log,
                    ));
                }
            }
        }
        let numbers = logs.iter().filter_map(|(_, _, log)| number(&log.attributes)).collect();
        let reply = self.reply(headers, numbers).await;
        if matches!(reply, Reply::Take | Reply::Late(_) | Reply::Reject(..)) {
            self.0.got.lock().unwrap().logs.extend(logs);
        }
        reply
    }

    async fn spans(&self, headers: HeaderMap, request: ExportTraceServiceRequest) -> Reply {
        let mut spans = Vec::new();
        for group in request.resource_spans {
            for scoped in group.scope_spans {
                for span in scoped.spans {
                    spans.push((
                        group.resource.clone().unwrap(),
                        scoped.scope.clone().unwrap(),
                        span,
                    ));
                }
            }
        }
        let numbers = spans.iter().filter_map(|(_, _, span)| number(&span.attributes)).collect();
        let reply = self.reply(headers, numbers).await;
        if matches!(reply, Reply::Take | Reply::Late(_) | Reply::Reject(..)) {
            self.0.got.lock().unwrap().spans.extend(spans);
        }
        reply
    }

    async fn posted_logs(self, headers: HeaderMap, body: Bytes) -> axum::response::Response {
        let request = ExportLogsServiceRequest::decode(&*plain(&headers, body)).unwrap();
        let reply = self.logs(headers, request).await;
        let partial_success = rejected(&reply).map(|(count, why)| ExportLogsPartialSuccess {
            rejected_log_records: count,
            error_message: why.into(),
        });
        posted(reply, &ExportLogsServiceResponse { partial_success })
    }

    async fn posted_spans(self, headers: HeaderMap, body: Bytes) -> axum::response::Response {
        let request = ExportTraceServiceRequest::decode(&*plain(&headers, body)).unwrap();
        let reply = self.spans(headers, request).await;
        let partial_success = rejected(&reply).map(|(count, why)| ExportTracePartialSuccess {
            rejected_spans: count,
            error_message: why.into(),
        });
        posted(reply, &ExportTraceServiceResponse { partial_success })
    }
}

fn rejected(reply: &Reply) -> Option<(i64, &'static str)> {
    match reply {
        Reply::Reject(count, why) => Some((*count, why)),
        _ => None,
    }
}

fn plain(headers: &HeaderMap, body: Bytes) -> Vec<u8> {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    if headers.get("content-encoding").is_none_or(|encoding| encoding != "gzip") {
        return body.to_vec();
    }
    let mut plain = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&*body), &mut plain).unwrap();
    plain
}

fn posted(reply: Reply, success: &impl Message) -> axum::response::Response {
    match reply {
        Reply::Http(status, header, kind, body) => {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", kind.parse().unwrap());
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().unwrap());
            }
            (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
        }
        _ => {
            ([("content-type", "application/x-protobuf")], success.encode_to_vec()).into_response()
        }
    }
}

#[tonic::async_trait]
impl LogsService for Service {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let headers = request.metadata().clone().into_headers();
        let reply = self.logs(headers, request.into_inner()).await;
        let partial_success = rejected(&reply).map(|(count, why)| ExportLogsPartialSuccess {
            rejected_log_records: count,
            error_message: why.into(),
        });
        match reply {
            Reply::Grpc(status) => Err(status),
            _ => Ok(Response::new(ExportLogsServiceResponse { partial_success })),
        }
    }
}

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let headers = request.metadata().clone().into_headers();
        let reply = self.spans(headers, request.into_inner()).await;
        let partial_success = rejected(&reply).map(|(count, why)| ExportTracePartialSuccess {
            rejected_spans: count,
            error_message: why.into(),
        });
        match reply {
            Reply::Grpc(status) => Err(status),
            _ => Ok(Response::new(ExportTraceServiceResponse { partial_success })),
        }
    }
}
