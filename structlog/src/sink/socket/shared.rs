use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use throughline_schema::Delivery;

use super::batch::Mark;
use super::connect::Trouble;
use super::hello;
use super::ring::{Position, Ring, Share};
use crate::encode::Encoder;
use crate::sink::{LossReason, LostCounter};
use crate::{FlushError, Line, Lost, Stats};

/// The longest line, in bytes: collectors refuse longer ones (`spec/socket.md`), and then nobody would know whose they were.
const MAX_LINE: usize = 1 << 20;

/// How long a line that must be delivered waits for room.
const MUST_TIMEOUT: Duration = Duration::from_millis(100);

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
    /// How many threads wait until something is delivered.
    waiting: usize,
    /// Whether a line that must be delivered waited for room until its time was over, and nothing was delivered since.
    waited_in_vain: bool,
    /// Up to where all is delivered.
    delivered: Mark,
    connected: bool,
    connections: u64,
    resent: u64,
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

    pub(super) fn stats(&self) -> Stats {
        let state = lock(&self.state);
        let delivered = state.delivered;
        Stats {
            lines_buffered: self.ring.lines() - delivered.lines,
            bytes_buffered: self.ring.used(),
            buffer_size: self.ring.size(),
            connected: u64::from(state.connected),
            connections: state.connections,
            lines_delivered: delivered.lines,
            bytes_delivered: delivered.offset,
            lines_resent: state.resent,
            lost: self.lost(),
        }
    }

    #[inline]
    pub(super) fn push(&self, line: Line<'_>, share: Share) {
        let fits = line.as_bytes().len() <= MAX_LINE;
        if !fits || !self.ring.push(line.as_bytes(), share) {
            self.push_or_lose(line);
        }
        // A wake that is missed here, since nothing orders this load, is made good when the shipper's sleep is over.
        if self.sleeping.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    /// For a line for which there is no room: waits for some if it must be delivered, and counts it as lost if there is none.
    #[cold]
    fn push_or_lose(&self, line: Line<'_>) {
        let is_too_long = line.as_bytes().len() > MAX_LINE;
        if is_too_long {
            self.lost.add(LossReason::LineTooLong, line.level());
        } else if line.delivery() != Delivery::Must || !self.push_when_possible(line) {
            self.lost.add(LossReason::BufferFull, line.level());
        }
    }

    /// Waits for room, for no longer than [`MUST_TIMEOUT`]; and not at all while that was in vain for the last one, and nothing was delivered since.
    fn push_when_possible(&self, line: Line<'_>) -> bool {
        let deadline = Instant::now() + MUST_TIMEOUT;
        let mut state = lock(&self.state);
        state.waiting += 1;
        // The shipper makes room before it takes the lock to tell, so that none is missed.
        let pushed = loop {
            if self.ring.push(line.as_bytes(), Share::ALL) {
                break true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.finished || state.waited_in_vain {
                state.waited_in_vain = true;
                break false;
            }
            self.wake();
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        state.waiting -= 1;
        pushed
    }

    /// Puts the losses that the stream does not tell yet into it, if there is room.
    pub(super) fn tell_losses(&self) {
        let mut told = lock(&self.told);
        let lost = self.lost.get();
        for &reason in LossReason::ALL {
            let Some(since) = lost.since(&told, reason) else { continue };
            let mut line = Vec::new();
            hello::push_shed(&mut line, &self.encoder, reason, since);
            if self.ring.push(&line, Share::ALL) {
                told.set(&lost, reason);
            }
        }
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let deadline = Instant::now().checked_add(timeout);
        self.tell_losses();
        let target = self.ring.end();
        let mut state = lock(&self.state);
        state.waiting += 1;
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
        state.waiting -= 1;
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

    /// For the shipper: all before a mark is delivered.
    pub(super) fn release(&self, to: Mark) {
        self.ring.release(to.position);
        let mut state = lock(&self.state);
        state.trouble = None;
        state.waited_in_vain = false;
        state.delivered = to;
        if state.waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// For the shipper: a connection was opened.
    pub(super) fn set_connected(&self) {
        let mut state = lock(&self.state);
        state.connected = true;
        state.trouble = None;
        state.connections += 1;
    }

    /// For the shipper: lines are sent again.
    pub(super) fn add_resent(&self, lines: u64) {
        lock(&self.state).resent += lines;
    }

    /// For the shipper: why nothing is delivered at the moment.
    pub(super) fn set_trouble(&self, trouble: Trouble) {
        let mut state = lock(&self.state);
        state.trouble = Some(trouble);
        state.connected = false;
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
