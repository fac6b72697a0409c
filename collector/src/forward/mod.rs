//! Forwarding: what is stored goes on to where it is wanted.
//!
//! Each destination has a thread of its own, which reads the stored files like any other reader, and so never holds up the
//! intake. It remembers how far it is in a file `forwarded-KIND` beside the events, and goes on from there whatever happens to
//! it, to the collector or to the destination. What was under way then is sent again: an event arrives at least once, and the
//! destination can tell that it is the same.

mod backlog;
mod checkpoint;
mod collector;
mod feed;
mod file;
#[cfg(feature = "nats")]
mod flight;
#[cfg(any(feature = "nats", feature = "otlp"))]
mod lines;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "otlp")]
mod otlp;
mod progress;
mod source;
#[cfg(feature = "nats")]
mod subject;

use std::{error, fmt, io, path::Path, sync::Arc, thread, time::Duration};

use tokio::{
    runtime,
    sync::{oneshot, watch},
    time::{sleep, timeout},
};

pub(crate) use backlog::Backlog;
pub(crate) use progress::Progress;

use crate::{config::Forward, spool::Frontier, stderr::say};
use feed::Feed;

/// The pauses between attempts: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));

/// How long what is stored may take to arrive once the collector has stopped.
const LAST: Duration = Duration::from_secs(2);

/// The longest pause that a destination may ask for.
const LATEST: Duration = Duration::from_secs(300);

/// Forwards to one destination.
#[derive(Debug)]
pub(crate) struct Forwarder {
    to: Forward,
    feed: Feed,
    progress: Arc<Progress>,
}

/// How an attempt ended that nothing was in the way of.
enum End {
    /// Everything has arrived, and there will be no more.
    Complete,
    /// It was asked to leave something out.
    GaveUp,
}

impl Forwarder {
    /// Prepares to forward what is stored in the folder `dir` up to `frontier`.
    pub(crate) fn open(
        to: Forward,
        dir: &Path,
        frontier: watch::Receiver<Frontier>,
        progress: Arc<Progress>,
    ) -> io::Result<Self> {
        let feed = Feed::open(dir, frontier, progress.clone())?;
        Ok(Self { to, feed, progress })
    }

    /// What is stored may not be what was stored and sent before a loss of power: nobody must take the one for the other.
    pub(crate) fn distrust_spool(&mut self) {
        self.feed.begin_stream();
    }

    /// Runs on a thread of its own until the sender of the frontier is gone, and a little longer. Resolves when it has ended.
    pub(crate) fn spawn(self) -> io::Result<oneshot::Receiver<()>> {
        let (done, ended) = oneshot::channel();
        thread::Builder::new().name("throughline-forward".into()).spawn(move || {
            self.run();
            let _ = done.send(());
        })?;
        Ok(ended)
    }

    fn run(mut self) {
        let mut pause = PAUSE.0;
        let mut wait = Duration::ZERO;
        let mut said = String::new();
        loop {
            let lines = self.progress.lines();
            let error = match self.attempt(wait) {
                Ok(End::Complete) => break,
                Ok(End::GaveUp) => continue,
                Err(error) if self.feed.has_ended() => {
                    say(format_args!("not all was forwarded to {}: {error}", self.to));
                    break;
                }
                Err(error) => error,
            };
            self.progress.failed();
            let worked = self.progress.lines() > lines;
            if worked || said != error.to_string() {
                said = error.to_string();
                say(format_args!("cannot forward to {}: {said}; trying on", self.to));
            }
            pause = if worked { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
            wait = jittered(pause).max(Later::asked_by(&error).min(LATEST));
        }
        if let Err(error) = self.feed.save() {
            say(format_args!("cannot remember what was forwarded to {}: {error}", self.to));
        }
    }

    /// Waits, then forwards until something is in the way.
    fn attempt(&mut self, wait: Duration) -> io::Result<End> {
        // Each attempt has its own runtime: whatever a client library left running ends with it.
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(async {
            let (end, late) = (self.feed.ends(), self.feed.ends());
            let given_up = self.progress.asked_to_give_up();
            let sent = async {
                let _ = timeout(wait, end).await;
                self.feed.rewind();
                match &self.to {
                    #[cfg(feature = "nats")]
                    Forward::Nats(to) => nats::forward(to, &mut self.feed).await,
                    #[cfg(feature = "otlp")]
                    Forward::Otlp(to) => otlp::forward(to, &mut self.feed).await,
                    Forward::Collector(socket) => collector::forward(socket, &mut self.feed).await,
                    Forward::File(path) => file::forward_to_file(path, &mut self.feed).await,
                    Forward::Stdout => file::forward_to_stdout(&mut self.feed).await,
                }
            };
            let late = async {
                late.await;
                sleep(LAST).await;
            };
            tokio::select! {
                sent = sent => sent.map(|()| End::Complete),
                sequence = given_up => {
                    self.feed.give_up(sequence).map(|()| End::GaveUp)
                }
                () = late => Err(io::Error::other("there was no more time")),
            }
        });
        runtime.shutdown_background();
        done
    }
}

/// A destination asks to be left alone for a while.
#[derive(Debug)]
struct Later {
    after: Duration,
    why: String,
}

impl Later {
    /// For how long the destination asked, if that is what the error says.
    fn asked_by(error: &io::Error) -> Duration {
        let later = error.get_ref().and_then(|error| error.downcast_ref::<Self>());
        later.map_or(Duration::ZERO, |later| later.after)
    }
}

impl fmt::Display for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; it asks for a pause of {:?}", self.why, self.after)
    }
}

impl error::Error for Later {}

/// Between half of `pause` and all of it, so that many collectors do not come back at once.
fn jittered(pause: Duration) -> Duration {
    let part = getrandom::u32().unwrap_or(u32::MAX);
    pause.mul_f64(0.5 + f64::from(part) / f64::from(u32::MAX) / 2.0)
}
