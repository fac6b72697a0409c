use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::tracing_core::span::{Attributes, Id, Record};
use ::tracing_core::{Event, Level as Theirs, Subscriber};
use ::tracing_subscriber::Layer;
use ::tracing_subscriber::layer::Context as LayerContext;
use ::tracing_subscriber::registry::LookupSpan;
use throughline_ctx::Context;

use super::event::{Site, Target, Values};
use super::span::Span;
use super::{entered, report};
use crate::Logger;
use crate::bridge::place::Place;
use crate::bridge::{guard, log};
use crate::logger::Origin;

/// Writes what comes through `tracing`.
pub(super) struct Writer {
    logger: Logger,
    reports: bool,
    /// Tells the spans of one layer from those of another, whose ids may be the same.
    number: u64,
}

impl Writer {
    pub(super) fn new(logger: Logger, reports: bool) -> Writer {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Writer { logger, reports, number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// The context of an event, and the span whose failure it would tell.
    fn context<S>(&self, event: &Event<'_>, spans: &LayerContext<'_, S>) -> Option<Context>
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        let is_failure = self.reports && *event.metadata().level() == Theirs::ERROR;
        if event.is_root() {
            return None;
        }
        let (span, ctx) = match event.parent() {
            Some(parent) => {
                let span = find(parent, spans);
                (span.clone(), span.map(|span| span.context()))
            }
            None if is_failure => entered::here(self.number),
            None => return entered::context(self.number),
        };
        if let Some(span) = span.filter(|_| is_failure) {
            span.failed.store(true, Ordering::Relaxed);
        }
        ctx
    }
}

fn find<S>(id: &Id, spans: &LayerContext<'_, S>) -> Option<Arc<Span>>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    spans.span(id)?.extensions().get::<Arc<Span>>().cloned()
}

impl<S> Layer<S> for Writer
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, spans: LayerContext<'_, S>) {
        // Another layer may have opened it already, for another logger.
        if find(id, &spans).is_some() {
            return;
        }
        let (parent, around) = match attributes.parent() {
            Some(parent) => {
                let parent = find(parent, &spans);
                let around = parent.as_ref().map(|parent| parent.context());
                (parent, around)
            }
            None if attributes.is_contextual() => entered::here(self.number),
            None => (None, None),
        };
        let record = |visitor: &mut dyn ::tracing_core::field::Visit| attributes.record(visitor);
        let span = Arc::new(Span::open(attributes.metadata(), parent, around, record));
        if let Some(place) = spans.span(id) {
            place.extensions_mut().replace(span);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, spans: LayerContext<'_, S>) {
        let Some(span) = find(id, &spans) else { return };
        span.record(|visitor| values.record(visitor));
        entered::refresh(&span);
    }

    fn on_event(&self, event: &Event<'_>, spans: LayerContext<'_, S>) {
        if self.logger.is_forwarding() {
            return; // it came from there
        }
        guard::write(&self.logger, || {
            let ctx = self.context(event, &spans);
            let site = Site::of(event.metadata());
            let fields = Values { event, site };
            let level = site.place.descriptor.level;
            let submit = |place: &'static Place, origin: Origin<'_>| {
                self.logger.submit(ctx.as_ref(), level, Some(origin), &place.descriptor, &fields);
            };
            if !site.is_of_log {
                return submit(&site.place, site.place.origin());
            }
            let mut target = Target::default();
            event.record(&mut target);
            log::at(level, target.0.as_deref().unwrap_or(event.metadata().target()), submit);
        });
    }

    fn on_enter(&self, id: &Id, spans: LayerContext<'_, S>) {
        if let Some(span) = find(id, &spans) {
            entered::enter(self.number, id.clone(), span);
        }
    }

    fn on_exit(&self, id: &Id, _: LayerContext<'_, S>) {
        entered::exit(self.number, id);
    }

    fn on_close(&self, id: Id, spans: LayerContext<'_, S>) {
        if self.reports
            && let Some(span) = find(&id, &spans)
        {
            guard::write(&self.logger, || report::closed(&self.logger, &span));
        }
    }
}
