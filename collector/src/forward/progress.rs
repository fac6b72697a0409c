use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::watch;

use super::{Backlog, checkpoint::Position};
use crate::spool::Frontier;

/// Lines that will not be forwarded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    pub(crate) reason: &'static str,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
}

/// How far one forwarder is, for those who want to know, and how far it is asked to be.
#[derive(Debug)]
pub(crate) struct Progress {
    kind: &'static str,
    dir: PathBuf,
    stored: watch::Receiver<Frontier>,
    /// Everything before it is done.
    at: Mutex<Position>,
    /// Everything in files with a lower number is done, and the checkpoint says so.
    passed: AtomicU64,
    give_up: watch::Sender<u64>,
    lines: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
    /// What the writer has yet to tell; `None` once it tells nothing more.
    untold: Mutex<Option<Vec<Loss>>>,
    failures: AtomicU64,
    failing: AtomicBool,
}

impl Progress {
    /// Of the forwarder to a destination of this kind of what is stored in the folder `dir`, and how far that is.
    pub(crate) fn new(kind: &'static str, dir: PathBuf, stored: watch::Receiver<Frontier>) -> Self {
        Self {
            kind,
            dir,
            stored,
            at: Mutex::new(Position { sequence: 0, index: 0 }),
            passed: AtomicU64::new(0),
            give_up: watch::Sender::new(0),
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            untold: Mutex::new(Some(Vec::new())),
            failures: AtomicU64::new(0),
            failing: AtomicBool::new(false),
        }
    }

    /// The kind of the destination.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Everything before `position` is done.
    pub(super) fn reach(&self, position: Position) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }

    /// What is stored and has not arrived.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(crate) fn backlog(&self) -> io::Result<Backlog> {
        let position = *self.at.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody can store more while this is borrowed.
        let frontier = *self.stored.borrow();
        Backlog::measure(&self.dir, position, frontier)
    }

    /// Whether the file number `sequence` is done.
    pub(crate) fn is_past(&self, sequence: u64) -> bool {
        self.passed.load(Relaxed) > sequence
    }

    /// Everything in files before number `sequence` is done, and the checkpoint says so.
    pub(crate) fn pass(&self, sequence: u64) {
        self.passed.fetch_max(sequence, Relaxed);
    }

    /// Asks the forwarder to go on with file number `sequence`, and to count what it leaves out.
    pub(crate) fn give_up_to(&self, sequence: u64) {
        self.give_up.send_if_modified(|asked| {
            let further = sequence > *asked;
            *asked = sequence.max(*asked);
            further
        });
    }

    /// Resolves when the forwarder is asked to leave something out, to the number of the file to go on with.
    pub(super) fn asked_to_give_up(self: &Arc<Self>) -> impl Future<Output = u64> + 'static {
        let (this, mut asked) = (self.clone(), self.give_up.subscribe());
        async move {
            match asked.wait_for(|asked| *asked > 0 && !this.is_past(*asked - 1)).await {
                Ok(sequence) => *sequence,
                // Nobody can ask any more.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Something arrived. Returns whether nothing had since a failure.
    pub(super) fn arrived(&self, lines: u64, bytes: u64) -> bool {
        self.lines.fetch_add(lines, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.failing.load(Relaxed) && self.failing.swap(false, Relaxed)
    }

    /// So many lines are given up. `told` of them were counted before.
    ///
    /// # Errors
    ///
    /// If nobody can tell any more.
    pub(super) fn lose(&self, loss: Loss, told: u64) -> io::Result<()> {
        let mut untold = self.untold();
        let untold =
            untold.as_mut().ok_or_else(|| io::Error::other("the collector is stopping"))?;
        self.dropped.fetch_add(loss.lines - told, Relaxed);
        match untold.iter_mut().find(|known| known.reason == loss.reason) {
            Some(known) => {
                known.lines += loss.lines;
                known.bytes += loss.bytes;
            }
            None => untold.push(loss),
        }
        Ok(())
    }

    /// What was lost since this was asked. At the `end`, nothing can be lost any more.
    pub(crate) fn take_untold(&self, end: bool) -> Vec<Loss> {
        let mut untold = self.untold();
        let taken = untold.take().unwrap_or_default();
        *untold = (!end).then(Vec::new);
        taken
    }

    fn untold(&self) -> MutexGuard<'_, Option<Vec<Loss>>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An attempt failed.
    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
        self.failing.store(true, Relaxed);
    }

    /// How many lines arrived.
    pub(crate) fn lines(&self) -> u64 {
        self.lines.load(Relaxed)
    }

    /// The bytes of those lines.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// How many lines were given up.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// How often it failed, and had to begin anew.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// Whether nothing arrived since it failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Relaxed)
    }
}
