use std::fmt;
use std::marker::PhantomData;

use crate::{Logger, global};

/// Puts a logger in place of the global one, on this thread, until the guard is dropped: for code that uses the global logger. Tests on other threads are not
/// affected, and threads that this one starts are not, either.
///
/// ```
/// use throughline_structlog::{info, testing};
///
/// fn code_that_uses_the_global_logger() {
///     info!("done");
/// }
///
/// let (log, captured) = testing::capture();
/// let _guard = testing::replace_global(&log);
/// code_that_uses_the_global_logger();
/// assert_eq!(captured.events()[0].message(), "done");
/// ```
///
/// Each call leaks a few bytes, since the global logger lives as long as the program.
pub fn replace_global(log: &Logger) -> ReplacedGlobal {
    let replacement = Box::leak(Box::new(log.clone()));
    ReplacedGlobal { before: global::replace(Some(replacement)), on_this_thread: PhantomData }
}

/// Puts back what was before [`replace_global`], when it is dropped.
#[must_use = "the logger is put back when the guard is dropped"]
pub struct ReplacedGlobal {
    before: Option<&'static Logger>,
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for ReplacedGlobal {
    fn drop(&mut self) {
        global::replace(self.before);
    }
}

impl fmt::Debug for ReplacedGlobal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplacedGlobal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::info;
    use crate::testing::capture;

    #[test]
    fn a_replacement_is_for_its_thread_and_its_time() {
        let ((outer, of_outer), (inner, of_inner)) = (capture(), capture());
        info!("nowhere");
        let outer = replace_global(&outer);
        info!("outer");
        let replaced = replace_global(&inner);
        info!("inner");
        std::thread::scope(|scope| scope.spawn(|| info!("elsewhere")).join()).unwrap();
        drop(replaced);
        info!("outer");
        drop(outer);
        info!("nowhere");
        assert_eq!((of_outer.lines().len(), of_inner.lines().len()), (2, 1));
    }
}
