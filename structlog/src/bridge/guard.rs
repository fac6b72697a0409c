//! No event is written because an event is written: a sink that uses a library which logs would go on for ever.

use std::cell::Cell;

#[cfg(feature = "log")]
use crate::Logger;

thread_local! {
    /// Whether this thread hands a line to a sink.
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Writes an event, unless it comes from a sink that is being written to. Then it is counted.
#[cfg(feature = "log")]
pub(super) fn write(logger: &Logger, write: impl FnOnce()) {
    if WRITING.try_with(|writing| writing.replace(true)).unwrap_or(true) {
        logger.count_reentrant();
        return;
    }
    let _restore = Restore(false);
    write();
}

/// Asks for the values of an event. Their code may log: that is an event as any other.
#[cfg(feature = "log")]
pub(super) fn asking(ask: impl FnOnce()) {
    let before = WRITING.try_with(|writing| writing.replace(false)).unwrap_or(true);
    let _restore = Restore(before);
    ask();
}

#[cfg(feature = "log")]
struct Restore(bool);

#[cfg(feature = "log")]
impl Drop for Restore {
    fn drop(&mut self) {
        let _ = WRITING.try_with(|writing| writing.set(self.0));
    }
}

/// Whether an event is being written that came through another library.
#[cfg(feature = "to-tracing")]
pub(super) fn is_writing() -> bool {
    WRITING.try_with(Cell::get).unwrap_or(true)
}
