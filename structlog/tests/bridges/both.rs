use std::fmt;

use ::tracing::{info, info_span};
use throughline_structlog::{Service, logger};

use super::global;

#[test]
fn what_a_sink_says_while_it_is_written_to_is_counted_and_not_written() {
    let global = global();
    let before = logger().withheld().reentrant;
    info!("one");
    log::info!("two");
    assert_eq!(global.lines().len(), 2);
    assert_eq!(logger().withheld().reentrant - before, 4);
}

#[test]
fn a_value_that_logs_while_it_is_printed_is_an_event_of_its_own() {
    struct Logs;
    impl fmt::Display for Logs {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("by tracing");
            log::info!("by log");
            f.write_str("x")
        }
    }
    let global = global();
    info!(value = %Logs, "outer");
    log::info!(value:% = Logs; "outer");
    let messages: Vec<_> = global.lines().iter().map(|line| line.message().to_owned()).collect();
    assert_eq!(messages, ["by tracing", "by log", "outer", "by tracing", "by log", "outer"]);
    drop(info_span!("s", value = %Logs));
    assert_eq!(global.lines().len(), 2);
}

#[test]
fn a_record_of_log_has_the_fields_of_the_span() {
    let global = global();
    info_span!("request", user = "tyler").in_scope(|| log::info!("m"));
    assert_eq!(global.line().context().unwrap()["user"], "tyler");
}

#[test]
fn a_second_bridge_is_refused() {
    let _global = global();
    let error = throughline_structlog::log::install(logger()).unwrap_err();
    assert!(error.to_string().contains("`log`"), "{error}");
    let error = throughline_structlog::tracing::init(Service::new("again")).unwrap_err();
    assert!(error.is_already_initialized(), "{error}");
}
