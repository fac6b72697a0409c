//! From hop to hop, by OpenTelemetry's propagators and by ours.

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, Tracer};
use opentelemetry::{Context as OtelContext, global};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use throughline_ctx::opentelemetry_0_33::{
    ThroughlinePropagator, from_opentelemetry, to_opentelemetry,
};
use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Context, Key};

use crate::Sdk;

type Headers = HashMap<String, String>;

const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data it is");
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

fn headers<const N: usize>(pairs: [(&str, &str); N]) -> Headers {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[test]
fn from_opentelemetry_over_us_to_opentelemetry_it_is_one_trace() {
    let (first, last) = (Sdk::new(), Sdk::new());
    let w3c = TraceContextPropagator::new();

    let span = first.tracer.start_with_context("first", &OtelContext::new());
    let cx = OtelContext::new().with_span(span);
    let mut to_us = Headers::new();
    w3c.inject_context(&cx, &mut to_us);

    let ours = Context::extract(&to_us);
    let mut onward = Headers::new();
    let call = ours.inject(&mut onward);

    let received = w3c.extract_with_context(&OtelContext::new(), &onward);
    let exported = last.exported(last.tracer.start_with_context("last", &received));
    let first = cx.span().span_context().clone();
    assert_eq!(exported.span_context.trace_id(), first.trace_id());
    assert_eq!(ours.parent_span_id().unwrap().to_bytes(), first.span_id().to_bytes());
    assert_eq!(exported.parent_span_id.to_bytes(), call.span_id().to_bytes());
}

#[test]
fn the_span_of_opentelemetry_is_the_parent_of_the_callee() {
    let sdk = Sdk::new();
    let propagator = ThroughlinePropagator::from(Propagator::new().key(&TENANT));
    let request = Context::root().with(&TENANT, "acme").with_timeout(Duration::from_secs(60));
    let cx = to_opentelemetry(&request, &OtelContext::new());
    let cx = cx.with_span(sdk.tracer.start_with_context("call", &cx));
    let mut sent = Headers::new();
    propagator.inject_context(&cx, &mut sent);

    let callee = Context::continue_from(&Propagator::new().key(&TENANT).extract(&sent));
    let span = cx.span().span_context().clone();
    assert_eq!(callee.parent_span_id().unwrap().to_bytes(), span.span_id().to_bytes());
    assert_eq!(callee.trace_id(), request.trace_id());
    assert_eq!(callee.flags(), request.flags());
    assert_eq!(callee.request_id(), request.request_id());
    assert_eq!(callee.get(&TENANT), Some("acme"));
    assert!(callee.remaining() <= request.remaining() && callee.remaining().is_some());
}

#[test]
fn what_our_callers_send_is_there_in_every_span_below() {
    let sdk = Sdk::new();
    let propagator = ThroughlinePropagator::from(Propagator::new().key(&TENANT));
    let mut sent = Headers::new();
    let call = Context::root()
        .with(&TENANT, "acme")
        .with_timeout(Duration::from_secs(60))
        .inject(&mut sent);

    let cx = propagator.extract_with_context(&OtelContext::new(), &sent);
    assert!(cx.span().span_context().is_remote());
    let cx = cx.with_span(sdk.tracer.start_with_context("server", &cx));
    let ctx = from_opentelemetry(&cx).unwrap();
    assert_eq!(ctx.request_id(), call.request_id());
    assert_eq!(ctx.trace_id(), call.trace_id());
    assert_eq!(ctx.parent_span_id(), Some(call.span_id()));
    assert_eq!(ctx.get(&TENANT), Some("acme"));
    assert!(ctx.remaining() <= Some(Duration::from_secs(60)) && ctx.deadline().is_some());
}

#[test]
fn a_tracestate_goes_along() {
    let propagator = ThroughlinePropagator::new();
    // The second is one that OpenTelemetry itself would drop.
    for state in ["rojo=1,congo=2", "foo@bar@baz=1"] {
        let sent = headers([("traceparent", PARENT), ("tracestate", state)]);
        let cx = propagator.extract_with_context(&OtelContext::new(), &sent);
        let mut onward = Headers::new();
        propagator.inject_context(&cx, &mut onward);
        assert_eq!(onward["tracestate"], state);
        assert_eq!(onward["traceparent"], PARENT);
    }
}

#[test]
fn no_request_id_is_sent_but_one_that_is_known() {
    let sdk = Sdk::new();
    let span = sdk.tracer.start_with_context("call", &OtelContext::new());
    let mut sent = Headers::new();
    ThroughlinePropagator::new().inject_context(&OtelContext::new().with_span(span), &mut sent);
    assert_eq!(sent.keys().collect::<Vec<_>>(), ["traceparent"]);
}

#[test]
fn a_request_without_a_trace_keeps_its_id_and_the_sdk_begins_the_trace() {
    let sdk = Sdk::new();
    let propagator = ThroughlinePropagator::new();
    let sent = headers([("x-request-id", "abc"), ("traceparent", "00-0-0-00"), ("baggage", "a=1")]);
    let cx = propagator.extract_with_context(&OtelContext::new(), &sent);
    assert!(!cx.has_active_span());
    let cx = cx.with_span(sdk.tracer.start_with_context("server", &cx));
    let ctx = from_opentelemetry(&cx).unwrap();
    assert_eq!(ctx.request_id().as_str(), "abc");
    assert_eq!(ctx.baggage().as_str(), "a=1");
    assert_eq!(ctx.trace_id().to_bytes(), cx.span().span_context().trace_id().to_bytes());
    assert_eq!(ctx.parent_span_id(), None);
}

#[test]
fn where_nothing_arrives_nothing_changes() {
    let cx = to_opentelemetry(&Context::root(), &OtelContext::new());
    for nothing in [Headers::new(), headers([("traceparent", "00-0-0-00"), ("x-other", "1")])] {
        let same = ThroughlinePropagator::new().extract_with_context(&cx, &nothing);
        let (before, after) =
            (from_opentelemetry(&cx).unwrap(), from_opentelemetry(&same).unwrap());
        assert_eq!(after.request_id(), before.request_id());
        assert_eq!(after.trace_parent(), before.trace_parent());
    }
    let mut sent = Headers::new();
    ThroughlinePropagator::new().inject_context(&OtelContext::new(), &mut sent);
    assert!(sent.is_empty(), "{sent:?}");
}

#[test]
fn fields_are_the_headers_that_can_be_set() {
    let sorted = |propagator: &ThroughlinePropagator| {
        let mut fields: Vec<_> = propagator.fields().map(str::to_owned).collect();
        fields.sort_unstable();
        fields
    };
    assert_eq!(
        sorted(&ThroughlinePropagator::new()),
        ["baggage", "traceparent", "tracestate", "x-request-id", "x-request-timeout-ms"]
    );
    let other = Propagator::new().grpc(true).request_id_header("x-correlation-id");
    assert_eq!(
        sorted(&other.into()),
        ["baggage", "grpc-timeout", "traceparent", "tracestate", "x-correlation-id"]
    );
}

#[test]
fn it_can_be_the_global_propagator() {
    global::set_text_map_propagator(ThroughlinePropagator::new());
    let request = Context::root().with(&TENANT, "a=b== é");
    let mut sent = Headers::new();
    {
        let _attached = to_opentelemetry(&request, &OtelContext::current()).attach();
        global::get_text_map_propagator(|propagator| propagator.inject(&mut sent));
    }
    let cx = global::get_text_map_propagator(|propagator| propagator.extract(&sent));
    let received = from_opentelemetry(&cx).unwrap();
    assert_eq!(received.request_id(), request.request_id());
    assert_eq!(received.trace_parent(), request.trace_parent());
    assert_eq!(received.baggage().get("tenant.id").as_deref(), Some("a=b== é"));
}
