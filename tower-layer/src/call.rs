use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use throughline_ctx::{Canceller, Context};
use throughline_schema::{Level, Outcome};
use throughline_structlog::Logger;

use crate::causes::Message;
use crate::events::{ClientRequest, Exchange, ServerRequest};
use crate::grpc::Code;
use crate::propagators::Kind;
use crate::{Ended, client, grpc, keys, server};

/// A call in progress. It is reported exactly once: when it has ended, or when it is dropped before.
pub(crate) struct Call {
    ctx: Context,
    began: Instant,
    /// When it counts as late: the context's deadline, or, for callers from the world, what that would be without theirs.
    deadline: Option<Instant>,
    side: Side,
    kind: Kind,
    http_status: Option<StatusCode>,
    grpc_status: Option<Code>,
    is_head: bool,
    request_size: Option<u64>,
    response_size: u64,
    /// Whether the response says that it is one to a gRPC call.
    answers_grpc: bool,
    /// How much of a body the response has, if it says so.
    expected_size: Option<u64>,
    refused: bool,
    reported: bool,
}

/// Which end of the call this is.
pub(crate) enum Side {
    /// The one that handles it. The canceller tells its children that the caller went away.
    Server { config: Arc<server::Config>, canceller: Canceller },
    /// The one that made it.
    Client { config: Arc<client::Config>, target: Target },
}

/// What a client called.
pub(crate) struct Target {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
}

/// How a call ended.
enum End<'a> {
    /// The response was handed on whole.
    Complete,
    /// The service or a body failed.
    Failed(&'a (dyn Error + 'a)),
    /// The service panicked.
    Panicked,
    /// Nobody was interested any more.
    Dropped,
}

impl Call {
    pub(crate) fn new<B>(
        ctx: Context,
        deadline: Option<Instant>,
        side: Side,
        kind: Kind,
        request: &Request<B>,
    ) -> Call {
        Call {
            ctx,
            began: Instant::now(),
            deadline,
            side,
            kind,
            http_status: None,
            grpc_status: None,
            is_head: request.method() == Method::HEAD,
            request_size: content_length(request.headers()),
            response_size: 0,
            answers_grpc: false,
            expected_size: None,
            refused: false,
            reported: false,
        }
    }

    pub(crate) fn ctx(&self) -> &Context {
        &self.ctx
    }

    pub(crate) fn responded(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.http_status = Some(status);
        let has_body = !self.is_head && may_have_body(status);
        self.expected_size = if has_body { content_length(headers) } else { Some(0) };
        self.answers_grpc = grpc::is_grpc(headers);
        self.trailers(headers);
    }

    /// The call is not handled: its time was over before.
    pub(crate) fn refuse(&mut self) {
        self.refused = true;
    }

    /// Headers, or trailers, that may say how a gRPC call went.
    pub(crate) fn trailers(&mut self, headers: &HeaderMap) {
        self.grpc_status = Code::from_headers(headers).or(self.grpc_status);
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.response_size += bytes as u64;
    }

    pub(crate) fn complete(&mut self) {
        self.end(&End::Complete);
    }

    pub(crate) fn failed<E: Display + 'static>(&mut self, error: &E) {
        let causes = match &self.side {
            Side::Server { config, .. } => &config.causes,
            Side::Client { config, .. } => &config.causes,
        };
        match causes.find(error) {
            Some(error) => self.end(&End::Failed(error)),
            None => self.end(&End::Failed(&Message(error))),
        }
    }

    /// Runs `work`, and reports if it panics. The panic goes on.
    pub(crate) fn watch_panic<R>(&mut self, work: impl FnOnce(&mut Call) -> R) -> R {
        struct Watch<'a>(&'a mut Call);

        impl Drop for Watch<'_> {
            fn drop(&mut self) {
                self.0.end(&End::Panicked);
            }
        }

        let watch = Watch(self);
        let result = work(&mut *watch.0);
        std::mem::forget(watch); // it did not panic
        result
    }

    fn end(&mut self, end: &End<'_>) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        let error = if let End::Failed(error) = end { Some(*error) } else { None };
        let (outcome, error_type) = self.outcome(end);
        let exchange = self.exchange(error_type, error);
        match &self.side {
            Side::Server { config, canceller } => {
                if let End::Dropped = end {
                    canceller.cancel();
                }
                if let Outcome::Error | Outcome::Timeout = outcome {
                    self.ctx.release_hold();
                }
                self.report_server(config, outcome, exchange);
            }
            Side::Client { config, target } => {
                self.report_client(&config.log, target, outcome, exchange);
            }
        }
    }

    fn exchange<'a>(
        &self,
        error_type: Option<Cow<'static, str>>,
        error: Option<&'a (dyn Error + 'a)>,
    ) -> Exchange<'a> {
        Exchange {
            http_status: self.http_status.map(|status| status.as_u16()),
            grpc_status: self.grpc_status.map(Code::name),
            request_size: self.request_size,
            response_size: self.http_status.map(|_| self.response_size),
            error_type,
            error,
        }
    }

    fn report_server(&self, config: &server::Config, outcome: Outcome, exchange: Exchange<'_>) {
        let duration = self.began.elapsed();
        let ctx = &self.ctx.close_records();
        let path = ctx.get(&keys::PATH).or_else(|| ctx.get(&keys::RPC_METHOD));
        let event = ServerRequest {
            duration_us: micros(duration),
            outcome,
            exchange,
            baggage_dropped: Some(ctx.baggage().dropped()).filter(|&dropped| dropped > 0),
        };
        let ended = Ended {
            outcome,
            duration,
            http_status: event.exchange.http_status,
            grpc_status: self.grpc_status.map(|code| code.0),
            path: path.unwrap_or_default(),
            ctx,
        };
        // A policy that panics, perhaps while the service's own panic passes, is no reason to lose the event.
        let level = catch_unwind(AssertUnwindSafe(|| config.policy.level(&ended)));
        if let Some(level) = level.unwrap_or_else(|_| ended.default_level()) {
            config.log.emit_at(level, ctx, &event);
        }
    }

    fn report_client(
        &self,
        log: &Logger,
        target: &Target,
        outcome: Outcome,
        exchange: Exchange<'_>,
    ) {
        let method = keys::method(&target.method);
        let event = ClientRequest {
            duration_us: micros(self.began.elapsed()),
            outcome,
            http_method: (self.kind == Kind::Http).then_some(method.as_str()),
            rpc_method: (self.kind == Kind::Grpc).then(|| keys::rpc_method(&target.uri)),
            address: target.uri.host(),
            port: target.uri.port_u16(),
            path: (self.kind == Kind::Http).then(|| keys::path(&target.uri)),
            exchange,
        };
        let failed = matches!(outcome, Outcome::Error | Outcome::Timeout);
        let level = if failed { Level::Warn } else { Level::Info };
        log.emit_at(level, &self.ctx, &event);
    }

    /// The outcome and the `error.type` (`spec/event.md`, "Outcomes").
    fn outcome(&self, end: &End<'_>) -> (Outcome, Option<Cow<'static, str>>) {
        let is_server = matches!(self.side, Side::Server { .. });
        let now = Instant::now();
        let has_passed = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        let late = has_passed(self.deadline);
        // Only the caller was in such a hurry.
        let hurried = !late && has_passed(self.ctx.deadline());
        let as_failed = |kind: Cow<'static, str>| {
            if late { (Outcome::Timeout, "timeout".into()) } else { (Outcome::Error, kind) }
        };
        let (outcome, error_type) = match (end, self.grpc_code(end), self.http_status) {
            (End::Panicked, ..) => (Outcome::Error, "panic".into()),
            (End::Failed(_), ..) => as_failed("_OTHER".into()),
            (_, Some(Code::DEADLINE_EXCEEDED), _) if hurried => {
                (Outcome::Cancelled, "cancelled".into())
            }
            _ if hurried && self.refused => (Outcome::Cancelled, "cancelled".into()),
            // A status that says failure does so whether or not the rest of the response was wanted.
            (_, Some(Code::DEADLINE_EXCEEDED), _) => {
                (Outcome::Timeout, Code::DEADLINE_EXCEEDED.name().into())
            }
            (_, Some(code), _) if code != Code::OK && (!is_server || code.is_fault_of_server()) => {
                as_failed(code.name().into())
            }
            (_, None, Some(status))
                if status.is_server_error() || (!is_server && status.is_client_error()) =>
            {
                as_failed(status.as_str().to_owned().into())
            }
            (End::Complete, ..) => return (Outcome::Ok, None),
            (End::Dropped, ..) if late => as_failed("timeout".into()),
            (End::Dropped, ..) => (Outcome::Cancelled, "cancelled".into()),
        };
        (outcome, Some(error_type))
    }

    /// The gRPC status code. A response that is whole and says none is `UNKNOWN`, unless its HTTP status says more (gRPC over HTTP/2, "Responses").
    fn grpc_code(&self, end: &End<'_>) -> Option<Code> {
        let says_none = matches!(end, End::Complete)
            && self.kind == Kind::Grpc
            && self.answers_grpc
            && self.http_status == Some(StatusCode::OK);
        self.grpc_status.or(says_none.then_some(Code::UNKNOWN))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // A server may drop a body once it has sent as much of it as was stated.
        if self.expected_size.is_some_and(|expected| self.response_size >= expected) {
            self.end(&End::Complete);
        } else {
            self.end(&End::Dropped);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whether responses of this status can have a body (RFC 9110, 6.4.1). A server drops that of others unread.
fn may_have_body(status: StatusCode) -> bool {
    !status.is_informational()
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
