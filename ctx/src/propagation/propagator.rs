use std::borrow::Cow;
use std::time::Duration;

use super::timeout::{self, Unit};
use super::{Extractor, Injector};
use crate::context::Entry;
use crate::{
    Baggage, Context, EntryType, Key, KeyInfo, RequestId, TraceParent, TraceState, Value, Verbosity,
};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const BAGGAGE: &str = "baggage";
const GRPC_TIMEOUT: &str = "grpc-timeout";

/// What a caller sent with a call. A member is `None` if it was absent or malformed.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Incoming {
    /// The id of the request.
    pub request_id: Option<RequestId>,
    /// The call, as the caller knows it.
    pub trace_parent: Option<TraceParent>,
    /// What other tracing systems say of the trace.
    pub trace_state: Option<TraceState>,
    /// What the services before say of the request.
    pub baggage: Baggage,
    /// How much the request is to say of itself, as the baggage has it. What is set here takes its place.
    pub verbosity: Option<Verbosity>,
    /// For how long the caller will wait.
    pub timeout: Option<Duration>,
    /// The entries that the baggage has under keys that the propagator was told of.
    pub(crate) entries: Vec<Entry>,
}

/// Which headers carry a context.
///
/// | what | header | form |
/// |---|---|---|
/// | trace | `traceparent`, `tracestate` | W3C Trace Context, level 2 |
/// | propagated entries, verbosity, and what else came along | `baggage` | W3C Baggage |
/// | request id | `x-request-id`, or [another](Propagator::request_id_header) | [`RequestId`] |
/// | time left | `x-request-timeout-ms`, or [another](Propagator::timeout_header) | 1 to 8 digits, milliseconds |
/// | time left, for [gRPC](Propagator::grpc) | `grpc-timeout` | gRPC over HTTP/2, `Timeout` |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Propagator {
    request_id: Cow<'static, str>,
    timeout: Cow<'static, str>,
    grpc: bool,
    keys: Vec<&'static KeyInfo>,
}

impl Propagator {
    /// The headers of plain HTTP, and of anything else that is not gRPC.
    pub const fn new() -> Propagator {
        Propagator {
            request_id: Cow::Borrowed("x-request-id"),
            timeout: Cow::Borrowed("x-request-timeout-ms"),
            grpc: false,
            keys: Vec::new(),
        }
    }

    /// The same headers with the time left as `grpc-timeout`, where calls are gRPC.
    #[must_use]
    pub fn grpc(mut self, grpc: bool) -> Propagator {
        self.grpc = grpc;
        self
    }

    /// Another header for the request id. `name` is lower case.
    #[must_use]
    pub fn request_id_header(mut self, name: impl Into<Cow<'static, str>>) -> Propagator {
        self.request_id = name.into();
        self
    }

    /// Another header for the milliseconds left, where calls are not gRPC. `name` is lower case.
    #[must_use]
    pub fn timeout_header(mut self, name: impl Into<Cow<'static, str>>) -> Propagator {
        self.timeout = name.into();
        self
    }

    /// A key that callers set: what they send under its name becomes an entry, if it has the key's type.
    ///
    /// ```
    /// use throughline_ctx::propagation::Propagator;
    /// use throughline_ctx::{Context, Key};
    ///
    /// const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");
    ///
    /// let mut headers = std::collections::HashMap::<String, String>::new();
    /// Context::root().with(&TENANT, "acme").inject(&mut headers);
    ///
    /// let incoming = Propagator::new().key(&TENANT).extract(&headers);
    /// assert_eq!(Context::continue_from(&incoming).get(&TENANT), Some("acme"));
    /// ```
    #[must_use]
    pub fn key<T: EntryType + ?Sized>(mut self, key: &'static Key<T>) -> Propagator {
        // One name is one entry, whoever declares it last.
        self.keys.retain(|other| other.name() != key.info().name());
        self.keys.push(key.info());
        self
    }

    /// The name of the header that carries the request id.
    pub fn request_id_name(&self) -> &str {
        &self.request_id
    }

    /// Reads what a carrier brings.
    pub fn extract(&self, carrier: &(impl Extractor + ?Sized)) -> Incoming {
        let baggage = Baggage::parse(carrier.get_all(BAGGAGE));
        Incoming {
            entries: self.entries(&baggage),
            verbosity: baggage.verbosity(),
            baggage,
            trace_state: TraceState::parse(carrier.get_all(TRACESTATE)),
            request_id: only(carrier, &self.request_id).and_then(|id| RequestId::parse(id).ok()),
            trace_parent: only(carrier, TRACEPARENT).and_then(|it| TraceParent::parse(it).ok()),
            timeout: self.timeout(carrier),
        }
    }

    /// Reads for how long the caller will wait, and nothing else.
    pub fn timeout(&self, carrier: &(impl Extractor + ?Sized)) -> Option<Duration> {
        if self.grpc {
            only(carrier, GRPC_TIMEOUT).and_then(timeout::parse_grpc)
        } else {
            only(carrier, &self.timeout).and_then(timeout::parse_millis)
        }
    }

    /// Writes the context of an outgoing call, and returns it: a child of `ctx`. The time that is left is what is left now.
    pub fn inject(&self, ctx: &Context, carrier: &mut (impl Injector + ?Sized)) -> Context {
        let call = ctx.child();
        self.write(&call, carrier);
        call
    }

    /// As [`inject`](Propagator::inject), for a call to somebody else's service: only `traceparent` is written. What the carrier has of the request id, `tracestate`, baggage and the
    /// milliseconds left, such as from a request that is passed on, is removed. A `grpc-timeout` stays: it is part of the call, and stands there only if the caller put it there.
    pub fn inject_external(
        &self,
        ctx: &Context,
        carrier: &mut (impl Injector + ?Sized),
    ) -> Context {
        let call = self.withhold(ctx, carrier);
        write_trace_parent(&call, carrier);
        call
    }

    /// As [`inject`](Propagator::inject), for a call that is to tell nothing: what the carrier has of a context is removed.
    pub fn withhold(&self, ctx: &Context, carrier: &mut (impl Injector + ?Sized)) -> Context {
        for name in [TRACEPARENT, TRACESTATE, BAGGAGE, &self.request_id, &self.timeout] {
            carrier.remove(name);
        }
        ctx.child()
    }

    /// Writes the context of the outgoing call `call` itself.
    pub(crate) fn write(&self, call: &Context, carrier: &mut (impl Injector + ?Sized)) {
        write_trace_parent(call, carrier);
        carrier.set(&self.request_id, call.request_id().as_str());
        match call.trace_state() {
            Some(state) => carrier.set(TRACESTATE, state.as_str()),
            None => carrier.remove(TRACESTATE),
        }
        match call.baggage().as_str() {
            "" => carrier.remove(BAGGAGE),
            baggage => carrier.set(BAGGAGE, baggage),
        }
        let (name, unit) =
            if self.grpc { (GRPC_TIMEOUT, Unit::Grpc) } else { (&*self.timeout, Unit::Millis) };
        match call.remaining() {
            Some(remaining) => timeout::write(remaining, unit, |value| carrier.set(name, value)),
            None => carrier.remove(name),
        }
    }

    /// The entries of the keys that are known. What has another type than its key states is no entry, and travels on.
    fn entries(&self, baggage: &Baggage) -> Vec<Entry> {
        let entry = |&key: &&'static KeyInfo| {
            let value = Value::parse(&baggage.get(key.name())?, key.value_type())?;
            Some(Entry { key, value })
        };
        self.keys.iter().filter_map(entry).collect()
    }
}

impl Default for Propagator {
    fn default() -> Propagator {
        Propagator::new()
    }
}

fn write_trace_parent(call: &Context, carrier: &mut (impl Injector + ?Sized)) {
    let header = call.trace_parent().to_header();
    carrier.set(TRACEPARENT, str::from_utf8(&header).unwrap_or_default());
}

/// The value of a header that must not come twice; two that are the same say one thing.
fn only<'a>(carrier: &'a (impl Extractor + ?Sized), name: &'a str) -> Option<&'a [u8]> {
    let mut values = carrier.get_all(name);
    let first = values.next()?;
    // A `traceparent` that comes twice begins a new trace, even if both are the same.
    let differs = |other: &[u8]| name == TRACEPARENT || other != first;
    (!values.any(differs)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    struct Pairs(Vec<(&'static str, &'static str)>);

    impl Extractor for Pairs {
        fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
            self.0.iter().filter(move |(n, _)| *n == name).map(|(_, v)| v.as_bytes())
        }
    }

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_call_carries_request_trace_and_what_is_left_of_the_deadline() {
        for grpc in [false, true] {
            let propagator = Propagator::new().grpc(grpc);
            let ctx = Context::root().with_timeout(Duration::from_secs(30));
            let mut headers = HashMap::<String, String>::new();
            let call = propagator.inject(&ctx, &mut headers);

            let callee = Context::continue_from(&propagator.extract(&headers));
            assert_eq!(callee.request_id(), ctx.request_id());
            assert_eq!(callee.trace_id(), ctx.trace_id());
            assert_eq!(callee.parent_span_id(), Some(call.span_id()));
            assert_eq!(call.parent_span_id(), Some(ctx.span_id()));
            assert!(callee.deadline().is_some());
            assert!(callee.remaining() <= Some(Duration::from_secs(30)));
            assert_eq!(headers.contains_key("grpc-timeout"), grpc);
        }
    }

    #[test]
    fn every_call_has_a_span_of_its_own() {
        let ctx = Context::root();
        let mut headers = HashMap::<String, String>::new();
        let (first, second) = (ctx.inject(&mut headers), ctx.inject(&mut headers));
        assert_ne!(first.span_id(), second.span_id());
    }

    #[test]
    fn two_traceparents_begin_a_new_trace() {
        let twice = Pairs(vec![("traceparent", PARENT), ("traceparent", PARENT)]);
        assert_eq!(Propagator::new().extract(&twice).trace_parent, None);
        let once = Pairs(vec![("traceparent", PARENT)]);
        assert_eq!(Propagator::new().extract(&once).trace_parent, PARENT.parse().ok());
    }

    #[test]
    fn two_request_ids_that_differ_are_none() {
        let differ = Pairs(vec![("x-request-id", "a"), ("x-request-id", "b")]);
        assert_eq!(Propagator::new().extract(&differ).request_id, None);
        let same = Pairs(vec![("x-request-id", "a"), ("x-request-id", "a")]);
        assert_eq!(Propagator::new().extract(&same).request_id, "a".parse().ok());
    }

    #[test]
    fn names_can_be_others() {
        let propagator =
            Propagator::new().request_id_header("x-correlation-id").timeout_header("x-budget");
        let pairs =
            Pairs(vec![("x-correlation-id", "abc"), ("x-budget", "250"), ("x-request-id", "no")]);
        let incoming = propagator.extract(&pairs);
        assert_eq!(incoming.request_id, "abc".parse().ok());
        assert_eq!(incoming.timeout, Some(Duration::from_millis(250)));
    }

    #[test]
    fn a_malformed_header_is_as_good_as_absent() {
        let bad = Pairs(vec![
            ("traceparent", "00-0-0-00"),
            ("x-request-id", "a b"),
            ("x-request-timeout-ms", "soon"),
        ]);
        assert_eq!(Propagator::new().extract(&bad), Incoming::default());
    }
}
