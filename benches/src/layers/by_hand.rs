use std::cell::{Cell, RefCell};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use throughline_ctx::{RequestId, SpanId, TraceId, TraceParent};
use tower::{Service, service_fn};

use super::Stack;
use super::service::{Body, Seen, handler, runner, stock};
use crate::Target;
use crate::contestants::stamp::Stamp;

/// Where a request stands.
#[derive(Clone, Copy)]
struct Hop {
    request_id: RequestId,
    parent: TraceParent,
    span_id: SpanId,
}

thread_local! {
    static HOP: Cell<Option<Hop>> = const { Cell::new(None) };
    static LINE: RefCell<(Vec<u8>, Stamp)> = RefCell::new((Vec::new(), Stamp::new()));
}

/// Code made for this one service.
pub(super) fn stack(target: &Target, seen: &Seen) -> Stack {
    let inner = handler(stock(seen), inject);
    let target = target.clone();
    let service = service_fn(move |request: Request<Body>| {
        let (mut inner, target) = (inner.clone(), target.clone());
        let began = Instant::now();
        let hop = Hop::read(request.headers());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        HOP.set(Some(hop));
        async move {
            let response = inner.call(request).await?;
            HOP.set(None);
            let took = began.elapsed().as_micros() as u64;
            hop.write(&target, method.as_str(), uri.path(), took, response.status().as_u16());
            Ok(response)
        }
    });
    Stack {
        name: "by hand",
        remark: "the ids parsed and made by the types of throughline, and kept in a cell; constants, `itoa`, one buffer that is kept",
        lines: 1,
        has_request_id: true,
        run: runner(service),
    }
}

fn inject(_: &Request<Body>, headers: &mut HeaderMap) {
    let Some(hop) = HOP.get() else { return };
    let parent = TraceParent { parent_id: SpanId::mint(), ..hop.parent };
    let id = hop.request_id.as_str();
    headers.insert(
        HeaderName::from_static("traceparent"),
        HeaderValue::from_bytes(&parent.to_header()).unwrap(),
    );
    headers.insert(HeaderName::from_static("x-request-id"), HeaderValue::from_str(id).unwrap());
}

impl Hop {
    fn read(headers: &HeaderMap) -> Hop {
        let get = |name| headers.get(name).map(HeaderValue::as_bytes);
        let request_id = get("x-request-id").and_then(|id| RequestId::parse(id).ok());
        let parent = get("traceparent").and_then(|parent| TraceParent::parse(parent).ok());
        Hop {
            request_id: request_id.unwrap_or_else(RequestId::mint),
            parent: parent.unwrap_or_else(|| TraceParent {
                trace_id: TraceId::mint(),
                parent_id: SpanId::mint(),
                flags: throughline_ctx::TraceFlags::SAMPLED,
            }),
            span_id: SpanId::mint(),
        }
    }

    fn write(&self, target: &Target, method: &str, path: &str, micros: u64, status: u16) {
        LINE.with_borrow_mut(|(line, stamp)| {
            line.clear();
            let mut push = |part: &[u8]| line.extend_from_slice(part);
            push(b"{\"timestamp\":\"");
            push(stamp.now());
            push(b"\",\"level\":\"INFO\",\"event\":\"server.request\",\"version\":1,\"kind\":\"span\",\"message\":\"Request handled\",\"service\":{\"name\":\"shop\",\"instance\":\"1\"},\"context\":{\"id\":\"");
            push(self.request_id.as_str().as_bytes());
            push(b"\",\"trace_id\":\"");
            push(&self.parent.trace_id.to_hex());
            push(b"\",\"span_id\":\"");
            push(&self.span_id.to_hex());
            push(b"\",\"parent_span_id\":\"");
            push(&self.parent.parent_id.to_hex());
            push(b"\",\"http.request.method\":\"");
            push(method.as_bytes());
            push(b"\",\"url.path\":\"");
            push(path.as_bytes()); // a URI has nothing to escape
            push(b"\"},\"duration_us\":");
            push(itoa::Buffer::new().format(micros).as_bytes());
            push(b",\"outcome\":\"ok\",\"http.response.status_code\":");
            push(itoa::Buffer::new().format(status).as_bytes());
            push(b",\"http.response.body.size\":16}\n"); // it knows its body
            target.take(line);
        });
    }
}
