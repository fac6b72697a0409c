//! The events of a call. Fields are named as in OpenTelemetry's semantic conventions.

use std::borrow::Cow;
use std::error::Error;

use throughline_schema::{Event, Fields, Outcome};

/// A server handled a request.
#[derive(Event)]
#[event(
    name = "server.request",
    version = 1,
    level = "info",
    message = "Request handled",
    kind = "span"
)]
pub(crate) struct ServerRequest<'a> {
    /// How long it took until the response was handed on whole, in microseconds.
    pub(crate) duration_us: u64,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What went to and fro.
    #[event(flatten = "")]
    pub(crate) exchange: Exchange<'a>,
    /// How many members of the request's baggage were malformed or did not fit, and were left out.
    #[event(rename = "baggage.dropped")]
    pub(crate) baggage_dropped: Option<u32>,
}

/// A client made a call.
#[derive(Event)]
#[event(name = "client.request", version = 1, level = "info", message = "Call made", kind = "span")]
pub(crate) struct ClientRequest<'a> {
    /// How long it took until the response was received whole, in microseconds.
    pub(crate) duration_us: u64,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// Method of the HTTP request, unless it is a gRPC call.
    #[event(rename = "http.request.method")]
    pub(crate) http_method: Option<&'a str>,
    /// Full name of the gRPC method, package.Service/Method.
    #[event(rename = "rpc.method")]
    pub(crate) rpc_method: Option<&'a str>,
    /// Host that was called.
    #[event(rename = "server.address")]
    pub(crate) address: Option<&'a str>,
    /// Port that was called, if it was stated.
    #[event(rename = "server.port")]
    pub(crate) port: Option<u16>,
    /// Path of the HTTP request, without the query.
    #[event(rename = "url.path")]
    pub(crate) path: Option<&'a str>,
    /// What went to and fro.
    #[event(flatten = "")]
    pub(crate) exchange: Exchange<'a>,
}

/// What either side knows of a request and its response.
#[derive(Fields)]
pub(crate) struct Exchange<'a> {
    /// HTTP status of the response, if there was one.
    #[event(rename = "http.response.status_code")]
    pub(crate) http_status: Option<u16>,
    /// Name of the gRPC status code, such as `NOT_FOUND`, if there was one.
    #[event(rename = "rpc.status_code")]
    pub(crate) grpc_status: Option<&'static str>,
    /// Size of the request's body in bytes, if it was stated.
    #[event(rename = "http.request.body.size")]
    pub(crate) request_size: Option<u64>,
    /// How many bytes of the response's body were handed on.
    #[event(rename = "http.response.body.size")]
    pub(crate) response_size: Option<u64>,
    /// What sort of failure it was: an HTTP status, the name of a gRPC code, `timeout`, `cancelled`, `panic`, or `_OTHER`.
    #[event(rename = "error.type")]
    pub(crate) error_type: Option<Cow<'static, str>>,
    /// What the call or a body failed with.
    #[event(error)]
    pub(crate) error: Option<&'a (dyn Error + 'a)>,
}
