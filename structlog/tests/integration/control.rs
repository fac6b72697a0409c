//! Which events are written, changed while they are.

use serde_json::Value as Json;
use throughline_ctx::{Context, Hold, Verbosity};
use throughline_schema::{Event, Level, Outcome};
use throughline_structlog::testing::Captured;
use throughline_structlog::{Filter, Logger, Sampling, Threshold, debug, info, trace, warn};

/// A step of a login.
#[derive(Event)]
#[event(name = "user.login.step", version = 1, level = "debug", message = "Step")]
struct Step {
    /// Which.
    number: u32,
}

/// A request was answered.
#[derive(Event)]
#[event(name = "server.request", version = 1, level = "info", message = "Request", kind = "span")]
struct Request {
    /// How long it took.
    duration_us: u64,
    /// How it ended.
    outcome: Outcome,
}

fn capture(filter: impl Into<Filter>) -> (Logger, Captured) {
    let captured = Captured::default();
    (Logger::builder("test").filter(filter).sink(captured.clone()).build(), captured)
}

fn jsons(captured: &Captured) -> Vec<Json> {
    captured.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn messages(captured: &Captured) -> Vec<String> {
    jsons(captured).iter().map(|json| json["message"].as_str().unwrap().to_owned()).collect()
}

fn filter(text: &str) -> Filter {
    text.parse().unwrap()
}

mod r#async {
    pub(super) fn say(log: &throughline_structlog::Logger) {
        throughline_structlog::debug!(logger: log, "ad hoc");
    }
}

#[test]
fn a_module_with_a_raw_identifier_goes_by_either_spelling() {
    for text in ["off,integration::control::async=debug", "off,integration::control::r#async=debug"]
    {
        let (log, captured) = capture(filter(text));
        r#async::say(&log);
        debug!(logger: log, "elsewhere");
        assert_eq!(messages(&captured), ["ad hoc"]);
        assert_eq!(jsons(&captured)[0]["target"], "integration::control::r#async");
    }
}

#[test]
fn a_filter_goes_by_the_name_of_a_type_or_the_target_and_is_changed_at_once() {
    let (log, captured) = capture(Level::Info);
    let emit = || {
        log.emit(None, &Step { number: 1 });
        debug!(logger: log, "ad hoc");
        captured.lines().len()
    };
    assert_eq!(emit(), 0);
    log.set_filter(filter("off,user.login=debug"));
    assert_eq!(emit(), 1);
    log.set_filter(filter("warn,integration::control=debug"));
    assert_eq!(emit(), 2);
    log.set_filter(filter("debug,integration=off,user=info"));
    assert_eq!(emit(), 2);
    assert_eq!(log.filter(), filter("debug,integration=off,user=info"));
    assert_eq!(messages(&captured), ["Step", "ad hoc"]);
}

#[test]
fn what_a_filter_leaves_out_is_not_evaluated() {
    let (log, captured) = capture(filter("trace,integration::control=warn"));
    let evaluated = std::cell::Cell::new(0);
    let evaluate = || {
        evaluated.set(evaluated.get() + 1);
        1
    };
    trace!(logger: log, "off", value = evaluate());
    assert_eq!((evaluated.get(), captured.lines().len()), (0, 0));
    warn!(logger: log, "on", value = evaluate());
    assert_eq!((evaluated.get(), captured.lines().len()), (1, 1));
}

#[test]
fn filters_are_changed_while_threads_write() {
    let (log, captured) = capture(Level::Info);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (0..5_000).for_each(|number| log.emit(None, &Step { number }))))
            .collect();
        while !writers.iter().all(|writer| writer.is_finished()) {
            log.set_filter(filter("info,user=debug"));
            log.set_filter(Level::Warn);
        }
    });
    log.set_filter(filter("error,user.login.step=debug"));
    let before = captured.lines().len();
    log.emit(None, &Step { number: 0 });
    assert_eq!(captured.lines().len(), before + 1);
}

#[test]
fn one_request_can_ask_for_more_and_only_off_is_stronger() {
    let (log, captured) = capture(Level::Warn);
    let quiet = Context::root();
    let loud = quiet.with_verbosity(Verbosity::Debug);
    for ctx in [&quiet, &loud.child()] {
        log.emit(ctx, &Step { number: 1 });
        debug!(logger: log, ctx, "debug");
        trace!(logger: log, ctx, "trace");
    }
    assert_eq!(messages(&captured), ["Step", "debug"]);
    assert!(
        jsons(&captured).iter().all(|json| json["context"]["id"] == loud.request_id().as_str())
    );
    // By the current context, too.
    loud.scope(|| debug!(logger: log, "current"));
    assert_eq!(messages(&captured)[2..], ["current"]);
    log.set_filter(filter("warn,user=off"));
    log.emit(&loud, &Step { number: 2 });
    log.set_filter(Threshold::OFF);
    debug!(logger: log, &loud, "debug");
    assert_eq!(captured.lines().len(), 3);
}

#[test]
fn detail_that_is_held_back_is_written_when_the_request_goes_wrong() {
    let (log, captured) = capture(Level::Info);
    let ctx = Context::root().with_hold(Hold::new(4096).release_at(Level::Warn.severity_number()));
    log.emit(&ctx, &Step { number: 1 });
    trace!(logger: log, ctx.child(), "in a child");
    info!(logger: log, &ctx, "at once");
    assert_eq!(messages(&captured), ["at once"]);
    warn!(logger: log, &ctx, "it goes wrong");
    debug!(logger: log, &ctx, "after it");
    assert_eq!(messages(&captured), ["at once", "Step", "in a child", "it goes wrong", "after it"]);
    let times: Vec<_> = jsons(&captured)
        .iter()
        .map(|json| json["timestamp"].as_str().unwrap().to_owned())
        .collect();
    assert!(times[1] <= times[2] && times[2] <= times[0] && times[0] <= times[3], "{times:?}");
    let levels: Vec<_> = jsons(&captured).iter().map(|json| json["level"].clone()).collect();
    assert_eq!(levels, ["INFO", "DEBUG", "TRACE", "WARN", "DEBUG"]);
    assert_eq!(log.withheld(), Default::default());
}

#[test]
fn detail_of_a_request_that_went_well_vanishes_and_is_counted() {
    let (log, captured) = capture(Level::Info);
    let ctx = Context::root().with_hold(Hold::new(4096));
    for number in 0..3 {
        log.emit(&ctx, &Step { number });
    }
    info!(logger: log, &ctx, "done");
    drop(ctx);
    assert_eq!(messages(&captured), ["done"]);
    assert_eq!(log.withheld().vanished, 3);
}

#[test]
fn detail_for_which_there_was_no_room_is_told() {
    let (log, captured) = capture(Level::Info);
    let ctx = Context::root().with_hold(Hold::new(1000));
    for number in 0..20 {
        log.emit(&ctx, &Step { number });
    }
    ctx.child().release_hold();
    let written = jsons(&captured);
    let (last, kept) = written.split_last().unwrap();
    assert_eq!(kept.last().unwrap()["number"], 19);
    assert_eq!(last["event"], "throughline.detail_dropped");
    assert_eq!(last["events"], 20 - kept.len());
    assert_eq!(last["context"]["id"], ctx.request_id().as_str());
    assert_eq!(log.withheld().dropped, 20 - kept.len() as u64);
}

#[test]
fn sampling_keeps_whole_traces_with_their_weight_and_never_drops_what_failed() {
    let (log, captured) = capture(Level::Info);
    log.set_sampling(Sampling::none().one_in(4, "").one_in(1, "integration::control"));
    let (mut kept, mut left) = (0, 0);
    for _ in 0..400 {
        let ctx = Context::root();
        log.emit(&ctx, &Request { duration_us: 1, outcome: Outcome::Ok });
        log.emit(&ctx.child(), &Request { duration_us: 1, outcome: Outcome::Ok });
        match captured.lines().len() - kept {
            2 => kept += 2,
            0 => left += 2,
            _ => panic!("one of two events of a trace was kept"),
        }
    }
    assert!(kept > 100 && kept < 300, "{kept}");
    assert!(jsons(&captured).iter().all(|json| json["weight"] == 4));
    assert_eq!(log.withheld().sampled, left);

    let all = captured.lines().len();
    for _ in 0..50 {
        let ctx = Context::root();
        log.emit(&ctx, &Request { duration_us: 1, outcome: Outcome::Timeout });
        log.emit_at(Level::Warn, &ctx, &Request { duration_us: 1, outcome: Outcome::Ok });
        info!(logger: log, &ctx, "of another name");
        log.emit(None, &Request { duration_us: 1, outcome: Outcome::Ok });
    }
    let rest = jsons(&captured).split_off(all);
    assert_eq!(rest.len(), 200);
    assert!(rest.iter().all(|json| json.get("weight").is_none()));
}

#[test]
fn what_sampling_leaves_out_is_held_where_detail_is() {
    let (log, captured) = capture(Level::Info);
    log.set_sampling(Sampling::none().one_in(u32::MAX, ""));
    let ctx = Context::root().with_hold(Hold::new(4096));
    debug!(logger: log, &ctx, "debug");
    info!(logger: log, &ctx, "info");
    assert_eq!((captured.lines().len(), log.withheld().sampled), (0, 0));
    warn!(logger: log, &ctx, "warn");
    ctx.hold().unwrap().release();
    info!(logger: log, &ctx, "after");
    assert_eq!(messages(&captured), ["warn", "debug", "info", "after"]);
    assert!(jsons(&captured).iter().all(|json| json.get("weight").is_none()));
}

#[test]
fn an_event_that_no_filter_lets_through_releases_what_is_held_all_the_same() {
    let (log, captured) = capture(Level::Error);
    let ctx = Context::root().with_hold(Hold::new(4096).release_at(Level::Warn.severity_number()));
    debug!(logger: log, &ctx, "debug");
    warn!(logger: log, &ctx, "warn");
    assert_eq!(messages(&captured), ["debug", "warn"]);
}

#[test]
fn detail_is_limited_as_other_events_are_once_it_is_released() {
    let (log, captured) = capture(Level::Info);
    log.set_rate_limit(1);
    let ctx = Context::root().with_hold(Hold::new(4096));
    ctx.hold().unwrap().release();
    for _ in 0..100 {
        debug!(logger: log, &ctx, "flood");
    }
    assert!(captured.lines().len() < 10, "{}", captured.lines().len());
    log.set_rate_limit(0);
    let told = jsons(&captured).into_iter().find(|json| json["event"] == "throughline.suppressed");
    assert!(told.unwrap()["events"].as_u64().unwrap() > 90);
}

#[test]
fn a_logger_that_is_off_writes_nothing_of_its_own_either() {
    let (log, captured) = capture(Level::Info);
    log.set_rate_limit(1);
    (0..10).for_each(|_| info!(logger: log, "flood"));
    let before = captured.lines().len();
    log.set_filter(Threshold::OFF);
    log.flush(std::time::Duration::ZERO).unwrap();
    assert_eq!(captured.lines().len(), before);
}

#[test]
fn a_flood_from_one_place_is_limited_and_its_end_says_how_many_were_suppressed() {
    let (log, captured) = capture(Level::Info);
    log.set_rate_limit(5);
    for number in 0..1000 {
        info!(logger: log, "flood", number);
    }
    warn!(logger: log, "another place");
    log.flush(std::time::Duration::ZERO).unwrap();
    let written = jsons(&captured);
    let of = |message: &str| written.iter().filter(|json| json["message"] == message).count();
    let told: Vec<_> =
        written.iter().filter(|json| json["event"] == "throughline.suppressed").collect();
    let suppressed: u64 = told.iter().map(|json| json["events"].as_u64().unwrap()).sum();
    assert_eq!(of("another place"), 1);
    assert_eq!(of("flood") as u64 + suppressed, 1000);
    assert!(of("flood") >= 5 && suppressed > 0);
    assert!(told.iter().all(|json| json["of"] == "log" && json["saying"] == "flood"));
    assert_eq!(log.withheld().suppressed, suppressed);

    log.set_rate_limit(0);
    (0..100).for_each(|_| info!(logger: log, "unlimited"));
    assert_eq!(messages(&captured).iter().filter(|message| *message == "unlimited").count(), 100);
}
