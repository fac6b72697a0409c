//! From one kind of context to the other and back.

use std::time::Duration;

use opentelemetry::Context as OtelContext;
use opentelemetry::trace::{
    Span, SpanContext, TraceContextExt, TraceFlags as OtelFlags, TraceState as OtelState, Tracer,
};
use throughline_ctx::opentelemetry_0_33::{from_opentelemetry, to_opentelemetry};
use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Context, Key, TraceFlags};

use crate::Sdk;

const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data it is");
const ATTEMPT: Key<u64> = Key::local("attempt", "How often it was tried");

/// A context that came with a `tracestate`.
fn traced(tracestate: &str) -> Context {
    let headers = [
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03"),
        ("tracestate", tracestate),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Context::extract(&std::collections::BTreeMap::from(headers))
}

#[test]
fn a_span_of_the_sdk_is_a_child_of_our_context() {
    let sdk = Sdk::new();
    let ctx = Context::root();
    let span = sdk.tracer.start_with_context("work", &to_opentelemetry(&ctx, &OtelContext::new()));
    let exported = sdk.exported(span);
    assert_eq!(exported.span_context.trace_id().to_bytes(), ctx.trace_id().to_bytes());
    assert_eq!(exported.parent_span_id.to_bytes(), ctx.span_id().to_bytes());
    assert!(exported.parent_span_is_remote);
    assert_eq!(exported.span_context.trace_flags().to_u8(), ctx.flags().bits());
}

#[test]
fn our_context_is_the_very_span_of_the_sdk() {
    let sdk = Sdk::new();
    let span = sdk.tracer.start_with_context("work", &OtelContext::new());
    let theirs = span.span_context().clone();
    let ctx = from_opentelemetry(&OtelContext::new().with_span(span)).unwrap();
    assert_eq!(ctx.trace_id().to_bytes(), theirs.trace_id().to_bytes());
    assert_eq!(ctx.span_id().to_bytes(), theirs.span_id().to_bytes());
    assert_eq!(ctx.flags().bits(), theirs.trace_flags().to_u8());
    assert_eq!(ctx.parent_span_id(), None);
}

#[test]
fn there_and_back_nothing_is_lost() {
    let (ctx, canceller) = traced("rojo=00f067aa0ba902b7,congo=t61r")
        .with(&TENANT, "acme")
        .with(&ATTEMPT, 2_u64)
        .with_timeout(Duration::from_secs(60))
        .with_cancellation();
    let rendered = ctx.rendered(0, |_| b"rendered once".as_slice().into()).as_ptr();

    let cx = to_opentelemetry(&ctx, &OtelContext::new());
    assert_eq!(cx.span().span_context().trace_state().header(), "rojo=00f067aa0ba902b7,congo=t61r");
    let back = from_opentelemetry(&cx).unwrap();
    assert_eq!(back.request_id(), ctx.request_id());
    assert_eq!(back.trace_parent(), ctx.trace_parent());
    assert_eq!(back.parent_span_id(), ctx.parent_span_id());
    assert_eq!(back.trace_state(), ctx.trace_state());
    assert_eq!(back.baggage(), ctx.baggage());
    assert_eq!((back.get(&TENANT), back.get(&ATTEMPT)), (Some("acme"), Some(2)));
    assert_eq!(back.deadline(), ctx.deadline());
    assert_eq!(back.rendered(0, |_| unreachable!()).as_ptr(), rendered);
    canceller.cancel();
    assert!(back.is_cancelled());
}

#[test]
fn a_span_of_the_sdk_between_two_of_our_contexts_is_their_link() {
    let sdk = Sdk::new();
    let above = traced("rojo=1").with(&ATTEMPT, 2_u64).with_timeout(Duration::from_secs(60));
    let cx = to_opentelemetry(&above, &OtelContext::new());
    let cx = cx.with_span(sdk.tracer.start_with_context("work", &cx));
    let below = from_opentelemetry(&cx).unwrap();
    assert_eq!(below.request_id(), above.request_id());
    assert_eq!(below.trace_id(), above.trace_id());
    assert_eq!(below.parent_span_id(), Some(above.span_id()));
    assert_eq!(below.span_id().to_bytes(), cx.span().span_context().span_id().to_bytes());
    assert_eq!(below.trace_state(), above.trace_state());
    assert_eq!(below.get(&ATTEMPT), Some(2));
    assert_eq!(below.deadline(), above.deadline());

    let grandchild = sdk.tracer.start_with_context("more", &to_opentelemetry(&below, &cx));
    let parent = sdk.exported(grandchild).parent_span_id;
    assert_eq!(parent.to_bytes(), below.span_id().to_bytes());
}

#[test]
fn a_span_of_another_trace_keeps_the_request_and_has_no_parent_in_ours() {
    let sdk = Sdk::new();
    let request = traced("rojo=1").with(&ATTEMPT, 2_u64);
    let cx = to_opentelemetry(&request, &OtelContext::new());
    let cx = cx.with_span(sdk.tracer.start_with_context("elsewhere", &OtelContext::new()));
    let ctx = from_opentelemetry(&cx).unwrap();
    assert_eq!(ctx.request_id(), request.request_id());
    assert_ne!(ctx.trace_id(), request.trace_id());
    assert_eq!((ctx.parent_span_id(), ctx.trace_state()), (None, None));
    assert_eq!(ctx.get(&ATTEMPT), Some(2));
}

#[test]
fn flags_are_kept_and_bits_that_nobody_defined_are_not() {
    for bits in [0x00, 0x01, 0x02, 0x03, 0xff] {
        let root = Context::root();
        let span = to_opentelemetry(&root, &OtelContext::new()).span().span_context().clone();
        let (trace, id, flags) = (span.trace_id(), span.span_id(), OtelFlags::new(bits));
        let span = SpanContext::new(trace, id, flags, true, OtelState::NONE);
        let ctx = from_opentelemetry(&OtelContext::new().with_remote_span_context(span)).unwrap();
        assert_eq!(ctx.flags(), TraceFlags::from_bits(bits));
        let back = to_opentelemetry(&ctx, &OtelContext::new());
        assert_eq!(back.span().span_context().trace_flags().to_u8(), bits & 0x03);
    }
}

#[test]
fn a_tracestate_is_the_one_that_opentelemetry_has_now() {
    let before = to_opentelemetry(&traced("rojo=1,congo=2"), &OtelContext::new());
    let span = before.span().span_context().clone();
    for (state, expected) in [
        (span.trace_state().insert("congo", "3").unwrap(), Some("congo=3,rojo=1")),
        (OtelState::NONE, None),
        (OtelState::from_key_value([("empty", "")]).unwrap(), None),
    ] {
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
        let changed = SpanContext::new(trace, id, flags, false, state);
        let ctx = from_opentelemetry(&before.with_remote_span_context(changed)).unwrap();
        assert_eq!(ctx.trace_state().map(|state| state.as_str()), expected);
    }
}

#[test]
fn a_tracestate_that_opentelemetry_refuses_is_there_on_the_way_back() {
    let sdk = Sdk::new();
    let ctx = traced("foo@bar@baz=1");
    let cx = to_opentelemetry(&ctx, &OtelContext::new());
    assert_eq!(cx.span().span_context().trace_state().header(), "");
    let cx = cx.with_span(sdk.tracer.start_with_context("work", &cx));
    assert_eq!(from_opentelemetry(&cx).unwrap().trace_state(), ctx.trace_state());
}

#[test]
fn without_a_span_there_is_no_request_unless_a_context_of_ours_says_one() {
    assert!(from_opentelemetry(&OtelContext::new()).is_none());
    let invalid = OtelContext::new().with_remote_span_context(SpanContext::NONE);
    assert!(from_opentelemetry(&invalid).is_none());

    let ours = Context::continue_from(&Propagator::new().extract(
        &std::collections::HashMap::from([("x-request-id".to_owned(), "abc".to_owned())]),
    ));
    let ctx = from_opentelemetry(&invalid.with_value(ours.clone())).unwrap();
    assert_eq!(ctx.request_id().as_str(), "abc");
    assert_eq!(ctx.trace_parent(), ours.trace_parent());
}

#[test]
fn what_else_is_in_the_context_of_opentelemetry_stays() {
    let base = OtelContext::new().with_value(42_u8).with_telemetry_suppressed();
    let cx = to_opentelemetry(&Context::root(), &base);
    assert_eq!(cx.get::<u8>(), Some(&42));
    assert!(cx.is_telemetry_suppressed());
}
