use std::fmt;

use throughline_schema::Class;

use crate::clearance::Clearance;
use crate::{HashKey, Sink, Threshold};

/// A sink, and what is written to it: for a logger that writes to [more than one](crate::Builder::also).
///
/// ```
/// use throughline_schema::{Class, Level};
/// use throughline_structlog::{Logger, NullSink, Output};
///
/// // All to the collector, and what is urgent to standard error as well.
/// let log = Logger::builder("accounts")
///     .socket("/run/throughline.sock")
///     .also(Output::stderr().threshold(Level::Warn))
///     .also(Output::to(NullSink).cleared_for(Class::Personal))
///     .build();
/// ```
pub struct Output {
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) threshold: Threshold,
    pub(crate) clearance: Clearance,
}

impl Output {
    /// Writes to a sink what the logger writes.
    pub fn to(sink: impl Sink) -> Output {
        Output { sink: Box::new(sink), threshold: Threshold::ALL, clearance: Clearance::default() }
    }

    /// Writes to standard error.
    pub fn stderr() -> Output {
        Output::to(crate::StreamSink::stderr())
    }

    /// Leaves out what is less important than this, of what the logger writes.
    #[must_use]
    pub fn threshold(mut self, threshold: impl Into<Threshold>) -> Output {
        self.threshold = threshold.into();
        self
    }

    /// Writes values of this class as they are, as [`Builder::cleared_for`](crate::Builder::cleared_for) does for the first output.
    #[must_use]
    pub fn cleared_for(mut self, class: Class) -> Output {
        self.clearance = self.clearance.with(class);
        self
    }

    /// Writes a hash of what it is not cleared for, as [`Builder::hashed_with`](crate::Builder::hashed_with) does for the first output.
    #[must_use]
    pub fn hashed_with(mut self, key: HashKey) -> Output {
        self.clearance = self.clearance.hashing(key);
        self
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}
