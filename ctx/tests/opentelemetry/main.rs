//! The context beside OpenTelemetry's own SDK, in one process and from hop to hop.

mod baggage;
mod conversion;
mod hops;

use opentelemetry::trace::{Span, TracerProvider};
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, SdkTracer, SdkTracerProvider, Span as SdkSpan, SpanData,
};

/// The SDK, with everything that it exports.
struct Sdk {
    exporter: InMemorySpanExporter,
    tracer: SdkTracer,
    _provider: SdkTracerProvider,
}

impl Sdk {
    fn new() -> Sdk {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        Sdk { exporter, tracer: provider.tracer("test"), _provider: provider }
    }

    /// Ends the span, and returns what is exported of it.
    fn exported(&self, mut span: SdkSpan) -> SpanData {
        span.end();
        let mut spans = self.exporter.get_finished_spans().unwrap();
        self.exporter.reset();
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans.remove(0)
    }
}
