use std::error::Error;

use log::{Level as Theirs, LevelFilter, debug, error, info, trace, warn};
use throughline_ctx::{Context, Key, Verbosity};
use throughline_schema::Level;
use throughline_structlog::{Filter, Threshold, logger};

use super::global;

#[test]
fn a_key_value_keeps_its_type() {
    let global = global();
    let (error, none): (Box<dyn Error>, Option<u8>) = ("lost".into(), None);
    info!(
        small = -3_i8, large = u64::MAX, wide = i128::MIN, half = 0.5, yes = true, letter = 'x',
        text = "a \"b\"", shown:% = "c", debugged:? = Some(1), error:% = error, none:?;
        "typed"
    );
    let line = global.line();
    assert_eq!(line["small"], -3);
    assert_eq!(line["large"], u64::MAX);
    assert_eq!(line["wide"], i128::MIN);
    assert_eq!(line["half"], 0.5);
    assert_eq!(line["yes"], true);
    assert_eq!(line["letter"], "x");
    assert_eq!(line["text"], "a \"b\"");
    assert_eq!(line["shown"], "c");
    assert_eq!(line["debugged"], "Some(1)");
    assert_eq!(line["error"], "lost");
    assert_eq!(line.message(), "typed");
}

#[test]
fn a_record_has_its_level_its_target_and_the_current_context() {
    const TENANT: Key<str> = Key::local("tenant", "Whose data");
    let global = global();
    let ctx = Context::root().with(&TENANT, "acme");
    ctx.scope(|| {
        trace!("a");
        debug!("b {}", 1);
        info!(target: "a \"b\"", "c");
        warn!("d");
        error!("e\n");
    });
    let lines = global.lines();
    assert!(lines.iter().map(throughline_structlog::testing::Record::level).eq(Level::ALL));
    let messages: Vec<_> = lines.iter().map(|line| line.message()).collect();
    assert_eq!(messages, ["a", "b 1", "c", "d", "e\n"]);
    assert_eq!(lines[0]["target"], module_path!());
    assert_eq!(lines[2]["target"], "a \"b\"");
    assert!(lines.iter().all(|line| line.context().unwrap()["tenant"] == "acme"));
}

#[test]
fn the_filter_decides_and_the_maximal_level_of_log_follows_it() {
    let global = global();
    logger().set_filter(Level::Warn);
    assert_eq!(log::max_level(), LevelFilter::Warn);
    logger().set_filter("warn,app=debug".parse::<Filter>().unwrap());
    assert_eq!(log::max_level(), LevelFilter::Debug);
    debug!(target: "app", "in");
    debug!(target: "h2", "out");
    assert!(log::log_enabled!(target: "app", Theirs::Debug));
    assert!(!log::log_enabled!(target: "h2", Theirs::Debug));
    logger().set_filter(Threshold::OFF);
    assert_eq!(log::max_level(), LevelFilter::Off);
    error!("out");
    assert_eq!(global.line().message(), "in");
    // From now on, in this process, a request may ask for more.
    logger().set_filter(Level::Warn);
    Context::root().with_verbosity(Verbosity::Debug).scope(|| debug!("asked for"));
    debug!("out");
    assert_eq!(global.line().message(), "asked for");
    assert_eq!(log::max_level(), LevelFilter::Trace);
}

#[test]
fn of_two_keys_that_come_to_one_name_the_last_counts() {
    let global = global();
    info!(userId = 1, user_id = 2, level = 3, "a b" = 4; "m");
    let line = global.line();
    assert_eq!(line["user_id"], 2);
    assert_eq!(line["level_"], 3);
    assert_eq!(line["a_b"], 4);
    assert_eq!(line.fields().count(), 3);
}
