//! What a context allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use throughline_ctx::{Context, Hold, HoldWriter, Verbosity};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; counting touches a thread-local without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates during `work`.
fn allocations<R>(work: impl FnOnce() -> R) -> usize {
    let before = COUNT.get();
    let result = work();
    let count = COUNT.get() - before;
    drop(result);
    count
}

struct Nowhere;

impl HoldWriter for Nowhere {
    fn write(&self, _: u8, _: &[u8]) {}
    fn vanished(&self, _: u64) {}
    fn dropped(&self, _: u64, _: Option<&Context>) {}
}

#[test]
fn a_hold_costs_one_allocation_until_something_is_held() {
    let root = Context::root();
    let plain = allocations(|| root.edit().finish());
    let holding = allocations(|| root.edit().with_hold(Hold::new(64 * 1024)).finish());
    assert_eq!((plain, holding), (1, 2));

    let ctx = root.with_hold(Hold::new(64 * 1024));
    assert_eq!(allocations(|| ctx.child()), 1);
    assert_eq!(allocations(|| ctx.hold().unwrap().release()), 0);
}

#[test]
fn what_is_held_is_kept_in_room_that_only_grows() {
    let (ctx, writer) = (Context::root().with_hold(Hold::new(64 * 1024)), Arc::new(Nowhere));
    let push = |lines| {
        for _ in 0..lines {
            assert!(ctx.hold().unwrap().push(5, &writer, &[b'x'; 1000]));
        }
    };
    let fill = allocations(|| push(100));
    assert!(fill < 20, "{fill}");
    assert_eq!(allocations(|| push(100)), 0);
}

#[test]
fn asking_a_context_allocates_nothing() {
    let ctx = Context::root().with_verbosity(Verbosity::Debug).with_hold(Hold::new(1000));
    let ask = || (ctx.verbosity(), ctx.hold().is_some_and(|hold| hold.wants(5)));
    assert_eq!(allocations(ask), 0);
}
