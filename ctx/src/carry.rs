use crate::Context;

impl Context {
    /// The same function with this context as the current one while it runs: for whatever runs elsewhere, such as a thread, a blocking pool or a worker pool.
    ///
    /// ```
    /// use throughline_ctx::Context;
    ///
    /// let ctx = Context::root();
    /// let seen = std::thread::spawn(ctx.wrap(|| Context::current().unwrap().span_id()));
    /// assert_eq!(seen.join().unwrap(), ctx.span_id());
    /// ```
    ///
    /// `tokio::task::spawn_blocking(ctx.wrap(…))` and `rayon::spawn(ctx.wrap(…))` are the same; a task takes a future:
    /// `tokio::spawn(future.in_context(ctx))`, or `join_set.spawn(…)`.
    pub fn wrap<R, F: FnOnce() -> R>(&self, work: F) -> impl FnOnce() -> R + use<R, F> {
        let ctx = self.clone();
        move || ctx.scope(work)
    }
}

/// A value on its way to another task or thread, with the context in which it was sent.
///
/// ```
/// use throughline_ctx::{Context, InContextOf};
///
/// let (sender, receiver) = std::sync::mpsc::channel();
/// let ctx = Context::root();
/// ctx.scope(|| sender.send(InContextOf::current("a job"))).unwrap();
///
/// let job: InContextOf<_> = receiver.recv().unwrap();
/// job.handle(|job| {
///     assert_eq!(job, "a job");
///     assert_eq!(Context::current().unwrap().span_id(), ctx.span_id());
/// });
/// ```
#[derive(Clone, Debug)]
pub struct InContextOf<T> {
    value: T,
    ctx: Option<Context>,
}

impl<T> InContextOf<T> {
    /// The value with the current context, if there is one.
    pub fn current(value: T) -> InContextOf<T> {
        InContextOf { value, ctx: Context::current() }
    }

    /// The value with this context.
    pub fn new(ctx: Context, value: T) -> InContextOf<T> {
        InContextOf { value, ctx: Some(ctx) }
    }

    /// Calls `work` with the value, in its context.
    pub fn handle<R>(self, work: impl FnOnce(T) -> R) -> R {
        match self.ctx {
            Some(ctx) => ctx.scope(|| work(self.value)),
            None => work(self.value),
        }
    }

    /// The value and its context, such as for a future that is to be polled in it.
    pub fn into_parts(self) -> (T, Option<Context>) {
        (self.value, self.ctx)
    }
}
