use http::{HeaderMap, HeaderName, Request};
use tower::ServiceBuilder;
use tower_http::LatencyUnit;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::{DefaultOnRequest, DefaultOnResponse, OnRequest, TraceLayer};
use tracing::{Dispatch, Level, Span, dispatcher, info_span};

use super::Stack;
use super::service::{Body, Seen, handler, runner, stock};
use crate::Target;

/// A line when the response is there.
pub(super) fn one_line(target: &Target, seen: &Seen) -> Stack {
    Stack {
        name: "tower-http and tracing, one line",
        remark: "`TraceLayer`, `on_response` at info; the request id in the span and on the response; the ids that came are copied to the call, with no span of its own; the trace is not in the line",
        lines: 1,
        ..stack(target, seen, ())
    }
}

/// Another when the request comes, too.
pub(super) fn two_lines(target: &Target, seen: &Seen) -> Stack {
    Stack {
        name: "tower-http and tracing, two lines",
        remark: "the same with `on_request` at info",
        lines: 2,
        ..stack(target, seen, DefaultOnRequest::new().level(Level::INFO))
    }
}

fn stack<R>(target: &Target, seen: &Seen, on_request: R) -> Stack
where
    R: OnRequest<Body> + Clone + 'static,
{
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_request(on_request)
        .on_response(DefaultOnResponse::new().level(Level::INFO).latency_unit(LatencyUnit::Micros));
    let service = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(trace)
        .layer(PropagateRequestIdLayer::x_request_id())
        .service(handler(stock(seen), copy_ids));
    let target = target.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_max_level(Level::INFO)
        .with_writer(move || target.whole());
    let dispatch = Dispatch::new(subscriber.finish());
    let mut run = runner(service);
    Stack {
        name: "",
        remark: "",
        lines: 0,
        has_request_id: true,
        run: Box::new(move |times| dispatcher::with_default(&dispatch, || run(times))),
    }
}

fn span(request: &Request<Body>) -> Span {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    info_span!(
        "request",
        method = request.method().as_str(),
        path = request.uri().path(),
        request_id = id.unwrap_or_default(),
    )
}

fn copy_ids(request: &Request<Body>, headers: &mut HeaderMap) {
    for name in ["traceparent", "x-request-id"].map(HeaderName::from_static) {
        if let Some(value) = request.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
}
