use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::stream::StreamId;

/// Up to which offset each stream is durable. Clones share one table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<HashMap<StreamId, Until>>>);

#[derive(Debug, Clone, Copy, Default)]
struct Until {
    offset: u64,
    /// The newest file with something of the stream.
    sequence: u64,
}

impl Held {
    pub(crate) fn of(&self, stream: StreamId) -> u64 {
        self.table().get(&stream).map_or(0, |until| until.offset)
    }

    /// Raises the offset of `stream` to `end`, which stands in file number `sequence`. Streams that nobody can come back to
    /// are not kept.
    pub(crate) fn raise(&self, stream: StreamId, end: u64, sequence: u64) {
        if !stream.is_own() {
            let mut table = self.table();
            let until = table.entry(stream).or_default();
            until.offset = end.max(until.offset);
            until.sequence = sequence.max(until.sequence);
        }
    }

    /// Forgets the streams of which nothing stands in file number `sequence` or a later one.
    pub(crate) fn forget_before(&self, sequence: u64) {
        let mut table = self.table();
        table.retain(|_, until| until.sequence >= sequence);
        table.shrink_to_fit();
    }

    /// How many streams it knows.
    pub(crate) fn len(&self) -> usize {
        self.table().len()
    }

    fn table(&self) -> MutexGuard<'_, HashMap<StreamId, Until>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_forgotten_with_the_last_file_that_has_something_of_it() {
        let held = Held::default();
        let (old, new) = (StreamId::random(), StreamId::random());
        held.raise(old, 10, 1);
        held.raise(new, 10, 1);
        held.raise(new, 20, 3);
        held.forget_before(1);
        assert_eq!(held.len(), 2);
        held.forget_before(2);
        assert_eq!((held.of(old), held.of(new), held.len()), (0, 20, 1));
    }
}
