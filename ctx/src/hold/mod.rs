mod buffer;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::buffer::Buffer;
use crate::Context;

/// What a request says in detail, held back until it is known whether anyone will want it.
///
/// A context that has one shares it with all that are made of it. While it holds, events that a logger would leave out are kept in memory instead, as lines. If the request goes wrong they are
/// [released](Context::release_hold): written in the order in which they were held, with the times at which they happened, and what follows is written at once. If the last of the contexts goes before that, they vanish.
/// Either way their writers count what was not written.
///
/// ```
/// use throughline_ctx::{Context, Hold};
///
/// const WARN: u8 = 13;
///
/// let request = Context::root().with_hold(Hold::new(64 * 1024).release_at(WARN));
/// // … what a logger leaves out of other requests is held here …
/// request.child().release_hold(); // it went wrong
/// assert!(request.hold().is_some_and(Hold::is_released));
/// ```
///
/// It stays within the service: each service on the way of a request holds its own.
///
/// # For those who write events
///
/// Severities are OpenTelemetry's numbers, 1 to 24 (`spec/event.md`, "Levels"). A writer that leaves an event out asks whether the hold [wants](Hold::wants) it, and [pushes](Hold::push) the line;
/// one that writes an event asks first whether that [releases](Hold::releases) what was held. Several writers can share a hold: each gets back its own lines, and no other's.
pub struct Hold {
    max_bytes: usize,
    least: u8,
    release_at: u8,
    released: AtomicBool,
    state: Mutex<State>,
}

/// What wrote the lines that a [`Hold`] keeps, and gets them back.
///
/// It is called with no lock held, on the thread that releases them or drops the last context, and should not panic.
pub trait HoldWriter: Send + Sync + 'static {
    /// Writes a line that was held back.
    fn write(&self, severity: u8, line: &[u8]);

    /// Counts lines that nobody will see, since the request went well.
    fn vanished(&self, lines: u64);

    /// Counts lines that are missing among those that were just written, since the hold had no room for them. `ctx` is the context of the request, where whoever released them knew it.
    fn dropped(&self, lines: u64, ctx: Option<&Context>);
}

#[derive(Default)]
struct State {
    buffer: Buffer,
    is_releasing: bool,
}

impl Hold {
    /// Holds events of all severities, and releases them with the first event that is an error (17) or worse.
    ///
    /// It keeps `max_bytes` of lines at the most, 16 more for each of them, and drops the oldest for others. Its room grows by doubling, so that it takes up to twice as much; while it keeps nothing it allocates nothing.
    pub const fn new(max_bytes: usize) -> Hold {
        Hold {
            max_bytes,
            least: 1,
            release_at: 17,
            released: AtomicBool::new(false),
            state: Mutex::new(State { buffer: Buffer::new(), is_releasing: false }),
        }
    }

    /// Holds no events that are less severe than this.
    #[must_use]
    pub const fn hold_from(mut self, severity: u8) -> Hold {
        self.least = severity;
        self
    }

    /// Releases what is held with the first event of this severity or above.
    #[must_use]
    pub const fn release_at(mut self, severity: u8) -> Hold {
        self.release_at = severity;
        self
    }

    /// Hands all that is held to those who wrote it, oldest first: for a request that goes wrong. From then on nothing is held any more.
    ///
    /// It happens once. What others write meanwhile comes after what was held before; who calls this again, here or on another thread, does not wait for it.
    ///
    /// Where the context is at hand, [`Context::release_hold`] lets the writers know of which request something is missing.
    pub fn release(&self) {
        self.release_of(None);
    }

    fn release_of(&self, ctx: Option<&Context>) {
        if std::mem::replace(&mut self.state().is_releasing, true) {
            return;
        }
        loop {
            let mut state = self.state();
            let held = std::mem::take(&mut state.buffer);
            // As long as others go on holding lines, theirs come after these. Nothing is written under the lock, so that a writer may emit events itself.
            let is_last = held.is_empty();
            self.released.store(is_last, Ordering::Release);
            drop(state);
            held.write(ctx);
            if is_last {
                return;
            }
        }
    }

    /// Whether all that was held is written, and nothing is held any more.
    #[inline]
    pub fn is_released(&self) -> bool {
        self.released.load(Ordering::Acquire)
    }

    /// For those who write events: whether one that is left out elsewhere should be [held](Hold::push).
    #[inline]
    pub fn wants(&self, severity: u8) -> bool {
        severity >= self.least
    }

    /// For those who write events: whether one of this severity should [release](Hold::release) what is held.
    #[inline]
    pub fn releases(&self, severity: u8) -> bool {
        severity >= self.release_at && !self.is_released()
    }

    /// For those who write events: holds a line back. `false` if nothing is held any more: write it at once.
    ///
    /// A line that alone is too long is dropped, and counted like those that made room for others.
    pub fn push<W: HoldWriter>(&self, severity: u8, writer: &Arc<W>, line: &[u8]) -> bool {
        if self.is_released() {
            return false;
        }
        let mut state = self.state();
        let is_held = !self.is_released(); // perhaps it was while this waited
        if is_held {
            state.buffer.push(self.max_bytes, severity, writer, line);
        }
        is_held
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    /// The same request, holding back its detail from here on: see [`Hold`]. It takes the place of a hold that the context has.
    #[must_use = "a context does not change: this makes another"]
    pub fn with_hold(&self, hold: Hold) -> Context {
        self.edit().with_hold(hold).finish()
    }

    /// Hands all that the request holds back to those who wrote it: see [`Hold::release`]. If it holds back nothing, nothing happens.
    pub fn release_hold(&self) {
        if let Some(hold) = self.hold() {
            hold.release_of(Some(self));
        }
    }

    /// What the request holds back.
    #[inline]
    pub fn hold(&self) -> Option<&Hold> {
        self.0.hold.as_deref()
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold")
            .field("max_bytes", &self.max_bytes)
            .field("is_released", &self.is_released())
            .finish_non_exhaustive()
    }
}
