use std::sync::atomic::{AtomicU64, Ordering};

use throughline_schema::Level;

/// How many events were lost, by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost([u64; Level::ALL.len()]);

impl Lost {
    /// The events of all levels.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The events of one level.
    pub fn of(&self, level: Level) -> u64 {
        self.0[level as usize]
    }

    /// Those of both.
    pub(crate) fn plus(&self, other: &Lost) -> Lost {
        let mut sum = *self;
        for (count, other) in sum.0.iter_mut().zip(other.0) {
            *count += other;
        }
        sum
    }

    /// Those that were not lost yet when `earlier` was counted.
    pub(crate) fn since(&self, earlier: &Lost) -> Lost {
        let mut since = *self;
        for (count, earlier) in since.0.iter_mut().zip(earlier.0) {
            *count -= earlier;
        }
        since
    }
}

/// Counts [`Lost`] events.
#[derive(Debug, Default)]
pub(crate) struct LostCounter([AtomicU64; Level::ALL.len()]);

impl LostCounter {
    pub(crate) fn add(&self, level: Level) {
        self.0[level as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Lost {
        Lost(std::array::from_fn(|level| self.0[level].load(Ordering::Relaxed)))
    }
}
