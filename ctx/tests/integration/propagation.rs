//! From hop to hop, by carriers of any kind.

use std::time::Duration;

use proptest::prelude::*;
use throughline_ctx::propagation::{Extractor, Incoming, Injector, Propagator};
use throughline_ctx::{Context, Key};

/// A carrier as a message queue has it: a list, whose names have no case.
#[derive(Default, Debug)]
pub(crate) struct Headers(pub(crate) Vec<(String, Vec<u8>)>);

impl Extractor for Headers {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let is_named = move |(n, _): &&(String, _)| n.eq_ignore_ascii_case(name);
        self.0.iter().filter(is_named).map(|(_, value)| value.as_slice())
    }
}

impl Injector for Headers {
    fn set(&mut self, name: &str, value: &str) {
        assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()));
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic()));
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.0.push((name.to_owned(), value.into()));
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }
}

/// A carrier that has a place for each thing it knows, and no other.
#[derive(Default)]
struct Job {
    trace: Option<String>,
    request: Option<String>,
}

impl Job {
    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "traceparent" => Some(&mut self.trace),
            "x-request-id" => Some(&mut self.request),
            _ => None,
        }
    }
}

impl Extractor for Job {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let place = match name {
            "traceparent" => &self.trace,
            "x-request-id" => &self.request,
            _ => &None,
        };
        place.as_ref().map(String::as_bytes).into_iter()
    }
}

impl Injector for Job {
    fn set(&mut self, name: &str, value: &str) {
        if let Some(place) = self.place(name) {
            *place = Some(value.to_owned());
        }
    }
}

const TENANT: Key<str> = Key::local("tenant", "Whose data it is");

#[test]
fn a_carrier_with_a_type_of_its_own_takes_what_it_has_a_place_for() {
    let ctx = Context::root().with_timeout(Duration::from_secs(9)).with(&TENANT, "acme");
    let mut job = Job::default();
    let sent = ctx.inject(&mut job);
    let received = Context::extract(&job);
    assert_eq!(received.request_id(), ctx.request_id());
    assert_eq!(received.trace_id(), ctx.trace_id());
    assert_eq!(received.parent_span_id(), Some(sent.span_id()));
    assert_eq!(sent.parent_span_id(), Some(ctx.span_id()));
    assert_eq!(received.deadline(), None);
    assert_eq!(received.get(&TENANT), None);
}

#[test]
fn what_was_in_a_carrier_is_replaced() {
    let mut headers = Headers(vec![
        ("X-Request-Id".to_owned(), b"old".into()),
        ("x-request-id".to_owned(), b"older".into()),
        ("TRACEPARENT".to_owned(), b"old".into()),
        ("other".to_owned(), b"kept".into()),
    ]);
    let sent = Context::root().inject(&mut headers);
    let mut names: Vec<_> = headers.0.iter().map(|(name, _)| name.as_str()).collect();
    names.sort();
    assert_eq!(names, ["other", "traceparent", "x-request-id"]);
    assert_eq!(Propagator::new().extract(&headers).trace_parent, Some(sent.trace_parent()));
}

#[test]
fn what_the_context_does_not_have_does_not_stay_in_a_carrier() {
    for grpc in [false, true] {
        let stale =
            ["tracestate", "baggage", if grpc { "grpc-timeout" } else { "x-request-timeout-ms" }];
        let mut headers = Headers::default();
        for name in stale {
            headers.set(name, "stale");
        }
        Propagator::new().grpc(grpc).inject(&Context::root(), &mut headers);
        for name in stale {
            assert_eq!(headers.get_all(name).count(), 0, "{name}");
        }
    }
}

#[test]
fn what_is_absent_is_made_anew() {
    let nothing = Propagator::new().extract(&Headers::default());
    assert_eq!(nothing, Incoming::default());
    let (one, other) = (Context::continue_from(&nothing), Context::continue_from(&nothing));
    assert_ne!(one.request_id(), other.request_id());
    assert_ne!(one.trace_id(), other.trace_id());
    assert_eq!(one.parent_span_id(), None);
}

proptest! {
    #[test]
    fn any_headers_are_read_without_a_panic_and_what_is_kept_can_be_sent(
        headers in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "traceparent", "x-request-id", "x-request-timeout-ms", "grpc-timeout",
                ]),
                prop_oneof![
                    any::<Vec<u8>>(),
                    "[0-9]{1,9}[HMSmun]?".prop_map(String::into_bytes),
                    "00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}".prop_map(String::into_bytes),
                ],
            ),
            0..6,
        ),
        grpc: bool,
    ) {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let propagator = Propagator::new().grpc(grpc);
        let incoming = propagator.extract(&Headers(headers));
        let ctx = Context::continue_from(&incoming);
        let mut onward = Headers::default();
        let call = propagator.inject(&ctx, &mut onward);
        let received = propagator.extract(&onward);
        prop_assert_eq!(received.request_id.as_ref(), Some(ctx.request_id()));
        prop_assert_eq!(received.trace_parent, Some(call.trace_parent()));
        prop_assert_eq!(received.timeout.is_some(), incoming.timeout.is_some());
        prop_assert!(received.timeout <= incoming.timeout);
    }
}

#[test]
fn a_name_that_is_declared_twice_is_one_entry() {
    const FIRST: Key<str> = Key::propagated("twice", "Declared here");
    const SECOND: Key<str> = Key::propagated("twice", "And there").personal();
    let mut headers = Headers::default();
    Context::root().with(&FIRST, "x").inject(&mut headers);
    let incoming = Propagator::new().key(&FIRST).key(&SECOND).extract(&headers);
    let ctx = Context::continue_from(&incoming);
    let classes: Vec<_> = ctx.entries().map(|(key, _)| key.class()).collect();
    assert_eq!(classes, [throughline_ctx::Class::Personal]);
}
