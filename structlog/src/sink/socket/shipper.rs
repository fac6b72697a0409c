use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use throughline_ctx::RequestId;

use super::ack::AckReader;
use super::batch::{Batch, Mark};
use super::connect::{Trouble, connect};
use super::hello;
use super::shared::Shared;
use super::system::poll;
use crate::{fork, stderr};

/// For how long a collector may be silent before it is taken for one that acknowledges nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest wait before the next attempt to connect.
const MAX_BACKOFF: Duration = Duration::from_secs(1);
/// The first wait before the next attempt to connect.
const MIN_BACKOFF: Duration = Duration::from_millis(10);
/// How long the shipper naps when all is delivered, and how often before it sleeps until somebody wakes it, which costs that thread a system call.
const NAP: Duration = Duration::from_millis(1);
const NAPS: u32 = 50;
/// The longest sleep. What is not noticed by a wake-up, such as a collector that went away, is noticed after it.
const MAX_SLEEP: Duration = Duration::from_millis(100);
/// How often the stream tells losses, at the most.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Takes lines out of the ring and writes them to the socket, until it is stopped.
pub(super) struct Shipper {
    shared: Arc<Shared>,
    /// The name of the stream: a UUID.
    stream: RequestId,
    /// Up to here everything is delivered.
    delivered: Mark,
    /// Whether this collector, or one before it on this path, ever acknowledged anything.
    acknowledges: bool,
    /// Up to which offset bytes were ever written.
    sent_ever: u64,
    told_losses: Instant,
    /// Since when there is trouble.
    trouble_since: Option<Instant>,
    /// The kinds of trouble that standard error was told, as bits.
    said: u8,
}

/// A connection, and what is on its way through it.
struct Connection {
    socket: fork::Connection,
    acks: AckReader,
    /// Up to which offset the collector has the stream, as far as it said.
    acked: u64,
    opened: Instant,
    batch: Batch,
    /// How long to wait when nothing happens.
    pause: Duration,
    /// How often the shipper napped since there was something to deliver.
    naps: u32,
}

impl Shipper {
    pub(super) fn new(shared: Arc<Shared>) -> Shipper {
        Shipper {
            shared,
            stream: RequestId::mint(),
            delivered: Mark::default(),
            acknowledges: false,
            sent_ever: 0,
            told_losses: Instant::now(),
            trouble_since: None,
            said: 0,
        }
    }

    pub(super) fn run(mut self) {
        self.shared.shipped_by(std::thread::current());
        let mut backoff = MIN_BACKOFF;
        while !self.shared.is_stopped() {
            let before = self.delivered.position;
            if let Err(trouble) = connect(self.shared.path())
                .and_then(|socket| self.serve(socket).map_err(Trouble::Broken))
            {
                self.complain(&trouble);
                self.shared.set_trouble(trouble);
            }
            backoff = if self.delivered.position > before {
                MIN_BACKOFF
            } else {
                MAX_BACKOFF.min(backoff * 2)
            };
            if !self.shared.is_stopped() {
                std::thread::park_timeout(jitter(backoff));
            }
        }
        self.shared.finish();
    }

    /// Says on standard error why nothing is delivered, once for each kind of trouble, and of one that passes when the collector is started only after a while.
    fn complain(&mut self, trouble: &Trouble) {
        let since = *self.trouble_since.get_or_insert_with(Instant::now);
        let is_time = trouble.is_lasting() || since.elapsed() >= PATIENCE;
        if is_time && self.said & trouble.bit() == 0 {
            self.said |= trouble.bit();
            let path = self.shared.path().display();
            stderr::say(format_args!(
                "no events are delivered to the collector at {path}: {trouble}"
            ));
        }
    }

    /// Serves one connection until it breaks, which is an error, or the shipper is stopped.
    fn serve(&mut self, socket: UnixStream) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        self.shared.set_connected();
        let from = self.delivered;
        let mut hello = Vec::new();
        hello::push_hello(&mut hello, self.shared.encoder(), self.stream.as_str(), from.offset);
        let mut connection = Connection {
            socket: fork::Connection::new(socket),
            acks: AckReader::default(),
            acked: from.offset,
            opened: Instant::now(),
            batch: Batch::hello(hello, from),
            pause: MIN_PAUSE,
            naps: 0,
        };
        while !self.shared.is_stopped() {
            self.tell_losses();
            self.read_acks(&mut connection)?;
            let written = connection.batch.written_offset();
            let acknowledges = self.acknowledges || connection.opened.elapsed() < PATIENCE;
            // What the collector has and this connection has not sent yet is sent all the same: offsets on a connection have no gaps.
            let delivered = if acknowledges { connection.acked.min(written) } else { written };
            self.deliver_to_offset(&mut connection.batch, delivered);
            if connection.batch.is_written() {
                let resent = connection.batch.fill(self.shared.ring(), self.sent_ever);
                if resent > 0 {
                    self.shared.add_resent(resent);
                }
            }
            if !connection.batch.is_written() {
                let written = connection.write();
                self.sent_ever = self.sent_ever.max(connection.batch.written_offset());
                written?;
            } else if self.delivered.position < connection.batch.end().position {
                connection.wait(false);
            } else if connection.naps < NAPS {
                connection.naps += 1;
                std::thread::park_timeout(NAP);
            } else {
                self.shared.sleep(connection.batch.end().position, MAX_SLEEP);
            }
        }
        Ok(())
    }

    fn read_acks(&mut self, connection: &mut Connection) -> io::Result<()> {
        let mut bytes = [0; 4096];
        let read = match connection.socket.socket().read(&mut bytes) {
            Ok(0) => {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "it closed the connection"));
            }
            Ok(read) => read,
            Err(error) if is_passing(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        // What was never sent cannot be durable: such a line is noise, and says nothing of the collector. What was sent before this connection can be,
        // if the acknowledgement was lost with the one before.
        let Connection { acks, acked, pause, .. } = connection;
        acks.read(&bytes[..read], |ack| {
            if let Some(offset) = ack.filter(|&offset| offset <= self.sent_ever) {
                *acked = offset.max(*acked);
                *pause = MIN_PAUSE;
                self.acknowledges = true;
                self.trouble_since = None;
            }
        });
        Ok(())
    }

    /// Releases the lines that end at or before an offset.
    fn deliver_to_offset(&mut self, batch: &mut Batch, offset: u64) {
        if offset <= self.delivered.offset {
            return;
        }
        let to = batch.mark_at(self.shared.ring(), self.delivered, offset);
        if to.position > self.delivered.position {
            self.delivered = to;
            self.trouble_since = None;
            self.shared.release(to);
        }
    }

    fn tell_losses(&mut self) {
        if self.told_losses.elapsed() >= TELL_EVERY {
            self.shared.tell_losses();
            self.told_losses = Instant::now();
        }
    }
}

const MIN_PAUSE: Duration = Duration::from_millis(1);

impl Connection {
    fn write(&mut self) -> io::Result<()> {
        match self.batch.write(self.socket.socket()) {
            Ok(()) => {
                self.pause = MIN_PAUSE;
                self.naps = 0;
                Ok(())
            }
            Err(error) if is_passing(&error) => {
                self.wait(true);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for the socket, each time longer, until something happens.
    fn wait(&mut self, write: bool) {
        poll(self.socket.socket(), write, if write { MAX_SLEEP } else { self.pause });
        self.pause = (self.pause * 2).min(MAX_SLEEP / 2);
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Somewhat less than `delay`, so that the clients of a collector that went away do not all come back at once.
fn jitter(delay: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() as u32;
    delay / 2 + (delay / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}
