use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::call::Call;

pin_project! {
    /// The body of a response: the service's, in the context of the call. The call is reported when the body has ended or is dropped.
    pub struct CallBody<B> {
        #[pin]
        inner: Option<B>,
        call: Option<Call>,
    }

    impl<B> PinnedDrop for CallBody<B> {
        // What the body's values do when they are dropped belongs to the request as well, and stands before its report.
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(call) = this.call {
                call.ctx().scope(|| this.inner.set(None));
            }
        }
    }
}

impl<B: Body> CallBody<B> {
    pub(crate) fn new(inner: Option<B>, mut call: Option<Call>) -> CallBody<B> {
        // An empty body is never polled.
        if let Some(call) = &mut call
            && inner.as_ref().is_none_or(B::is_end_stream)
        {
            call.complete();
        }
        CallBody { inner, call }
    }
}

impl<B> Body for CallBody<B>
where
    B: Body,
    B::Error: Display + 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        // It is there until this is dropped, unless there is no body.
        let Some(mut inner) = this.inner.as_pin_mut() else { return Poll::Ready(None) };
        let Some(call) = this.call else { return inner.poll_frame(cx) };
        let polled = call.watch_panic(|call| call.ctx().scope(|| inner.as_mut().poll_frame(cx)));
        let frame = ready!(polled);
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    call.sent(data.remaining());
                } else if let Some(trailers) = frame.trailers_ref() {
                    // Nothing comes after them, and nobody asks.
                    call.trailers(trailers);
                    call.complete();
                }
                if inner.is_end_stream() {
                    call.complete();
                }
            }
            Some(Err(error)) => call.failed(error),
            None => call.complete(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), B::size_hint)
    }
}

impl<B: Default> Default for CallBody<B> {
    fn default() -> CallBody<B> {
        CallBody { inner: Some(B::default()), call: None }
    }
}

impl<B> std::fmt::Debug for CallBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallBody").finish_non_exhaustive()
    }
}
