use std::path::PathBuf;

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
    /// The size in bytes at which a file of events is full and the next one begins. 64 MiB by default.
    pub segment_bytes: u64,
    /// What has to have happened before events are acknowledged.
    pub sync: Sync,
    /// The permissions of the socket: whoever may write to it may send events. `0o660` by default.
    pub mode: u32,
}

/// What has to have happened before events are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Sync {
    /// The disk has them. They survive a loss of power. Events that arrive together share one flush.
    #[default]
    EachBatch,
    /// The kernel has them. They survive the end of the collector, but not a loss of power.
    Never,
}

impl Config {
    /// Listens on `socket`, stores in the folder `dir`; the rest as by default.
    pub fn new(socket: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            dir: dir.into(),
            max_line: 1 << 20,
            segment_bytes: 64 << 20,
            sync: Sync::default(),
            mode: 0o660,
        }
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
    pub fn sync(mut self, sync: Sync) -> Self {
        self.sync = sync;
        self
    }

    /// Sets [`mode`](Self::mode).
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }
}
