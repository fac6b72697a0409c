use std::{collections::VecDeque, io, path::Path, time::Duration};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::feed::{Arrived, Feed};
use crate::{clock::Moment, service::service, stream::StreamId};

/// How much may be sent and not acknowledged.
const WINDOW: u64 = 4 << 20;

/// How long the other collector may take to answer the hello.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends lines to the collector on `socket`, as a client that keeps what is not acknowledged.
///
/// All that is forwarded is one stream of this collector's own. Its name and its offset stand in the checkpoint, and the stored
/// lines never change, so that after any end the same offsets name the same lines.
pub(super) async fn forward(socket: &Path, feed: &mut Feed) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket).await?;
    let (read, mut write) = stream.split();
    let mut acks = BufReader::new(read).lines();
    let (id, offset) = feed.stream();
    write.write_all(hello(id, offset).as_bytes()).await?;
    let answer = timeout(PATIENCE, acks.next_line()).await;
    let Ok(answer) = answer.map_err(|_| silent())? else { return Err(silent()) };
    let mut sent = Sent::new(offset, feed.backlog()?);
    let answer = answer.ok_or_else(closed)?;
    // Of a stream that was never sent before it can have nothing, whatever it answers.
    if offset > 0 && offset_in(&answer) > Some(sent.before) {
        return Err(begin_anew(feed));
    }
    sent.acknowledge(&answer, feed)?;

    let (mut out, mut ended) = (Bytes::new(), false);
    loop {
        if out.is_empty() && sent.has_room() {
            if let Some(run) = feed.next()? {
                if feed.has_gap() && sent.end < sent.acked {
                    return Err(begin_anew(feed));
                }
                out = run.bytes.clone();
                sent.push(Arrived::from(&run), feed)?;
            } else if sent.waiting.is_empty() {
                feed.settle()?;
                if ended {
                    return Ok(());
                }
            }
        }
        let idle = out.is_empty() && sent.has_room() && !ended;
        tokio::select! {
            written = write.write(&out), if !out.is_empty() => out.advance(written?),
            ack = acks.next_line() => sent.acknowledge(&ack?.ok_or_else(closed)?, feed)?,
            more = feed.more(), if idle => ended = !more?,
        }
    }
}

/// What was sent of the stream, and what of that is acknowledged.
struct Sent {
    /// The offset after everything that was sent.
    end: u64,
    acked: u64,
    /// The most that may have been sent before this connection.
    before: u64,
    /// What is not acknowledged, with the offset after it.
    waiting: VecDeque<(u64, Arrived)>,
}

impl Sent {
    fn new(offset: u64, backlog: u64) -> Self {
        let before = offset.saturating_add(backlog);
        Self { end: offset, acked: offset, before, waiting: VecDeque::new() }
    }

    fn has_room(&self) -> bool {
        self.end.saturating_sub(self.acked) < WINDOW
    }

    fn push(&mut self, run: Arrived, feed: &mut Feed) -> io::Result<()> {
        self.end += run.bytes;
        self.waiting.push_back((self.end, run));
        self.arrive(feed)
    }

    /// Takes an acknowledgement; ignores other lines, and those of what cannot have been sent.
    fn acknowledge(&mut self, line: &str, feed: &mut Feed) -> io::Result<()> {
        let Some(ack) = offset_in(line) else { return Ok(()) };
        if ack > self.acked && ack <= self.end.max(self.before) {
            self.acked = ack;
            self.arrive(feed)?;
        }
        Ok(())
    }

    fn arrive(&mut self, feed: &mut Feed) -> io::Result<()> {
        while let Some(&(end, run)) = self.waiting.front() {
            if end > self.acked {
                break;
            }
            self.waiting.pop_front();
            feed.arrived(run)?;
        }
        Ok(())
    }
}

/// The offset that an acknowledgement states.
fn offset_in(line: &str) -> Option<u64> {
    line.strip_prefix("{\"ack\":")?.strip_suffix('}')?.parse().ok()
}

/// The other collector has more of the stream than is known to have arrived, and that is not what would be sent now: it would
/// take new lines for those that it has.
fn begin_anew(feed: &mut Feed) -> io::Error {
    feed.begin_stream();
    io::Error::other(
        "it has lines that are not stored here any more; what follows is another stream",
    )
}

fn hello(stream: StreamId, offset: u64) -> String {
    let (timestamp, service) = (Moment::now(), service());
    let mut line = format!(
        r#"{{"timestamp":"{timestamp}","level":"INFO","event":"throughline.hello","version":1,"message":"Stream opened","service":{service},"stream":"{stream}","offset":{offset}}}"#
    );
    line.push('\n');
    line
}

fn silent() -> io::Error {
    io::Error::other("whoever listens there does not acknowledge: it is no collector of this kind")
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "it closed the connection")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_opens_with_is_a_hello() {
        let line = hello(StreamId::random(), 7);
        assert_eq!(crate::connection::check(line.trim_end().as_bytes()), Ok(()));
        assert!(line.contains(r#""event":"throughline.hello","version":1"#));
    }
}
