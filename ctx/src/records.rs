use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::context::{Entry, Inner};

/// What is learnt of a unit of work while it is done, for the event that reports it.
///
/// A context that collects it has it in itself, and those that are made of that one know where: so that no request pays for it with memory of its own.
#[derive(Default)]
pub(crate) enum Records {
    #[default]
    None,
    Here(Mutex<Kept>),
    Above(Arc<Inner>),
}

#[derive(Default)]
pub(crate) struct Kept {
    entries: Vec<Entry>,
    /// Whether it is too late for more.
    is_closed: bool,
}

impl Records {
    pub(crate) fn here() -> Records {
        Records::Here(Mutex::default())
    }

    /// Where what is made of `inner` finds them.
    pub(crate) fn below(inner: &Arc<Inner>) -> Records {
        match &inner.records {
            Records::None => Records::None,
            Records::Here(_) => Records::Above(inner.clone()),
            Records::Above(above) => Records::Above(above.clone()),
        }
    }

    /// Keeps an entry, in place of the one of this name. Returns whether it is kept.
    pub(crate) fn keep(&self, new: Entry) -> bool {
        let Some(mut kept) = self.lock().filter(|kept| !kept.is_closed) else { return false };
        match kept.entries.iter_mut().find(|entry| entry.key.name() == new.key.name()) {
            Some(entry) => *entry = new,
            None => kept.entries.push(new),
        }
        true
    }

    /// What was kept, in the order in which the names first came. From now on nothing is kept any more.
    pub(crate) fn close(&self) -> Vec<Entry> {
        let Some(mut kept) = self.lock() else { return Vec::new() };
        kept.is_closed = true;
        kept.entries.clone()
    }

    fn lock(&self) -> Option<MutexGuard<'_, Kept>> {
        match self {
            Records::None => None,
            Records::Here(kept) => Some(kept.lock().unwrap_or_else(PoisonError::into_inner)),
            Records::Above(above) => above.records.lock(),
        }
    }
}
