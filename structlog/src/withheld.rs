use std::sync::atomic::{AtomicU64, Ordering};

/// How many events a logger did not write because it was told not to, since it was made. Those that it could not write are [lost](crate::Lost).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withheld {
    /// Events that [sampling](crate::Sampling) left out; the weights of the others account for them.
    pub sampled: u64,
    /// Events over the [limit of their place](crate::Logger::set_rate_limit); `throughline.suppressed` events account for them.
    pub suppressed: u64,
    /// Events that a request [held back](throughline_ctx::Hold), and that nobody wanted, since it went well.
    pub vanished: u64,
    /// Events that a request held back, and for which there was no more room when it went wrong; `throughline.detail_dropped` events account for them.
    pub dropped: u64,
    /// Events that came through `tracing` or `log` from a sink, while a line was written to it on the same thread: each would have caused another.
    pub reentrant: u64,
}

/// Counts [`Withheld`] events.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    sampled: AtomicU64,
    suppressed: AtomicU64,
    vanished: AtomicU64,
    dropped: AtomicU64,
    reentrant: AtomicU64,
}

impl Counters {
    pub(crate) fn add_sampled(&self) {
        self.sampled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_suppressed(&self) {
        self.suppressed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_vanished(&self, events: u64) {
        self.vanished.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn add_dropped(&self, events: u64) {
        self.dropped.fetch_add(events, Ordering::Relaxed);
    }

    #[cfg(feature = "log")]
    pub(crate) fn add_reentrant(&self) {
        self.reentrant.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Withheld {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Withheld {
            sampled: load(&self.sampled),
            suppressed: load(&self.suppressed),
            vanished: load(&self.vanished),
            dropped: load(&self.dropped),
            reentrant: load(&self.reentrant),
        }
    }
}
