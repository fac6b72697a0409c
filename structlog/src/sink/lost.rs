use std::sync::atomic::{AtomicU64, Ordering};

use throughline_schema::Level;

/// Why an event was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossReason {
    /// There was no room for it in the buffer of a [socket](crate::SocketSink).
    BufferFull,
    /// Its line was longer than collectors take, 1 MiB.
    LineTooLong,
    /// The system refused it: the reader is gone, or the disk is full.
    WriteFailed,
}

impl LossReason {
    /// All of them.
    pub const ALL: &[LossReason] =
        &[LossReason::BufferFull, LossReason::LineTooLong, LossReason::WriteFailed];

    /// The reason as events and metrics name it: `buffer_full`, `line_too_long` or `write_failed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            LossReason::BufferFull => "buffer_full",
            LossReason::LineTooLong => "line_too_long",
            LossReason::WriteFailed => "write_failed",
        }
    }
}

type Table<T> = [[T; Level::ALL.len()]; LossReason::ALL.len()];

/// How many events were lost, by reason and level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost(Table<u64>);

impl Lost {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.as_flattened().iter().sum()
    }

    /// The events of one level.
    pub fn of(&self, level: Level) -> u64 {
        self.0.iter().map(|levels| levels[level as usize]).sum()
    }

    /// The events of one level that were lost for one reason.
    pub fn count(&self, reason: LossReason, level: Level) -> u64 {
        self.0[reason as usize][level as usize]
    }

    /// Those of both.
    pub(crate) fn plus(&self, other: &Lost) -> Lost {
        let mut sum = *self;
        let others = other.0.as_flattened();
        for (count, other) in sum.0.as_flattened_mut().iter_mut().zip(others) {
            *count += other;
        }
        sum
    }

    /// Those of one reason that were not lost yet when `earlier` was counted, by level; `None` if there are none.
    pub(crate) fn since(
        &self,
        earlier: &Lost,
        reason: LossReason,
    ) -> Option<[u64; Level::ALL.len()]> {
        let (now, earlier) = (&self.0[reason as usize], &earlier.0[reason as usize]);
        let since = std::array::from_fn(|level| now[level] - earlier[level]);
        (now != earlier).then_some(since)
    }

    /// Takes over those of one reason.
    pub(crate) fn set(&mut self, from: &Lost, reason: LossReason) {
        self.0[reason as usize] = from.0[reason as usize];
    }
}

/// Counts [`Lost`] events.
#[derive(Debug, Default)]
pub(crate) struct LostCounter(Table<AtomicU64>);

impl LostCounter {
    #[cold]
    pub(crate) fn add(&self, reason: LossReason, level: Level) {
        self.0[reason as usize][level as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Lost {
        Lost(std::array::from_fn(|reason| {
            std::array::from_fn(|level| self.0[reason][level].load(Ordering::Relaxed))
        }))
    }
}
