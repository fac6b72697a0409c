//! The library that chooses no logger, in programs of three kinds.

use std::process::Command;

use throughline::structlog::testing::Record;

use crate::examples::binary;

/// What a program of this kind writes.
fn program(kind: &str, filter: &str) -> String {
    let mut command = Command::new(binary("library"));
    command.arg(kind).env_remove("THROUGHLINE_SOCKET").env_remove("RUST_LOG");
    let output = command.env("THROUGHLINE_LOG", filter).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn with_a_logger_of_ours_its_events_are_lines_as_the_filter_says() {
    for (filter, expected) in [
        ("info", &["cache.evicted"][..]),
        ("debug", &["log", "cache.evicted"]),
        ("info,cache.evicted=off", &[]),
    ] {
        let text = program("throughline", filter);
        let lines: Vec<Record> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert!(lines.iter().map(Record::event).eq(expected.iter().copied()), "{text}");
        if let Some(evicted) = lines.last() {
            assert_eq!(evicted["service"]["name"], "shop");
            assert!(evicted["cache.key"] == "user:7" && evicted["size"] == 512, "{text}");
            assert_eq!(evicted.context(), lines[0].context());
        }
    }
}

#[test]
fn with_tracing_alone_they_are_events_of_its_subscriber() {
    let text = program("tracing", "off"); // which is for loggers of ours
    let [line] = &*text.lines().collect::<Vec<_>>() else { panic!("one line: {text}") };
    let (head, fields) = line.split_once("Entry evicted ").unwrap();
    assert!(head.ends_with(" WARN cache.evicted: "), "{line}");
    let names: Vec<_> = fields.split(' ').filter_map(|field| field.split_once('=')).collect();
    assert_eq!(names[..2], [("cache.key", "\"user:7\""), ("size", "512")]);
    let rest: Vec<_> = names[2..].iter().map(|(name, _)| *name).collect();
    assert_eq!(rest, ["request_id", "trace_id", "span_id", "event.name"]);
}

#[test]
fn with_neither_they_are_nothing() {
    assert_eq!(program("neither", "trace"), "");
}

#[test]
fn without_an_argument_it_shows_all_three() {
    let mut command = Command::new(binary("library"));
    command.env_remove("THROUGHLINE_SOCKET").env_remove("THROUGHLINE_LOG");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (out, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(out.lines().map(|line| line.starts_with('{')).collect::<Vec<_>>(), [true, false]);
    assert_eq!(said.lines().count(), 4);
    assert!(said.lines().last().unwrap().starts_with("Next: "), "{said}");
}
