use std::thread;

use throughline_ctx::{Context, Key};

const ITEMS: Key<u64> = Key::local("cart.items", "How many things were bought");
const USER: Key<str> = Key::propagated("user.name", "Account name as typed");

#[test]
fn what_is_recorded_anywhere_below_is_collected_for_the_end() {
    let request = Context::root().with(&USER, "unknown").with_records();
    let deep = request.child().with(&ITEMS, 1_u64).edit().finish().child();
    assert!(deep.record(&USER, "ada") && deep.record(&ITEMS, 2_u64));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(deep.record(&ITEMS, 3_u64)));
        }
    });
    let recorded = request.close_records();
    assert_eq!((recorded.get(&USER), recorded.get(&ITEMS)), (Some("ada"), Some(3)));
    assert_eq!(recorded.entries().count(), 2);
    assert_eq!((recorded.span_id(), recorded.trace_id()), (request.span_id(), request.trace_id()));
}

#[test]
fn what_is_recorded_changes_no_context_and_goes_along_on_no_call() {
    let request = Context::root().with_records();
    assert!(request.record(&USER, "ada"));
    for ctx in [request.clone(), request.child(), request.close_records()] {
        assert_eq!(ctx.baggage().as_str(), "");
    }
    assert_eq!((request.get(&USER), request.child().get(&USER)), (None, None));
}

#[test]
fn where_nobody_reports_the_work_it_says_so() {
    assert!(!Context::root().record(&ITEMS, 1_u64));
    let request = Context::root().with_records();
    assert!(!request.detached().record(&ITEMS, 1_u64));
    assert!(request.record(&ITEMS, 2_u64));
    let reported = request.close_records();
    assert!(!request.child().record(&ITEMS, 3_u64));
    assert_eq!(reported.get(&ITEMS), Some(2));
}

#[test]
fn work_within_work_has_records_of_its_own() {
    let request = Context::root().with_records();
    let job = request.child().with_records();
    assert!(job.record(&ITEMS, 1_u64) && request.record(&ITEMS, 2_u64));
    assert_eq!(job.close_records().get(&ITEMS), Some(1));
    assert_eq!(request.close_records().get(&ITEMS), Some(2));
}
