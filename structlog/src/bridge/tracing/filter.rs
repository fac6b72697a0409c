use ::tracing_core::subscriber::Interest;
use ::tracing_core::{LevelFilter, Metadata};
use ::tracing_subscriber::layer::{Context as LayerContext, Filter};
use throughline_ctx::Context;
use throughline_schema::Level;

use super::level;
use crate::{Logger, Threshold};

/// Lets through what the logger takes.
pub(super) struct ByLogger(pub(super) Logger);

impl<S> Filter<S> for ByLogger {
    fn enabled(&self, metadata: &Metadata<'_>, _: &LayerContext<'_, S>) -> bool {
        let ctx = Context::any_wants_detail().then(Context::current).flatten();
        self.0.takes(ctx.as_ref(), level(metadata), metadata.target())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let threshold = self.0.filter().threshold(metadata.target());
        if metadata.fields().field("log.target").is_some() {
            Interest::sometimes() // records of all targets come here
        } else if threshold.allows(level(metadata)) {
            Interest::always()
        } else if threshold != Threshold::OFF && Context::any_wants_detail() {
            Interest::sometimes() // a request may ask for it
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let threshold = self.0.filter().most_verbose();
        let least = Level::ALL.into_iter().find(|level| threshold.allows(*level));
        Some(match least {
            None => LevelFilter::OFF,
            Some(_) if Context::any_wants_detail() => LevelFilter::TRACE,
            Some(Level::Error) => LevelFilter::ERROR,
            Some(Level::Warn) => LevelFilter::WARN,
            Some(Level::Info) => LevelFilter::INFO,
            Some(Level::Debug) => LevelFilter::DEBUG,
            Some(Level::Trace) => LevelFilter::TRACE,
        })
    }
}
