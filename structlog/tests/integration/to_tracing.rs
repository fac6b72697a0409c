//! Events of ours, as the subscribers of `tracing` see them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use throughline_ctx::Context;
use throughline_schema::{Event, Level};
use throughline_structlog::testing::{Captured, capture, capture_with};
use throughline_structlog::tracing::layer;
use throughline_structlog::{Logger, Output, debug, info, logger};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// An order was placed.
#[derive(Event)]
#[event(name = "order.placed", version = 1, level = "warn", message = "Order of {items} items")]
struct OrderPlaced<'a> {
    /// How many.
    items: u32,
    /// What it costs.
    price: f64,
    /// Whether it is the first.
    first: bool,
    /// Who ordered.
    #[event(class = "personal")]
    customer: &'a str,
    /// What was said.
    note: Option<&'a str>,
    /// Which.
    wide: u128,
    /// What went wrong on the way.
    #[event(error)]
    warning: Option<&'a io::Error>,
}

fn placed() -> OrderPlaced<'static> {
    let (price, wide) = (9.5, u128::MAX);
    OrderPlaced { items: 3, price, first: true, customer: "tyler", note: None, wide, warning: None }
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `fmt().json()` writes while `work` runs.
fn seen(filter: &str, work: impl FnOnce()) -> Vec<Value> {
    let memory = Memory::default();
    let writer = memory.clone();
    let subscriber = fmt()
        .json()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    let bytes = memory.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn forwarding() -> Logger {
    Logger::builder("a-library").filter(Level::Trace).to_tracing().build()
}

#[test]
fn an_event_with_a_type_is_seen_with_its_values() {
    let (log, ctx) = (forwarding(), Context::root());
    let lines = seen("trace", || {
        log.emit(&ctx, &placed());
        log.emit(None, &placed());
    });
    let fields = json!({
        "message": "Order of 3 items", "items": 3, "price": 9.5, "first": true, "customer": "[redacted]",
        "wide": u128::MAX.to_string(), "event.name": "order.placed", "request_id": ctx.request_id().to_string(),
        "trace_id": ctx.trace_id().to_string(), "span_id": ctx.span_id().to_string(),
    });
    // fmt turns 128 bits into text itself.
    assert_eq!(lines[0]["fields"], fields);
    assert_eq!((&lines[0]["level"], &lines[0]["target"]), (&json!("WARN"), &json!("order.placed")));
    assert!(lines[1]["fields"].get("trace_id").is_none());
}

#[test]
fn the_causes_of_an_error_are_seen() {
    #[derive(Debug)]
    struct Late(io::Error);
    impl std::fmt::Display for Late {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("late")
        }
    }
    impl std::error::Error for Late {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let log = forwarding();
    let error = io::Error::other(Late(io::Error::other("slow")));
    let event = OrderPlaced { warning: Some(&error), ..placed() };
    let lines = seen("trace", || log.emit(None, &event));
    assert_eq!(lines[0]["fields"]["warning"], "late");
    assert_eq!(lines[0]["fields"]["warning.causes"], "slow");
}

#[test]
fn the_filter_of_the_subscriber_decides_by_target_and_level() {
    let log = forwarding();
    let lines = seen("warn,integration=debug,order.placed=off", || {
        debug!(logger: log, "by module", size = 3, list = [1, 2]);
        throughline_structlog::trace!(logger: log, "below");
        log.emit(None, &placed());
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["target"], module_path!());
    assert_eq!(lines[0]["fields"]["size"], 3);
    assert_eq!(lines[0]["fields"]["list"], "[1, 2]");
}

#[test]
fn a_library_is_heard_though_nobody_made_a_global_logger() {
    let lines = seen("info", || info!("from a library", entries = 7));
    assert_eq!(lines[0]["fields"]["entries"], 7);
    info!("nobody hears it");
    assert_eq!(logger().lost().total(), 0);
}

#[test]
fn an_event_that_goes_both_ways_is_written_once() {
    let captured = Captured::default();
    let both = Logger::builder("test")
        .filter(Level::Trace)
        .to_tracing()
        .also(Output::to(captured.clone()))
        .build();
    let (other, of_other) = capture();
    let subscriber = registry().with(layer(&both)).with(layer(&other));
    tracing::subscriber::with_default(subscriber, || {
        info!(logger: both, "ours", n = 1);
        tracing::info!(n = 2, "theirs");
    });
    let messages = |captured: &Captured| -> Vec<_> {
        captured.events().iter().map(|line| line.message().to_owned()).collect()
    };
    assert_eq!(messages(&captured), ["ours", "theirs"]);
    assert_eq!(messages(&of_other), ["ours", "theirs"]);
    assert_eq!(of_other.events()[0]["event.name"], "log");
    assert_eq!(of_other.events()[0]["n"], 1);
}

#[test]
fn loggers_that_hand_events_to_each_other_come_to_an_end() {
    let (lines, of_lines) = capture_with(|log| log);
    let (a, b) = (forwarding(), forwarding());
    let subscriber = registry().with(layer(&a)).with(layer(&b)).with(layer(&lines));
    tracing::subscriber::with_default(subscriber, || {
        info!(logger: a, "of a");
        info!(logger: b, "of b");
        tracing::info!("of neither");
    });
    assert_eq!(of_lines.events().len(), 3);
}

#[test]
fn what_is_suppressed_is_told_there_as_well() {
    let log = forwarding();
    log.set_rate_limit(1);
    let lines = seen("trace", || {
        (0..50).for_each(|_| info!(logger: log, "busy"));
        let _ = log.flush(std::time::Duration::ZERO);
    });
    assert!(lines.iter().any(|line| line["target"] == "throughline.suppressed"), "{lines:?}");
}
