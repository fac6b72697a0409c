use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancellation;
use crate::context::{Entries, Entry, Inner, want_detail};
use crate::propagation::Incoming;
use crate::records::Records;
use crate::{Canceller, Context, EntryType, Hold, Key, KeyInfo, Scope, Value, Verbosity};

/// Several changes of a context at once, for the cost of one: see [`Context::edit`].
#[must_use = "an edit changes nothing until it is finished"]
pub struct Edit {
    /// The context that is being made. Nobody else has it yet.
    inner: Arc<Inner>,
    /// The entries, if they differ from those of `inner`.
    entries: Option<Vec<Entry>>,
}

thread_local! {
    /// Room for the entries of an [`Edit`], kept for the next one.
    static ROOM: Cell<Vec<Entry>> = const { Cell::new(Vec::new()) };
}

impl Edit {
    pub(crate) fn new(inner: Arc<Inner>) -> Edit {
        Edit { inner, entries: None }
    }

    /// Sets an entry, as [`Context::with`] does.
    pub fn with<T>(mut self, key: &'static Key<T>, value: impl Into<T::Owned>) -> Edit
    where
        T: EntryType + ?Sized,
    {
        let (key, value) = (key.info(), T::wrap(value.into()));
        if key.scope() == Scope::Propagated {
            self.change(|inner| {
                inner.baggage = inner.baggage.with(key.name(), &value.to_text());
            });
        }
        self.set(key, value)
    }

    /// Sets an entry, in the events of this service only.
    pub(crate) fn set(mut self, key: &'static KeyInfo, value: Value) -> Edit {
        let new = Entry { key, value };
        let old = self.inner.entries.as_slice();
        let entries = self.entries.get_or_insert_with(|| {
            let mut entries = ROOM.try_with(Cell::take).unwrap_or_default();
            entries.clear();
            entries.extend_from_slice(old);
            entries
        });
        match entries.iter_mut().find(|entry| entry.key.name() == new.key.name()) {
            Some(entry) => *entry = new,
            None => entries.push(new),
        }
        self
    }

    /// Begins a unit of work, as [`Context::child`] does.
    pub(crate) fn child(mut self) -> Edit {
        self.change(Inner::descend);
        self
    }

    /// Sets a deadline, as [`Context::with_deadline`] does.
    pub fn with_deadline(mut self, deadline: Instant) -> Edit {
        self.change(|inner| {
            let earlier = inner.deadline.filter(|earlier| *earlier <= deadline);
            inner.deadline = earlier.or(Some(deadline));
        });
        self
    }

    /// Sets a deadline, as [`Context::with_timeout`] does.
    pub fn with_timeout(self, timeout: Duration) -> Edit {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self,
        }
    }

    /// Sets how much the request says of itself, as [`Context::with_verbosity`] does.
    pub fn with_verbosity(mut self, verbosity: impl Into<Option<Verbosity>>) -> Edit {
        let verbosity = verbosity.into();
        want_detail();
        self.change(|inner| {
            inner.verbosity = verbosity;
            inner.baggage = inner.baggage.with_verbosity(verbosity);
        });
        self
    }

    /// Holds back the request's detail, as [`Context::with_hold`] does.
    pub fn with_hold(mut self, hold: Hold) -> Edit {
        want_detail();
        self.change(|inner| inner.hold = Some(Arc::new(hold)));
        self
    }

    /// Collects what is recorded, as [`Context::with_records`] does.
    pub fn with_records(mut self) -> Edit {
        self.change(|inner| inner.records = Records::here());
        self
    }

    /// Makes the context one that can be cancelled, as [`Context::with_cancellation`] does.
    pub fn with_cancellation(mut self) -> (Edit, Canceller) {
        let cancellation = Cancellation::below(self.inner.cancellation.clone());
        self.change(|inner| inner.cancellation = Some(cancellation.clone()));
        (self, Canceller(cancellation))
    }

    /// The context with the changes.
    pub fn finish(mut self) -> Context {
        if let Some(mut entries) = self.entries.take() {
            let shared = entries.drain(..).collect();
            self.change(|inner| inner.entries = Entries(Some(shared)));
            let _ = ROOM.try_with(|room| room.set(entries));
        }
        Context(self.inner)
    }

    fn change(&mut self, change: impl FnOnce(&mut Inner)) {
        // Always there: the context is handed out by `finish` only.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            change(inner);
        }
    }
}

impl From<&Incoming> for Edit {
    /// Begins with the context that [`Context::continue_from`] would make.
    fn from(incoming: &Incoming) -> Edit {
        Edit::new(Arc::new(Inner::continue_from(incoming)))
    }
}

impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edit").finish_non_exhaustive()
    }
}
