use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use throughline_ctx::Context;
use throughline_schema::{Class, Descriptor, Event, Fields, Level};

use crate::clearance::Clearance;
use crate::encode::{Encoder, Entry, Precision, Scratch};
use crate::{FlushError, Line, Lost, NullSink, Service, Sink, SocketSink, StreamSink, Threshold};

/// Writes events. A handle: a clone writes to the same sink, and dropping the last one flushes it.
#[derive(Clone)]
pub struct Logger(Arc<Core>);

struct Core {
    threshold: AtomicU8,
    encoder: Encoder,
    sink: Box<dyn Sink>,
}

impl Logger {
    /// Begins a logger for a service.
    pub fn builder(service: impl Into<Service>) -> Builder {
        Builder {
            service: service.into(),
            threshold: Level::Info.into(),
            clearance: Clearance::default(),
            to: To::Stdout,
        }
    }

    /// A logger that writes nothing.
    pub fn disabled() -> Logger {
        Logger::builder("").threshold(Threshold::OFF).sink(NullSink).build()
    }

    /// Writes an event, at the level that its type states.
    ///
    /// `ctx` is the [`Context`] of the request to which it belongs, or `None` for an event that belongs to none, such as a start.
    ///
    /// It neither fails nor panics, and blocks no longer than its sink: the [socket](SocketSink) never does, and [standard output](StreamSink) does while nobody reads it. What could not be
    /// delivered is [counted](Logger::lost).
    #[inline]
    pub fn emit<'a, E: Event>(&self, ctx: impl Into<Option<&'a Context>>, event: &E) {
        self.emit_at(E::DESCRIPTOR.level, ctx, event);
    }

    /// Writes an event at another level: for an event whose weight depends on how it went.
    #[inline]
    pub fn emit_at<'a, E: Event>(
        &self,
        level: Level,
        ctx: impl Into<Option<&'a Context>>,
        event: &E,
    ) {
        if self.enabled(level) {
            self.write(ctx.into(), level, E::DESCRIPTOR, event);
        }
    }

    /// Whether events of this level are written.
    #[inline]
    pub fn enabled(&self, level: Level) -> bool {
        self.threshold().allows(level)
    }

    /// The least important level that is written.
    #[inline]
    pub fn threshold(&self) -> Threshold {
        Threshold::from_bits(self.0.threshold.load(Ordering::Relaxed))
    }

    /// Changes the least important level that is written, at once and for all handles of this logger.
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        self.0.threshold.store(threshold.into().bits(), Ordering::Relaxed);
    }

    /// Waits until all that was emitted before is delivered, but no longer than `timeout`. What delivered means is the sink's to say.
    ///
    /// # Errors
    ///
    /// If something is not delivered by then, or never will be.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.0.sink.flush(timeout)
    }

    /// How many events were lost since the logger was made.
    pub fn lost(&self) -> Lost {
        self.0.sink.lost()
    }

    #[inline]
    pub(crate) fn write<F: Fields>(
        &self,
        ctx: Option<&Context>,
        level: Level,
        descriptor: &'static Descriptor,
        fields: &F,
    ) {
        let mut scratch = Scratch::take();
        let entry = Entry { time: SystemTime::now(), level, ctx, descriptor, fields, weight: 1 };
        self.0.sink.write(Line::new(level, self.0.encoder.encode(&mut scratch, entry)));
        scratch.keep();
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger").field("threshold", &self.threshold()).finish_non_exhaustive()
    }
}

/// Makes a [`Logger`].
///
/// ```
/// use throughline_schema::{Class, Level};
/// use throughline_structlog::{Logger, Service};
///
/// let log = Logger::builder(Service::new("accounts").version(env!("CARGO_PKG_VERSION")))
///     .threshold(Level::Debug)
///     .cleared_for(Class::Personal)
///     .stdout()
///     .build();
/// ```
pub struct Builder {
    service: Service,
    threshold: Threshold,
    clearance: Clearance,
    to: To,
}

enum To {
    Stdout,
    Socket(PathBuf),
    Sink(Box<dyn Sink>),
}

impl Builder {
    /// The least important level that is written; `info` by default.
    pub fn threshold(mut self, threshold: impl Into<Threshold>) -> Builder {
        self.threshold = threshold.into();
        self
    }

    /// Writes values of this class as they are. Without it, only public ones are; the others become `"[redacted]"`.
    pub fn cleared_for(mut self, class: Class) -> Builder {
        self.clearance = self.clearance.with(class);
        self
    }

    /// Writes to standard output. This is the default.
    pub fn stdout(mut self) -> Builder {
        self.to = To::Stdout;
        self
    }

    /// Hands lines to the collector that listens, or will listen, on this Unix socket: see [`SocketSink`].
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Builder {
        self.to = To::Socket(path.into());
        self
    }

    /// Hands lines to a sink.
    pub fn sink(mut self, sink: impl Sink) -> Builder {
        self.to = To::Sink(Box::new(sink));
        self
    }

    /// The logger.
    pub fn build(self) -> Logger {
        let encoder = Encoder {
            service: self.service.render(),
            clearance: self.clearance,
            precision: Precision::Micros,
        };
        let sink: Box<dyn Sink> = match self.to {
            To::Stdout => Box::new(StreamSink::stdout()),
            To::Socket(path) => Box::new(SocketSink::new(path, &self.service)),
            To::Sink(sink) => sink,
        };
        Logger(Arc::new(Core { threshold: AtomicU8::new(self.threshold.bits()), encoder, sink }))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("service", &self.service).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// Says something.
    #[derive(Event)]
    #[event(name = "said", version = 1, level = "info", message = "Said")]
    struct Said<'a> {
        /// What.
        what: &'a str,
    }

    struct Emits<'a>(&'a Logger);

    impl fmt::Display for Emits<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.emit(None, &Said { what: "inner" });
            f.write_str("outer")
        }
    }

    #[test]
    fn an_event_whose_values_emit_another_is_whole_and_so_is_the_other() {
        let (log, captured) = testing::capture();
        crate::info!(logger: log, "nested", what = %Emits(&log));
        let lines = captured.lines();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains(r#""what":"inner"}"#), "{}", lines[0]);
        assert!(lines[1].contains(r#""what":"outer"}"#), "{}", lines[1]);
    }

    #[test]
    fn a_threshold_takes_effect_at_once_and_for_every_handle() {
        let (log, captured) = testing::capture();
        let other = log.clone();
        other.set_threshold(Level::Warn);
        log.emit(None, &Said { what: "quiet" });
        log.emit_at(Level::Error, None, &Said { what: "loud" });
        log.set_threshold(Threshold::OFF);
        log.emit_at(Level::Error, None, &Said { what: "off" });
        assert_eq!(captured.lines().len(), 1);
    }
}
