use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::refused::Refused;
use super::whole::Whole;
use crate::{FlushError, Line, Lost, Sink};

/// Writes lines to standard output or standard error, each whole, with one `write` for each.
///
/// A caller waits while the stream is full and nobody reads it, whether or not the descriptor is set to block: where that must not be, use the
/// [socket](crate::SocketSink). A line is delivered when the system took it. One that the system refuses, because the reader is gone or the disk is full, is lost
/// and counted, and the next [flush](Sink::flush) says so. If the system took a part of it, that part is cut off again, or where it cannot be, ended with a line feed.
///
/// It writes to what the stream was when the sink was made, and takes turns with `print!` and `eprint!`.
#[derive(Debug)]
pub struct StreamSink {
    stream: Stream,
    /// `None` if the stream was closed.
    out: Mutex<Option<Whole>>,
    refused: Refused,
}

#[derive(Debug)]
enum Stream {
    Stdout,
    Stderr,
}

impl StreamSink {
    /// Writes to standard output.
    pub fn stdout() -> StreamSink {
        StreamSink::new(Stream::Stdout, io::stdout())
    }

    /// Writes to standard error.
    pub fn stderr() -> StreamSink {
        StreamSink::new(Stream::Stderr, io::stderr())
    }

    /// The standard library's own handles keep what they could not write, and write it later, or half of it never.
    fn new(stream: Stream, handle: impl AsFd) -> StreamSink {
        let file = handle.as_fd().try_clone_to_owned().map(File::from);
        let out = Mutex::new(file.ok().map(|file| Whole::new(file, false)));
        StreamSink { stream, out, refused: Refused::default() }
    }

    fn write_whole(&self, line: &[u8]) -> io::Result<()> {
        match &mut *self.out.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(out) => out.write(line),
            None => Err(io::Error::new(ErrorKind::NotConnected, "it is closed")),
        }
    }
}

impl Sink for StreamSink {
    fn write(&self, line: Line<'_>) {
        // The lock is for those who print in the same process.
        let written = match self.stream {
            Stream::Stdout => {
                let _turn = io::stdout().lock();
                self.write_whole(line.as_bytes())
            }
            Stream::Stderr => {
                let _turn = io::stderr().lock();
                self.write_whole(line.as_bytes())
            }
        };
        if let Err(error) = written {
            self.refused.add(line.level(), error);
        }
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        self.refused.tell(|| {
            let name = match self.stream {
                Stream::Stdout => "standard output",
                Stream::Stderr => "standard error",
            };
            name.to_owned()
        })
    }

    fn lost(&self) -> Lost {
        self.refused.lost()
    }
}
