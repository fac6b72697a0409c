use std::sync::atomic::Ordering;

use ::tracing_core::Metadata;
use throughline_ctx::{Context, Value};
use throughline_schema::{
    Class, Descriptor, Field, Fields, Kind, MessageVisitor, Outcome, Visitor,
};

use super::level;
use super::span::Span;
use crate::Logger;
use crate::bridge::{name, place};

/// What a closed span says.
pub(super) fn descriptor(metadata: &'static Metadata<'static>) -> Descriptor {
    let name: &'static str = name::of_event(metadata.name()).leak();
    let level = level(metadata);
    let head = place::head(level, name, Kind::Span);
    let what = "A span that is closed.";
    Descriptor::new(name, 1, level, Kind::Span, metadata.name(), what, &[], head).with_template()
}

/// Writes an event for a span that is closed.
pub(super) fn closed(logger: &Logger, span: &Span) {
    let ctx = span.context();
    let failed = span.failed.load(Ordering::Relaxed) || says_error(&ctx);
    let closed = Closed {
        name: span.site.metadata.name(),
        duration_us: u64::try_from(span.opened.elapsed().as_micros()).unwrap_or(u64::MAX),
        outcome: if failed { Outcome::Error } else { Outcome::Ok },
    };
    let descriptor = span.site.closed();
    logger.submit(Some(&ctx), descriptor.level, None, descriptor, &closed);
}

/// Whether the field by which OpenTelemetry's layers set the status of a span says that it failed.
fn says_error(ctx: &Context) -> bool {
    ctx.entries().any(|(key, value)| {
        let is_error =
            matches!(value, Value::Text(text) if text.as_str().eq_ignore_ascii_case("error"));
        is_error && key.name() == "otel.status_code"
    })
}

struct Closed {
    name: &'static str,
    duration_us: u64,
    outcome: Outcome,
}

static NAME: Field = Field::new("message", "", Class::Public, "");
static DURATION: Field = Field::new("duration_us", "", Class::Public, ",\"duration_us\":");
static OUTCOME: Field = Field::new("outcome", "", Class::Public, ",\"outcome\":");

impl Fields for Closed {
    fn visit<V: Visitor>(&self, visitor: &mut V) {
        visitor.field(&DURATION, &self.duration_us);
        visitor.field(&OUTCOME, &self.outcome);
    }

    fn visit_message<V: MessageVisitor>(&self, visitor: &mut V) {
        visitor.value(&NAME, self.name);
    }
}
