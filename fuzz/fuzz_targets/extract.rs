//! Whatever headers come in, a context can be read from them, and what was read is what the next hop reads.

#![no_main]

use std::collections::HashMap;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use throughline_ctx::propagation::{Extractor, Incoming, Propagator};
use throughline_ctx::{Context, Key};

/// A name that the propagators look for, or any other.
#[derive(Arbitrary, Debug)]
enum Name<'a> {
    TraceParent,
    TraceState,
    Baggage,
    RequestId,
    TimeoutMillis,
    GrpcTimeout,
    Other(&'a str),
}

impl Name<'_> {
    fn as_str(&self) -> &str {
        match self {
            Name::TraceParent => "traceparent",
            Name::TraceState => "tracestate",
            Name::Baggage => "baggage",
            Name::RequestId => "x-request-id",
            Name::TimeoutMillis => "x-request-timeout-ms",
            Name::GrpcTimeout => "grpc-timeout",
            Name::Other(name) => name,
        }
    }
}

/// A value as it comes, or one of a form that chance does not find.
#[derive(Arbitrary, Debug)]
enum Value<'a> {
    Raw(&'a [u8]),
    Parent { version: u8, trace_id: [u8; 16], parent_id: [u8; 8], flags: u8 },
    Time { digits: u32, unit: char },
}

impl Value<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        match self {
            Value::Raw(bytes) => bytes.to_vec(),
            Value::Parent { version, trace_id, parent_id, flags } => {
                let (trace_id, parent_id) = (hex(trace_id), hex(parent_id));
                format!("{version:02x}-{trace_id}-{parent_id}-{flags:02x}").into_bytes()
            }
            Value::Time { digits, unit } => format!("{digits}{unit}").into_bytes(),
        }
    }
}

struct Headers<'a>(Vec<(Name<'a>, Vec<u8>)>);

impl Extractor for Headers<'_> {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(other, _)| other.as_str() == name)
            .map(|(_, value)| value.as_slice())
    }
}

const USER: Key<str> = Key::propagated("user", "Account name as typed");
const ATTEMPT: Key<u64> = Key::propagated("attempt", "How often this was tried before");

fuzz_target!(|headers: Vec<(Name<'_>, Value<'_>)>| {
    let headers = headers.into_iter().map(|(name, value)| (name, value.to_bytes()));
    let headers = Headers(headers.collect());
    let http = Propagator::new().key(&USER).key(&ATTEMPT);
    for propagator in [http.clone(), http.grpc(true)] {
        carried_on(&propagator, &propagator.extract(&headers));
    }
});

fn carried_on(propagator: &Propagator, incoming: &Incoming) {
    let ctx = Context::continue_from(incoming);
    assert_eq!(ctx.parent_span_id(), incoming.trace_parent.map(|parent| parent.parent_id));
    assert_eq!(ctx.deadline().is_some(), incoming.timeout.is_some());

    let mut onward = HashMap::<String, String>::new();
    let call = propagator.inject(&ctx, &mut onward);
    // What a header can carry (RFC 9110, "Field Values").
    let is_safe = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    assert!(onward.values().all(|value| value.bytes().all(is_safe)), "{onward:?}");

    let outgoing = propagator.extract(&onward);
    assert_eq!(outgoing.trace_parent, Some(call.trace_parent()));
    assert_eq!(outgoing.request_id, Some(*ctx.request_id()));
    assert!(incoming.request_id.is_none_or(|id| outgoing.request_id == Some(id)));
    if let Some(parent) = incoming.trace_parent {
        let sent = call.trace_parent();
        assert_eq!((sent.trace_id, sent.flags), (parent.trace_id, parent.flags));
    }
    let state = incoming.trace_parent.and(incoming.trace_state.as_ref());
    assert_eq!(outgoing.trace_state.as_ref(), state);
    assert_eq!(outgoing.baggage.as_str(), incoming.baggage.as_str());
    assert_eq!(outgoing.baggage.dropped(), 0);
    let callee = Context::continue_from(&outgoing);
    assert_eq!(callee.get(&USER), ctx.get(&USER));
    assert_eq!(callee.get(&ATTEMPT), ctx.get(&ATTEMPT));

    // Time goes by, and is rounded down: what is left can be less, never more, and never without a limit.
    match (incoming.timeout, outgoing.timeout) {
        (Some(before), Some(after)) => assert!(after <= before, "{before:?} became {after:?}"),
        (None, None) => {}
        (before, after) => panic!("{before:?} became {after:?}"),
    }
}
