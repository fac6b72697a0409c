use std::{
    future::{Future, pending},
    io,
    net::{SocketAddr, TcpListener},
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
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    Config, Error, Running, Summary, SyncPolicy,
    connection::{Connection, WAITING},
    error::Kind,
    forward::{Forwarder, Progress},
    http,
    listen::SocketFile,
    metrics::Metrics,
    spool::{Folder, Frontier, Message, Retention, State, Writer},
    stderr::say,
};

/// How many batches wait for the disk before clients have to, however small they are.
const QUEUE: usize = 1024;

/// How often the writer looks for what it held back.
const TICK: Duration = Duration::from_millis(500);

/// How long all connections together may take to end.
const DRAIN: Duration = Duration::from_secs(4);

/// How long a forwarder may take to end.
const FORWARD: Duration = Duration::from_secs(3);

/// Listens on a socket, and stores what it receives.
///
/// [`bind`](Self::bind) takes the socket and the folder, and [`run`](Self::run) serves until it is told to stop, on the
/// tokio runtime of the caller. [`spawn`](Self::spawn) does both on a thread of its own, where there is no runtime.
#[derive(Debug)]
pub struct Collector {
    config: Config,
    folder: Folder,
    listener: StdUnixListener,
    /// `None` if the socket is somebody else's.
    socket: Option<SocketFile>,
    http: Option<TcpListener>,
}

impl Collector {
    /// Takes the folder, repairing what a sudden end may have left there, and begins to listen.
    ///
    /// # Errors
    ///
    /// If another collector has the folder or the socket, if one of them cannot be used, or if the configuration contradicts
    /// itself.
    pub fn bind(config: Config) -> Result<Self, Error> {
        let http = prepare(&config)?;
        let folder = Folder::take(&config.dir)?;
        let (listener, socket) = SocketFile::listen(&config.socket, config.mode, config.group)?;
        Ok(Self { config, folder, listener, socket: Some(socket), http })
    }

    /// As [`bind`](Self::bind), on a socket that somebody else made, as systemd does for its services. Its mode and its group
    /// are theirs, and so is its file, which stays.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub fn bind_to(config: Config, listener: StdUnixListener) -> Result<Self, Error> {
        let http = prepare(&config)?;
        let folder = Folder::take(&config.dir)?;
        let failed = |source| Error::io(Kind::Listen, &config.socket, source);
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Self { config, folder, listener, socket: None, http })
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
        &self.config.socket
    }

    /// Where `/metrics` and `/healthz` are answered.
    pub fn http(&self) -> Option<SocketAddr> {
        self.http.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until `shutdown` resolves. Then it accepts nobody more, reads what its clients have written so far, makes it
    /// durable, acknowledges it, forwards what it can in two seconds, and removes the socket.
    ///
    /// # Errors
    ///
    /// If the disk refused to take, to the very end, what had been received. None of it was acknowledged.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its network and time drivers enabled.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<Summary, Error> {
        let Self { config, folder, listener, socket, http } = self;
        let failed = |source| Error::io(Kind::Runtime, &config.socket, source);
        let listener = UnixListener::from_std(listener).map_err(failed)?;
        let metrics = Arc::new(Metrics::default());
        let (stop, stopping) = watch::channel(false);
        let (queue, waiting) = mpsc::channel(QUEUE);
        let first = Frontier { sequence: folder.next(), index: 0 };
        let (frontier, _) = watch::channel(first);

        let mut forwards = Vec::new();
        let mut forwarders = Vec::new();
        for to in &config.forward {
            let progress =
                Arc::new(Progress::new(to.kind(), config.dir.clone(), frontier.subscribe()));
            let forwarder =
                Forwarder::open(to.clone(), &config.dir, frontier.subscribe(), progress.clone());
            let unusable = |source| Error::io(Kind::Folder, &config.dir, source);
            let mut forwarder = forwarder.map_err(unusable)?;
            if config.sync == SyncPolicy::Never {
                forwarder.distrust_spool();
            }
            forwarders.push(forwarder.spawn().map_err(failed)?);
            forwards.push(progress);
        }
        let retention = Retention::new(&config.dir, config.retain, forwards.clone());
        let connection = Connection {
            max_line: config.max_line,
            held: folder.held().clone(),
            queue,
            room: Arc::new(Semaphore::new(WAITING)),
            metrics: metrics.clone(),
            stopping,
        };
        let give_up = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            segment_bytes: config.segment_limit(),
            sync: config.sync,
            retention: retention.map_err(|error| Error::io(Kind::Recover, &config.dir, error))?,
            frontier,
            metrics: metrics.clone(),
            give_up: give_up.clone(),
            state: State::default(),
            folder,
        };
        let mut written = writer.spawn(waiting).map_err(failed)?;

        let tick = match config.sync {
            SyncPolicy::Interval(interval) => interval.clamp(Duration::from_millis(1), TICK),
            SyncPolicy::EachBatch | SyncPolicy::Never => TICK,
        };
        let mut clients =
            Clients { connection, users: config.users.clone(), tick, tasks: JoinSet::new() };
        let http = async {
            match http {
                Some(listener) => http::serve(listener, &metrics, &forwards).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = clients.serve(&listener, shutdown) => {}
            // It ends when it is told to. Better no collector than one that stores nothing.
            early = &mut written => {
                early.unwrap_or_else(|_| Err(failed(writer_panicked())))?;
            }
            error = http => return Err(failed(error)),
        }
        clients.accept_waiting(listener);
        drop(socket);
        let _ = stop.send(true);
        clients.end().await;
        // The writer has been told everything: it tries each write once more.
        give_up.store(true, Ordering::Relaxed);
        written.await.map_err(|_| failed(writer_panicked()))??;
        for ended in forwarders {
            // One that hangs in a write is left behind.
            let _ = timeout(FORWARD, ended).await;
        }
        Ok(metrics.summary(&forwards))
    }
}

/// What can be found wrong before anything is touched, and the listener for HTTP.
fn prepare(config: &Config) -> Result<Option<TcpListener>, Error> {
    config.check()?;
    let Some(address) = config.http else { return Ok(None) };
    let failed = |error| Error::io(Kind::Listen, Path::new(&address.to_string()), error);
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(Some(listener))
}

fn writer_panicked() -> io::Error {
    io::Error::other("the writing thread panicked")
}

/// The connections, each a task.
struct Clients {
    connection: Connection,
    users: Option<Vec<u32>>,
    tick: Duration,
    tasks: JoinSet<()>,
}

impl Clients {
    async fn serve(&mut self, listener: &UnixListener, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut tick = interval(self.tick);
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
        if let Some(users) = &self.users {
            let user = stream.peer_cred().ok().map(|peer| peer.uid());
            if !user.is_some_and(|user| users.contains(&user)) {
                let before = self.connection.metrics.turned_away.fetch_add(1, Ordering::Relaxed);
                if before == 0 {
                    let user = user.map_or_else(|| "unknown".into(), |user| user.to_string());
                    say(format_args!("turned away a client of user {user}; saying so once"));
                }
                return;
            }
        }
        Metrics::add(&self.connection.metrics.connections, 1);
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

    /// Waits for all to end, and ends those that do not.
    async fn end(mut self) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(DRAIN, ended).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}
