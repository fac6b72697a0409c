use std::time::Duration;

use http::{Extensions, HeaderMap, Method, Request, Uri};
use throughline_ctx::{Context, Edit};
use throughline_schema::{Level, Outcome};

/// What a server says of its requests. Each method has a default, so that a policy states only what differs.
///
/// ```
/// use http::HeaderMap;
/// use throughline_ctx::{Edit, Key};
/// use throughline_schema::Level;
/// use throughline_tower::{Ended, Policy, RequestHead};
///
/// const AGENT: Key<str> = Key::local("user_agent.original", "What the client says it is");
///
/// struct OurPolicy;
///
/// impl Policy for OurPolicy {
///     fn context(&self, ctx: Edit, request: &RequestHead<'_>) -> Edit {
///         match request.headers.get("user-agent").and_then(|value| value.to_str().ok()) {
///             Some(agent) => ctx.with(&AGENT, agent),
///             None => ctx,
///         }
///     }
///
///     fn level(&self, ended: &Ended<'_>) -> Option<Level> {
///         if ended.path == "/ping" {
///             return None; // left out
///         }
///         if ended.duration.as_secs() >= 1 {
///             return Some(Level::Warn); // slow
///         }
///         ended.default_level()
///     }
/// }
/// ```
pub trait Policy: Send + Sync + 'static {
    /// Adds to the context in which a request is handled, such as entries for its headers, or a [verbosity](Edit::with_verbosity) for callers who may ask for one.
    fn context(&self, ctx: Edit, request: &RequestHead<'_>) -> Edit {
        let _ = request;
        ctx
    }

    /// The pattern of the route that was taken, such as `/users/{id}`, where the router knows it: it becomes the entry `http.route`.
    ///
    /// By default that is what axum says, if the feature `axum` is on.
    fn route(&self, extensions: &Extensions) -> Option<String> {
        default_route(extensions)
    }

    /// The level of the event that reports the request, or `None` for no event. By default [`Ended::default_level`].
    fn level(&self, ended: &Ended<'_>) -> Option<Level> {
        ended.default_level()
    }
}

/// The policy of a layer that was given none: the defaults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DefaultPolicy;

impl Policy for DefaultPolicy {}

#[cfg(feature = "axum")]
fn default_route(extensions: &Extensions) -> Option<String> {
    extensions.get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned())
}

#[cfg(not(feature = "axum"))]
fn default_route(_: &Extensions) -> Option<String> {
    None
}

/// A request that came in, without its body.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The headers, which nobody has checked.
    pub headers: &'a HeaderMap,
    /// What the layers and the router before have attached.
    pub extensions: &'a Extensions,
}

impl<'a> RequestHead<'a> {
    pub(crate) fn of<B>(request: &'a Request<B>) -> RequestHead<'a> {
        RequestHead {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }
}

/// A request that has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ended<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// The HTTP status of the response, if there was one.
    pub http_status: Option<u16>,
    /// The gRPC status code, if there was one.
    pub grpc_status: Option<u8>,
    /// The path that was asked for, without the query; of a gRPC call the full name of the method.
    pub path: &'a str,
    /// Its context.
    pub ctx: &'a Context,
}

impl Ended<'_> {
    /// `error` if the outcome is `error` or `timeout`; `debug` for the health checks of an orchestrator that went well; `info` for everything else.
    pub fn default_level(&self) -> Option<Level> {
        const HEALTH_CHECKS: [&str; 5] =
            ["/healthz", "/livez", "/readyz", "/health", "grpc.health.v1.Health/Check"];
        Some(match self.outcome {
            Outcome::Error | Outcome::Timeout => Level::Error,
            Outcome::Ok if HEALTH_CHECKS.contains(&self.path) => Level::Debug,
            _ => Level::Info,
        })
    }
}
