use std::sync::OnceLock;

/// A table that only ever grows, and lives as long as the program: what is found is found without a lock.
pub(super) struct Table<T: 'static> {
    heads: [OnceLock<&'static Link<T>>; HEADS],
}

struct Link<T: 'static> {
    item: T,
    next: OnceLock<&'static Link<T>>,
}

const HEADS: usize = 1024;

impl<T> Table<T> {
    pub(super) const fn new() -> Table<T> {
        Table { heads: [const { OnceLock::new() }; HEADS] }
    }

    /// The item of this hash that `is` the one, made now if there is none yet and `make` makes it.
    pub(super) fn get(
        &'static self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        make: impl FnOnce() -> Option<T>,
    ) -> Option<&'static T> {
        // The middle bits: of an address the lowest are always zero.
        let mut place =
            &self.heads[(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % HEADS];
        while let Some(link) = place.get() {
            if is(&link.item) {
                return Some(&link.item);
            }
            place = &link.next;
        }
        let made: &'static Link<T> =
            Box::leak(Box::new(Link { item: make()?, next: OnceLock::new() }));
        loop {
            match place.set(made) {
                Ok(()) => return Some(&made.item),
                // Another thread was faster, perhaps with the same.
                Err(_) => match place.get() {
                    Some(link) if is(&link.item) => return Some(&link.item),
                    Some(link) => place = &link.next,
                    None => {}
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_race_find_one_item() {
        static TABLE: Table<u64> = Table::new();
        // Hashes that are alike share a list.
        let item = |n: u64| TABLE.get(n % 3, |item| *item == n, || Some(n)).unwrap();
        let find = || (0..100).map(|n| std::ptr::from_ref(item(n)).addr()).collect::<Vec<_>>();
        let found: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(find)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
        assert!((0..100).all(|n| *item(n) == n));
    }
}
