use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use throughline_schema::Descriptor;

/// How many places are watched. What comes from others, if there are more, is not limited.
const SITES: usize = 1024;

/// How many events each place in the code wrote in the present second, and how many it was kept from writing.
///
/// A place is a macro's, or an event type. Nothing here locks or allocates, once it is made.
pub(crate) struct Sites {
    sites: Box<[Site]>,
    /// The second in which what is over was last looked for.
    swept: AtomicU64,
}

#[derive(Default)]
struct Site {
    descriptor: OnceLock<&'static Descriptor>,
    /// The present second, and how many events it has seen: 40 and 24 bits.
    window: AtomicU64,
    suppressed: AtomicU64,
}

const COUNT_BITS: u32 = 24;
const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;

impl Sites {
    pub(crate) fn new() -> Sites {
        Sites { sites: (0..SITES).map(|_| Site::default()).collect(), swept: AtomicU64::new(0) }
    }

    /// Whether a place may write one more in this second, of the so many that it may write in each. If not, it is counted, for as many events as it stands for.
    pub(crate) fn admit(
        &self,
        descriptor: &'static Descriptor,
        second: u64,
        limit: u32,
        weight: u32,
    ) -> bool {
        let Some(site) = self.site(descriptor) else { return true };
        let mut admitted = false;
        let _ = site.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| {
            let same = window >> COUNT_BITS == second & (u64::MAX >> COUNT_BITS);
            let count = if same { window & MAX_COUNT } else { 0 };
            admitted = count < u64::from(limit).min(MAX_COUNT);
            admitted.then_some(second << COUNT_BITS | (count + 1))
        });
        if !admitted {
            site.suppressed.fetch_add(weight.into(), Ordering::Relaxed);
        }
        admitted
    }

    /// Whether nobody has looked yet, in this second, for what is over.
    pub(crate) fn is_time_to_sweep(&self, second: u64) -> bool {
        self.swept.load(Ordering::Relaxed) != second
            && self.swept.swap(second, Ordering::Relaxed) != second
    }

    /// Hands over how many events were suppressed at each place, but for those where it goes on in this second; all with `None`.
    pub(crate) fn sweep(
        &self,
        second: Option<u64>,
        mut told: impl FnMut(&'static Descriptor, u64),
    ) {
        for site in &self.sites {
            let Some(descriptor) = site.descriptor.get() else { continue };
            let goes_on = second.is_some_and(|second| {
                site.window.load(Ordering::Relaxed) >> COUNT_BITS
                    == second & (u64::MAX >> COUNT_BITS)
            });
            if goes_on || site.suppressed.load(Ordering::Relaxed) == 0 {
                continue;
            }
            match site.suppressed.swap(0, Ordering::Relaxed) {
                0 => {} // another thread was faster
                suppressed => told(descriptor, suppressed),
            }
        }
    }

    fn site(&self, descriptor: &'static Descriptor) -> Option<&Site> {
        // Descriptors are some hundred bytes apart at the least.
        let first = (ptr::from_ref(descriptor).addr() / 64).wrapping_mul(0x9e37_79b9) % SITES;
        let (before, after) = self.sites.split_at(first);
        after
            .iter()
            .chain(before)
            .find(|site| ptr::eq(*site.descriptor.get_or_init(|| descriptor), descriptor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_schema::Event;

    /// One place.
    #[derive(Event)]
    #[event(name = "one", version = 1, level = "info", message = "One")]
    struct One {}

    /// Another.
    #[derive(Event)]
    #[event(name = "another", version = 1, level = "info", message = "Another")]
    struct Another {}

    #[test]
    fn each_place_may_write_so_many_a_second_and_the_others_are_counted() {
        let sites = Sites::new();
        let admitted = |descriptor, second, times: u64| {
            (0..times).filter(|_| sites.admit(descriptor, second, 3, 1)).count()
        };
        assert_eq!(admitted(One::DESCRIPTOR, 10, 10), 3);
        assert_eq!(admitted(Another::DESCRIPTOR, 10, 2), 2);
        assert_eq!(admitted(One::DESCRIPTOR, 11, 4), 3);
        let mut told = Vec::new();
        sites.sweep(Some(11), |descriptor, n| told.push((descriptor.name, n)));
        assert_eq!(told, [], "it goes on");
        sites.sweep(Some(12), |descriptor, n| told.push((descriptor.name, n)));
        assert_eq!(told, [("one", 8)]);
        sites.sweep(None, |descriptor, n| told.push((descriptor.name, n)));
        assert_eq!(told.len(), 1, "it is told once");
    }

    #[test]
    fn what_several_threads_write_is_admitted_or_counted_and_nothing_else() {
        let sites = Sites::new();
        let admitted: usize = std::thread::scope(|scope| {
            let admit = || (0..10_000).filter(|_| sites.admit(One::DESCRIPTOR, 1, 500, 1)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(admit)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        let mut suppressed = 0;
        sites.sweep(None, |_, n| suppressed += n);
        assert_eq!((admitted, suppressed), (500, 39_500));
    }

    #[test]
    fn a_second_is_swept_once() {
        let sites = Sites::new();
        assert!(
            sites.is_time_to_sweep(5) && !sites.is_time_to_sweep(5) && sites.is_time_to_sweep(6)
        );
    }
}
