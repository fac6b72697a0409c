use std::convert::Infallible;
use std::future::{Future, poll_fn, ready};
use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use tower::{Service, service_fn};

use super::{BARE, Stack};

pub(super) type Body = Full<Bytes>;

pub const PATH: &str = "/orders/ship";
pub const REQUEST_ID: &str = "019a1b2c-3d4e-7f60-8a9b-0c1d2e3f4a5b";
pub const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub const PARENT_ID: &str = "00f067aa0ba902b7";

/// The headers that the service that is called has seen, if anybody wants to know.
#[derive(Clone, Default)]
pub struct Seen(Option<Arc<Mutex<Vec<HeaderMap>>>>);

impl Seen {
    pub fn kept() -> Seen {
        Seen(Some(Arc::default()))
    }

    pub fn headers(&self) -> Vec<HeaderMap> {
        self.0.as_ref().map(|seen| seen.lock().unwrap().clone()).unwrap_or_default()
    }

    fn take(&self, headers: &HeaderMap) {
        black_box(headers);
        if let Some(seen) = &self.0 {
            seen.lock().unwrap().push(headers.clone());
        }
    }
}

/// A request as it comes from the network: its strings are its own, and shared.
fn request() -> Request<Body> {
    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
        let traceparent = format!("00-{TRACE_ID}-{PARENT_ID}-01");
        let headers = [
            (HOST, "shop.internal"),
            (USER_AGENT, "gateway/3.1"),
            (ACCEPT, "application/json"),
            (HeaderName::from_static("traceparent"), &traceparent),
            (HeaderName::from_static("x-request-id"), REQUEST_ID),
        ];
        let owned =
            |value: &str| HeaderValue::from_maybe_shared(Bytes::copy_from_slice(value.as_bytes()));
        headers.into_iter().map(|(name, value)| (name, owned(value).unwrap())).collect()
    });
    static URI: LazyLock<Uri> = LazyLock::new(|| format!("{PATH}?dry=1").parse().unwrap());
    let mut request = Request::new(Body::from("{}"));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = URI.clone();
    *request.headers_mut() = HEADERS.clone();
    request
}

/// The service that is called.
pub(super) fn stock(
    seen: &Seen,
) -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
> + Clone
+ Send
+ 'static {
    let seen = seen.clone();
    service_fn(move |request: Request<Body>| {
        seen.take(request.headers());
        ready(Ok(answer("{\"left\":12}")))
    })
}

/// The service: makes one call by `client`, reads the response to its end, and answers. `carry` adds headers to the call.
pub(super) fn handler<C, B>(
    client: C,
    carry: fn(&Request<Body>, &mut HeaderMap),
) -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
> + Clone
+ Send
+ 'static
where
    C: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    C::Future: Send,
    B: http_body::Body<Data = Bytes> + Send,
{
    service_fn(move |request: Request<Body>| {
        let mut client = client.clone();
        async move {
            let mut call = call();
            carry(&request, call.headers_mut());
            poll_fn(|cx| client.poll_ready(cx)).await?;
            let response = client.call(call).await?;
            read(response.into_body()).await;
            Ok(answer("{\"shipped\":true}"))
        }
    })
}

fn call() -> Request<Body> {
    static STOCK: LazyLock<Uri> =
        LazyLock::new(|| "http://stock.internal:8080/items/81724".parse().unwrap());
    let mut request = Request::new(Body::default());
    *request.uri_mut() = STOCK.clone();
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static("shop/1.0"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}

fn answer(body: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn read<B: http_body::Body<Data = Bytes>>(body: B) {
    let mut body = pin!(body);
    while let Some(Ok(frame)) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        black_box(frame.data_ref());
    }
}

/// Nothing but the service.
pub(super) fn bare(seen: &Seen) -> Stack {
    let service = handler(stock(seen), |_, _| {});
    Stack {
        name: BARE,
        remark: "nothing: its call has no header added, and nobody hears of it",
        lines: 0,
        has_request_id: false,
        run: runner(service),
    }
}

/// Makes requests and has them handled by a service, until each response is read whole.
pub(super) fn runner<S, B>(mut service: S) -> Box<dyn FnMut(usize) -> Option<Parts>>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: http_body::Body<Data = Bytes>,
{
    Box::new(move |times| {
        let mut last = None;
        for _ in 0..times {
            let request = request();
            last = Some(block_on(async {
                poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
                let (head, body) = service.call(request).await.unwrap().into_parts();
                read(body).await;
                head
            }));
        }
        last
    })
}

/// Nothing here ever waits.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}
