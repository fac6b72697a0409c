use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::stream::StreamId;

/// Up to which offset each stream is durable. Clones share one table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<HashMap<StreamId, u64>>>);

impl Held {
    pub(crate) fn of(&self, stream: StreamId) -> u64 {
        self.table().get(&stream).copied().unwrap_or(0)
    }

    /// Raises the offset of `stream` to `end`. Streams that nobody can come back to are not kept.
    pub(crate) fn raise(&self, stream: StreamId, end: u64) {
        if !stream.is_own() {
            let mut table = self.table();
            let held = table.entry(stream).or_insert(0);
            *held = end.max(*held);
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<StreamId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
