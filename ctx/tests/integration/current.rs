//! Which context is current, where and when.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll, Waker};

use futures_util::future::{self, Either, FutureExt};
use throughline_ctx::{Context, InContextExt, SpanId};

fn current() -> Option<SpanId> {
    Context::current().map(|ctx| ctx.span_id())
}

/// Answers with the contexts that it saw in three polls.
async fn observe() -> [Option<SpanId>; 3] {
    let mut seen = [current(), None, None];
    for place in &mut seen[1..] {
        yield_once().await;
        *place = current();
    }
    seen
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Task::from_waker(Waker::noop()))
}

/// Polls to the end, with nothing current around it.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = poll(&mut future) {
            return done;
        }
        assert_eq!(current(), None);
    }
}

#[test]
fn a_future_has_its_context_on_whatever_thread_it_is_polled() {
    let ctx = Context::root();
    let mut work = Box::pin(observe().in_context(ctx.clone()));
    let elsewhere = Context::root();
    let seen = loop {
        let polled = std::thread::scope(|scope| {
            let on_a_thread = scope.spawn(|| {
                elsewhere.scope(|| {
                    let polled = poll(&mut work);
                    assert_eq!(current(), Some(elsewhere.span_id()));
                    polled
                })
            });
            on_a_thread.join().unwrap()
        });
        assert_eq!(current(), None);
        if let Poll::Ready(seen) = polled {
            break seen;
        }
    };
    assert_eq!(seen, [Some(ctx.span_id()); 3]);
}

#[test]
fn futures_that_are_joined_keep_their_contexts_apart() {
    let (a, b) = (Context::root(), Context::root());
    let joined =
        future::join3(observe().in_context(a.clone()), observe(), observe().in_context(b.clone()));
    let outer = Context::root();
    let (in_a, in_outer, in_b) = run(joined.in_context(outer.clone()));
    assert_eq!(in_a, [Some(a.span_id()); 3]);
    assert_eq!(in_outer, [Some(outer.span_id()); 3]);
    assert_eq!(in_b, [Some(b.span_id()); 3]);
}

#[test]
fn a_future_that_lost_a_select_is_dropped_in_its_context() {
    struct OnDrop<'a>(&'a mut Option<SpanId>);

    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            *self.0 = current();
        }
    }

    let (a, b) = (Context::root(), Context::root());
    let mut dropped_in = None;
    let on_drop = OnDrop(&mut dropped_in);
    let loser = async move {
        let _held = on_drop;
        future::pending::<()>().await
    };
    let race = future::select(
        Box::pin(loser.in_context(a.clone())),
        Box::pin(observe().in_context(b.clone())),
    );
    match run(race) {
        Either::Right((seen, loser)) => {
            assert_eq!(seen, [Some(b.span_id()); 3]);
            drop(loser);
        }
        Either::Left(_) => unreachable!("it is pending for ever"),
    }
    assert_eq!(dropped_in, Some(a.span_id()));
    assert_eq!(current(), None);
}

#[test]
fn nested_scopes_restore_what_was_before_them_even_after_a_panic() {
    let (outer, inner) = (Context::root(), Context::root());
    outer.scope(|| {
        let panicked = catch_unwind(|| {
            inner.scope(|| {
                assert_eq!(current(), Some(inner.span_id()));
                outer.child().scope(|| panic!("on purpose"));
            })
        });
        assert!(panicked.is_err());
        assert_eq!(current(), Some(outer.span_id()));
        let mut work = Box::pin(async { panic!("on purpose") }.in_context(inner.clone()));
        let panicked = catch_unwind(AssertUnwindSafe(|| -> Poll<()> { poll(&mut work) }));
        assert!(panicked.is_err());
        assert_eq!(current(), Some(outer.span_id()));
    });
    assert_eq!(current(), None);
}

#[test]
fn a_thread_begins_without_a_context() {
    let ctx = Context::root();
    let inherited = ctx.scope(|| std::thread::spawn(current).join().unwrap());
    assert_eq!(inherited, None);
    let given = ctx.clone();
    let seen = std::thread::spawn(move || given.scope(current)).join().unwrap();
    assert_eq!(seen, Some(ctx.span_id()));
}

#[test]
fn the_inner_of_two_contexts_of_one_future_wins() {
    let (outer, inner) = (Context::root(), Context::root());
    let work = observe().in_context(inner.clone()).in_context(outer);
    assert_eq!(run(work.fuse()), [Some(inner.span_id()); 3]);
}
