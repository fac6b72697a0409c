//! The events and spans of [`tracing`](https://docs.rs/tracing) as lines.
//!
//! A program that wrote JSON with `tracing-subscriber` changes one line. It was:
//!
//! ```no_run
//! tracing_subscriber::fmt().json().init();
//! ```
//!
//! and is:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let _guard = throughline_structlog::tracing::init("accounts")?;
//! # Ok(())
//! # }
//! ```
//!
//! Every call of `tracing`'s macros is then written by the [global logger](crate#the-global-logger), and so is what comes through [`log`](crate::log). What was
//!
//! ```json
//! {"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","fields":{"message":"cache miss","key":"user:7","tries":3},"target":"accounts::cache","span":{"id":81724,"name":"request"},"spans":[{"id":81724,"name":"request"}]}
//! ```
//!
//! is
//!
//! ```json
//! {"timestamp":"2026-11-21T09:28:31.123456Z","level":"INFO","event":"log","version":1,"message":"cache miss","service":{"name":"accounts","instance":"0193…"},"context":{"id":"0193…","trace_id":"4bf9…","span_id":"00f0…","span.name":"request","id_":81724},"target":"accounts::cache","key":"user:7","tries":3}
//! ```
//!
//! Beside other layers, [`layer`] is one more:
//!
//! ```
//! use throughline_structlog::{testing, tracing::layer};
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! let (log, captured) = testing::capture();
//! let subscriber = tracing_subscriber::registry().with(layer(&log));
//! tracing::subscriber::with_default(subscriber, || {
//!     let _request = tracing::info_span!("request", user = "tylertreat").entered();
//!     tracing::info!(key = "user:7", tries = 3, "cache miss");
//! });
//! let line = &captured.events()[0];
//! assert_eq!(line["tries"], 3);
//! assert_eq!(line["context"]["user"], "tylertreat");
//! ```
//!
//! # Events
//!
//! An event of `tracing` is an event without a type: its name is `log`, its `target` is the event's, its fields have the JSON type with which they are recorded. Bytes are lower-case hex digits, and an error has its causes in
//! a second field. Records that `tracing-log` hands on have the target of the record.
//!
//! # Spans
//!
//! A span is a unit of work. It has a [`Context`]: a child of the context in which it is opened, that of its parent, or of none if it is a root. While a span is entered, its context is the
//! [current one](Context::current), so it follows the span wherever `.instrument` takes it, and goes along on calls. The fields of a span are entries of its context. So they stand in every line
//! that is written within it, whichever macro writes it; and so does the span's name, as `span.name`. Where an inner span has a field, or an inner context an entry, of the same name, that one is written. Values that
//! [`record`](https://docs.rs/tracing/latest/tracing/struct.Span.html#method.record) adds are there from then on, in the spans within it as well. An integer beyond 64 bits is text there, and an error one text with its
//! causes.
//!
//! An event with an explicit parent has that span's context. A root event, `parent: None`, has none.
//!
//! Whatever is opened or closed is silent, unless a [`Bridge`] is told to [report it](Bridge::report_spans).
//!
//! # Names
//!
//! A name that a line cannot have (`spec/event.md`, "Names") becomes one that it can: in lower case, with an underscore where a word begins and for what no name has. A name that is reserved gets an underscore:
//! a field `level` is `level_`, and a span's field `id` is `id_`. Of two fields that come to one name, the last counts. A span's field that has the name of a [registered key](throughline_ctx::keys) has its class, too.
//!
//! # Which are written
//!
//! The logger's [filter](Logger::set_filter) decides, by level and target, for spans as for events. `tracing` asks it once for each place, and again when it is changed. Other layers have filters of their own.
//! An event that a sink causes while a line is written to it would cause another one: it is [counted](crate::Withheld::reentrant), not written.

mod entered;
mod event;
mod filter;
mod layer;
mod report;
mod span;

use std::sync::atomic::{AtomicBool, Ordering};

use ::tracing_core::{Dispatch, Level as Theirs, Metadata, Subscriber, dispatcher};
use ::tracing_subscriber::layer::SubscriberExt;
use ::tracing_subscriber::registry::LookupSpan;
use ::tracing_subscriber::{Layer, Registry};
#[cfg(doc)]
use throughline_ctx::Context;
use throughline_schema::Level;

use crate::{Guard, InitError, Logger, Service};

/// Makes the global logger as [`crate::init`] does, and hands it what comes through `tracing` and [`log`](crate::log).
///
/// # Errors
///
/// As [`crate::init`], and if `tracing` has a global subscriber, or `log` a logger already.
pub fn init(service: impl Into<Service>) -> Result<Guard, InitError> {
    let guard = crate::init(service)?;
    let subscriber = Registry::default().with(layer(crate::logger()));
    dispatcher::set_global_default(Dispatch::new(subscriber))
        .map_err(|_| InitError::taken("tracing"))?;
    crate::log::install(crate::logger())?;
    Ok(guard)
}

/// A layer that hands events to `logger`: [`Bridge::layer`] of a [`Bridge`] as it is by default.
///
/// It keeps the logger as long as the subscriber lives, so that dropping other handles of it flushes nothing.
pub fn layer<S>(logger: &Logger) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    Bridge::new(logger).layer()
}

/// From `tracing` to a [`Logger`], with what can be chosen.
#[derive(Clone, Debug)]
#[must_use = "a bridge does nothing until it is a layer of a subscriber"]
pub struct Bridge {
    logger: Logger,
    reports: bool,
}

impl Bridge {
    /// To this logger.
    pub fn new(logger: &Logger) -> Bridge {
        Bridge { logger: logger.clone(), reports: false }
    }

    /// Writes an event of kind `span` for each span that is closed.
    ///
    /// Its name is that of the span, as a name of a line; its level is that of the span, its context the span's own. `outcome` is `error` if an event of level `error` was written in the span itself, or if its field
    /// `otel.status_code` says so, and `ok` otherwise.
    ///
    /// ```
    /// use throughline_structlog::{testing, tracing::Bridge};
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// let (log, captured) = testing::capture();
    /// let subscriber = tracing_subscriber::registry().with(Bridge::new(&log).report_spans().layer());
    /// tracing::subscriber::with_default(subscriber, || {
    ///     tracing::info_span!("db.query", rows = 3).in_scope(|| tracing::error!("lost"));
    /// });
    /// let closed = &captured.events()[1];
    /// assert_eq!(closed.event(), "db.query");
    /// assert_eq!(closed["outcome"], "error");
    /// assert_eq!(closed["context"]["rows"], 3);
    /// ```
    pub fn report_spans(mut self) -> Bridge {
        self.reports = true;
        self
    }

    /// The layer, for a subscriber that has spans as [`Registry`] has.
    pub fn layer<S>(self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        IN_USE.store(true, Ordering::Relaxed);
        throughline_ctx::__private::on_detail_wanted(super::filter_changed);
        let filter = filter::ByLogger(self.logger.clone());
        layer::Writer::new(self.logger, self.reports).with_filter(filter)
    }
}

/// Whether there was ever a layer.
static IN_USE: AtomicBool = AtomicBool::new(false);

/// Has `tracing` ask again which places are written.
pub(super) fn follow() {
    if IN_USE.load(Ordering::Relaxed) {
        ::tracing_core::callsite::rebuild_interest_cache();
    }
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        Theirs::ERROR => Level::Error,
        Theirs::WARN => Level::Warn,
        Theirs::INFO => Level::Info,
        Theirs::DEBUG => Level::Debug,
        Theirs::TRACE => Level::Trace,
    }
}
