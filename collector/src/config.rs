use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::error::{Error, Kind};

#[cfg(feature = "nats")]
use crate::nats::Nats;
#[cfg(feature = "otlp")]
use crate::otlp::Otlp;

/// Where a [`Collector`](crate::Collector) listens, where it stores, and how carefully.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The path of the Unix socket.
    pub socket: PathBuf,
    /// The folder of the stored events. It is created where missing, and belongs to one collector at a time.
    pub dir: PathBuf,
    /// The longest line that is accepted, in bytes, its line feed not counted. 1 MiB by default.
    pub max_line: usize,
    /// The size in bytes at which a file of events is full and the next one begins. 64 MiB by default. Where
    /// [`Retain::bytes`] is set, no more than an eighth of that.
    pub segment_bytes: u64,
    /// What has to have happened before events are acknowledged.
    pub sync: SyncPolicy,
    /// The permissions of the socket: whoever may write to it may send events. `0o660` by default.
    pub mode: u32,
    /// The id of the group that the socket belongs to. That of the process by default.
    pub group: Option<u32>,
    /// The ids of the users whose processes may send events. Whoever may write to the socket, by default.
    pub users: Option<Vec<u32>>,
    /// How long events are kept. For ever by default.
    pub retain: Retain,
    /// Where events are forwarded to: at most one destination of each kind. Nowhere by default.
    pub forward: Vec<Forward>,
    /// Where to answer HTTP requests for `/metrics` and `/healthz`. Nowhere by default.
    pub http: Option<SocketAddr>,
}

/// What has to have happened before events are acknowledged, and forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// The disk has them. They survive a loss of power. Events that arrive together share one flush.
    #[default]
    EachBatch,
    /// The disk has them, and is asked so often. They survive a loss of power. Clients keep their events for so long.
    Interval(Duration),
    /// The kernel has them. They survive the end of the collector, but not a loss of power.
    Never,
}

/// How long events are kept. Files are deleted as a whole, the oldest first, and never before all that is in them was
/// forwarded, unless that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Retain {
    /// How many bytes of events are kept. All by default.
    pub bytes: Option<u64>,
    /// For how long events are kept, at least; at most an eighth longer. For ever by default.
    pub age: Option<Duration>,
    /// Whether events may be deleted that were not forwarded. They are counted, and the stream says so in an event
    /// `throughline.dropped`. False by default.
    pub drop_unforwarded: bool,
}

/// Where events are forwarded to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Forward {
    /// To NATS JetStream.
    #[cfg(feature = "nats")]
    Nats(Nats),
    /// To an endpoint of OpenTelemetry's protocol.
    #[cfg(feature = "otlp")]
    Otlp(Otlp),
    /// To the collector that listens on the Unix socket at this path.
    Collector(PathBuf),
    /// To the end of the file at this path. If it is moved away, a new one is made within half a second.
    File(PathBuf),
    /// To the standard output.
    Stdout,
}

impl Forward {
    /// Which of the kinds it is: the collector remembers for each how far it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(_) => "nats",
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => "otlp",
            Self::Collector(_) => "collector",
            Self::File(_) => "file",
            Self::Stdout => "stdout",
        }
    }

    /// Whether it can be used, as far as can be said without trying.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.check(),
            #[cfg(feature = "otlp")]
            Self::Otlp(otlp) => otlp.check(),
            Self::Collector(_) | Self::File(_) | Self::Stdout => Ok(()),
        }
    }
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.fmt(f),
            #[cfg(feature = "otlp")]
            Self::Otlp(otlp) => otlp.fmt(f),
            Self::Collector(path) => write!(f, "unix:{}", path.display()),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Stdout => f.write_str("stdout"),
        }
    }
}

impl Config {
    /// Listens on `socket`, stores in the folder `dir`; the rest as by default.
    pub fn new(socket: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            dir: dir.into(),
            max_line: 1 << 20,
            segment_bytes: 64 << 20,
            sync: SyncPolicy::default(),
            mode: 0o660,
            group: None,
            users: None,
            retain: Retain::default(),
            forward: Vec::new(),
            http: None,
        }
    }

    /// Finds out whether it can be used, as far as that can be said without trying.
    ///
    /// # Errors
    ///
    /// If two destinations are of one kind, or one of them cannot be meant.
    pub fn check(&self) -> Result<(), Error> {
        for (at, to) in self.forward.iter().enumerate() {
            if self.forward[..at].iter().any(|other| other.kind() == to.kind()) {
                return Err(Error::new(Kind::ForwardTwice, Path::new(to.kind())));
            }
            to.check()
                .map_err(|source| Error::io(Kind::Forward, Path::new(&to.to_string()), source))?;
        }
        Ok(())
    }

    /// The size of a file that counts: so small that several make up what is kept.
    pub(crate) fn segment_limit(&self) -> u64 {
        let share = self.retain.bytes.map_or(u64::MAX, |bytes| bytes / 8);
        self.segment_bytes.min(share).max(1)
    }

    /// Sets [`max_line`](Self::max_line).
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// Sets [`segment_bytes`](Self::segment_bytes).
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// Sets [`sync`](Self::sync).
    #[must_use]
    pub fn sync(mut self, sync: SyncPolicy) -> Self {
        self.sync = sync;
        self
    }

    /// Sets [`mode`](Self::mode).
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets [`group`](Self::group).
    #[must_use]
    pub fn group(mut self, id: u32) -> Self {
        self.group = Some(id);
        self
    }

    /// Sets [`users`](Self::users).
    #[must_use]
    pub fn users(mut self, ids: impl IntoIterator<Item = u32>) -> Self {
        self.users = Some(ids.into_iter().collect());
        self
    }

    /// Sets [`Retain::bytes`].
    #[must_use]
    pub fn retain_bytes(mut self, bytes: u64) -> Self {
        self.retain.bytes = Some(bytes);
        self
    }

    /// Sets [`Retain::age`].
    #[must_use]
    pub fn retain_age(mut self, age: Duration) -> Self {
        self.retain.age = Some(age);
        self
    }

    /// Sets [`Retain::drop_unforwarded`].
    #[must_use]
    pub fn drop_unforwarded(mut self, allowed: bool) -> Self {
        self.retain.drop_unforwarded = allowed;
        self
    }

    /// Adds a destination to [`forward`](Self::forward).
    #[must_use]
    pub fn forward(mut self, to: Forward) -> Self {
        self.forward.push(to);
        self
    }

    /// Sets [`http`](Self::http).
    #[must_use]
    pub fn http(mut self, address: SocketAddr) -> Self {
        self.http = Some(address);
        self
    }
}
