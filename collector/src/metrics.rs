use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use crate::{Summary, forward::Progress, spool::Reason};

/// What a collector counts while it runs. The tasks and threads share it.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) connections: AtomicU64,
    pub(crate) open_connections: AtomicU64,
    pub(crate) turned_away: AtomicU64,
    pub(crate) lines: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) duplicate_bytes: AtomicU64,
    pub(crate) refused: [AtomicU64; Reason::ALL.len()],
    pub(crate) failed_writes: AtomicU64,
    /// Whether the last write failed.
    pub(crate) failing: AtomicBool,
    pub(crate) spool_bytes: AtomicU64,
    pub(crate) spool_files: AtomicU64,
    pub(crate) streams: AtomicU64,
    pub(crate) deleted_files: AtomicU64,
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }

    /// What there is to say at the end.
    pub(crate) fn summary(&self, forwards: &[Arc<Progress>]) -> Summary {
        Summary {
            connections: self.connections.load(Relaxed),
            lines: self.lines.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            refused: self.refused.iter().map(|count| count.load(Relaxed)).sum(),
            duplicate_bytes: self.duplicate_bytes.load(Relaxed),
            forwarded: forwards.iter().map(|progress| progress.lines()).sum(),
            dropped: forwards.iter().map(|progress| progress.dropped()).sum(),
        }
    }
}
