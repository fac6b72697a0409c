use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Whether one request was given up, and who wants to hear of it. A context below it that can be cancelled by itself has one of
/// its own, which knows this one.
pub(crate) struct Cancellation {
    above: Option<Arc<Cancellation>>,
    cancelled: AtomicBool,
    waiting: Mutex<Vec<(u64, Waker)>>,
}

impl Cancellation {
    pub(crate) fn below(above: Option<Arc<Cancellation>>) -> Arc<Cancellation> {
        Arc::new(Cancellation {
            above,
            cancelled: AtomicBool::new(false),
            waiting: Mutex::default(),
        })
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
            || self.above.as_ref().is_some_and(|above| above.is_cancelled())
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(u64, Waker)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a waker in place of the one that this future left before, if it did, and returns that.
    fn replace(&self, id: u64, waker: Option<Waker>) -> Option<Waker> {
        let mut waiting = self.waiting();
        let place = waiting.iter().position(|(other, _)| *other == id);
        let old = place.map(|place| waiting.swap_remove(place).1);
        waiting.extend(waker.map(|waker| (id, waker)));
        old
    }

    fn chain(&self) -> impl Iterator<Item = &Cancellation> {
        std::iter::successors(Some(self), |this| this.above.as_deref())
    }
}

/// Cancels a context and everything below it. Dropping it does not.
pub struct Canceller(pub(crate) Arc<Cancellation>);

impl Canceller {
    /// Says that nobody waits for this work any more. [`Context::cancelled`](crate::Context::cancelled) resolves, here and in
    /// every child.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut *self.0.waiting());
        for (_, waker) in waiting {
            waker.wake();
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").field("cancelled", &self.0.is_cancelled()).finish()
    }
}

/// A future that resolves when the caller went away: see [`Context::cancelled`](crate::Context::cancelled).
#[must_use = "futures do nothing unless polled"]
pub struct Cancelled {
    cancellation: Option<Arc<Cancellation>>,
    id: u64,
}

impl Cancelled {
    pub(crate) fn new(cancellation: Option<Arc<Cancellation>>) -> Cancelled {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Cancelled { cancellation, id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Future for Cancelled {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let Some(cancellation) = &self.cancellation else { return Poll::Pending };
        for level in cancellation.chain() {
            let old = level.replace(self.id, Some(cx.waker().clone()));
            drop(old); // not under the lock: the last waker of a task drops whatever the task holds
        }
        // Looked at after the waker stands there: a cancel before this is seen, one after it wakes.
        if cancellation.is_cancelled() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        for level in self.cancellation.iter().flat_map(|cancellation| cancellation.chain()) {
            let waker = level.replace(self.id, None);
            drop(waker); // not under the lock, as above
        }
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").finish_non_exhaustive()
    }
}
