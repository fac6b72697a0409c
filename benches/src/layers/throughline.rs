use std::time::Instant;

use http::{HeaderMap, Request};
use throughline_ctx::{Context, InContextExt};
use throughline_schema::{Event, Outcome};
use throughline_tower::{ClientLayer, Headers, ServerLayer};
use tower::{Layer, Service, service_fn};

use super::service::{Body, Seen, handler, runner, stock};
use super::{Stack, YARDSTICK};
use crate::Target;
use crate::input::{METHOD, PATH};

/// The layer of the server and that of the client.
pub(super) fn both(target: &Target, seen: &Seen) -> Stack {
    let log = target.logger();
    let client = ClientLayer::internal(&log).layer(stock(seen));
    let service = ServerLayer::internal(&log).layer(handler(client, |_, _| {}));
    Stack {
        name: "throughline, both layers",
        remark: "extract, a child that is injected, two wide events: of the server, and of the call",
        lines: 2,
        has_request_id: true,
        run: runner(service),
    }
}

/// The layer of the server; the handler injects.
pub(super) fn server(target: &Target, seen: &Seen) -> Stack {
    let service = ServerLayer::internal(&target.logger()).layer(handler(stock(seen), inject));
    Stack {
        name: YARDSTICK,
        remark: "extract, a child that is injected by `ctx.inject`, one wide event",
        lines: 1,
        has_request_id: true,
        run: runner(service),
    }
}

fn inject(_: &Request<Body>, headers: &mut HeaderMap) {
    Context::current().unwrap().inject(&mut Headers(headers));
}

/// A request was handled.
#[derive(Debug, Event)]
#[event(
    name = "request.handled",
    version = 1,
    level = "info",
    message = "Request handled",
    kind = "span"
)]
struct RequestHandled {
    /// How long it took, in microseconds.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
    /// The status.
    #[event(rename = "http.response.status_code")]
    status: u16,
}

/// The parts that the layers are made of, without the layers.
pub(super) fn no_layer(target: &Target, seen: &Seen) -> Stack {
    let log = target.logger();
    let inner = handler(stock(seen), inject);
    let service = service_fn(move |request: Request<Body>| {
        let (log, mut inner) = (log.clone(), inner.clone());
        let began = Instant::now();
        let ctx = Context::extract(&Headers(request.headers()))
            .edit()
            .with(&METHOD, request.method().as_str())
            .with(&PATH, request.uri().path())
            .finish();
        let called = ctx.scope(|| inner.call(request));
        let called = called.in_context(ctx.clone());
        async move {
            let response = called.await?;
            let duration_us = began.elapsed().as_micros() as u64;
            let status = response.status().as_u16();
            log.emit(&ctx, &RequestHandled { duration_us, outcome: Outcome::Ok, status });
            Ok(response)
        }
    });
    Stack {
        name: "throughline, no layer",
        remark: "`Context::extract`, two entries, `in_context`, `ctx.inject`, `log.emit`, by the service itself; it sees no body's end, and no request id is on the response",
        lines: 1,
        has_request_id: true,
        run: runner(service),
    }
}
