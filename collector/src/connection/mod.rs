//! One client: its lines in, its acknowledgements out.

mod acks;
mod check;
mod framing;
mod hello;
mod intake;

use std::{
    cell::RefCell,
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::{
    net::{UnixStream, unix::ReadHalf},
    sync::{Semaphore, mpsc, watch},
    time::{sleep, timeout},
};

pub(crate) use check::check;

use crate::{
    metrics::Metrics,
    spool::{Acks, Held, Message},
};
use hello::Hello;
use intake::Intake;

/// Once the collector is stopping: a client that was silent for so long has written what it had to write.
const SILENCE: Duration = Duration::from_millis(100);

/// Once the collector is stopping: the longest that a client who keeps writing is listened to.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Once the collector is stopping: how long a client may take to take its acknowledgements.
const LAST_ACKS: Duration = Duration::from_secs(2);

/// How many bytes of lines may wait for the disk before all clients have to.
pub(crate) const WAITING: usize = 8 << 20;

/// How much is read at once.
const READ: usize = 128 << 10;

thread_local! {
    /// Where clients are read into: what is left of it when they have to wait is the beginning of a line.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// What all connections share.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) max_line: usize,
    pub(crate) held: Held,
    pub(crate) queue: mpsc::Sender<Message>,
    /// The bytes that may yet wait for the disk, [`WAITING`] in all.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) metrics: Arc<Metrics>,
    /// Turns true when the collector is to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Connection {
    /// Serves the client on `stream` until it has gone, or has nothing more to say and the collector is stopping.
    pub(crate) async fn serve(self, mut stream: UnixStream) {
        let metrics = self.metrics.clone();
        Metrics::add(&metrics.open_connections, 1);
        let (read, write) = stream.split();
        let (acks, acked) = watch::channel(0);
        let mut stopping = self.stopping.clone();
        // The reading half owns `acks`, and the batches under way do. When both are through, the acknowledging half
        // has written its last.
        let reading = self.read(read, Arc::new(acks));
        let acknowledging = acks::write(write, acked);
        let late = async {
            stopped(&mut stopping).await;
            sleep(LAST_WORDS + LAST_ACKS).await;
        };
        tokio::select! {
            _ = async { tokio::join!(reading, acknowledging) } => {}
            () = late => {}
        }
        metrics.open_connections.fetch_sub(1, Relaxed);
    }

    /// Reads to the end of what the client has to say. An error ends a connection as its end does: there is nobody to
    /// tell, and what was not acknowledged will come again.
    async fn read(mut self, read: ReadHalf<'_>, acks: Acks) {
        let mut intake = Intake::new(self.max_line);
        let mut stopping_since = None;
        while let Ok(Some(read)) = self.fill(&read, &mut intake, &mut stopping_since).await {
            if let Read::Hello(hello) = read {
                let held = self.held.of(hello.stream);
                acks.send_replace(held.max(hello.offset));
            }
            if self.submit(&mut intake, &acks).await.is_err() {
                return;
            }
        }
        intake.end();
        let _ = self.submit(&mut intake, &acks).await;
    }

    async fn submit(&self, intake: &mut Intake, acks: &Acks) -> Result<(), ()> {
        let Some(mut batch) = intake.batch(acks) else { return Ok(()) };
        let bytes = batch.bytes.len().min(WAITING) as u32;
        let room = self.room.clone().acquire_many_owned(bytes).await;
        batch.room = Some(room.map_err(|_| ())?);
        self.queue.send(Message::Batch(batch)).await.map_err(|_| ())
    }

    /// Reads what there is. `None` says that there will be no more.
    async fn fill(
        &mut self,
        read: &ReadHalf<'_>,
        intake: &mut Intake,
        stopping_since: &mut Option<Instant>,
    ) -> io::Result<Option<Read>> {
        let since = match *stopping_since {
            Some(since) => since,
            None => {
                tokio::select! {
                    biased;
                    () = stopped(&mut self.stopping) => {}
                    more = sort(read, intake) => return more,
                }
                *stopping_since.insert(Instant::now())
            }
        };
        if since.elapsed() > LAST_WORDS {
            return Ok(None);
        }
        timeout(SILENCE, sort(read, intake)).await.unwrap_or(Ok(None))
    }
}

/// What was read.
enum Read {
    Hello(Hello),
    Lines,
}

/// Waits until there is something to read, and sorts it. `None` at the end.
async fn sort(read: &ReadHalf<'_>, intake: &mut Intake) -> io::Result<Option<Read>> {
    loop {
        read.readable().await?;
        let sorted = SCRATCH.with_borrow_mut(|scratch| match read.try_read(scratch)? {
            0 => Ok(None),
            len => Ok(Some(intake.sort(&scratch[..len]).map_or(Read::Lines, Read::Hello))),
        });
        match sorted {
            Err(error) if io::Error::kind(&error) == io::ErrorKind::WouldBlock => {}
            sorted => return sorted,
        }
    }
}

/// Resolves when the collector is to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
