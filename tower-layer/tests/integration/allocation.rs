//! What the layers allocate for a request.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, Response, Uri};
use http_body::Body;
use http_body_util::Full;
use throughline_ctx::Context;
use throughline_structlog::{Logger, NullSink};
use throughline_tower::{ClientLayer, ServerLayer};
use tower::util::ServiceFn;
use tower::{Layer, Service, service_fn};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; counting touches a thread-local without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A request as a server reads it from the network: the values of its headers are slices of one piece of memory. `extended` is
/// one in whose extensions something stands already.
fn request(extended: bool) -> Request<()> {
    let head = Bytes::from_static(
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 019a1b2c-3d4e-7f60-8a9b-0c1d2e3f4a5b",
    );
    let value = |range| HeaderValue::from_maybe_shared(head.slice(range)).unwrap();
    let mut request = Request::new(());
    *request.uri_mut() = Uri::from_static("http://shop.internal/orders/ship?dry=1");
    request.headers_mut().insert(HeaderName::from_static("traceparent"), value(0..55));
    request.headers_mut().insert(HeaderName::from_static("x-request-id"), value(56..92));
    if extended {
        request.extensions_mut().insert(());
    }
    request
}

fn answer(_: Request<()>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"done")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    ready(Ok(response))
}

/// How often this thread allocates while a service handles a request, after one to warm up.
fn allocations<S, B>(mut service: S, request: fn() -> Request<()>) -> usize
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let mut count = 0;
    for _ in 0..2 {
        let request = request();
        let before = COUNT.get();
        let task = &mut Task::from_waker(Waker::noop());
        let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(task) else { panic!() };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(task) {}
        count = COUNT.get() - before;
    }
    count
}

/// What the layer adds to that.
fn added_by<L, B>(layer: &L, request: fn() -> Request<()>) -> usize
where
    L: Layer<Answer>,
    L::Service: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let bare: Answer = service_fn(answer);
    allocations(layer.layer(bare), request) - allocations(bare, request)
}

type Answer = ServiceFn<fn(Request<()>) -> Ready<Result<Response<Full<Bytes>>, Infallible>>>;

fn log() -> Logger {
    Logger::builder("shop").sink(NullSink).build()
}

#[test]
fn a_request_from_within_costs_its_context_and_the_way_to_the_handler() {
    // The context, its entries, its JSON and its cancellation, and a place in the extensions.
    let layer = ServerLayer::internal(&log());
    assert_eq!(added_by(&layer, || request(true)), 5);
    // The first extension makes the map, too, in two pieces.
    assert_eq!(added_by(&layer, || request(false)), 7);
}

#[test]
fn a_request_from_the_world_costs_its_ids_besides() {
    // What was sent, as two entries, and the new one for the response.
    assert_eq!(added_by(&ServerLayer::edge(&log()), || request(true)), 8);
}

#[test]
fn a_call_costs_its_context_and_its_headers() {
    // The context, its JSON, `traceparent` and `x-request-id`.
    let layer = ClientLayer::internal(&log());
    assert_eq!(Context::root().scope(|| added_by(&layer, || request(true))), 4);
}
