use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;
use std::task::Poll;

use http::{Request, Response, Uri};
use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Context, InContextExt};
use throughline_structlog::Logger;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{Call, Side, Target};
use crate::causes::Causes;
use crate::propagators::{Kind, Propagators};
use crate::{CallBody, CallFuture, Headers};

/// Sends the context along with every call that a client makes, and reports how the call ended.
///
/// The context is the one in the extensions of the request, or else the current one; a call without either begins a request of its own. Each call is a span of
/// its own, under which the callee's span stands. If the request states a timeout itself, that can only shorten the context's.
///
/// Who is called decides what is told, so there is no default: [`internal`](ClientLayer::internal) or [`external`](ClientLayer::external), and a [rule](ClientLayer::host) for each host
/// that differs.
///
/// ```
/// use throughline_structlog::Logger;
/// use throughline_tower::{ClientLayer, Peer};
///
/// let log = Logger::disabled();
/// let layer = ClientLayer::external(&log)
///     .host(".svc.cluster.local", Peer::Internal) // all hosts below it
///     .host("payments.example", Peer::Untold);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is around a service"]
pub struct ClientLayer(Arc<Config>);

/// What the layer was told.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) log: Logger,
    pub(crate) causes: Causes,
    propagators: Propagators,
    peer: Peer,
    rules: Vec<(String, Peer)>,
}

/// Whose service is called, and so what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peer {
    /// Our own: the request id, the trace, the baggage, and the time that is left.
    Internal,
    /// Somebody else's: `traceparent`, and nothing more. No entry leaves. A `grpc-timeout` that the call has of its own stays.
    External,
    /// Somebody else's, who is told nothing.
    Untold,
}

impl ClientLayer {
    /// For calls to our own services.
    pub fn internal(log: &Logger) -> ClientLayer {
        ClientLayer::new(log, Peer::Internal)
    }

    /// For calls to the services of others.
    pub fn external(log: &Logger) -> ClientLayer {
        ClientLayer::new(log, Peer::External)
    }

    /// Treats a host as this peer. `host` is its name, or, with a dot at the front, the end of the names of several; case makes no difference. Of several rules that
    /// fit, the first counts. A request whose URI names no host is not subject to rules.
    pub fn host(self, host: impl Into<String>, peer: Peer) -> ClientLayer {
        self.with(|config| {
            config.rules.push((without_root(&host.into()).to_ascii_lowercase(), peer))
        })
    }

    /// Other headers than the usual ones.
    pub fn propagator(self, propagator: Propagator) -> ClientLayer {
        self.with(|config| config.propagators = Propagators::new(propagator))
    }

    /// Writes the causes of errors of this type as well, as the field `error.causes`: without it, of an error that a call or a body fails with only the message is known. Boxed errors
    /// (`Box<dyn Error + Send + Sync>`) and [`std::io::Error`] need not be named.
    ///
    /// ```
    /// use throughline_structlog::Logger;
    /// use throughline_tower::ClientLayer;
    ///
    /// // Its message is "client error (Connect)"; that nobody listens there is a cause.
    /// type Error = hyper_util::client::legacy::Error;
    ///
    /// let layer = ClientLayer::internal(&Logger::disabled()).causes_of::<Error>();
    /// ```
    pub fn causes_of<E: Error + 'static>(self) -> ClientLayer {
        self.with(|config| config.causes.of::<E>())
    }

    fn new(log: &Logger, peer: Peer) -> ClientLayer {
        let propagators = Propagators::new(Propagator::new());
        ClientLayer(Arc::new(Config {
            log: log.clone(),
            causes: Causes::default(),
            propagators,
            peer,
            rules: Vec::new(),
        }))
    }

    fn with(self, change: impl FnOnce(&mut Config)) -> ClientLayer {
        let mut config = Arc::unwrap_or_clone(self.0);
        change(&mut config);
        ClientLayer(Arc::new(config))
    }
}

impl Config {
    fn peer(&self, uri: &Uri) -> Peer {
        let Some(host) = uri.host().map(without_root) else { return self.peer };
        let fits = |rule: &str| {
            let start = host.len().checked_sub(rule.len());
            let end = start.and_then(|start| host.get(start..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(rule))
                && (rule.starts_with('.') || start == Some(0))
        };
        let rule = self.rules.iter().find(|(rule, _)| fits(rule));
        rule.map_or(self.peer, |(_, peer)| *peer)
    }
}

/// The name of a host without the dot that names the root: `a.example.` is `a.example`.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client { inner, config: self.0.clone() }
    }
}

/// The service that [`ClientLayer`] makes.
#[derive(Clone, Debug)]
pub struct Client<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S, B, R> Service<Request<B>> for Client<S>
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
        let given = request.extensions_mut().remove::<Context>();
        let mut parent = given.or_else(Context::current).unwrap_or_else(Context::root);
        let kind = Kind::of(&request);
        let propagator = self.config.propagators.of(kind);
        // A request that states a timeout of its own, as tonic's `set_timeout` does, leaves less time than the context, never more.
        if let Some(timeout) = propagator.timeout(&Headers(request.headers())) {
            parent = parent.with_timeout(timeout);
        }
        let peer = self.config.peer(request.uri());
        let mut headers = Headers(request.headers_mut());
        let ctx = match peer {
            Peer::Internal => propagator.inject(&parent, &mut headers),
            Peer::External => propagator.inject_external(&parent, &mut headers),
            Peer::Untold => propagator.withhold(&parent, &mut headers),
        };

        let (method, uri) = (request.method().clone(), request.uri().clone());
        let side = Side::Client { config: self.config.clone(), target: Target { method, uri } };
        let mut call = Call::new(ctx.clone(), ctx.deadline(), side, kind, &request);
        let inner = call.watch_panic(|_| ctx.scope(|| self.inner.call(request)));
        CallFuture::new(inner.in_context(ctx), call, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_fit_whole_names_or_the_ends_of_names() {
        let layer = ClientLayer::external(&Logger::disabled())
            .host("a.example", Peer::Untold)
            .host(".corp.example", Peer::Internal)
            .host(".example", Peer::Untold);
        let peer = |uri: &str| layer.0.peer(&uri.parse().unwrap());
        assert_eq!(peer("http://a.example/x"), Peer::Untold);
        assert_eq!(peer("http://A.Example:80/"), Peer::Untold);
        assert_eq!(peer("http://a.example./"), Peer::Untold);
        assert_eq!(peer("http://b.corp.example/"), Peer::Internal);
        assert_eq!(peer("http://B.CORP.EXAMPLE/"), Peer::Internal);
        assert_eq!(peer("http://b.example/"), Peer::Untold);
        assert_eq!(peer("http://evil-a.example.org/"), Peer::External);
        assert_eq!(peer("http://notcorp.example.com/"), Peer::External);
        assert_eq!(peer("/no/host"), Peer::External);
    }
}
