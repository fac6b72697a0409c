//! Random bytes for ids: the operating system's, fetched a block at a time for each thread.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};

const BLOCK: usize = 512;

struct Pool {
    bytes: [u8; BLOCK],
    used: usize,
    /// How many forks lay between the first process and the one that filled this pool.
    forks: u32,
}

thread_local! {
    static POOL: RefCell<Pool> =
        const { RefCell::new(Pool { bytes: [0; BLOCK], used: BLOCK, forks: 0 }) };
}

/// How many forks lie between the first process and this one, as far as [`forked`] was called.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Tells that this process is a forked child: it has a copy of the random bytes that its parent fetched in advance, and without this call the ids that it makes
/// next would be those that its parent makes next.
///
/// What a context [held](crate::Hold) before the fork is its parent's to write or to count, and is dropped in the child.
///
/// Call it in the child, before it makes contexts. Where a `Logger` of `throughline-structlog` was made before the fork there is no need: it calls this itself. A process that
/// executes another program, as `std::process::Command` does, has no such copy either. It may be called in a handler of `pthread_atfork`.
pub fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// How many forks lie between the first process and this one.
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// `N` unpredictable bytes, `N` at most 512. One system call serves several dozen ids.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    const { assert!(N <= BLOCK) };
    let mut out = [0; N];
    let pooled = POOL.try_with(|pool| {
        let Ok(mut pool) = pool.try_borrow_mut() else { return false };
        let forks = forks();
        if pool.used + N > BLOCK || pool.forks != forks {
            fill(&mut pool.bytes);
            (pool.used, pool.forks) = (0, forks);
        }
        let used = pool.used;
        out.copy_from_slice(&pool.bytes[used..used + N]);
        pool.bytes[used..used + N].fill(0);
        pool.used += N;
        true
    });
    if pooled != Ok(true) {
        fill(&mut out); // the thread is ending, and its pool is gone
    }
    out
}

fn fill(out: &mut [u8]) {
    if getrandom::fill(out).is_ok() {
        return;
    }
    // No entropy source at all. An id must not fail a request; the standard library's hasher keys are the next best.
    for (index, chunk) in out.chunks_mut(8).enumerate() {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_usize(index);
        let word = hasher.finish().to_ne_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_bytes_are_given_twice_across_refills_and_threads() {
        let draw = || (0..500).map(|_| bytes::<16>()).collect::<Vec<_>>();
        let other = std::thread::spawn(draw);
        let mut all = draw();
        all.extend(other.join().unwrap());
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn what_a_forked_child_has_of_its_parents_bytes_is_not_used() {
        bytes::<16>();
        let parents = POOL.with_borrow(|pool| pool.bytes);
        forked();
        let childs: [u8; 16] = bytes();
        assert!(!parents.windows(16).any(|window| window == childs));
    }
}
