//! Where lines go. Nothing here knows what is in them.

mod file;
mod lost;
mod null;
mod refused;
mod socket;
mod stats;
mod stream;
mod whole;

use std::fmt;
use std::time::Duration;

pub use file::{FileSink, Rotation};
pub(crate) use lost::LostCounter;
pub use lost::{LossReason, Lost};
pub use null::NullSink;
pub use socket::SocketSink;
pub use stats::Stats;
pub use stream::StreamSink;

use crate::Line;

/// Takes lines somewhere.
///
/// Many threads write at once. A sink that is dropped delivers what it holds, if that can be done in a bounded time.
pub trait Sink: Send + Sync + 'static {
    /// Takes a line. It must not panic, and should not block; what it cannot take it counts.
    fn write(&self, line: Line<'_>);

    /// Waits until the lines that were written before are delivered, but no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// If some are not delivered by then, or never will be.
    fn flush(&self, timeout: Duration) -> Result<(), FlushError>;

    /// How many lines it could not take, or could not deliver, since it was made.
    fn lost(&self) -> Lost;

    /// What it did since it was made, for metrics. Without an implementation: what it lost.
    fn stats(&self) -> Stats {
        Stats { lost: self.lost(), ..Stats::default() }
    }
}

/// Some lines are not delivered.
#[derive(Debug)]
pub struct FlushError(String);

impl FlushError {
    /// The error with this explanation: what is not delivered, to where, and why.
    pub fn new(what: impl Into<String>) -> FlushError {
        FlushError(what.into())
    }
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FlushError {}
