use std::io::{self, Write};
use std::time::Duration;

use super::LostCounter;
use crate::{FlushError, Line, Lost, Sink};

/// Writes lines to standard output or standard error, each whole, with one `write` for each.
///
/// A caller waits while the stream is full and nobody reads it: where that must not be, use the [socket](crate::SocketSink). A line is delivered when the system took it. One that the system refuses, because the reader is gone or the disk is full, is lost and counted.
#[derive(Debug)]
pub struct StreamSink {
    stream: Stream,
    lost: LostCounter,
}

#[derive(Debug)]
enum Stream {
    Stdout,
    Stderr,
}

impl StreamSink {
    /// Writes to standard output.
    pub fn stdout() -> StreamSink {
        StreamSink { stream: Stream::Stdout, lost: LostCounter::default() }
    }

    /// Writes to standard error.
    pub fn stderr() -> StreamSink {
        StreamSink { stream: Stream::Stderr, lost: LostCounter::default() }
    }

    fn flush_stream(&self) -> io::Result<()> {
        match self.stream {
            Stream::Stdout => io::stdout().flush(),
            Stream::Stderr => io::stderr().flush(),
        }
    }
}

impl Sink for StreamSink {
    fn write(&self, line: Line<'_>) {
        // The lock is held for the whole line; standard output passes on what ends in a line feed at once.
        let written = match self.stream {
            Stream::Stdout => io::stdout().lock().write_all(line.as_bytes()),
            Stream::Stderr => io::stderr().lock().write_all(line.as_bytes()),
        };
        if written.is_err() {
            self.lost.add(line.level());
        }
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        self.flush_stream().map_err(|error| FlushError::new(format!("{:?}: {error}", self.stream)))
    }

    fn lost(&self) -> Lost {
        self.lost.get()
    }
}
