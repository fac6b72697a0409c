use std::borrow::Cow;

use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::SpanKind, status::StatusCode};

use super::{
    line::{Ids, Line, id},
    value::{any, string},
};

/// What a server knows of a request when it comes in. In a context it is of the request that the service handles.
const OF_REQUEST: [&str; 4] = ["http.request.method", "http.route", "url.path", "rpc.method"];

/// What a line has to say to be a span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    ids: Ids,
    /// Nanoseconds since 1970.
    start: u64,
    end: u64,
}

impl Frame {
    /// That of `line`, if it is of the kind `span` and says which span it was, when it ended and how long it took.
    pub(super) fn of(line: &Line<'_>) -> Option<Self> {
        if !line.is_span() {
            return None;
        }
        let (ids, end) = (line.ids?, line.time?);
        let micros: u64 = line.duration_us?.get().parse().ok()?;
        let start = end.checked_sub(micros.checked_mul(1000)?)?;
        Some(Self { ids, start, end })
    }
}

/// The span of a line that has a frame.
pub(super) fn span(line: Line<'_>, frame: Frame) -> Span {
    let (kind, name) = (kind(&line), name(&line).into_owned());
    let status = status(&line);
    let mut attributes = line.own_attributes();
    attributes.own("throughline.event", string(line.event));
    attributes.own("throughline.level", string(line.level));
    if let Some(message) = line.message.filter(|json| json.get() != "\"\"") {
        attributes.own("throughline.message", any(message));
    }
    let parent = line.parent_span_id.and_then(id::<8>);
    if let (None, Some(json)) = (parent, line.parent_span_id) {
        attributes.own("throughline.parent_span_id", any(json));
    }
    for (name, json) in line.fields {
        attributes.field(name, json);
    }
    for (name, json) in line.entries {
        if kind != SpanKind::Server && OF_REQUEST.contains(&&*name) {
            attributes.outer_entry(&name, json);
        } else {
            attributes.entry(name, json);
        }
    }
    Span {
        trace_id: frame.ids.trace.to_vec(),
        span_id: frame.ids.span.to_vec(),
        parent_span_id: parent.map_or_else(Vec::new, |id| id.to_vec()),
        name,
        kind: kind.into(),
        start_time_unix_nano: frame.start,
        end_time_unix_nano: frame.end,
        attributes: attributes.into_list(),
        status,
        ..Span::default()
    }
}

fn kind(line: &Line<'_>) -> SpanKind {
    match (&*line.event, line.field("messaging.operation.type").as_deref()) {
        ("server.request", _) => SpanKind::Server,
        ("client.request", _) => SpanKind::Client,
        (_, Some("create" | "send")) => SpanKind::Producer,
        (_, Some("process" | "receive")) => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

/// A name that few spans differ in, as the semantic conventions for HTTP and RPC want it; else the event's.
fn name<'a>(line: &Line<'a>) -> Cow<'a, str> {
    let find = |name| match &*line.event {
        // The context of a call is that of the request within which it was made.
        "client.request" => line.field(name),
        "server.request" => line.field(name).or_else(|| line.entry(name)),
        _ => None,
    };
    if let Some(method) = find("rpc.method") {
        return method;
    }
    let Some(method) = find("http.request.method") else { return line.event.clone() };
    let method = if method == "_OTHER" { "HTTP".into() } else { method };
    match find("http.route") {
        Some(route) => format!("{method} {route}").into(),
        None => method,
    }
}

/// An error for what the contract calls a failure. Otherwise none: that a span is `Ok` is for people to say.
fn status(line: &Line<'_>) -> Option<Status> {
    let failed = matches!(&*line.outcome, "error" | "timeout");
    let message = || line.field("error").unwrap_or_default().into_owned();
    failed.then(|| Status { message: message(), code: StatusCode::Error.into() })
}
