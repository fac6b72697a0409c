use ::tracing::{debug, debug_span, error, info, trace, warn};
use throughline_ctx::{Context, Hold, Verbosity};
use throughline_schema::Level;
use throughline_structlog::Filter;

use super::{capture_with, under};

fn messages(captured: &throughline_structlog::testing::Captured) -> Vec<String> {
    captured.take().iter().map(|line| line.message().to_owned()).collect()
}

#[test]
fn the_filter_of_the_logger_decides_by_target() {
    let filter: Filter = "warn,app=debug,app::noisy=off".parse().unwrap();
    let (log, captured) = capture_with(|log| log.filter(filter));
    under(&log, || {
        debug!(target: "app", "1");
        trace!(target: "app", "2");
        error!(target: "app::noisy", "3");
        info!(target: "h2", "4");
        warn!(target: "h2", "5");
    });
    assert_eq!(messages(&captured), ["1", "5"]);
}

#[test]
fn a_filter_that_is_changed_changes_what_is_written_at_once() {
    let (log, captured) = capture_with(|log| log.filter(Level::Warn));
    let say = || {
        debug!(target: "changed::here", "debug");
        let is_on =
            debug_span!(target: "changed::here", "span").in_scope(|| Context::current().is_some());
        is_on.then(|| warn!("a span is on"));
    };
    under(&log, || {
        say();
        assert_eq!(messages(&captured), [""; 0]);
        log.set_filter("warn,changed=debug".parse::<Filter>().unwrap());
        say();
        assert_eq!(messages(&captured), ["debug", "a span is on"]);
        log.set_filter(Level::Error);
        say();
        assert_eq!(messages(&captured), [""; 0]);
        log.set_filter(Level::Trace);
        say();
        assert_eq!(messages(&captured), ["debug", "a span is on"]);
    });
}

#[test]
fn a_request_that_asks_for_more_is_given_more() {
    let (log, captured) = capture_with(|log| log.filter(Level::Warn));
    let ctx = Context::root();
    under(&log, || {
        let say = || debug!(target: "asked", "detail");
        ctx.scope(say);
        ctx.with_verbosity(Verbosity::Debug).scope(say);
        let held = ctx.with_hold(Hold::new(4096));
        held.scope(|| {
            say();
            assert_eq!(captured.events().len(), 1);
            error!("wrong");
        });
    });
    assert_eq!(messages(&captured), ["detail", "detail", "wrong"]);
}

#[test]
fn a_place_that_writes_too_much_is_limited() {
    let (log, captured) = capture_with(|log| log.rate_limit(3));
    under(&log, || {
        (0..10).for_each(|_| info!("busy"));
        (0..2).for_each(|_| info!("calm"));
    });
    let seen = messages(&captured);
    assert!(seen.iter().filter(|message| *message == "busy").count() < 10);
    assert_eq!(seen.iter().filter(|message| *message == "calm").count(), 2);
    assert!(log.withheld().suppressed > 0);
}
