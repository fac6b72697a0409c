//! The Unix socket of a collector (`spec/socket.md`).

mod ack;
mod batch;
mod connect;
mod hello;
mod ring;
mod shared;
mod shipper;
mod system;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use throughline_schema::Level;

use crate::clearance::Clearance;
use crate::encode::{Encoder, Precision};
use crate::fork::PerProcess;
use crate::{FlushError, Line, Lost, Service, Sink, Stats, stderr};
use connect::Trouble;
use ring::Share;
use shared::Shared;
use shipper::Shipper;

/// The size of the buffer: 8 MiB.
const RING_BYTES: usize = 8 << 20;

/// How long a dropped sink waits for what is not delivered yet.
const DROP_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a dropped sink waits for its thread, which a collector that does not accept connections can hold up.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// Hands lines to a collector, through its Unix socket.
///
/// A line is put into a buffer of 8 MiB, and a thread of the sink's own writes it to the socket. The collector need not be there yet: the thread
/// connects when it can, and connects again when the collector went away. What the collector has not acknowledged stays in the buffer and is sent again. A line is
/// delivered when it is acknowledged; with a collector that never acknowledges anything, when it is written.
///
/// Where everybody may make a socket, such as `/tmp`, only a collector of root or of the process's own user is trusted; elsewhere it is for those to whom the folders belong to say who listens. What stands
/// in the way of delivery is said by [`flush`](crate::Logger::flush), and once on standard error: a path that is too long for a socket (107 bytes on Linux), a file that is no socket, a socket that this process may
/// not write to or that is not trusted, at once; no socket, a socket that a killed collector left, or a connection that breaks, if it lasts for 2 seconds.
///
/// When the buffer is full, lines are shed and counted: `trace` and `debug` when half of it is used, `info` when three quarters are, `warn` and `error` when all
/// of it is, and a line of more than 1 MiB always. The stream says so in a `throughline.shed` event for each reason as soon as there is room.
///
/// An event whose type says `delivery = "must"` may use all of the buffer, and where there is no room its thread waits for some, up to 100 milliseconds: enough for a burst, while the
/// collector keeps up on the whole. After a wait in vain nobody waits again until something is delivered, so a collector that is away costs a program one such wait. It is the only case in which a line
/// holds its writer up.
///
/// Dropping the sink delivers what it holds, waiting up to 2 seconds. A process that is ended by `kill -9`, or for want of memory, loses what was in the buffer and not yet written to the socket; what was
/// written still arrives.
///
/// A forked child begins a stream of its own, with a buffer and a thread, when it writes its first line. What its parent had not delivered yet remains the parent's to deliver.
pub struct SocketSink {
    path: PathBuf,
    service: Service,
    /// The size of the buffer.
    bytes: usize,
    streams: PerProcess<Arc<Shared>>,
}

impl SocketSink {
    /// A sink for the collector that listens, or will listen, on the socket at `path`. The stream introduces itself as `service`.
    pub fn new(path: impl Into<PathBuf>, service: &Service) -> SocketSink {
        SocketSink::with_buffer(path.into(), service, RING_BYTES)
    }

    pub(crate) fn with_buffer(path: PathBuf, service: &Service, bytes: usize) -> SocketSink {
        let streams = PerProcess::new(open_stream(&path, service, bytes));
        SocketSink { path, service: service.clone(), bytes, streams }
    }

    /// The path of the socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stream of this process.
    #[inline]
    fn stream(&self) -> &Shared {
        self.streams.get(|| open_stream(&self.path, &self.service, self.bytes))
    }
}

/// Makes a stream, and starts the thread that ships it.
fn open_stream(path: &Path, service: &Service, bytes: usize) -> Arc<Shared> {
    let encoder = Encoder {
        service: service.render(),
        clearance: Clearance::default(),
        precision: Precision::default(),
    };
    let shared = Arc::new(Shared::new(path.to_owned(), encoder, bytes));
    let shipper = Shipper::new(shared.clone());
    let thread = std::thread::Builder::new().name("throughline".to_owned());
    if let Err(error) = thread.spawn(move || shipper.run()) {
        shared.set_trouble(Trouble::NoThread(error));
        shared.finish();
    }
    shared
}

impl Sink for SocketSink {
    #[inline]
    fn write(&self, line: Line<'_>) {
        let share = match line.level() {
            Level::Trace | Level::Debug => Share::eighths(4),
            Level::Info => Share::eighths(6),
            Level::Warn | Level::Error => Share::ALL,
        };
        self.stream().push(line, share);
    }

    // A forked child that wrote nothing has no stream, nothing to deliver, and has lost nothing.

    fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.streams.existing().map_or(Ok(()), |stream| stream.flush(timeout))
    }

    fn lost(&self) -> Lost {
        self.streams.existing().map_or_else(Lost::default, |stream| stream.lost())
    }

    fn stats(&self) -> Stats {
        self.streams.existing().map_or_else(Stats::default, |stream| stream.stats())
    }
}

impl Drop for SocketSink {
    fn drop(&mut self) {
        let Some(stream) = self.streams.existing() else { return };
        if let Err(error) = stream.flush(DROP_TIMEOUT) {
            stderr::say(format_args!("{error}"));
        }
        stream.stop(STOP_TIMEOUT);
    }
}

impl fmt::Debug for SocketSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSink").field("path", &self.path()).finish_non_exhaustive()
    }
}
