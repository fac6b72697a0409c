//! Loggers with several outputs.

use throughline_ctx::{Context, Hold, Key};
use throughline_schema::{Class, Event, Level};
use throughline_structlog::testing::Captured;
use throughline_structlog::{HashKey, Logger, Output, debug, error, info};

const USER: Key<str> = Key::local("user.email", "Who asks").personal();

/// Somebody signed up.
#[derive(Event)]
#[event(name = "user.signed_up", version = 1, level = "info", message = "Signed up")]
struct SignedUp<'a> {
    /// The address.
    #[event(class = "personal")]
    email: &'a str,
    /// What opens the door.
    #[event(class = "secret")]
    token: &'a str,
}

const EVENT: SignedUp<'_> = SignedUp { email: "a@example.org", token: "hunter2" };

#[test]
fn each_output_has_its_clearance_its_level_and_its_own_form_of_the_context() {
    let [all, personal, hashed, urgent] = [(); 4].map(|()| Captured::default());
    let log = Logger::builder("test")
        .sink(all.clone())
        .also(Output::to(personal.clone()).cleared_for(Class::Personal))
        .also(Output::to(hashed.clone()).hashed_with(HashKey::new([7; 16])))
        .also(Output::to(urgent.clone()).threshold(Level::Error))
        .build();
    let ctx = Context::root().with(&USER, "a@example.org");
    log.emit(&ctx, &EVENT);
    error!(logger: log, &ctx, "it went wrong");

    let first = |captured: &Captured| captured.lines().remove(0);
    assert!(first(&all).contains(r#""user.email":"[redacted]"}"#));
    assert!(first(&all).ends_with(r#""email":"[redacted]","token":"[redacted]"}"#));
    assert!(first(&personal).contains(r#""user.email":"a@example.org"}"#));
    assert!(first(&personal).ends_with(r#""email":"a@example.org","token":"[redacted]"}"#));
    let hashed_line = first(&hashed);
    assert!(!hashed_line.contains("example.org") && !hashed_line.contains("hunter2"));
    assert_eq!(hashed_line.matches("[hash:").count(), 3);
    assert_eq!(urgent.lines().len(), 1);
    assert!(urgent.lines()[0].contains("it went wrong"));
    for captured in [&all, &personal, &hashed] {
        assert_eq!(captured.lines().len(), 2);
    }
}

#[test]
fn detail_that_was_held_back_goes_to_each_output_in_its_own_form() {
    let [all, personal, urgent] = [(); 3].map(|()| Captured::default());
    let log = Logger::builder("test")
        .sink(all.clone())
        .also(Output::to(personal.clone()).cleared_for(Class::Personal))
        .also(Output::to(urgent.clone()).threshold(Level::Info))
        .build();
    let ctx = Context::root().with(&USER, "a@example.org").with_hold(Hold::new(4096));
    log.emit_at(Level::Debug, &ctx, &EVENT);
    debug!(logger: log, &ctx, "another");
    assert_eq!((all.lines().len(), personal.lines().len()), (0, 0));
    error!(logger: log, &ctx, "it went wrong");
    assert_eq!((all.lines().len(), personal.lines().len(), urgent.lines().len()), (3, 3, 1));
    assert!(all.lines()[0].ends_with(r#""email":"[redacted]","token":"[redacted]"}"#));
    assert!(personal.lines()[0].contains(r#""email":"a@example.org""#));
    assert!(all.lines()[1].contains("another"));
}

#[test]
fn an_event_that_is_held_back_counts_once_whatever_the_number_of_outputs() {
    let [one, other] = [(); 2].map(|()| Captured::default());
    let log = Logger::builder("test")
        .sink(one.clone())
        .also(Output::to(other.clone()).cleared_for(Class::Personal))
        .build();
    let ctx = Context::root().with_hold(Hold::new(4096));
    debug!(logger: log, &ctx, "held back");
    drop(ctx);
    assert_eq!(log.withheld().vanished, 1);
    let ctx = Context::root().with_hold(Hold::new(1));
    debug!(logger: log, &ctx, "held back");
    error!(logger: log, &ctx, "it went wrong");
    let dropped = one.events().into_iter().find(|it| it.event() == "throughline.detail_dropped");
    let dropped = dropped.unwrap();
    assert_eq!(dropped["events"], 1);
    assert_eq!(dropped["context"]["id"], ctx.request_id().as_str());
    assert_eq!(log.withheld().dropped, 1);
}

#[test]
fn moments_have_nanoseconds_where_that_is_asked_for() {
    let captured = Captured::default();
    let log = Logger::builder("test").nanoseconds().sink(captured.clone()).build();
    info!(logger: log, "now");
    let line = captured.lines().remove(0);
    assert_eq!(line.find("Z\""), Some("{\"timestamp\":\"2026-11-21T09:28:31.123456789".len()));
}
