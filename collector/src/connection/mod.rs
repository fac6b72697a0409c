//! One client: its lines in, its acknowledgements out.

mod acks;
mod check;
mod framing;
mod hello;
mod intake;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::AsyncReadExt,
    net::{UnixStream, unix::ReadHalf},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

pub(crate) use check::check;

use crate::spool::{Acks, Held, Message};
use intake::Intake;

/// Once the collector is stopping: a client that was silent for so long has written what it had to write.
const SILENCE: Duration = Duration::from_millis(100);

/// Once the collector is stopping: the longest that a client who keeps writing is listened to.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Once the collector is stopping: how long a client may take to take its acknowledgements.
const LAST_ACKS: Duration = Duration::from_secs(2);

/// What all connections share.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) max_line: usize,
    pub(crate) held: Held,
    pub(crate) queue: mpsc::Sender<Message>,
    /// Turns true when the collector is to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Connection {
    /// Serves the client on `stream` until it has gone, or has nothing more to say and the collector is stopping.
    pub(crate) async fn serve(self, mut stream: UnixStream) {
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
    }

    /// Reads to the end of what the client has to say. An error ends a connection as its end does: there is nobody to
    /// tell, and what was not acknowledged will come again.
    async fn read(mut self, mut read: ReadHalf<'_>, acks: Acks) {
        let mut intake = Intake::new(self.max_line);
        let mut stopping_since = None;
        loop {
            match self.fill(&mut read, &mut intake, &mut stopping_since).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            if let Some(hello) = intake.sort() {
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
        match intake.batch(acks) {
            Some(batch) => {
                let sent = self.queue.send(Message::Batch(batch)).await;
                sent.map_err(|_| ())
            }
            None => Ok(()),
        }
    }

    /// Reads what there is. `Ok(0)` says that there will be no more.
    async fn fill(
        &mut self,
        read: &mut ReadHalf<'_>,
        intake: &mut Intake,
        stopping_since: &mut Option<Instant>,
    ) -> io::Result<usize> {
        let since = match *stopping_since {
            Some(since) => since,
            None => {
                tokio::select! {
                    biased;
                    () = stopped(&mut self.stopping) => {}
                    more = read.read_buf(intake.buffer()) => return more,
                }
                *stopping_since.insert(Instant::now())
            }
        };
        if since.elapsed() > LAST_WORDS {
            return Ok(0);
        }
        let more = timeout(SILENCE, read.read_buf(intake.buffer())).await;
        more.unwrap_or(Ok(0))
    }
}

/// Resolves when the collector is to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
