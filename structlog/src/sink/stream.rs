use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::refused::Refused;
use super::whole::Whole;
use crate::fork::{self, PerProcess};
use crate::{FlushError, Line, Lost, Sink};

/// Writes lines to standard output or standard error, each whole, with one `write` for each.
///
/// A caller waits while the stream is full and nobody reads it, whether or not the descriptor is set to block: where that must not be, use the
/// [socket](crate::SocketSink). A line is delivered when the system took it. One that the system refuses, because the reader is gone or the disk is full, is lost
/// and counted, and the next [flush](Sink::flush) says so. If the system took a part of it, that part is cut off again, or where it cannot be, ended with a line feed.
///
/// It writes to what the stream was when the sink was made, and takes turns with `print!` and `eprint!`; a forked child's does not.
#[derive(Debug)]
pub struct StreamSink {
    stream: Stream,
    made_in: u32,
    own: PerProcess<Own>,
}

/// What a process does not share with those that it forks: a thread that is not there in the child may hold the lock.
#[derive(Debug)]
struct Own {
    /// `None` if the stream was closed.
    out: Mutex<Option<Whole>>,
    refused: Refused,
}

#[derive(Debug)]
enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// The standard library's own handles keep what they could not write, and write it later, or half of it never.
    fn open(&self) -> Own {
        let fd = match self {
            Stream::Stdout => io::stdout().as_fd().try_clone_to_owned(),
            Stream::Stderr => io::stderr().as_fd().try_clone_to_owned(),
        };
        let out = fd.ok().map(|fd| Whole::new(File::from(fd), false));
        Own { out: Mutex::new(out), refused: Refused::default() }
    }
}

impl StreamSink {
    /// Writes to standard output.
    pub fn stdout() -> StreamSink {
        StreamSink::new(Stream::Stdout)
    }

    /// Writes to standard error.
    pub fn stderr() -> StreamSink {
        StreamSink::new(Stream::Stderr)
    }

    fn new(stream: Stream) -> StreamSink {
        let own = PerProcess::new(stream.open());
        StreamSink { stream, made_in: fork::generation(), own }
    }

    fn own(&self) -> &Own {
        self.own.get(|| self.stream.open())
    }

    fn write_whole(&self, line: &[u8]) -> io::Result<()> {
        match &mut *self.own().out.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(out) => out.write(line),
            None => Err(io::Error::new(ErrorKind::NotConnected, "it is closed")),
        }
    }
}

impl Sink for StreamSink {
    fn write(&self, line: Line<'_>) {
        // The lock is for those who print in the same process. In a forked child it may be held for ever.
        let may_wait = self.made_in == fork::generation();
        let written = match self.stream {
            Stream::Stdout => {
                let _turn = may_wait.then(|| io::stdout().lock());
                self.write_whole(line.as_bytes())
            }
            Stream::Stderr => {
                let _turn = may_wait.then(|| io::stderr().lock());
                self.write_whole(line.as_bytes())
            }
        };
        if let Err(error) = written {
            self.own().refused.add(line.level(), error);
        }
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        self.own().refused.tell(|| {
            let name = match self.stream {
                Stream::Stdout => "standard output",
                Stream::Stderr => "standard error",
            };
            name.to_owned()
        })
    }

    fn lost(&self) -> Lost {
        self.own().refused.lost()
    }
}
