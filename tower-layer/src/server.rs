use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Request, Response};
use throughline_ctx::propagation::{Incoming, Propagator};
use throughline_ctx::{Canceller, Context, Edit, Hold, InContextExt};
use throughline_structlog::Logger;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{Call, Side};
use crate::causes::Causes;
use crate::future::Header;
use crate::policy::DefaultPolicy;
use crate::propagators::{Kind, Propagators};
use crate::{CallBody, CallFuture, Headers, Policy, RequestHead, keys};

/// Opens a context for every request that a server receives, and reports how the request ended.
///
/// Who calls decides what is believed, so there is no default: [`edge`](ServerLayer::edge) or [`internal`](ServerLayer::internal).
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is around a service"]
pub struct ServerLayer(Arc<Config>);

/// What the layer was told.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) log: Logger,
    trust: Trust,
    propagators: Propagators,
    response_header: Option<HeaderName>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) causes: Causes,
    held_bytes: Option<usize>,
    deadline: Option<Duration>,
    enforces_deadline: bool,
}

#[derive(Clone, Copy, Debug)]
enum Trust {
    Edge,
    Internal,
}

impl ServerLayer {
    /// For a server that anyone can call. Every request begins a new trace under a new id, without baggage, and no more is said of it than of others; the ids that came with it are kept as the entries `upstream.id` and
    /// `upstream.trace_id`, if they are well formed. A deadline is accepted: it can only make the answer come sooner. Whether a request that went wrong is a
    /// `timeout` is for the deadlines of this service to say, so that no caller decides it.
    pub fn edge(log: &Logger) -> ServerLayer {
        ServerLayer::new(log, Trust::Edge)
    }

    /// For a server that only our own services call: it goes on with the request, the trace, the baggage and the [verbosity](throughline_ctx::Verbosity) that they bring.
    pub fn internal(log: &Logger) -> ServerLayer {
        ServerLayer::new(log, Trust::Internal)
    }

    /// Other headers than the usual ones, or [keys](Propagator::key) that callers set.
    pub fn propagator(self, propagator: Propagator) -> ServerLayer {
        self.with(|config| {
            config.response_header = propagator.request_id_name().parse().ok();
            config.propagators = Propagators::new(propagator);
        })
    }

    /// What is said of requests, in place of the defaults.
    pub fn policy(self, policy: impl Policy) -> ServerLayer {
        self.with(|config| config.policy = Arc::new(policy))
    }

    /// Holds back what the loggers leave out of a request, `max_bytes` of lines at the most, and writes it if the request goes wrong: if its outcome is `error` or `timeout`, or with the first event that is an
    /// `error`. Of other requests it vanishes, counted. One that is `cancelled` did not go wrong: callers leave all the time.
    ///
    /// A [policy](Policy::context) can give a request another [`Hold`], such as one that is released by a `warn`.
    pub fn hold_detail(self, max_bytes: usize) -> ServerLayer {
        self.with(|config| config.held_bytes = Some(max_bytes))
    }

    /// The most time that a request has. Callers can only ask for less.
    pub fn deadline(self, timeout: Duration) -> ServerLayer {
        self.with(|config| config.deadline = Some(timeout))
    }

    /// Refuses a request whose deadline has passed before it is handled: with gRPC `DEADLINE_EXCEEDED`, or HTTP 504. One whose deadline passes while it is handled is not
    /// interrupted.
    pub fn enforce_deadline(self) -> ServerLayer {
        self.with(|config| config.enforces_deadline = true)
    }

    /// Writes the causes of errors of this type as well, as the field `error.causes`: without it, of an error that the service or a body fails with only the message is known. Boxed errors
    /// (`Box<dyn Error + Send + Sync>`) and [`std::io::Error`] need not be named.
    pub fn causes_of<E: Error + 'static>(self) -> ServerLayer {
        self.with(|config| config.causes.of::<E>())
    }

    fn new(log: &Logger, trust: Trust) -> ServerLayer {
        let propagator = Propagator::new();
        ServerLayer(Arc::new(Config {
            log: log.clone(),
            trust,
            response_header: propagator.request_id_name().parse().ok(),
            propagators: Propagators::new(propagator),
            policy: Arc::new(DefaultPolicy),
            causes: Causes::default(),
            held_bytes: None,
            deadline: None,
            enforces_deadline: false,
        }))
    }

    fn with(self, change: impl FnOnce(&mut Config)) -> ServerLayer {
        let mut config = Arc::unwrap_or_clone(self.0);
        change(&mut config);
        ServerLayer(Arc::new(config))
    }
}

impl Config {
    /// The context in which a request is handled, and the deadline for which this service is to blame if it passes.
    fn context<B>(
        &self,
        request: &Request<B>,
        kind: Kind,
    ) -> (Context, Canceller, Option<Instant>) {
        let incoming = self.propagators.of(kind).extract(&Headers(request.headers()));
        let mut ctx = match self.trust {
            Trust::Internal => Edit::from(&incoming),
            Trust::Edge => at_edge(&incoming),
        };
        if let Some(timeout) = self.deadline {
            ctx = ctx.with_timeout(timeout);
        }
        if let Some(max_bytes) = self.held_bytes {
            ctx = ctx.with_hold(Hold::new(max_bytes));
        }
        ctx = match kind {
            Kind::Grpc => ctx.with(&keys::RPC_METHOD, keys::rpc_method(request.uri())),
            Kind::Http => ctx
                .with(&keys::METHOD, keys::method(request.method()))
                .with(&keys::PATH, keys::path(request.uri())),
        };
        if let Some(route) = self.policy.route(request.extensions()) {
            ctx = ctx.with(&keys::ROUTE, route);
        }
        let ctx = self.policy.context(ctx, &RequestHead::of(request));
        let (ctx, canceller) = ctx.with_records().with_cancellation();
        let ctx = ctx.finish();
        let deadline = ctx.deadline();
        match (self.trust, incoming.timeout) {
            // How little time anyone gives us is no fault of ours.
            (Trust::Edge, Some(timeout)) => (ctx.with_timeout(timeout), canceller, deadline),
            _ => (ctx, canceller, deadline),
        }
    }

    /// The request id for the response: the header that the request brought, if that is the one.
    fn response_header<B>(&self, request: &Request<B>, ctx: &Context) -> Option<Header> {
        let name = self.response_header.clone()?;
        let id = ctx.request_id().as_bytes();
        let brought = request.headers().get(&name).filter(|value| value.as_bytes() == id);
        let value = brought.cloned().or_else(|| HeaderValue::from_bytes(id).ok())?;
        Some((name, value))
    }
}

fn at_edge(incoming: &Incoming) -> Edit {
    let mut ctx = Edit::from(&Incoming::default());
    if let Some(id) = &incoming.request_id {
        ctx = ctx.with(&keys::UPSTREAM_ID, id.as_str());
    }
    if let Some(parent) = &incoming.trace_parent
        && let Ok(trace_id) = str::from_utf8(&parent.trace_id.to_hex())
    {
        ctx = ctx.with(&keys::UPSTREAM_TRACE_ID, trace_id);
    }
    ctx
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("trust", &self.trust)
            .field("propagators", &self.propagators)
            .field("held_bytes", &self.held_bytes)
            .field("deadline", &self.deadline)
            .field("enforces_deadline", &self.enforces_deadline)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        Server { inner, config: self.0.clone() }
    }
}

/// The service that [`ServerLayer`] makes.
#[derive(Clone, Debug)]
pub struct Server<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S, B, R> Service<Request<B>> for Server<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display + 'static,
    R: http_body::Body,
{
    type Response = Response<CallBody<R>>;
    type Error = S::Error;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> CallFuture<S::Future> {
        let config = &self.config;
        let kind = Kind::of(&request);
        let (ctx, canceller, deadline) = config.context(&request, kind);
        let side = Side::Server { config: config.clone(), canceller };
        let mut call = Call::new(ctx.clone(), deadline, side, kind, &request);
        let header = config.response_header(&request, &ctx);
        if config.enforces_deadline && ctx.remaining().is_some_and(|left| left.is_zero()) {
            return CallFuture::refused(kind, call, header);
        }
        request.extensions_mut().insert(ctx.clone());
        let inner = call.watch_panic(|_| ctx.scope(|| self.inner.call(request)));
        CallFuture::new(inner.in_context(ctx), call, header)
    }
}
