use std::hint::black_box;
use std::time::Duration;

use http::{HeaderMap, Request};
use opentelemetry::{Context, global};
use opentelemetry_http::HeaderInjector;
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use tower::Layer;

use super::Stack;
use super::service::{Body, Seen, handler, runner, stock};
use crate::Target;

/// The middleware of the OpenTelemetry project.
pub(super) fn stack(target: &Target, seen: &Seen) -> Stack {
    // It knows no other provider and propagator than the global ones. The layer keeps the tracer that there is now.
    global::set_text_map_propagator(TraceContextPropagator::new());
    let provider =
        SdkTracerProvider::builder().with_span_processor(Nowhere(target.clone())).build();
    global::set_tracer_provider(provider);
    let layer = LayerBuilder::builder().with_metrics(false).build().unwrap();
    Stack {
        name: "opentelemetry-instrumentation-tower",
        remark: "its span goes to a processor that drops it: no line is written; `traceparent` is injected by hand, with no span of the call; no request id; metrics off",
        lines: 1,
        has_request_id: false,
        run: runner(layer.layer(handler(stock(seen), inject))),
    }
}

fn inject(_: &Request<Body>, headers: &mut HeaderMap) {
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&Context::current(), &mut HeaderInjector(headers));
    });
}

/// Takes spans nowhere; as lines only where they are to be looked at.
#[derive(Clone)]
struct Nowhere(Target);

impl SpanProcessor for Nowhere {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        black_box(&span);
        if self.0.is_kept() {
            let attributes = span.attributes.iter();
            let mut line: serde_json::Map<String, serde_json::Value> = attributes
                .map(|pair| (pair.key.to_string(), pair.value.to_string().into()))
                .collect();
            let trace_id = span.span_context.trace_id();
            line.insert("trace_id".to_owned(), trace_id.to_string().into());
            self.0.take(serde_json::Value::Object(line).to_string().as_bytes());
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl std::fmt::Debug for Nowhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nowhere")
    }
}
