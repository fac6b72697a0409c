//! Lines of the public path, read by a parser that is not ours.

use proptest::prelude::*;
use serde_json::Value as Json;
use throughline_ctx::Context;
use throughline_schema::Event;
use throughline_structlog::{debug, error, info, testing, trace, warn};

/// Whatever people put into events.
#[derive(Event)]
#[event(name = "anything", version = 1, level = "info", message = "Any \"thing\"\n")]
struct Anything<'a> {
    /// Text.
    text: &'a str,
    /// More text.
    texts: &'a [String],
    /// A number.
    number: f64,
    /// Another.
    integer: i128,
}

proptest! {
    #[test]
    fn every_event_is_one_line_of_json_that_reads_back(
        text: String, texts: Vec<String>, number: f64, integer: i64,
    ) {
        let (log, captured) = testing::capture();
        log.emit(None, &Anything { text: &text, texts: &texts, number, integer: integer.into() });
        let lines = captured.lines();
        prop_assert_eq!(lines.len(), 1);
        prop_assert!(!lines[0].contains(|c: char| c.is_control()));
        let json: Json = serde_json::from_str(&lines[0]).unwrap();
        prop_assert_eq!(&json["message"], "Any \"thing\"\n");
        prop_assert_eq!(&json["text"], &text);
        prop_assert_eq!(&json["texts"], &Json::from(texts));
        prop_assert_eq!(&json["integer"], integer);
        if number.is_finite() {
            prop_assert_eq!(json["number"].as_f64().unwrap().to_bits(), number.to_bits());
        } else {
            prop_assert_eq!(&json["number"], &Json::Null);
        }
    }
}

#[test]
fn the_message_can_come_first_or_last_with_or_without_a_context() {
    let (log, captured) = testing::capture();
    let (ctx, key) = (Context::root(), "k");
    info!(logger: log, "m", key, b.c = 1, d = %2, e = ?3);
    info!(logger: log, b.c = 1, d = %2, e = ?3, key, "m");
    info!(logger: log, &ctx, "m", key, b.c = 1, d = %2, e = ?3,);
    info!(logger: log, &ctx, key, b.c = 1, d = %2, e = ?3, "m",);
    info!(logger: log, &ctx, "m");
    info!(logger: log, "m");
    let ends: Vec<_> = captured
        .lines()
        .iter()
        .map(|line| {
            let json: Json = serde_json::from_str(line).unwrap();
            assert_eq!(json["message"], "m");
            let fields = line.split_once(r#""target":"integration::line""#).unwrap().1.to_owned();
            (json.get("context").is_some(), fields)
        })
        .collect();
    let first = r#","key":"k","b.c":1,"d":"2","e":"3"}"#.to_owned();
    let last = r#","b.c":1,"d":"2","e":"3","key":"k"}"#.to_owned();
    assert_eq!(ends[..3], [(false, first.clone()), (false, last), (true, first.clone())]);
    assert_eq!(ends[3..], [(true, first), (true, "}".to_owned()), (false, "}".to_owned())]);
}

#[test]
fn an_event_without_a_type_says_where_it_stands_and_keeps_the_types_of_its_fields() {
    let (log, captured) = testing::capture();
    let ctx = Context::root();
    let user = "tyler";
    warn!(logger: log, &ctx, "cache miss", user, cache.size = 3_u8, ratio = 0.5, on = true, path = %"p", mode = ?Some(1),);
    let line = captured.lines().remove(0);
    let json: Json = serde_json::from_str(&line).unwrap();
    assert_eq!(json["level"], "WARN");
    assert_eq!((&json["event"], &json["version"]), (&"log".into(), &1.into()));
    assert_eq!(json["context"]["id"], ctx.request_id().as_str());
    let fields = r#""target":"integration::line","user":"tyler","cache.size":3,"ratio":0.5,"on":true,"path":"p","mode":"Some(1)"}"#;
    assert!(line.ends_with(fields), "{line}");
}

#[test]
fn macros_take_the_context_that_they_are_given_or_else_the_current_one() {
    let (log, captured) = testing::capture();
    let (given, current) = (Context::root(), Context::root());
    current.scope(|| {
        trace!(logger: log, "current");
        debug!(logger: log, given, "by value");
        info!(logger: log, &given, "by reference");
        warn!(logger: log, Some(&given), "by option");
        error!(logger: log, None::<Context>, "none");
    });
    let ids: Vec<_> = captured
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<Json>(line).unwrap()["context"]["id"].clone())
        .collect();
    let (given, current) = (given.request_id().as_str(), current.request_id().as_str());
    assert_eq!(ids, [current.into(), given.into(), given.into(), given.into(), Json::Null]);
}

#[cfg(not(feature = "to-tracing"))] // then it goes where `to_tracing.rs` looks
#[test]
fn before_init_the_global_logger_writes_nothing_and_fails_nobody() {
    info!("nobody hears", reason = "no global logger yet");
    assert!(!throughline_structlog::logger().enabled(throughline_schema::Level::Error));
}

#[test]
fn names_of_the_callers_own_mean_what_they_mean_to_the_caller() {
    const MESSAGE: &str = "the caller's own";
    const ROOM: u8 = 7;
    static HEAD: &str = "head";
    static DESCRIPTOR: bool = true;
    let (log, captured) = testing::capture();
    let (logger, level, descriptor) = ("a", "b", "c");
    info!(logger: log, "the macro's", text = MESSAGE, room = ROOM, head = HEAD, on = DESCRIPTOR, logger, at = level, descriptor);
    let line = captured.lines().remove(0);
    let expected = r#""message":"the macro's""#;
    assert!(line.contains(expected), "{line}");
    let fields = r#""text":"the caller's own","room":7,"head":"head","on":true,"logger":"a","at":"b","descriptor":"c"}"#;
    assert!(line.ends_with(fields), "{line}");
}

/// An error that has a cause, and then has none, and then has one.
#[derive(Debug)]
struct Fickle(std::fmt::Error, std::cell::Cell<bool>);

impl std::fmt::Display for Fickle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("fickle")
    }
}

impl std::error::Error for Fickle {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.replace(!self.1.get()).then_some(&self.0)
    }
}

/// Something failed.
#[derive(Event)]
#[event(name = "failed", version = 1, level = "error", message = "Failed")]
struct Failed<E: std::error::Error> {
    /// Why.
    #[event(error)]
    error: E,
}

#[test]
fn an_error_that_answers_otherwise_each_time_is_json_all_the_same() {
    for first in [true, false] {
        let (log, captured) = testing::capture();
        let error = Fickle(std::fmt::Error, std::cell::Cell::new(first));
        log.emit(None, &Failed { error });
        let json: Json = serde_json::from_str(&captured.lines()[0]).unwrap();
        assert_eq!(json["error.causes"].is_array(), first, "{json}");
    }
}
