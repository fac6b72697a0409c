use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancellation;
use crate::context::{Entry, Inner};
use crate::propagation::Incoming;
use crate::{Canceller, Context, EntryType, Key, Scope};

/// Several changes of a context at once, for the cost of one: see [`Context::edit`].
pub struct Edit {
    inner: Inner,
    /// The entries, if they differ from those of `inner`.
    entries: Option<Vec<Entry>>,
}

impl Edit {
    pub(crate) fn new(inner: Inner) -> Edit {
        Edit { inner, entries: None }
    }

    /// Sets an entry, as [`Context::with`] does.
    pub fn with<T>(mut self, key: &'static Key<T>, value: impl Into<T::Owned>) -> Edit
    where
        T: EntryType + ?Sized,
    {
        let new = Entry { key: key.info(), value: T::wrap(value.into()) };
        if new.key.scope() == Scope::Propagated {
            self.inner.baggage = self.inner.baggage.with(new.key.name(), &new.value.to_text());
        }
        let old = &self.inner.entries;
        let entries = self.entries.get_or_insert_with(|| {
            let mut entries = Vec::with_capacity(old.len() + 4);
            entries.extend_from_slice(old);
            entries
        });
        match entries.iter_mut().find(|entry| entry.key.name() == new.key.name()) {
            Some(entry) => *entry = new,
            None => entries.push(new),
        }
        self
    }

    /// Sets a deadline, as [`Context::with_deadline`] does.
    pub fn with_deadline(mut self, deadline: Instant) -> Edit {
        let earlier = self.inner.deadline.filter(|earlier| *earlier <= deadline);
        self.inner.deadline = earlier.or(Some(deadline));
        self
    }

    /// Sets a deadline, as [`Context::with_timeout`] does.
    pub fn with_timeout(self, timeout: Duration) -> Edit {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self,
        }
    }

    /// Makes the context one that can be cancelled, as [`Context::with_cancellation`] does.
    pub fn with_cancellation(mut self) -> (Edit, Canceller) {
        let cancellation = Cancellation::below(self.inner.cancellation.take());
        self.inner.cancellation = Some(cancellation.clone());
        (self, Canceller(cancellation))
    }

    /// The context with the changes.
    pub fn finish(mut self) -> Context {
        if let Some(entries) = self.entries {
            self.inner.entries = entries.into();
        }
        Context(Arc::new(self.inner))
    }
}

impl From<&Incoming> for Edit {
    /// Begins with the context that [`Context::continue_from`] would make.
    fn from(incoming: &Incoming) -> Edit {
        Edit::new(Inner::continue_from(incoming))
    }
}

impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edit").finish_non_exhaustive()
    }
}
