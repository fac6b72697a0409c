use std::fmt;
use std::path::PathBuf;

use throughline_schema::Class;

use crate::clearance::Clearance;
use crate::control::Rules;
use crate::encode::{Encoder, Precision};
use crate::logger::Written;
use crate::{
    Filter, HashKey, Logger, Output, Sampling, Service, Sink, SocketSink, StreamSink, Threshold,
};

/// Makes a [`Logger`].
///
/// ```
/// use throughline_schema::{Class, Level};
/// use throughline_structlog::{Logger, Service};
///
/// let log = Logger::builder(Service::new("accounts").version(env!("CARGO_PKG_VERSION")))
///     .filter(Level::Debug)
///     .cleared_for(Class::Personal)
///     .stdout()
///     .build();
/// ```
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    service: Service,
    rules: Rules,
    precision: Precision,
    clearance: Clearance,
    to: To,
    also: Vec<Output>,
}

enum To {
    Stdout,
    Socket(PathBuf),
    Sink(Box<dyn Sink>),
    #[cfg(feature = "to-tracing")]
    Tracing,
}

impl Builder {
    pub(crate) fn new(service: Service) -> Builder {
        Builder {
            service,
            rules: Rules::default(),
            precision: Precision::default(),
            clearance: Clearance::default(),
            to: To::Stdout,
            also: Vec::new(),
        }
    }

    /// Which events are written; from `info` up by default. It can be [changed](Logger::set_filter) later.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Builder {
        self.rules.filter = filter.into();
        self
    }

    /// Which part of them is written; all by default. It can be [changed](Logger::set_sampling) later.
    pub fn sampling(mut self, sampling: Sampling) -> Builder {
        self.rules.sampling = sampling;
        self
    }

    /// How many events a place in the code may write in a second; as many as it likes by default. It can be [changed](Logger::set_rate_limit) later.
    pub fn rate_limit(mut self, events_per_second: u32) -> Builder {
        self.rules.limit = events_per_second;
        self
    }

    /// Writes moments with nanoseconds, not microseconds.
    pub fn nanoseconds(mut self) -> Builder {
        self.precision = Precision::Nanos;
        self
    }

    /// Writes values of this class as they are. Without it, only public ones are; the others become `"[redacted]"`.
    pub fn cleared_for(mut self, class: Class) -> Builder {
        self.clearance = self.clearance.with(class);
        self
    }

    /// Writes a hash in place of values that it is not cleared for, so that lines can still be joined on them: `"[hash:…]"`.
    pub fn hashed_with(mut self, key: HashKey) -> Builder {
        self.clearance = self.clearance.hashing(key);
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

    /// Hands events to the subscriber that `tracing` has, in place of writing lines: for a program, or a library, whose users keep their subscriber. Outputs that are [added](Builder::also) write lines all the same.
    ///
    /// An event is one of `tracing` with the same level, message and fields. Booleans, numbers and text keep their types; a list is text, a duration a number of seconds. Its target is by what
    /// [filters](Filter) know it: the module of an event without a type, the name of an event that has one. It has the fields `event.name` and, in a context, `request_id`, `trace_id` and `span_id`. What the logger is not
    /// cleared for is `"[redacted]"`. The logger's filter decides first, then the subscriber. What came through `tracing` or `log` is not handed back, and detail that a request
    /// [held back](throughline_ctx::Hold) is not handed on.
    ///
    /// ```
    /// use throughline_schema::Level;
    /// use throughline_structlog::{Logger, info};
    ///
    /// let log = Logger::builder("a-library").filter(Level::Trace).to_tracing().build();
    /// info!(logger: log, "cache warmed", entries = 1024);
    /// ```
    #[cfg(feature = "to-tracing")]
    pub fn to_tracing(mut self) -> Builder {
        self.to = To::Tracing;
        self
    }

    /// Writes to another sink as well. What this builder says of clearance is for the first; each of the others has [its own](Output).
    ///
    /// # Panics
    ///
    /// If there are 256 already.
    pub fn also(mut self, output: Output) -> Builder {
        assert!(self.also.len() < usize::from(u8::MAX), "a logger has 256 outputs at the most");
        self.also.push(output);
        self
    }

    /// The logger.
    pub fn build(self) -> Logger {
        let Builder { service, rules, precision, clearance, to, also } = self;
        let (sink, threshold): (Box<dyn Sink>, _) = match to {
            To::Stdout => (Box::new(StreamSink::stdout()), Threshold::ALL),
            To::Socket(path) => (Box::new(SocketSink::new(path, &service)), Threshold::ALL),
            To::Sink(sink) => (sink, Threshold::ALL),
            #[cfg(feature = "to-tracing")]
            To::Tracing => (Box::new(crate::NullSink), Threshold::OFF), // nothing of it is a line
        };
        let forwards = threshold == Threshold::OFF;
        let written = |Output { sink, threshold, clearance }| Written {
            encoder: Encoder { service: service.render(), clearance, precision },
            threshold,
            sink,
        };
        let first = written(Output { sink, threshold, clearance });
        Logger::new(rules, first, also.into_iter().map(written).collect(), forwards)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("service", &self.service).finish_non_exhaustive()
    }
}
