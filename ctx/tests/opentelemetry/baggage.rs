//! Values of baggage survive what OpenTelemetry's own codec does not.

use std::collections::HashMap;

use opentelemetry::baggage::{BaggageExt, BaggageMetadata, KeyValueMetadata};
use opentelemetry::propagation::{Extractor as OtelExtractor, TextMapPropagator};
use opentelemetry::{Context as OtelContext, KeyValue, StringValue};
use opentelemetry_sdk::propagation::BaggagePropagator;
use proptest::prelude::*;
use throughline_ctx::opentelemetry_0_33::{
    ThroughlinePropagator, from_opentelemetry, to_opentelemetry,
};
use throughline_ctx::propagation::Propagator;
use throughline_ctx::{Baggage, Context, Key, Verbosity};

const VALUES: [&str; 9] =
    ["", "plain", "a=b==", "a b", "a+b", "100%", "%41", "naïve 日本 🙂", "\",;\\\n\t\0"];

const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data it is");

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

fn with_baggage(header: &str) -> Context {
    let headers = HashMap::from([("baggage".to_owned(), header.to_owned())]);
    Context::extract(&headers)
}

#[test]
fn our_values_reach_opentelemetry_as_text() {
    for value in VALUES {
        let ctx = Context::root().with(&TENANT, value);
        let cx = to_opentelemetry(&ctx, &OtelContext::new());
        assert_eq!(cx.baggage().get("tenant.id"), Some(&StringValue::from(value)));
        let back = from_opentelemetry(&cx).unwrap();
        assert_eq!(back.baggage().get("tenant.id").as_deref(), Some(value));
    }
}

#[test]
fn values_of_opentelemetry_reach_us_as_text() {
    let propagator = ThroughlinePropagator::new();
    for value in VALUES {
        let cx = to_opentelemetry(&Context::root(), &OtelContext::new());
        let cx = cx.with_baggage([KeyValue::new("k", value)]);
        assert_eq!(from_opentelemetry(&cx).unwrap().baggage().get("k").as_deref(), Some(value));

        let mut headers = HashMap::<String, String>::new();
        propagator.inject_context(&cx, &mut headers);
        assert_eq!(Context::extract(&headers).baggage().get("k").as_deref(), Some(value));
        let received = propagator.extract_with_context(&OtelContext::new(), &headers);
        assert_eq!(received.baggage().get("k"), Some(&StringValue::from(value)));
    }
}

proptest! {
    #[test]
    fn any_text_survives_a_hop(value: String) {
        let propagator = ThroughlinePropagator::new();
        let cx = to_opentelemetry(&Context::root(), &OtelContext::new());
        let cx = cx.with_baggage([KeyValue::new("k", value.clone())]);
        let mut headers = HashMap::<String, String>::new();
        propagator.inject_context(&cx, &mut headers);
        let cx = propagator.extract_with_context(&OtelContext::new(), &headers);
        prop_assert_eq!(cx.baggage().get("k"), Some(&StringValue::from(value)));
    }
}

#[test]
fn values_that_the_sdk_wrote_are_read() {
    // It encodes neither `%`, so that what looks like a code is taken for one, nor the backslash, which has no place in the header.
    for value in VALUES.iter().filter(|value| !value.contains("%4") && !value.contains('\\')) {
        let cx = OtelContext::new().with_baggage([KeyValue::new("k", *value)]);
        let mut headers = HashMap::<String, String>::new();
        BaggagePropagator::new().inject_context(&cx, &mut headers);
        assert_eq!(Context::extract(&headers).baggage().get("k").as_deref(), Some(*value));
    }
}

#[test]
fn properties_are_metadata() {
    let ctx = with_baggage("a=1;p;q=2, b=2");
    let cx = to_opentelemetry(&ctx, &OtelContext::new());
    let (_, metadata) = cx.baggage().get_with_metadata("a").unwrap();
    assert_eq!(metadata, &BaggageMetadata::from("p;q=2"));

    let cx = cx.with_baggage([KeyValueMetadata::new("c", "x y", "r=3;s")]);
    assert_eq!(from_opentelemetry(&cx).unwrap().baggage().as_str(), "c=x%20y;r=3;s");
}

#[test]
fn what_opentelemetry_did_not_touch_stays_as_it_came() {
    let header = "z = 1 ;p , twice=1,b=%ff%2f,twice=2,a=2";
    let ctx = with_baggage(header);
    let cx = to_opentelemetry(&ctx, &OtelContext::new());
    assert_eq!(from_opentelemetry(&cx).unwrap().baggage(), ctx.baggage());

    // Gone: `a`. Another value: `twice`. New: `y` and `c`.
    let kept = ["z", "b"].map(|key| {
        let (value, metadata) = cx.baggage().get_with_metadata(key).unwrap().clone();
        KeyValueMetadata::new(key, value, metadata)
    });
    let new = [("y", "6"), ("twice", "3"), ("c", "5")];
    let new = new.map(|(key, value)| KeyValueMetadata::new(key, value, ""));
    let cx = cx.with_baggage(kept.into_iter().chain(new));
    let now = from_opentelemetry(&cx).unwrap();
    assert_eq!(now.baggage().as_str(), "z = 1 ;p,b=%ff%2f,c=5,twice=3,y=6");
}

#[test]
fn what_opentelemetry_took_away_is_gone_and_nothing_else_changes() {
    let headers = [("traceparent", PARENT), ("baggage", "a=1;p,b=2"), ("x-request-id", "abc")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let ctx = Context::extract(&HashMap::from(headers));
    let cx = to_opentelemetry(&ctx, &OtelContext::new());
    let now = from_opentelemetry(&cx.with_baggage([KeyValue::new("b", "2")])).unwrap();
    assert_eq!(now.baggage().as_str(), "b=2");
    let now = from_opentelemetry(&cx.with_cleared_baggage()).unwrap();
    assert_eq!(now.baggage().as_str(), "");
    assert_eq!((now.request_id(), now.trace_parent()), (ctx.request_id(), ctx.trace_parent()));
    assert_eq!(now.parent_span_id(), ctx.parent_span_id());
}

#[test]
fn metadata_that_could_not_be_sent_is_left_out_with_its_member_and_counted() {
    for bad in ["p,injected=1", "p q", "p\r\nx: y", "é", "p;", "=1"] {
        let members = [KeyValueMetadata::new("a", "1", bad), KeyValueMetadata::new("b", "2", "")];
        let cx = to_opentelemetry(&Context::root(), &OtelContext::new()).with_baggage(members);
        let ctx = from_opentelemetry(&cx).unwrap();
        assert_eq!((ctx.baggage().as_str(), ctx.baggage().dropped()), ("b=2", 1), "{bad:?}");
    }
}

#[test]
fn baggage_without_a_span_is_sent_alone() {
    let propagator = ThroughlinePropagator::new();
    let cx = OtelContext::new().with_baggage([KeyValue::new("k", "a=b==")]);
    let mut headers = HashMap::<String, String>::new();
    propagator.inject_context(&cx, &mut headers);
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["baggage"]);
    assert_eq!(Context::extract(&headers).baggage().get("k").as_deref(), Some("a=b=="));
}

/// A carrier that has the header twice, and a value too long for one.
#[derive(Default)]
struct Lines(Vec<(&'static str, String)>);

impl OtelExtractor for Lines {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let named = self.0.iter().filter(|(name, _)| *name == key);
        Some(named.map(|(_, value)| value.as_str()).collect())
    }
}

#[test]
fn all_headers_are_read_and_no_more_of_them_than_there_is_room_for() {
    let twice = Lines(vec![("baggage", "a=1".to_owned()), ("baggage", "b=x==".to_owned())]);
    let propagator = ThroughlinePropagator::from(Propagator::new().key(&TENANT));
    let cx = propagator.extract_with_context(&OtelContext::new(), &twice);
    let values = ["a", "b"].map(|key| cx.baggage().get(key).unwrap().as_str());
    assert_eq!(values, ["1", "x=="]);

    let many = (0..1000).map(|n| format!("k{n}={}", "v".repeat(90))).collect::<Vec<_>>().join(",");
    let long = Lines(vec![("baggage", many), ("baggage", "tenant.id=acme".to_owned())]);
    let cx = propagator.extract_with_context(&OtelContext::new(), &long);
    assert_eq!(cx.baggage().len(), Baggage::MAX_MEMBERS);
    assert_eq!(cx.get::<Context>().unwrap().baggage().dropped(), 1001 - 64);
}

#[test]
fn a_verbosity_goes_through_opentelemetry_both_ways() {
    let propagator = ThroughlinePropagator::new();
    let ctx = Context::root().with(&TENANT, "acme").with_verbosity(Verbosity::Debug);
    let cx = to_opentelemetry(&ctx, &OtelContext::new());
    assert_eq!(cx.baggage().get("throughline.verbosity"), Some(&StringValue::from("debug")));
    assert_eq!(from_opentelemetry(&cx).unwrap().verbosity(), Some(Verbosity::Debug));

    let mut headers = HashMap::<String, String>::new();
    propagator.inject_context(&cx, &mut headers);
    let received = propagator.extract_with_context(&OtelContext::new(), &headers);
    assert_eq!(from_opentelemetry(&received).unwrap().verbosity(), Some(Verbosity::Debug));

    let loud = |value| [KeyValue::new("throughline.verbosity", value)];
    let set = |value| from_opentelemetry(&cx.with_baggage(loud(value))).unwrap();
    assert_eq!(set("trace").verbosity(), Some(Verbosity::Trace));
    assert_eq!(set("trace").baggage().as_str(), "throughline.verbosity=trace");
    assert_eq!((set("loud").verbosity(), set("loud").baggage().as_str()), (None, ""));
    let taken_back = from_opentelemetry(&cx.with_cleared_baggage()).unwrap();
    assert_eq!(taken_back.verbosity(), None);
}

#[test]
fn a_verbosity_that_only_opentelemetry_has_counts() {
    let sdk = crate::Sdk::new();
    let span = opentelemetry::trace::Tracer::start(&sdk.tracer, "alone");
    let cx = opentelemetry::trace::TraceContextExt::with_span(&OtelContext::new(), span);
    let cx = cx.with_baggage([KeyValue::new("throughline.verbosity", "info")]);
    assert_eq!(from_opentelemetry(&cx).unwrap().verbosity(), Some(Verbosity::Info));
}

#[test]
fn a_verbosity_for_which_the_baggage_has_no_room_is_kept_within_the_service() {
    let many = (0..64).map(|n| format!("k{n:02}=v")).collect::<Vec<_>>().join(",");
    let ctx = with_baggage(&many).with_verbosity(Verbosity::Debug);
    let cx = to_opentelemetry(&ctx, &OtelContext::new());
    let fewer: Vec<_> = cx.baggage().iter().filter(|(key, _)| key.as_str() != "k00").collect();
    let fewer: Vec<_> =
        fewer.into_iter().map(|(k, (v, _))| KeyValue::new(k.clone(), v.clone())).collect();
    let back = from_opentelemetry(&cx.with_baggage(fewer)).unwrap();
    assert_eq!((back.verbosity(), back.baggage().members().count()), (Some(Verbosity::Debug), 63));
}
