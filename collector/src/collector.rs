use std::{
    future::Future,
    io,
    os::unix::net::UnixListener as StdUnixListener,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{UnixListener, UnixStream},
    sync::{mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    Config, Error, Running, Summary,
    connection::Connection,
    error::Kind,
    listen::SocketFile,
    spool::{Folder, Message, Writer},
    stderr::say,
};

/// How many batches wait for the disk before clients have to. With the usual batch of 64 KiB, these are 4 MiB.
const QUEUE: usize = 64;

/// How often the writer looks for what it held back.
const TICK: Duration = Duration::from_millis(500);

/// How long all connections together may take to end.
const DRAIN: Duration = Duration::from_secs(4);

/// Listens on a socket, and stores what it receives.
///
/// [`bind`](Self::bind) takes the socket and the folder, and [`run`](Self::run) serves until it is told to stop, on the
/// tokio runtime of the caller. [`spawn`](Self::spawn) does both on a thread of its own, where there is no runtime.
#[derive(Debug)]
pub struct Collector {
    config: Config,
    folder: Folder,
    listener: StdUnixListener,
    socket: SocketFile,
}

impl Collector {
    /// Takes the folder, repairing what a sudden end may have left there, and begins to listen.
    ///
    /// # Errors
    ///
    /// If another collector has the folder or the socket, or if one of them cannot be used.
    pub fn bind(config: Config) -> Result<Self, Error> {
        let folder = Folder::take(&config.dir)?;
        let (listener, socket) = SocketFile::listen(&config.socket, config.mode)?;
        Ok(Self { config, folder, listener, socket })
    }

    /// Binds, and runs on a thread of its own until the returned handle is stopped or dropped.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind), or if there can be no further thread.
    pub fn spawn(config: Config) -> Result<Running, Error> {
        Running::start(Self::bind(config)?)
    }

    /// Where clients connect.
    pub fn socket(&self) -> &Path {
        self.socket.path()
    }

    /// Serves until `shutdown` resolves. Then it accepts nobody more, reads what its clients have written so far, makes it
    /// durable, acknowledges it, and removes the socket.
    ///
    /// # Errors
    ///
    /// If the disk refused to take, to the very end, what had been received. None of it was acknowledged.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its network and time drivers enabled.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<Summary, Error> {
        let path = self.config.socket.clone();
        let failed = |source| Error::io(Kind::Runtime, &path, source);
        let listener = UnixListener::from_std(self.listener).map_err(failed)?;
        let (stop, stopping) = watch::channel(false);
        let (queue, waiting) = mpsc::channel(QUEUE);
        let give_up = Arc::new(AtomicBool::new(false));
        let connection = Connection {
            max_line: self.config.max_line,
            held: self.folder.held().clone(),
            queue,
            stopping,
        };
        let mut written =
            Writer::new(self.folder, self.config.segment_bytes, self.config.sync, give_up.clone())
                .spawn(waiting)
                .map_err(failed)?;

        let mut clients = Clients { connection, tasks: JoinSet::new(), accepted: 0 };
        tokio::select! {
            () = clients.serve(&listener, shutdown) => {}
            // It ends when it is told to, unless it panicked: better no collector than one that stores nothing.
            _ = &mut written => return Err(failed(writer_panicked())),
        }
        clients.accept_waiting(listener);
        drop(self.socket);
        let _ = stop.send(true);
        let accepted = clients.end().await;
        // The writer has been told everything: it tries each write once more.
        give_up.store(true, Ordering::Relaxed);
        let totals = written.await.map_err(|_| failed(writer_panicked()))??;
        Ok(Summary {
            connections: accepted,
            lines: totals.lines,
            bytes: totals.bytes,
            refused: totals.refused,
            duplicate_bytes: totals.duplicate_bytes,
        })
    }
}

fn writer_panicked() -> io::Error {
    io::Error::other("the writing thread panicked")
}

/// The connections, each a task.
struct Clients {
    connection: Connection,
    tasks: JoinSet<()>,
    accepted: u64,
}

impl Clients {
    async fn serve(&mut self, listener: &UnixListener, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut full = false;
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        full = false;
                        self.accept(stream);
                    }
                    // Out of file descriptors, most likely; those who wait stay in the backlog.
                    Err(error) => {
                        if !full {
                            full = true;
                            say(format_args!("cannot accept a client: {error}; trying on"));
                        }
                        sleep(TICK / 5).await;
                    }
                },
                _ = tick.tick() => {
                    // A full queue wakes the writer by itself.
                    let _ = self.connection.queue.try_send(Message::Tick);
                }
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    fn accept(&mut self, stream: UnixStream) {
        self.accepted += 1;
        self.tasks.spawn(self.connection.clone().serve(stream));
    }

    /// Accepts those who connected before the end, and may have written already.
    fn accept_waiting(&mut self, listener: UnixListener) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        while let Ok((stream, _)) = listener.accept() {
            let ready = stream.set_nonblocking(true);
            if let Ok(stream) = ready.and_then(|()| UnixStream::from_std(stream)) {
                self.accept(stream);
            }
        }
    }

    /// Waits for all to end, and ends those that do not. Returns how many there were.
    async fn end(mut self) -> u64 {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(DRAIN, ended).await.is_err() {
            self.tasks.shutdown().await;
        }
        self.accepted
    }
}
