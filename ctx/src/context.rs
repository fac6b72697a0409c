use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::cancel::Cancellation;
use crate::propagation::{Extractor, Incoming, Injector, Propagator};
use crate::records::Records;
use crate::rendered::Rendered;
use crate::{
    Baggage, Cancelled, Canceller, Edit, EntryType, Hold, Key, KeyInfo, RequestId, SpanId,
    TraceFlags, TraceId, TraceParent, TraceState, Value, Verbosity,
};

static DETAIL_WANTED: AtomicBool = AtomicBool::new(false);

/// Who has to know when that becomes true.
static LISTENER: OnceLock<fn()> = OnceLock::new();

/// To be called before a context has a verbosity or a hold.
pub(crate) fn want_detail() {
    // Not stored again for each request: writers on all cores read it all the time.
    if !DETAIL_WANTED.load(Ordering::Relaxed) {
        DETAIL_WANTED.store(true, Ordering::Relaxed);
        if let Some(listener) = LISTENER.get() {
            listener();
        }
    }
}

/// Calls `listener` when a context has a verbosity or a hold for the first time. The first listener is kept.
pub fn on_detail_wanted(listener: fn()) {
    let _ = LISTENER.set(listener);
}

/// Which request some work belongs to. See the [front page](crate).
///
/// Immutable. A clone costs a reference count; every method that changes something returns another context.
#[derive(Clone)]
pub struct Context(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    span: Span,
    trace_state: Option<TraceState>,
    pub(crate) baggage: Baggage,
    pub(crate) entries: Entries,
    pub(crate) verbosity: Option<Verbosity>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) cancellation: Option<Arc<Cancellation>>,
    pub(crate) hold: Option<Arc<Hold>>,
    pub(crate) records: Records,
    rendered: Rendered,
}

#[derive(Clone, Copy)]
struct Span {
    request_id: RequestId,
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
    flags: TraceFlags,
}

/// What a context says of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: &'static KeyInfo,
    pub(crate) value: Value,
}

/// The entries of a context, shared with those that were made of it.
#[derive(Clone, Default)]
pub(crate) struct Entries(pub(crate) Option<Arc<[Entry]>>);

impl Entries {
    pub(crate) fn as_slice(&self) -> &[Entry] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl Context {
    /// The context of a request that begins here: a request id, a trace and a span of its own.
    pub fn root() -> Context {
        Context::continue_from(&Incoming::default())
    }

    /// The context of a request that a caller handed on: a child of the span that `incoming` names, under its request id
    /// and within its deadline, with its baggage and its verbosity. What it lacks is made anew, as [`root`](Context::root) does.
    pub fn continue_from(incoming: &Incoming) -> Context {
        Edit::from(incoming).finish()
    }

    /// The context that a carrier brings, by the names of [`Propagator::new`].
    ///
    /// It believes what it reads. For calls from the world, read an [`Incoming`] and decide.
    pub fn extract(carrier: &(impl Extractor + ?Sized)) -> Context {
        Context::continue_from(&Propagator::new().extract(carrier))
    }

    /// Writes the context of an outgoing call to a carrier, by the names of [`Propagator::new`], and returns it: a child of this one, since every
    /// call is a span of its own.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "whoever does not report the call has no use for it"
    )]
    pub fn inject(&self, carrier: &mut (impl Injector + ?Sized)) -> Context {
        Propagator::new().inject(self, carrier)
    }

    /// The context of a unit of work within this one: a span of its own, everything else the same.
    #[must_use = "a context does not change: this makes another"]
    pub fn child(&self) -> Context {
        let mut inner = self.0.derive();
        inner.descend();
        Context(Arc::new(inner))
    }

    /// The context of work that goes on after the request was answered, such as a job that it starts: a [child](Context::child) without the deadline, the
    /// [cancellation](Context::is_cancelled) and the [hold](Context::hold), which end with those who wait for the answer, and without a say in [what is recorded](Context::record) of the request.
    ///
    /// ```
    /// use std::time::Duration;
    /// use throughline_ctx::Context;
    ///
    /// let request = Context::root().with_timeout(Duration::from_secs(1));
    /// let job = request.detached();
    /// assert_eq!(job.parent_span_id(), Some(request.span_id()));
    /// assert_eq!(job.deadline(), None);
    /// ```
    #[must_use = "a context does not change: this makes another"]
    pub fn detached(&self) -> Context {
        let mut inner = self.0.derive();
        inner.descend();
        inner.deadline = None;
        inner.cancellation = None;
        inner.hold = None;
        inner.records = Records::None;
        Context(Arc::new(inner))
    }

    /// The same context with one more entry, or with another value for the entry of this name.
    ///
    /// If the key is [propagated](Key::propagated), the entry goes into the [baggage](Context::baggage) as well, as far as there is room.
    #[must_use = "a context does not change: this makes another"]
    pub fn with<T>(&self, key: &'static Key<T>, value: impl Into<T::Owned>) -> Context
    where
        T: EntryType + ?Sized,
    {
        self.edit().with(key, value).finish()
    }

    /// Several changes at once, for the cost of one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use throughline_ctx::{Context, Key};
    ///
    /// const TENANT: Key<str> = Key::local("tenant.id", "Whose data this request is about");
    /// const ATTEMPT: Key<u64> = Key::local("attempt", "How often this job was tried before");
    ///
    /// let ctx = Context::root();
    /// let ctx = ctx.edit().with(&TENANT, "acme").with(&ATTEMPT, 2_u64).with_timeout(Duration::from_secs(5)).finish();
    /// assert_eq!(ctx.get(&ATTEMPT), Some(2));
    /// ```
    pub fn edit(&self) -> Edit {
        Edit::new(Arc::new(self.0.derive()))
    }

    /// The same context with a deadline, unless it has an earlier one.
    #[must_use = "a context does not change: this makes another"]
    pub fn with_deadline(&self, deadline: Instant) -> Context {
        match self.0.deadline {
            Some(earlier) if earlier <= deadline => self.clone(),
            _ => self.edit().with_deadline(deadline).finish(),
        }
    }

    /// The same context with a deadline that far from now, unless it has an earlier one.
    #[must_use = "a context does not change: this makes another"]
    pub fn with_timeout(&self, timeout: Duration) -> Context {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self.clone(),
        }
    }

    /// The same request, saying this much of itself or more, here and in every service that it calls from here: a logger writes those of its events that the verbosity asks for, though it would leave
    /// them out of others. `None` leaves it to the loggers again.
    ///
    /// It takes one member of the [baggage](Context::baggage). Where there is no room for that, it ends with this service, and the baggage [counts](Baggage::dropped) it.
    ///
    /// ```
    /// use throughline_ctx::{Context, Verbosity};
    ///
    /// let request = Context::root().with_verbosity(Verbosity::Debug);
    /// assert_eq!(request.child().verbosity(), Some(Verbosity::Debug));
    /// assert_eq!(request.with_verbosity(None).verbosity(), None);
    /// ```
    #[must_use = "a context does not change: this makes another"]
    pub fn with_verbosity(&self, verbosity: impl Into<Option<Verbosity>>) -> Context {
        self.edit().with_verbosity(verbosity).finish()
    }

    /// The same context, and a handle that cancels it and all below it.
    #[must_use = "a context does not change: this makes another"]
    pub fn with_cancellation(&self) -> (Context, Canceller) {
        let (edit, canceller) = self.edit().with_cancellation();
        (edit.finish(), canceller)
    }

    /// The same request at a span that another tracing system made, with what that system says goes along on every call.
    #[cfg(feature = "opentelemetry-0_33")]
    pub(crate) fn at_span(
        &self,
        span: TraceParent,
        parent_span_id: Option<SpanId>,
        trace_state: Option<TraceState>,
        baggage: Baggage,
    ) -> Context {
        let TraceParent { trace_id, parent_id: span_id, flags } = span;
        let request_id = self.0.span.request_id;
        let mut inner = self.0.derive();
        inner.span = Span { request_id, trace_id, span_id, parent_span_id, flags };
        inner.trace_state = trace_state;
        // For want of room the baggage may say nothing of the verbosity, so that what counts is whether it says something new.
        let verbosity = baggage.verbosity();
        if verbosity != inner.baggage.verbosity() {
            want_detail();
            inner.verbosity = verbosity;
        }
        inner.baggage = baggage;
        Context(Arc::new(inner))
    }

    /// The same context, which collects what is [recorded](Context::record) in it and in those that are made of it: for those who report a unit of work when it has ended, as servers do with requests.
    ///
    /// What is recorded below it does not reach a unit of work around it, and is there until this one is [closed](Context::close_records) and the last of these contexts is gone.
    #[must_use = "a context does not change: this makes another"]
    pub fn with_records(&self) -> Context {
        self.edit().with_records().finish()
    }

    /// Adds an entry to the event that will report the unit of work, such as a request: what is known only while it is handled. The events before that do not have it, nor does it go along on calls. For what all events from
    /// here on should say, make another context [with](Context::with) it.
    ///
    /// The last value under a name counts. Returns whether it is collected: `false` where [nobody reports](Context::with_records) the work, or has reported it already, as happens
    /// to tasks that go on after it: what they learn belongs into an event of their own.
    ///
    /// ```
    /// use throughline_ctx::{Context, Key};
    ///
    /// const ITEMS: Key<u64> = Key::local("cart.items", "How many things were bought");
    ///
    /// let request = Context::root().with_records(); // a server does this
    /// request.child().record(&ITEMS, 3_u64); // wherever it is known
    /// assert_eq!(request.get(&ITEMS), None);
    /// assert_eq!(request.close_records().get(&ITEMS), Some(3)); // for the event at the end
    /// ```
    pub fn record<T>(&self, key: &'static Key<T>, value: impl Into<T::Owned>) -> bool
    where
        T: EntryType + ?Sized,
    {
        self.0.records.keep(Entry { key: key.info(), value: T::wrap(value.into()) })
    }

    /// The same context, with what was [recorded](Context::record) as entries: for the event that reports the unit of work. It ends the collecting, in all contexts of the unit of work: for those who
    /// began it, and nobody else.
    #[must_use = "what was recorded is in the context that this makes"]
    pub fn close_records(&self) -> Context {
        let records = self.0.records.close();
        if records.is_empty() {
            return self.clone();
        }
        let set = |edit: Edit, Entry { key, value }| edit.set(key, value);
        records.into_iter().fold(self.edit(), set).finish()
    }

    /// The id of the request.
    pub fn request_id(&self) -> &RequestId {
        &self.0.span.request_id
    }

    /// The id of the trace.
    pub fn trace_id(&self) -> TraceId {
        self.0.span.trace_id
    }

    /// The id of the unit of work.
    pub fn span_id(&self) -> SpanId {
        self.0.span.span_id
    }

    /// The id of the unit of work that caused this one, here or on another host.
    pub fn parent_span_id(&self) -> Option<SpanId> {
        self.0.span.parent_span_id
    }

    /// The flags of the trace.
    pub fn flags(&self) -> TraceFlags {
        self.0.span.flags
    }

    /// This unit of work as the parent of another, as a `traceparent` header states it.
    pub fn trace_parent(&self) -> TraceParent {
        TraceParent { trace_id: self.trace_id(), parent_id: self.span_id(), flags: self.flags() }
    }

    /// What other tracing systems say of this trace, and is carried onward.
    pub fn trace_state(&self) -> Option<&TraceState> {
        self.0.trace_state.as_ref()
    }

    /// What goes along on every call: the propagated entries, and what came under keys that nobody here declared.
    pub fn baggage(&self) -> &Baggage {
        &self.0.baggage
    }

    /// The value of an entry.
    pub fn get<T: EntryType + ?Sized>(&self, key: &Key<T>) -> Option<T::Ref<'_>> {
        let entry =
            self.0.entries.as_slice().iter().find(|entry| entry.key.name() == key.info().name())?;
        T::unwrap(&entry.value)
    }

    /// All entries, in the order in which they were first set. No name comes twice.
    pub fn entries(&self) -> impl Iterator<Item = (&'static KeyInfo, &Value)> {
        self.0.entries.as_slice().iter().map(|entry| (entry.key, &entry.value))
    }

    /// How much the request says of itself. `None`, which is usual, leaves it to the loggers.
    #[inline]
    pub fn verbosity(&self) -> Option<Verbosity> {
        self.0.verbosity
    }

    /// The moment after which nobody waits for the answer.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// What is left until the [`deadline`](Context::deadline): zero when it has passed, `None` if there is none.
    pub fn remaining(&self) -> Option<Duration> {
        self.0.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether the caller went away.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancellation.as_ref().is_some_and(|cancellation| cancellation.is_cancelled())
    }

    /// A future that resolves when the caller went away, and never if it does not.
    pub fn cancelled(&self) -> Cancelled {
        Cancelled::new(self.0.cancellation.clone())
    }

    /// Whether any context of this process was ever asked for [more than loggers write](Context::verbosity), or [holds it](Context::hold). Until then a writer need not ask those of which it has no
    /// reference at hand, such as the current one.
    #[inline]
    pub fn any_wants_detail() -> bool {
        DETAIL_WANTED.load(Ordering::Relaxed)
    }

    /// The form that a writer made of this context, or makes now: for those who write events, so that a
    /// context is rendered once for all of its events. `form` tells the forms apart. Every context holds all forms that were
    /// ever asked of it, so there should be few.
    pub fn rendered(&self, form: u64, render: impl FnOnce(&Context) -> Box<[u8]>) -> &[u8] {
        self.0.rendered.get(form, || render(self))
    }
}

impl Inner {
    pub(crate) fn continue_from(incoming: &Incoming) -> Inner {
        if incoming.verbosity.is_some() {
            want_detail();
        }
        let random = TraceFlags::SAMPLED | TraceFlags::RANDOM;
        let parent = incoming.trace_parent;
        let span = Span {
            request_id: incoming.request_id.unwrap_or_else(RequestId::mint),
            trace_id: parent.map_or_else(TraceId::mint, |parent| parent.trace_id),
            span_id: SpanId::mint(),
            parent_span_id: parent.map(|parent| parent.parent_id),
            flags: parent.map_or(random, |parent| parent.flags),
        };
        Inner {
            span,
            trace_state: incoming.trace_state.clone().filter(|_| parent.is_some()),
            baggage: incoming.baggage.with_verbosity(incoming.verbosity),
            verbosity: incoming.verbosity,
            entries: Entries(
                (!incoming.entries.is_empty()).then(|| incoming.entries.as_slice().into()),
            ),
            deadline: incoming.timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            cancellation: None,
            hold: None,
            records: Records::None,
            rendered: Rendered::default(),
        }
    }

    /// Makes it a unit of work within the one that it was.
    pub(crate) fn descend(&mut self) {
        self.span.parent_span_id = Some(self.span.span_id);
        self.span.span_id = SpanId::mint();
    }

    /// The same, to be changed: what was rendered is not.
    fn derive(self: &Arc<Inner>) -> Inner {
        Inner {
            span: self.span,
            trace_state: self.trace_state.clone(),
            baggage: self.baggage.clone(),
            verbosity: self.verbosity,
            entries: self.entries.clone(),
            deadline: self.deadline,
            cancellation: self.cancellation.clone(),
            hold: self.hold.clone(),
            records: Records::below(self),
            rendered: Rendered::default(),
        }
    }
}

impl fmt::Debug for Context {
    /// Names the entries, not their values: a context's debug form is no way around its classes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.entries().map(|(key, _)| key.name()).collect();
        f.debug_struct("Context")
            .field("request_id", self.request_id())
            .field("trace_id", &self.trace_id())
            .field("span_id", &self.span_id())
            .field("parent_span_id", &self.parent_span_id())
            .field("entries", &keys)
            .finish_non_exhaustive()
    }
}
