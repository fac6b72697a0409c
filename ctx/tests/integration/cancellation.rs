//! Who hears of it when a caller goes away.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use throughline_ctx::{Cancelled, Context, Hold, Key, Verbosity};

/// Counts how often it was woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Someone who waits for a context to be cancelled.
struct Waiter {
    counter: Arc<Counter>,
    cancelled: Cancelled,
}

impl Waiter {
    fn of(ctx: &Context) -> Waiter {
        let mut waiter = Waiter { counter: Arc::default(), cancelled: ctx.cancelled() };
        assert!(waiter.poll().is_pending());
        waiter
    }

    fn poll(&mut self) -> Poll<()> {
        let waker = Waker::from(self.counter.clone());
        Pin::new(&mut self.cancelled).poll(&mut Task::from_waker(&waker))
    }

    fn woken(&self) -> usize {
        self.counter.0.load(Ordering::SeqCst)
    }
}

#[test]
fn waiters_on_every_level_below_are_woken_and_no_others() {
    let (request, canceller) = Context::root().with_cancellation();
    let (part, _part_canceller) = request.child().with_cancellation();
    let (sibling, sibling_canceller) = request.with_cancellation();
    let stranger = Context::root().with_cancellation().0;

    let mut below = [&sibling, &sibling.child()].map(Waiter::of);
    let mut others = [&request, &part, &part.child(), &stranger].map(Waiter::of);
    sibling_canceller.cancel();
    for waiter in &mut below {
        assert_eq!((waiter.woken(), waiter.poll()), (1, Poll::Ready(())));
    }
    for waiter in &mut others {
        assert_eq!((waiter.woken(), waiter.poll()), (0, Poll::Pending));
    }
    assert!(sibling.is_cancelled() && sibling.child().is_cancelled());
    assert!(!request.is_cancelled() && !part.is_cancelled());

    canceller.cancel();
    let [mut request, mut part, mut child, mut stranger] = others;
    for waiter in [&mut request, &mut part, &mut child] {
        assert_eq!((waiter.woken(), waiter.poll()), (1, Poll::Ready(())));
    }
    assert_eq!((stranger.woken(), stranger.poll()), (0, Poll::Pending));
}

#[test]
fn who_comes_late_hears_of_it_at_once() {
    let (ctx, canceller) = Context::root().with_cancellation();
    canceller.cancel();
    canceller.cancel();
    assert_eq!(ctx.cancelled().now_or_never(), Some(()));
    assert_eq!(ctx.child().with_cancellation().0.cancelled().now_or_never(), Some(()));
}

#[test]
fn a_context_that_cannot_be_cancelled_never_is() {
    let ctx = Context::root();
    let mut waiter = Waiter::of(&ctx);
    assert!(!ctx.is_cancelled() && waiter.poll().is_pending());
    assert_eq!(Arc::strong_count(&waiter.counter), 1);
}

#[test]
fn a_canceller_that_is_dropped_cancels_nothing() {
    let (ctx, canceller) = Context::root().with_cancellation();
    let mut waiter = Waiter::of(&ctx);
    drop(canceller);
    assert!(!ctx.is_cancelled() && waiter.poll().is_pending());
}

#[test]
fn a_waiter_that_is_dropped_leaves_nothing_behind() {
    let (request, canceller) = Context::root().with_cancellation();
    let (part, _) = request.with_cancellation();
    let Waiter { counter, cancelled } = Waiter::of(&part);
    assert!(Arc::strong_count(&counter) > 1);
    drop(cancelled);
    assert_eq!(Arc::strong_count(&counter), 1);

    let mut woken = Waiter::of(&part);
    canceller.cancel();
    assert!(woken.poll().is_ready());
    let Waiter { counter, cancelled } = woken;
    drop(cancelled);
    assert_eq!(Arc::strong_count(&counter), 1);
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let (ctx, canceller) = Context::root().with_cancellation();
    let mut waiter = Waiter::of(&ctx);
    let earlier = std::mem::take(&mut waiter.counter);
    assert!(waiter.poll().is_pending());
    assert_eq!(Arc::strong_count(&earlier), 1);
    canceller.cancel();
    assert_eq!((earlier.0.load(Ordering::SeqCst), waiter.woken()), (0, 1));
}

#[test]
fn cancelling_on_one_thread_ends_the_wait_on_another() {
    for _ in 0..100 {
        let (ctx, canceller) = Context::root().with_cancellation();
        let (tell, told) = mpsc::channel();
        let waiter = std::thread::spawn(move || {
            let mut cancelled = ctx.child().cancelled();
            let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
            while Pin::new(&mut cancelled).poll(&mut Task::from_waker(&waker)).is_pending() {
                std::thread::park();
            }
            tell.send(()).unwrap();
        });
        canceller.cancel();
        told.recv_timeout(PATIENCE).unwrap();
        waiter.join().unwrap();
    }
}

#[test]
fn a_waker_that_drops_another_waiter_does_not_hold_everyone_up() {
    /// What an executor's waker can do: the last one of a task takes the task with it.
    struct OwnsATask(#[expect(dead_code, reason = "held to be dropped")] Cancelled);

    impl Wake for OwnsATask {
        fn wake(self: Arc<Self>) {}
    }

    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let (ctx, canceller) = Context::root().with_cancellation();
        let owner = || Waker::from(Arc::new(OwnsATask(ctx.cancelled())));
        let mut moved = ctx.cancelled();
        assert!(Pin::new(&mut moved).poll(&mut Task::from_waker(&owner())).is_pending());
        assert!(Pin::new(&mut moved).poll(&mut Task::from_waker(&owner())).is_pending());
        drop(moved);
        let mut woken = ctx.cancelled();
        assert!(Pin::new(&mut woken).poll(&mut Task::from_waker(&owner())).is_pending());
        canceller.cancel();
        tell.send(()).unwrap();
    });
    told.recv_timeout(PATIENCE).unwrap();
}

const PATIENCE: Duration = Duration::from_secs(30);

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn what_goes_on_after_the_answer_does_not_end_with_those_who_wait_for_it() {
    const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");
    let request = Context::root().with(&TENANT, "acme").with_verbosity(Verbosity::Debug);
    let request = request.with_timeout(Duration::from_secs(1)).with_hold(Hold::new(1024));
    let (request, canceller) = request.with_cancellation();
    let job = request.detached();
    let mut waiter = Waiter::of(&job);
    canceller.cancel();
    assert!(request.is_cancelled() && !job.is_cancelled() && waiter.poll().is_pending());
    assert!(request.deadline().is_some() && job.deadline().is_none());
    assert!(request.hold().is_some() && job.hold().is_none());

    assert_eq!(job.request_id(), request.request_id());
    assert_eq!(job.trace_id(), request.trace_id());
    assert_eq!(job.parent_span_id(), Some(request.span_id()));
    assert_eq!((job.get(&TENANT), job.baggage()), (Some("acme"), request.baggage()));
    assert_eq!(job.verbosity(), Some(Verbosity::Debug));

    // What it is bound by from there on is its own.
    let (own, canceller) = job.with_timeout(Duration::from_secs(9)).with_cancellation();
    canceller.cancel();
    assert!(own.is_cancelled() && own.deadline().is_some() && !job.is_cancelled());
}
