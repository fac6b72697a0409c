use std::cell::Cell;

use super::MAX_LINE;
use super::limited::Violations;
use super::time::Beginning;

/// The room that a thread has for its first line.
const FIRST: usize = 16 * 1024;

/// The room that a thread keeps for its next line. A longer line gives its room back.
const KEPT: usize = 64 * 1024;

thread_local! {
    static KEPT_BY_THREAD: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Where a thread writes its lines, one after the other.
pub(crate) struct Scratch {
    bytes: Vec<u8>,
    beginning: Beginning,
    violations: Violations,
}

impl Scratch {
    /// Takes what the thread has. It is taken, not borrowed: an event whose values emit another finds none, and makes some.
    #[inline]
    pub(crate) fn take() -> Box<Scratch> {
        KEPT_BY_THREAD.try_with(Cell::take).ok().flatten().unwrap_or_else(Scratch::new)
    }

    /// Leaves it to the thread's next line.
    #[inline]
    pub(crate) fn keep(self: Box<Scratch>) {
        if self.bytes.len() <= KEPT {
            let _ = KEPT_BY_THREAD.try_with(|kept| kept.set(Some(self)));
        }
    }

    #[cold]
    pub(crate) fn new() -> Box<Scratch> {
        let (beginning, violations) = Default::default();
        Box::new(Scratch { bytes: vec![0; FIRST], beginning, violations })
    }

    /// The line of this length that was just written.
    #[inline]
    pub(crate) fn line(&self, len: usize) -> &[u8] {
        &self.bytes[..len]
    }

    /// The room that there is, whatever it holds, how the last line began, and a place for what does not keep to its limits.
    #[inline(always)]
    pub(super) fn parts(&mut self) -> (&mut [u8], &mut Beginning, &mut Violations) {
        (&mut self.bytes, &mut self.beginning, &mut self.violations)
    }

    /// Before a line is written once more.
    pub(super) fn forget_violations(&mut self) {
        self.violations.clear();
    }

    /// After a line that did not fit: makes the room larger, up to what the longest line needs. Whether there is more then.
    #[cold]
    pub(super) fn grow(&mut self) -> bool {
        // What just fits counts as what does not, so there is a byte more than a line can have.
        let larger = (self.bytes.len() * 4).min(MAX_LINE + 1);
        let grows = larger > self.bytes.len();
        if grows {
            self.bytes = Vec::new(); // nothing of it has to be copied
            self.bytes.resize(larger, 0);
        }
        grows
    }
}
