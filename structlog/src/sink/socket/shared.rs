use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::connect::Trouble;
use super::hello;
use super::ring::{Position, Ring, Share};
use crate::encode::Encoder;
use crate::sink::LostCounter;
use crate::{FlushError, Line, Lost};

/// The longest line, in bytes: collectors refuse longer ones (`spec/socket.md`), and then nobody would know whose they were.
const MAX_LINE: usize = 1 << 20;

/// What the threads that write and the thread that ships have in common.
#[derive(Debug)]
pub(super) struct Shared {
    path: PathBuf,
    encoder: Encoder,
    ring: Ring,
    lost: LostCounter,
    /// The losses that the stream tells already.
    told: Mutex<Lost>,
    shipper: OnceLock<Thread>,
    /// The shipper sleeps until somebody wakes it.
    sleeping: AtomicBool,
    stop: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Why nothing is delivered at the moment.
    trouble: Option<Trouble>,
    finished: bool,
    flushing: usize,
}

impl Shared {
    pub(super) fn new(path: PathBuf, encoder: Encoder, bytes: usize) -> Shared {
        Shared {
            path,
            encoder,
            ring: Ring::new(bytes),
            lost: LostCounter::default(),
            told: Mutex::default(),
            shipper: OnceLock::new(),
            sleeping: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }

    pub(super) fn lost(&self) -> Lost {
        self.lost.get()
    }

    #[inline]
    pub(super) fn push(&self, line: Line<'_>, share: Share) {
        let fits = line.as_bytes().len() <= MAX_LINE;
        if !fits || !self.ring.push(line.as_bytes(), share) {
            self.lost.add(line.level());
        }
        // A wake that is missed here, since nothing orders this load, is made good when the shipper's sleep is over.
        if self.sleeping.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Puts the losses that the stream does not tell yet into it, if there is room.
    pub(super) fn tell_losses(&self) {
        let mut told = lock(&self.told);
        let lost = self.lost.get();
        if lost == *told {
            return;
        }
        let mut line = Vec::new();
        hello::push_shed(&mut line, &self.encoder, &lost.since(&told));
        if self.ring.push(&line, Share::ALL) {
            *told = lost;
        }
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let deadline = Instant::now().checked_add(timeout);
        self.tell_losses();
        let target = self.ring.end();
        let mut state = lock(&self.state);
        state.flushing += 1;
        while self.ring.released() < target && !state.finished {
            self.wake();
            let left = deadline
                .map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.flushing -= 1;
        if self.ring.released() >= target {
            return Ok(());
        }
        let path = self.path.display();
        let why: &dyn fmt::Display = match &state.trouble {
            Some(trouble) => trouble,
            None => &"it has not acknowledged them yet",
        };
        Err(FlushError::new(format!(
            "some events are not delivered to the collector at {path}: {why}"
        )))
    }

    /// Tells the shipper to end, and waits until it has, but no longer than `timeout`.
    pub(super) fn stop(&self, timeout: Duration) {
        self.stop.store(true, Ordering::Release);
        self.wake();
        let state = lock(&self.state);
        let running = |state: &mut State| !state.finished;
        drop(self.changed.wait_timeout_while(state, timeout, running));
    }

    /// For the shipper, when it begins: who is to be woken.
    pub(super) fn shipped_by(&self, thread: Thread) {
        let _ = self.shipper.set(thread); // there is only one
    }

    /// For the shipper: whether it should end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// For the shipper: sleeps until there is something after `at`, or it is woken, or the time is over.
    pub(super) fn sleep(&self, at: Position, timeout: Duration) {
        self.sleeping.store(true, Ordering::SeqCst);
        if self.ring.peek(at).is_none() && !self.is_stopped() {
            std::thread::park_timeout(timeout);
        }
        self.sleeping.store(false, Ordering::Relaxed);
    }

    /// For the shipper: all before a position is delivered.
    pub(super) fn release(&self, to: Position) {
        self.ring.release(to);
        let mut state = lock(&self.state);
        state.trouble = None;
        if state.flushing > 0 {
            self.changed.notify_all();
        }
    }

    /// For the shipper: why nothing is delivered at the moment.
    pub(super) fn set_trouble(&self, trouble: Trouble) {
        lock(&self.state).trouble = Some(trouble);
    }

    /// For the shipper: it ends.
    pub(super) fn finish(&self) {
        lock(&self.state).finished = true;
        self.changed.notify_all();
    }

    #[cold]
    fn wake(&self) {
        self.sleeping.store(false, Ordering::Relaxed);
        if let Some(shipper) = self.shipper.get() {
            shipper.unpark();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
