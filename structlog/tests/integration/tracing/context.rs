use ::tracing::{Instrument, info, info_span};
use throughline_ctx::{Context, InContextExt, Key};
use throughline_schema::Event;
use throughline_structlog::testing::{Record, capture};

use super::{dispatch, line, under, written};

const TENANT: Key<str> = Key::local("tenant", "Whose data");
const ATTEMPT: Key<u64> = Key::local("attempt", "Which try");

fn id(line: &Record, name: &str) -> String {
    line.context().unwrap()[name].as_str().unwrap().to_owned()
}

#[test]
fn an_event_carries_the_current_context() {
    let ctx = Context::root().with(&TENANT, "acme");
    let line = line(|| ctx.scope(|| info!("m")));
    assert_eq!(id(&line, "span_id"), ctx.span_id().to_string());
    assert_eq!(id(&line, "tenant"), "acme");
}

#[test]
fn a_span_is_a_child_of_the_context_in_which_it_is_opened() {
    let ctx = Context::root().with(&TENANT, "acme");
    let line = line(|| {
        let span = ctx.scope(|| info_span!("s", user = "tyler"));
        span.in_scope(|| info!("elsewhere"));
    });
    assert_eq!(id(&line, "id"), ctx.request_id().to_string());
    assert_eq!(id(&line, "trace_id"), ctx.trace_id().to_string());
    assert_eq!(id(&line, "parent_span_id"), ctx.span_id().to_string());
    assert_eq!((id(&line, "tenant"), id(&line, "user")), ("acme".into(), "tyler".into()));
}

#[test]
fn what_is_recorded_within_spans_reaches_the_unit_of_work_around_them() {
    let request = Context::root().with_records();
    line(|| {
        request.scope(|| {
            let outer = info_span!("outer", user = ::tracing::field::Empty);
            outer.in_scope(|| {
                outer.record("user", "tyler");
                info_span!("inner").in_scope(|| {
                    assert!(Context::current().unwrap().record(&ATTEMPT, 2_u64));
                    assert!(Context::current().unwrap().with(&TENANT, "x").record(&TENANT, "acme"));
                    info!("m");
                });
            });
        });
    });
    let reported = request.close_records();
    assert_eq!((reported.get(&ATTEMPT), reported.get(&TENANT)), (Some(2), Some("acme")));
    // The fields of the spans are those of their events.
    assert_eq!(reported.entries().count(), 2);
}

#[test]
fn a_context_that_is_made_current_within_a_span_counts_and_has_the_fields_of_the_span() {
    let elsewhere = Context::root().with(&TENANT, "initech");
    let lines = written(|| {
        let span = info_span!("s", tenant = "acme", user = "tyler", late = ::tracing::field::Empty);
        let _span = span.clone().entered();
        elsewhere.scope(|| {
            info!("m");
            info!("m");
            span.record("late", true);
            info!("m");
        });
        let within = Context::current().unwrap().with(&ATTEMPT, 2_u64);
        within.scope(|| info!("m"));
        info!("m");
    });
    assert_eq!(id(&lines[0], "trace_id"), elsewhere.trace_id().to_string());
    assert_eq!(
        (id(&lines[1], "tenant"), id(&lines[1], "user")),
        ("initech".into(), "tyler".into())
    );
    assert_eq!(lines[2].context().unwrap()["late"], true);
    assert_eq!(lines[3].context().unwrap()["attempt"], 2);
    assert_eq!(lines[3].context().unwrap()["late"], true);
    assert!(lines[4].context().unwrap().get("attempt").is_none());
    assert_eq!(id(&lines[4], "tenant"), "acme");
}

#[test]
fn the_context_of_a_span_is_the_current_one_for_events_that_have_a_type_as_well() {
    /// A thing was done.
    #[derive(Event)]
    #[event(name = "done", version = 1, level = "info", message = "Done")]
    struct Done {}

    let (log, captured) = capture();
    under(&log, || {
        let span = info_span!("s", user = "tyler", late = ::tracing::field::Empty);
        let _span = span.clone().entered();
        span.record("late", 1);
        log.emit(Context::current().as_ref(), &Done {});
        throughline_structlog::info!(logger: log, "by a macro of ours");
        info!("by a macro of tracing");
    });
    let events = captured.events();
    assert_eq!(events.len(), 3);
    for event in &events {
        assert_eq!(event.context(), events[0].context());
        assert_eq!(event.context().unwrap()["user"], "tyler");
        assert_eq!(event.context().unwrap()["late"], 1);
    }
}

#[test]
fn a_scope_that_ends_before_the_span_that_was_entered_in_it_leaves_nothing_behind() {
    let lines = written(|| {
        let mut entered = None;
        Context::root().with(&TENANT, "acme").scope(|| entered = Some(info_span!("s").entered()));
        info!("in the span");
        drop(entered);
        info!("in none");
    });
    assert_eq!(id(&lines[0], "span.name"), "s");
    assert!(lines[1].context().is_none());
    assert!(Context::current().is_none());
}

#[test]
fn a_context_follows_a_span_across_tasks_and_threads() {
    let (log, captured) = capture();
    let dispatch = dispatch(&log);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        use ::tracing::instrument::WithSubscriber;
        let request = |number: u64| {
            async move {
                let ctx = Context::root();
                let work = async move {
                    for _ in 0..20 {
                        info!(number, "step");
                        tokio::task::yield_now().await;
                        let here = Context::current().unwrap();
                        let child =
                            async move { info!(number, "child") }.instrument(info_span!("child"));
                        tokio::spawn(child.with_current_subscriber()).await.unwrap();
                        assert_eq!(here.span_id(), Context::current().unwrap().span_id());
                    }
                };
                let span = ctx.scope(|| info_span!("request", number));
                work.instrument(span).in_context(ctx.clone()).await;
                (number, ctx.trace_id().to_string())
            }
            .with_subscriber(dispatch.clone())
        };
        let tasks: Vec<_> = (0..16).map(|number| tokio::spawn(request(number))).collect();
        let mut traces = std::collections::HashMap::new();
        for task in tasks {
            let (number, trace) = task.await.unwrap();
            traces.insert(number, trace);
        }
        let lines = captured.events();
        assert_eq!(lines.len(), 16 * 40);
        for line in &lines {
            let number: u64 = line["number"].number().unwrap();
            assert_eq!(line.context().unwrap()["number"], number, "{}", line.line());
            assert_eq!(id(line, "trace_id"), traces[&number]);
        }
    });
}
