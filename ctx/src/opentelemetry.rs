//! Contexts from and to OpenTelemetry, version 0.33 of its API: for services that have spans of both.
//!
//! [`to_opentelemetry`] makes a request's context the parent of OpenTelemetry's spans, and [`from_opentelemetry`] is the way back:
//!
//! ```
//! use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
//! use throughline_ctx::Context;
//! use throughline_ctx::opentelemetry_0_33::{from_opentelemetry, to_opentelemetry};
//!
//! let tracer = opentelemetry_sdk::trace::SdkTracerProvider::default().tracer("shop");
//!
//! let request = Context::root();
//! let cx = to_opentelemetry(&request, &opentelemetry::Context::current());
//! let cx = cx.with_span(tracer.start_with_context("query", &cx));
//!
//! let query = from_opentelemetry(&cx).expect("it has a span");
//! assert_eq!(query.trace_id(), request.trace_id());
//! assert_eq!(query.parent_span_id(), Some(request.span_id()));
//! assert_eq!(query.request_id(), request.request_id());
//! ```
//!
//! From hop to hop, a [`ThroughlinePropagator`] takes the place of OpenTelemetry's own propagators.

use opentelemetry::baggage::{Baggage as OtelBaggage, BaggageExt};
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{
    Extractor as OtelExtractor, Injector as OtelInjector, TextMapPropagator,
};
use opentelemetry::trace::{
    SpanContext, TraceContextExt, TraceFlags as OtelFlags, TraceState as OtelState,
};

use crate::propagation::{Extractor, Incoming, Injector, Propagator};
use crate::{Baggage, Context, SpanId, TraceFlags, TraceId, TraceParent, TraceState};

/// The context of OpenTelemetry's current span: that very span, not a child of it. `None` if `cx` has neither a valid span nor a context of ours.
///
/// Trace id, span id, flags, `tracestate` and baggage are those of `cx`. OpenTelemetry has no place for anything else: request id, entries, deadline and cancellation are those of the
/// context of ours that `cx` has as a value, which [`to_opentelemetry`] and [`ThroughlinePropagator`] put there. Without one, each call mints another request id: convert once, and hand the
/// result on. With one but without a valid span, the span is that one's.
///
/// OpenTelemetry does not tell a span's parent. It is taken to be the span of that context of ours, if both are of one trace: the nearest one above that is known.
pub fn from_opentelemetry(cx: &opentelemetry::Context) -> Option<Context> {
    let stored = cx.get::<Context>();
    let span = cx.span();
    let (here, parent, trace_state) = match (trace_parent(span.span_context()), stored) {
        (None, None) => return None,
        (None, Some(ours)) => {
            (ours.trace_parent(), ours.parent_span_id(), ours.trace_state().cloned())
        }
        (Some(here), ours) => {
            let ours = ours.filter(|ours| ours.trace_id() == here.trace_id);
            let parent = ours.and_then(|ours| match ours.span_id() {
                same if same == here.parent_id => ours.parent_span_id(),
                above => Some(above),
            });
            (here, parent, trace_state(span.span_context(), ours.and_then(Context::trace_state)))
        }
    };
    let Some(ours) = stored else {
        let baggage = baggage(cx, &Baggage::default());
        return Some(Context::root().at_span(here, parent, trace_state, baggage));
    };
    let baggage = baggage(cx, ours.baggage());
    let is_same = ours.trace_parent() == here
        && ours.trace_state() == trace_state.as_ref()
        && *ours.baggage() == baggage;
    Some(if is_same { ours.clone() } else { ours.at_span(here, parent, trace_state, baggage) })
}

/// `base` with the span of `ctx` as its remote span, with its baggage in place of what `base` has, and with `ctx` itself as a value, so that the way back loses nothing.
///
/// Values of baggage are decoded, and its properties are the metadata. OpenTelemetry holds the keys of `tracestate` to the rules of W3C Trace Context, level 1: a list that breaks those is not in the
/// span context, but still there on the way back.
pub fn to_opentelemetry(ctx: &Context, base: &opentelemetry::Context) -> opentelemetry::Context {
    base.with_remote_span_context(span_context(ctx))
        .with_baggage(otel_baggage(ctx.baggage()))
        .with_value(ctx.clone())
}

/// The headers of a [`Propagator`] for OpenTelemetry.
///
/// It writes the span that is current in an OpenTelemetry context as the parent, as OpenTelemetry's own propagators do: trace, baggage, and, from a context of ours that is in it, the request id and what is left
/// of the deadline. Without such a context no request id is sent. What it reads becomes a remote span, baggage, and a context of ours as a value: its request id, deadline and
/// entries are there for [`from_opentelemetry`] in every span below. It believes what it reads, and reads with the bounds of [`Baggage`] and
/// [`TraceState`].
///
/// A carrier of OpenTelemetry cannot remove a header: inject into one that has none of these yet.
///
/// ```
/// use opentelemetry::global;
/// use throughline_ctx::Key;
/// use throughline_ctx::opentelemetry_0_33::ThroughlinePropagator;
/// use throughline_ctx::propagation::Propagator;
///
/// const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");
///
/// global::set_text_map_propagator(ThroughlinePropagator::from(Propagator::new().key(&TENANT)));
/// ```
#[derive(Clone, Debug)]
pub struct ThroughlinePropagator {
    headers: Propagator,
    fields: Vec<String>,
}

impl ThroughlinePropagator {
    /// With the headers of [`Propagator::new`].
    pub fn new() -> ThroughlinePropagator {
        Propagator::new().into()
    }
}

impl Default for ThroughlinePropagator {
    fn default() -> ThroughlinePropagator {
        ThroughlinePropagator::new()
    }
}

impl From<Propagator> for ThroughlinePropagator {
    fn from(headers: Propagator) -> ThroughlinePropagator {
        let mut names = Names(Vec::new());
        headers.write(&Context::root(), &mut names);
        ThroughlinePropagator { headers, fields: names.0 }
    }
}

impl TextMapPropagator for ThroughlinePropagator {
    fn inject_context(&self, cx: &opentelemetry::Context, injector: &mut dyn OtelInjector) {
        let Some(ctx) = from_opentelemetry(cx) else {
            let baggage = baggage(cx, &Baggage::default());
            if !baggage.as_str().is_empty() {
                injector.set("baggage", baggage.as_str().to_owned());
            }
            return;
        };
        // The id that was minted for want of one would be another on the next call of the same request.
        let is_minted = cx.get::<Context>().is_none();
        let withheld = is_minted.then(|| self.headers.request_id_name());
        self.headers.write(&ctx, &mut Outgoing { injector, withheld });
    }

    fn extract_with_context(
        &self,
        cx: &opentelemetry::Context,
        extractor: &dyn OtelExtractor,
    ) -> opentelemetry::Context {
        let incoming = self.headers.extract(&Arriving(extractor));
        if incoming == Incoming::default() {
            return cx.clone();
        }
        let ctx = Context::continue_from(&incoming);
        let mut cx = cx.clone();
        if !ctx.baggage().as_str().is_empty() {
            cx = cx.with_baggage(otel_baggage(ctx.baggage()));
        }
        let Some(parent) = incoming.trace_parent else { return cx.with_value(ctx) };
        // Spans below take the caller's for their parent, so this is the caller's.
        let ctx = ctx.at_span(parent, None, ctx.trace_state().cloned(), ctx.baggage().clone());
        cx.with_remote_span_context(span_context(&ctx)).with_value(ctx)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

fn trace_parent(span: &SpanContext) -> Option<TraceParent> {
    Some(TraceParent {
        trace_id: TraceId::from_bytes(span.trace_id().to_bytes())?,
        parent_id: SpanId::from_bytes(span.span_id().to_bytes())?,
        flags: TraceFlags::from_bits(span.trace_flags().to_u8()),
    })
}

fn span_context(ctx: &Context) -> SpanContext {
    SpanContext::new(
        opentelemetry::TraceId::from_bytes(ctx.trace_id().to_bytes()),
        opentelemetry::SpanId::from_bytes(ctx.span_id().to_bytes()),
        OtelFlags::new(ctx.flags().bits()),
        true,
        otel_state(ctx.trace_state()),
    )
}

/// The `tracestate` of a span: the known one as it is, if OpenTelemetry made no other of it.
fn trace_state(span: &SpanContext, known: Option<&TraceState>) -> Option<TraceState> {
    if *span.trace_state() == otel_state(known) {
        return known.cloned();
    }
    TraceState::parse([span.trace_state().header().as_bytes()])
}

fn otel_state(state: Option<&TraceState>) -> OtelState {
    state.and_then(|state| state.as_str().parse().ok()).unwrap_or_default()
}

/// The baggage of `cx`: the known members as they came, as far as OpenTelemetry has them unchanged, and then its others in the order of their keys.
fn baggage(cx: &opentelemetry::Context, known: &Baggage) -> Baggage {
    let (before, now) = (otel_baggage(known), cx.baggage());
    let is_kept = |key: &str| {
        let value = now.get_with_metadata(key);
        value.is_some() && value == before.get_with_metadata(key)
    };
    let mut others: Vec<_> = now
        .iter()
        .map(|(key, (value, metadata))| (key.as_str(), value.as_str(), metadata.as_str()))
        .filter(|(key, ..)| !is_kept(key))
        .collect();
    if others.is_empty() && now.len() == before.len() {
        return known.clone();
    }
    others.sort_unstable();
    known.rebuild(is_kept, others)
}

fn otel_baggage(baggage: &Baggage) -> OtelBaggage {
    let mut theirs = OtelBaggage::new();
    for (key, value, properties) in baggage.members() {
        theirs.insert_with_metadata(key.to_owned(), value.into_owned(), properties);
    }
    theirs
}

/// OpenTelemetry's carrier as one of ours.
struct Arriving<'a>(&'a dyn OtelExtractor);

impl Extractor for Arriving<'_> {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.get_all(name).unwrap_or_default().into_iter().map(str::as_bytes)
    }
}

/// OpenTelemetry's carrier as one of ours that takes all headers but one.
struct Outgoing<'a> {
    injector: &'a mut dyn OtelInjector,
    withheld: Option<&'a str>,
}

impl Injector for Outgoing<'_> {
    fn set(&mut self, name: &str, value: &str) {
        if self.withheld != Some(name) {
            self.injector.set(name, value.to_owned());
        }
    }

    fn remove(&mut self, _: &str) {}
}

/// Takes down which headers there are.
struct Names(Vec<String>);

impl Injector for Names {
    fn set(&mut self, name: &str, _: &str) {
        self.0.push(name.to_owned());
    }

    fn remove(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }
}
