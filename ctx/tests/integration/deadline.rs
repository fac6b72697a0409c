//! Deadlines only ever get shorter.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use throughline_ctx::Context;
use throughline_ctx::propagation::{Incoming, Propagator};

proptest! {
    #[test]
    fn a_deadline_is_the_earliest_of_all_that_were_set(millis in prop::collection::vec(0..1000_u64, 1..8)) {
        let now = Instant::now();
        let deadlines = millis.iter().map(|&millis| now + Duration::from_millis(millis));
        let mut ctx = Context::root();
        let mut earliest = None::<Instant>;
        for deadline in deadlines {
            ctx = ctx.with_deadline(deadline).child();
            earliest = Some(earliest.map_or(deadline, |earliest| earliest.min(deadline)));
            prop_assert_eq!(ctx.deadline(), earliest);
        }
    }

    #[test]
    fn a_callee_never_has_more_time_than_its_caller(nanos in 0..10_000_000_000_000_u64, grpc: bool) {
        let propagator = Propagator::new().grpc(grpc);
        let timeout = Duration::from_nanos(nanos);
        let ctx = Context::root().with_timeout(timeout);
        let mut headers = std::collections::HashMap::<String, String>::new();
        propagator.inject(&ctx, &mut headers);
        let told = propagator.extract(&headers).timeout;
        prop_assert!(told.is_some_and(|told| told <= timeout), "{:?} of {:?}", told, timeout);
    }
}

#[test]
fn a_deadline_that_no_clock_reaches_is_none() {
    let mut incoming = Incoming::default();
    incoming.timeout = Some(Duration::MAX);
    let ctx = Context::continue_from(&incoming).with_timeout(Duration::MAX);
    assert_eq!((ctx.deadline(), ctx.remaining()), (None, None));
}

#[test]
fn a_deadline_that_has_passed_leaves_nothing_and_stays() {
    let passed = Instant::now();
    let ctx = Context::root().with_deadline(passed);
    assert_eq!(ctx.remaining(), Some(Duration::ZERO));
    let later = ctx.with_timeout(Duration::from_secs(1)).with_cancellation().0.child();
    assert_eq!(later.deadline(), Some(passed));
}
