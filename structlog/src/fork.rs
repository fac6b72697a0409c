//! What a process that forks must not share with its child.
//!
//! A child has copies of all memory, and of all open files, but only of the thread that forked. So its copy of the ring is of lines that its parent will send, there is no
//! shipper for it, and the connection to the collector is open for as long as either of them lives. Handlers of `pthread_atfork(3)` see to that: in the child they close the
//! connections, and count the fork; [`PerProcess`] values are then made anew, when they are needed.

#![allow(unsafe_code, reason = "pthread_atfork(3), and closing the parent's connections")]

use std::cell::Cell;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};

/// How many forks lie between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The connections of this process. Whoever holds the lock is not forked: what it does is whole in the child, or not begun.
static CONNECTIONS: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

thread_local! {
    /// What the thread that forks holds while it does.
    static HELD: Cell<Option<MutexGuard<'static, Vec<RawFd>>>> = const { Cell::new(None) };
}

fn lock() -> MutexGuard<'static, Vec<RawFd>> {
    CONNECTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        // SAFETY: the three functions live as long as the program, and neither unwind nor fork. It fails for lack of memory only, and forks are then not noticed.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}

extern "C" fn before() {
    let connections = lock();
    let _ = HELD.try_with(|held| held.set(Some(connections)));
}

extern "C" fn in_parent() {
    let _ = HELD.try_with(Cell::take);
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    throughline_ctx::forked();
    if let Ok(Some(mut connections)) = HELD.try_with(Cell::take) {
        for fd in connections.drain(..) {
            // SAFETY: the descriptor is open, since `Connection` takes it off the list before it closes it, and nothing else in this process will ever use or close it: its
            // owner is on the stack of a thread that is not here.
            drop(unsafe { OwnedFd::from_raw_fd(fd) });
        }
    }
}

/// Tells a process from the one that it was forked from.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// A connection that only this process has open, however often it forks.
#[derive(Debug)]
pub(crate) struct Connection(UnixStream);

impl Connection {
    /// Takes a connection over. A fork between its making and this leaves it open in the child, as long as that lives.
    pub(crate) fn new(socket: UnixStream) -> Connection {
        lock().push(socket.as_raw_fd());
        Connection(socket)
    }

    pub(crate) fn socket(&self) -> &UnixStream {
        &self.0
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // If a child has it open all the same, the collector learns by this that nobody writes to it any more.
        let _ = self.0.shutdown(Shutdown::Both);
        lock().retain(|&fd| fd != self.0.as_raw_fd());
    }
}

/// A value of which every process has its own: a forked child makes another when it first needs it, and leaves that of its parent alone.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    generation: u32,
    value: T,
    next: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    /// The value of this process.
    pub(crate) fn new(value: T) -> PerProcess<T> {
        watch();
        PerProcess { generation: generation(), value, next: OnceLock::new() }
    }

    /// The value of this process, made now if it has none. Making one must not get another.
    #[inline]
    pub(crate) fn get(&self, make: impl FnOnce() -> T) -> &T {
        if self.generation == generation() { &self.value } else { self.get_of_child(make) }
    }

    #[cold]
    fn get_of_child(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.existing() {
            return value;
        }
        // A child that was forked while another thread made a value would wait for that thread for ever.
        let _no_fork = lock();
        let mut last = self;
        while let Some(next) = last.next.get() {
            last = next;
        }
        if last.generation != generation() {
            last = last.next.get_or_init(|| Box::new(PerProcess::new(make())));
        }
        &last.value
    }

    /// The value of this process, if it has one.
    pub(crate) fn existing(&self) -> Option<&T> {
        let mut this = self;
        while this.generation != generation() {
            this = this.next.get()?;
        }
        Some(&this.value)
    }
}
