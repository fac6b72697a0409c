use std::io;
use std::sync::{Mutex, PoisonError};

use throughline_schema::Level;

use super::{LossReason, LostCounter};
use crate::{FlushError, Lost};

/// The lines that the system refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    lost: LostCounter,
    /// How many a flush has not told yet, and why the last of them was refused.
    untold: Mutex<Option<(u64, io::Error)>>,
}

impl Refused {
    /// Counts a line.
    pub(super) fn add(&self, level: Level, why: io::Error) {
        self.lost.add(LossReason::WriteFailed, level);
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        let before = untold.take().map_or(0, |(count, _)| count);
        *untold = Some((before + 1, why));
    }

    pub(super) fn lost(&self) -> Lost {
        self.lost.get()
    }

    /// Tells of the lines that were refused since it was last asked, by `whom`.
    pub(super) fn tell(&self, whom: impl FnOnce() -> String) -> Result<(), FlushError> {
        match self.untold.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some((count, why)) => {
                let whom = whom();
                let events = if count == 1 { "event was" } else { "events were" };
                Err(FlushError::new(format!("{count} {events} refused by {whom}: {why}")))
            }
        }
    }
}
