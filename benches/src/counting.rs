//! An allocator that counts, around the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};

/// Counts what each thread allocates, once it is the `#[global_allocator]`.
pub struct Counting;

/// How often something was allocated or made longer, and how many bytes that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocated {
    pub times: u64,
    pub bytes: u64,
}

thread_local! {
    static ALLOCATED: Cell<Allocated> = const { Cell::new(Allocated { times: 0, bytes: 0 }) };
    static IS_TRACED: Cell<bool> = const { Cell::new(false) };
    static TRACES: RefCell<Vec<(usize, Backtrace)>> = const { RefCell::new(Vec::new()) };
}

/// What this thread has allocated until now.
pub fn allocated() -> Allocated {
    ALLOCATED.get()
}

/// Where `work` allocates, and how many bytes each time.
pub fn traced(work: impl FnOnce()) -> Vec<(usize, Backtrace)> {
    IS_TRACED.set(true);
    work();
    IS_TRACED.set(false);
    TRACES.take()
}

fn count(bytes: usize) {
    let _ = ALLOCATED.try_with(|allocated| {
        let Allocated { times, bytes: before } = allocated.get();
        allocated.set(Allocated { times: times + 1, bytes: before + bytes as u64 });
    });
    if IS_TRACED.try_with(Cell::get) == Ok(true) {
        // What the trace itself allocates is not traced.
        IS_TRACED.set(false);
        let trace = Backtrace::force_capture();
        TRACES.with_borrow_mut(|traces| traces.push((bytes, trace)));
        IS_TRACED.set(true);
    }
}

// SAFETY: It hands everything on to the system's allocator, as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: The caller keeps the promises that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.saturating_sub(layout.size()));
        // SAFETY: As above.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: As above.
        unsafe { System.dealloc(place, layout) }
    }
}
