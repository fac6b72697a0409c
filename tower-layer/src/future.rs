use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use http::{HeaderName, HeaderValue, Response};
use pin_project_lite::pin_project;
use throughline_ctx::InContext;

use crate::call::Call;
use crate::propagators::Kind;
use crate::{CallBody, grpc};

/// A header for the response.
pub(crate) type Header = (HeaderName, HeaderValue);

pin_project! {
    /// The future of [`Server`](crate::Server) and [`Client`](crate::Client): polls the service's in the context of the call.
    pub struct CallFuture<F> {
        // Dropped before `call`, so that what it says when it is dropped stands before the report of the call.
        #[pin]
        work: Work<F>,
        call: Option<Call>,
        response_header: Option<Header>,
    }
}

pin_project! {
    #[project = WorkProjection]
    enum Work<F> {
        Called { #[pin] future: InContext<F> },
        // The service was not called: the deadline had passed before.
        Refused { kind: Kind },
    }
}

impl<F> CallFuture<F> {
    pub(crate) fn new(
        future: InContext<F>,
        call: Call,
        response_header: Option<Header>,
    ) -> CallFuture<F> {
        CallFuture { work: Work::Called { future }, call: Some(call), response_header }
    }

    pub(crate) fn refused(
        kind: Kind,
        mut call: Call,
        response_header: Option<Header>,
    ) -> CallFuture<F> {
        call.refuse();
        CallFuture { work: Work::Refused { kind }, call: Some(call), response_header }
    }
}

impl<F, B, E> Future for CallFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body,
    E: Display + 'static,
{
    type Output = Result<Response<CallBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = match (this.work.project(), &mut *this.call) {
            (WorkProjection::Called { future }, Some(call)) => {
                ready!(call.watch_panic(|_| future.poll(cx)))
            }
            (WorkProjection::Called { future }, None) => ready!(future.poll(cx)),
            (WorkProjection::Refused { kind }, _) => {
                let response = grpc::deadline_exceeded(*kind);
                return Poll::Ready(Ok(respond(
                    response,
                    this.call.take(),
                    this.response_header.take(),
                    |()| None,
                )));
            }
        };
        // It is there: it is taken with the first result, after which nobody polls again.
        let call = this.call.take();
        Poll::Ready(match (result, call) {
            (Ok(response), call) => Ok(respond(response, call, this.response_header.take(), Some)),
            (Err(error), Some(mut call)) => {
                call.failed(&error);
                Err(error)
            }
            (Err(error), None) => Err(error),
        })
    }
}

fn respond<A, B: http_body::Body>(
    mut response: Response<A>,
    mut call: Option<Call>,
    header: Option<Header>,
    body: impl FnOnce(A) -> Option<B>,
) -> Response<CallBody<B>> {
    if let Some(call) = &mut call {
        call.responded(response.status(), response.headers());
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
    }
    response.map(|inner| CallBody::new(body(inner), call))
}

impl<F> std::fmt::Debug for CallFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}
