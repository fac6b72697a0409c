//! Streams in a context.

use futures_util::future::FutureExt;
use futures_util::{Stream, StreamExt};
use throughline_ctx::{Context, InContextExt};

#[test]
fn a_stream_is_polled_and_dropped_in_its_context() {
    struct OnDrop(Context);

    impl Drop for OnDrop {
        fn drop(&mut self) {
            assert_eq!(Context::current().unwrap().span_id(), self.0.span_id());
        }
    }

    let ctx = Context::root();
    let held = OnDrop(ctx.clone());
    let numbers = futures_util::stream::iter(0..3).map(move |number| {
        let _held = &held;
        (number, Context::current().unwrap().span_id())
    });
    let stream = numbers.in_context(ctx.clone());
    assert_eq!(stream.size_hint(), (3, Some(3)));
    let seen: Vec<_> = stream.collect().now_or_never().unwrap();
    assert_eq!(seen, [0, 1, 2].map(|number| (number, ctx.span_id())));
    assert!(Context::current().is_none());
}
