use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::Context;

thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

impl Context {
    /// The context in which this thread works at the moment: of the innermost [`scope`](Context::scope), or of the
    /// [`in_context`](InContextExt::in_context) future that is being polled.
    pub fn current() -> Option<Context> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// Calls `work` with this context as the current one.
    ///
    /// There is no guard to hold: what was current before is so again when `work` returns or panics.
    ///
    /// ```
    /// use throughline_ctx::Context;
    ///
    /// let ctx = Context::root();
    /// let seen = ctx.scope(|| Context::current().unwrap().span_id());
    /// assert_eq!(seen, ctx.span_id());
    /// assert!(Context::current().is_none());
    /// ```
    pub fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        let _restore = Restore(swap(Some(self.clone())));
        work()
    }
}

pub(crate) fn swap(new: Option<Context>) -> Option<Context> {
    CURRENT.try_with(|current| current.replace(new)).ok().flatten()
}

struct Restore(Option<Context>);

impl Drop for Restore {
    fn drop(&mut self) {
        swap(self.0.take());
    }
}

/// Gives a future or a stream a context.
pub trait InContextExt: Sized {
    /// The same future or stream, with `ctx` as the current context whenever it is polled, on whatever thread.
    ///
    /// ```
    /// use throughline_ctx::{Context, InContextExt};
    ///
    /// let ctx = Context::root();
    /// let work = async { Context::current().unwrap().span_id() }.in_context(ctx.clone());
    /// # let seen = futures_util::future::FutureExt::now_or_never(work).unwrap();
    /// # assert_eq!(seen, ctx.span_id());
    /// ```
    fn in_context(self, ctx: Context) -> InContext<Self> {
        InContext { inner: Some(self), ctx }
    }
}

impl<T> InContextExt for T {}

pin_project! {
    /// A future or a stream with a context: see [`InContextExt::in_context`].
    #[derive(Debug)]
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct InContext<F> {
        #[pin]
        inner: Option<F>,
        ctx: Context,
    }

    impl<F> PinnedDrop for InContext<F> {
        // What its values do when they are dropped belongs to the request as well.
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.ctx.scope(|| this.inner.set(None));
        }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => this.ctx.scope(|| inner.poll(cx)),
            None => Poll::Pending, // only after it was dropped, when nobody polls it
        }
    }
}

impl<S: Stream> Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => this.ctx.scope(|| inner.poll_next(cx)),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}
