//! Random bytes for ids: the operating system's, fetched a block at a time for each thread.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher, RandomState};

const BLOCK: usize = 512;

struct Pool {
    bytes: [u8; BLOCK],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; BLOCK], used: BLOCK }) };
}

/// `N` unpredictable bytes, `N` at most 512. One system call serves several dozen ids.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    const { assert!(N <= BLOCK) };
    let mut out = [0; N];
    let pooled = POOL.try_with(|pool| {
        let Ok(mut pool) = pool.try_borrow_mut() else { return false };
        if pool.used + N > BLOCK {
            fill(&mut pool.bytes);
            pool.used = 0;
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
}
